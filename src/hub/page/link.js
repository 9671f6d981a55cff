/**
 * Deep links: `/?call=default:lobby&join=1#user=guest&password=…` or `#token=…`. What is secret stands in the fragment, which
 * never reaches a server's log, and is taken out of the address bar at once.
 */
const NAME = /^[A-Za-z0-9_-]{1,64}$/;
const ID = /^[A-Za-z0-9_.-]{1,64}$/;

/** Reads the address, and removes the secrets from it. */
export function readLink() {
  const query = new URLSearchParams(location.search);
  const secret = new URLSearchParams(location.hash.slice(1));
  if (location.hash) history.replaceState(null, '', location.pathname + location.search);
  return {
    call: parseCall(query.get('call') ?? ''),
    join: query.get('join') === '1',
    camera: query.get('camera') !== 'off',
    microphone: query.get('microphone') !== 'off',
    user: secret.get('user'),
    password: secret.get('password'),
    token: secret.get('token'),
  };
}

/** `default:lobby`, or `lobby` for short; null if it is neither. */
export function parseCall(text) {
  const [first, second, ...rest] = text.trim().split(':');
  const [type, id] = second === undefined ? ['default', first] : [first, second];
  return rest.length === 0 && NAME.test(type) && ID.test(id) ? { type, id } : null;
}

/** The address of this call, without secrets. */
export function rememberCall({ type, id }) {
  const query = new URLSearchParams(location.search);
  query.set('call', `${type}:${id}`);
  query.delete('join');
  history.replaceState(null, '', `${location.pathname}?${query.toString().replace('%3A', ':')}`);
}

/**
 * The call's name for people: its id, with its type only where that is a special one. One that was made to call somebody has an id
 * that says nothing: then the names of the others.
 */
export function callTitle({ type, id }, names = []) {
  if (/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22,}$/.test(id)) return names.join(', ') || 'Call';
  return type === 'default' ? id : `${type}:${id}`;
}
