/** Requests, and what is live: the state whole, then what changed of it (JSON merge patches). */

export class Refused extends Error {
  constructor(status, error) {
    super(error?.message ?? `the appliance answers ${status}`);
    this.status = status;
    this.kind = error?.kind;
  }
}

async function request(path, options) {
  let response;
  try {
    response = await fetch(`/api/${path}`, options);
  } catch {
    throw new Refused(0, { message: 'the appliance cannot be reached' });
  }
  const body = await response.json().catch(() => null);
  if (!response.ok) throw new Refused(response.status, body?.error);
  return body;
}

export const get = (path) => request(path, { cache: 'no-store' });

export const post = (path, body = {}) =>
  request(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

/** Makes the change. */
export function apply(state, patch) {
  if (patch === null || typeof patch !== 'object' || Array.isArray(patch)) return patch;
  const result = state !== null && typeof state === 'object' && !Array.isArray(state) ? { ...state } : {};
  for (const [key, change] of Object.entries(patch)) {
    if (change === null) delete result[key];
    else result[key] = apply(result[key], change);
  }
  return result;
}

/** Calls `told({ state, checkup, live })` whenever one of them changes; quiet while nobody looks. */
export class Live {
  #told;
  #lost;
  #source = null;
  #again = 0;
  #state = null;

  constructor(told, lost) {
    this.#told = told;
    this.#lost = lost;
    document.addEventListener('visibilitychange', () => (document.hidden ? this.stop() : this.start()));
  }

  start() {
    if (this.#source || document.hidden) return;
    clearTimeout(this.#again);
    const source = new EventSource('/api/events');
    this.#source = source;
    source.addEventListener('state', ({ data }) => this.#show(JSON.parse(data)));
    source.addEventListener('changed', ({ data }) => this.#show(apply(this.#state, JSON.parse(data))));
    source.addEventListener('checkup', ({ data }) => this.#told({ checkup: JSON.parse(data), live: true }));
    source.onerror = () => {
      this.stop();
      this.#told({ live: false });
      this.#again = setTimeout(() => this.#return(), 2000);
    };
  }

  stop() {
    clearTimeout(this.#again);
    this.#source?.close();
    this.#source = null;
  }

  /** It may have been started anew, and know nobody any more. */
  async #return() {
    try {
      const session = await get('session');
      if (session.signed_in) this.start();
      else this.#lost();
    } catch {
      this.#again = setTimeout(() => this.#return(), 2000);
    }
  }

  #show(state) {
    this.#state = state;
    this.#told({ state, live: true });
  }
}
