/** Names of the users that this page has met: the hub often says only their ids. */
const known = new Map();

/** @param {{id: string, name: string}} user */
export function meet(user) {
  if (user) known.set(user.id, user.name);
}

/** @param {string} id */
export const nameOf = (id) => known.get(id) ?? id;
