import { Emitter } from '/sdk/emitter.js';
import { CallboxError, fromWire, unavailable } from '/sdk/errors.js';

const OPEN_WITHIN = 10_000;
const ANSWER_WITHIN = 10_000;
const PING_EVERY = 10_000;
const RENEW_AGAIN = 5_000;
const LONGEST_TIMER = 2 ** 31 - 1; // setTimeout fires at once beyond
const PONG_WITHIN = 5_000; // a half-open socket looks alive for many minutes: only an answer proves that the hub is there
const FIRST_DELAY = 500;
const LONGEST_DELAY = 10_000;

/**
 * One session with the hub: JSON-RPC 2.0 over a WebSocket that comes back by itself.
 *
 * Events: `state` {state, retryAt}, `open` {resumed}, `event` (one event of the hub), `subscribed`, `refused` (the token is no longer good).
 *
 *     disconnected ──► connecting ──► connected
 *          ▲  jittered     │              │
 *          └── backoff ────┴──────────────┘
 */
export class Connection extends Emitter {
  /** @type {'disconnected' | 'connecting' | 'connected'} */
  state = 'disconnected';
  /** How long the others see us reconnecting before they see us leave, ms. */
  grace = 30_000;
  /** Who the token says we are. @type {{id: string, name: string} | null} */
  user = null;
  /** What the hub tells us of besides the calls that we follow. @type {string[]} */
  subscribed = [];
  /** What to subscribe to in a new session; none: what the hub thinks fit. @type {string[] | null} */
  services = null;

  #url;
  #token;
  #client;
  #socket = null;
  #opening = null;
  #abortDial = null;
  #wanted = false;
  #session = null;
  #lastSeq = 0;
  #nextId = 1;
  #pending = new Map();
  #attempt = 0;
  #retry = 0;
  #pinger = 0;
  #renewer = 0;
  #online = () => this.retryNow();

  /**
   * @param {string} url of the socket
   * @param {(renew: boolean) => Promise<string>} token
   * @param {{kind: string, version: string}} client
   */
  constructor(url, token, client) {
    super();
    this.#url = url;
    this.#token = token;
    this.#client = client;
  }

