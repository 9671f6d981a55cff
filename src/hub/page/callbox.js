/**
 * Callbox in a browser.
 *
 *     import { Client } from '/callbox.js';
 *
 *     const client = new Client();
 *     await client.signIn('anna', 'correct horse');
 *     const call = client.call('default', 'lobby');
 *     call.on('participantJoined', (participant) => call.attach(videoElement(participant), participant));
 *     await call.camera.enable();
 *     await call.join({ create: true });
 *     …
 *     await call.leave();
 *
 * Calls are named `type:id`; the same id can be used again and again. What goes wrong is a `CallboxError` with a stable `kind`.
 */
import { Call } from '/sdk/call.js';
import { Connection } from '/sdk/connection.js';
import { Emitter } from '/sdk/emitter.js';
import { CallboxError } from '/sdk/errors.js';
import { permissionState } from '/sdk/devices.js';

export { CallboxError };

const VERSION = 'callbox.js/0.1.0';

/** One signed-in user at one hub. Events: `connection` {state, retryAt}, `signedOut` (the token is no longer good). */
export class Client extends Emitter {
  /** For networks where a direct path needs help. @type {RTCIceServer[]} */
  iceServers;

  #base;
  #tokens = null;
  #renew = null;
  #connection;
  #calls = new Map();
  #leaving = new Set();

  /** @param {{url?: string, iceServers?: RTCIceServer[]}} [options] `url` of the hub, by default where the page came from */
  constructor({ url = location.origin, iceServers = [] } = {}) {
    super();
    this.#base = new URL('/', url);
    this.iceServers = iceServers;
    const socket = new URL('/v1/socket', this.#base);
    socket.protocol = socket.protocol.replace('http', 'ws');
    this.#connection = new Connection(socket.href, (renew) => this.#token(renew), { kind: 'browser', version: VERSION });
    this.#connection.on('state', (change) => this.#changed(change));
    this.#connection.on('open', ({ resumed }) => this.#opened(resumed));
    this.#connection.on('event', (event) => this.#calls.get(event.cid)?._event(event));
    this.#connection.on('refused', (error) => this.#refused(error));
  }

  /** Who is signed in, once connected. @type {{id: string, name: string} | null} */
  get user() {
    return this.#connection.user;
  }

  /** `disconnected`, `connecting` or `connected`. */
  get connectionState() {
    return this.#connection.state;
  }

  /** How long the others wait for somebody whose socket dropped, ms. */
  get grace() {
    return this.#connection.grace;
  }

  /**
   * Signs in with a password.
   * @returns {Promise<{accessToken: string, expiresIn: number}>}
   */
  async signIn(username, password) {
    const signIn = async () => {
      const body = new URLSearchParams({ grant_type: 'password', username, password });
      const response = await fetch(new URL('/v1/token', this.#base), { method: 'POST', body }).catch((cause) => {
        throw new CallboxError('unavailable', 'the hub cannot be reached at the moment', cause);
      });
      const answer = await response.json().catch(() => ({}));
      if (!response.ok) throw tokenError(response.status, answer);
      return { accessToken: answer.access_token, expiresIn: answer.expires_in };
    };
    this.setTokens(await signIn());
    this.#renew = signIn;
    return this.#tokens;
  }

  /** Uses a token from elsewhere. @param {{accessToken: string}} tokens */
  setTokens(tokens) {
    this.#tokens = tokens;
    this.#renew = null;
  }

  /** Leaves all calls and forgets who was signed in. */
  async signOut() {
    await Promise.all([...this.#calls.values()].map((call) => call.leave()));
    this.#connection.close();
    this.#tokens = null;
    this.#renew = null;
  }

  /** Opens the connection to the hub. Done by itself when a call needs it. */
  async connect() {
    await this.#connection.open();
  }

  /** Does not wait for the next attempt. */
  retryNow() {
    this.#connection.retryNow();
  }

  /**
   * A handle on a call; nothing happens at the hub yet.
   * @param {string} type
   * @param {string} id
   * @returns {Call}
   */
  call(type, id) {
    const cid = `${type}:${id}`;
    const known = this.#calls.get(cid);
    if (known && known.state.state !== 'left') return known;
    const call = new Call(this, type, id);
    this.#calls.set(cid, call);
    return call;
  }

  /** Asks for the permissions for camera and microphone. See `permissionState` for what comes back. */
  getPermissionState() {
    return permissionState();
  }

  /** @internal */
  _request(method, params) {
    return this.#connection.request(method, params);
  }

  /** @internal Tells the hub that we leave: now, or when it is back. */
  async leaveLater(cid) {
    this.#leaving.add(cid);
    try {
      await this._request('call.leave', { cid });
    } catch (error) {
      if (error.kind === 'unavailable' || error.kind === 'timeout') return;
    }
    this.#leaving.delete(cid);
  }

  async #token(renew) {
    if (renew) {
      if (!this.#renew) throw new CallboxError('unauthenticated', 'the access token is no longer good: sign in again');
      this.#tokens = await this.#renew();
    }
    if (!this.#tokens) throw new CallboxError('unauthenticated', 'nobody is signed in');
    return this.#tokens.accessToken;
  }

  #changed(change) {
    if (change.state !== 'connected') for (const call of this.#calls.values()) call._away();
    this.emit('connection', change);
  }

  #opened(resumed) {
    const left = [...this.#leaving];
    this.#leaving.clear();
    for (const cid of resumed ? left : []) this.leaveLater(cid);
    for (const call of this.#calls.values()) call._back(resumed);
  }

  #refused(error) {
    for (const call of this.#calls.values()) call._terminate('unauthenticated');
    this.emit('signedOut', error);
  }
}

/** RFC 6749, section 5.2, in our words. */
function tokenError(status, { error, error_description: description }) {
  const kind = { invalid_grant: 'unauthenticated', slow_down: 'rate_limited', invalid_request: 'invalid_params' }[error];
  if (status === 429) return new CallboxError('rate_limited', description ?? 'too many attempts: wait a little');
  return new CallboxError(kind ?? 'internal_error', description ?? `the hub answered ${status}`);
}