  /** Opens a session; rejects if that does not work at the first attempt. From then on it is kept until `close`. */
  async open() {
    if (!this.#wanted) {
      this.#wanted = true;
      globalThis.addEventListener('online', this.#online);
    }
    if (this.state === 'connected') return;
    await this.#connect();
  }

  /** Forgets the session. */
  close() {
    this.#wanted = false;
    this.#session = null;
    globalThis.removeEventListener('online', this.#online);
    clearTimeout(this.#retry);
    this.#drop(this.#socket);
    this.#become('disconnected');
  }

  /** Does not wait for the backoff to pass. */
  retryNow() {
    if (!this.#wanted || this.state !== 'disconnected') return;
    this.#attempt = 0;
    this.#connect().catch(() => {});
  }

  /**
   * One request to the hub.
   * @param {string} method
   * @param {object} [params]
   * @returns {Promise<any>} its result; rejects with a CallboxError
   */
  request(method, params) {
    if (this.state !== 'connected') return Promise.reject(unavailable());
    return this.#ask(this.#socket, method, params, ANSWER_WITHIN);
  }

  /** What the hub says that we are subscribed to. */
  tellSubscribed(subscribed) {
    if (!subscribed) return;
    this.subscribed = subscribed;
    this.emit('subscribed', subscribed);
  }

  #connect() {
    clearTimeout(this.#retry);
    this.#opening ??= this.#attemptOnce().finally(() => (this.#opening = null));
    return this.#opening;
  }

  async #attemptOnce() {
    this.#become('connecting');
    try {
      const opened = await this.#openSession(false).catch((error) => {
        if (error.kind !== 'unauthenticated') throw error;
        return this.#openSession(true);
      });
      this.#session = opened.session;
      if (!opened.resumed) this.#lastSeq = 0;
      this.grace = opened.reconnect_grace_ms ?? this.grace;
      this.user = opened.user;
      this.#attempt = 0;
      this.#keepAlive(this.#socket);
      this.#renewBefore(opened.expires_at);
      this.#become('connected');
      this.tellSubscribed(opened.subscribed);
      this.emit('open', { resumed: opened.resumed });
    } catch (error) {
      this.#drop(this.#socket);
      if (error.kind === 'unauthenticated') {
        this.close();
        this.emit('refused', error);
      } else if (this.#session) {
        this.#retryLater();
      } else {
        this.close();
      }
      throw error;
    }
  }

  async #openSession(renew) {
    const access_token = await this.#token(renew);
    this.#drop(this.#socket);
    const socket = await this.#dial();
    const params = { access_token, client: this.#client };
    if (this.services) params.services = this.services;
    if (this.#session) params.resume = { session: this.#session, last_seq: this.#lastSeq };
    return this.#ask(socket, 'session.open', params, OPEN_WITHIN);
  }

  #dial() {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(this.#url);
      this.#socket = socket;
      const timer = setTimeout(() => this.#lost(socket), OPEN_WITHIN);
      this.#abortDial = () => {
        clearTimeout(timer);
        reject(unavailable());
      };
      socket.onopen = () => {
        clearTimeout(timer);
        resolve(socket);
      };
      socket.onclose = () => this.#lost(socket);
      socket.onmessage = ({ data }) => this.#receive(socket, data);
    });
  }

  #ask(socket, method, params, within) {
    return new Promise((resolve, reject) => {
      if (socket?.readyState !== WebSocket.OPEN) {
        reject(unavailable());
        return;
      }
      const id = this.#nextId++;
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        reject(new CallboxError('timeout', `the hub did not answer ${method} in time`));
      }, within);
      this.#pending.set(id, { resolve, reject, timer });
      socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    });
  }

  #receive(socket, data) {
    if (socket !== this.#socket) return;
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      console.warn('callbox: the hub sent something that is not JSON');
      return;
    }
    if (message.method === 'event' && message.params) {
      this.#event(message.params);
      return;
    }
    const waiting = this.#pending.get(message.id);
    if (!waiting) return;
    this.#pending.delete(message.id);
    clearTimeout(waiting.timer);
    if (message.error) {
      waiting.reject(fromWire(message.error));
    } else {
      waiting.resolve(message.result);
    }
  }

  #event(event) {
    if (event.seq <= this.#lastSeq) return;
    this.#lastSeq = event.seq;
    this.emit('event', event);
  }

  #keepAlive(socket) {
    clearInterval(this.#pinger);
    this.#pinger = setInterval(async () => {
      try {
        await this.#ask(socket, 'session.ping', {}, PONG_WITHIN);
      } catch (error) {
        if (error.kind === 'timeout') this.#lost(socket);
      }
    }, PING_EVERY);
  }

  /** A new token in time: an expired one would close the socket. */
  #renewBefore(expiresAt) {
    clearTimeout(this.#renewer);
    const left = expiresAt ? Date.parse(expiresAt) - Date.now() : 0;
    if (!(left > 0)) return; // or our clock is wrong: then the hub closes the socket, and we sign in again
    this.#renewer = setTimeout(() => this.#renew(expiresAt), Math.min(left - Math.min(60_000, left / 4), LONGEST_TIMER));
  }

  async #renew(expiresAt) {
    try {
      const access_token = await this.#token(true);
      const renewed = await this.request('session.renew', { access_token });
      this.#renewBefore(renewed?.expires_at);
    } catch (error) {
      if (error.kind === 'unauthenticated' || Date.now() > Date.parse(expiresAt)) return;
      clearTimeout(this.#renewer);
      this.#renewer = setTimeout(() => this.#renew(expiresAt), RENEW_AGAIN);
    }
  }

  #lost(socket) {
    if (socket !== this.#socket) return;
    const wasOpen = this.state === 'connected';
    this.#drop(socket);
    if (wasOpen && this.#wanted) this.#retryLater();
  }

  #drop(socket) {
    if (!socket || socket !== this.#socket) return;
    this.#socket = null;
    clearInterval(this.#pinger);
    clearTimeout(this.#renewer);
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
    this.#abortDial?.();
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer);
      reject(unavailable());
    }
    this.#pending.clear();
  }

  #retryLater() {
    const ceiling = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** this.#attempt++);
    const delay = ceiling * (0.5 + Math.random() / 2); // a whole fleet comes back after an outage, but not in one instant
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#connect().catch(() => {}), delay);
    this.#become('disconnected', Date.now() + delay);
  }

  #become(state, retryAt = null) {
    if (state === this.state && !retryAt) return;
    this.state = state;
    this.emit('state', { state, retryAt });
  }
}
