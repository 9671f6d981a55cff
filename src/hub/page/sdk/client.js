import { Call } from '/sdk/call.js';
import { permissionState } from '/sdk/capture.js';
import { conferenceOf } from '/sdk/conference.js';
import { Connection } from '/sdk/connection.js';
import { Emitter } from '/sdk/emitter.js';
import { History } from '/sdk/history.js';
import { randomId } from '/sdk/ids.js';
import { Relays } from '/sdk/relays.js';
import { Services } from '/sdk/services.js';
import { Tokens } from '/sdk/tokens.js';
import { Tracks } from '/sdk/tracks.js';
import { VideoChat } from '/sdk/videochat.js';

const VERSION = 'callbox.js/0.1.0';

/**
 * One signed-in user at one hub.
 *
 * Events: `connection` {state, retryAt}, `signedOut` (the token is no longer good), `tokens` {accessToken, refreshToken} (new ones);
 * `call.ring` {call, by, ring} when somebody calls, `ringEnded` {call, state, here} when that is over (`here`: taken on
 * this device), `call.notification` {call, by};
 * those of `Services` and of `History`.
 */
export class Client extends Emitter {
  /** For networks where a direct path needs help; those that the hub names are used besides. @type {RTCIceServer[]} */
  iceServers;
  /** All media by way of a relay, also where a direct path exists. @type {boolean} */
  relayOnly;
  /** What to be told of. @type {Services} */
  services;
  /** The tracks of all calls, by id. @type {Tracks} */
  media;
  /** Another way to say it: `new client.Conference(callId, customUserData)`. */
  Conference = conferenceOf(this);
  /** And another: calls as sessions with callees. @type {VideoChat} */
  videochat = new VideoChat(this);
  /**
   * A handle on a call: `client.call(type, id)`; nothing happens at the hub yet. Without an id, a new random one.
   * Also `client.call.make`, `.answer`, `.reject`, `.end`, `.getById`: see `History`.
   */
  call;

  #base;
  #tokens;
  #connection;
  #history;
  #relays;
  #calls = new Map();
  #leaving = new Map();

  /**
   * @param {object} [options]
   * @param {string} [options.url] of the hub, by default where the page came from
   * @param {() => Promise<string>} [options.tokenProvider] asked for an access token now, and before one expires
   * @param {RTCIceServer[]} [options.iceServers]
   * @param {boolean} [options.relayOnly]
   */
  constructor({ url = location.origin, tokenProvider = null, iceServers = [], relayOnly = false } = {}) {
    super();
    this.#base = new URL('/', url);
    this.iceServers = iceServers;
    this.relayOnly = relayOnly;
    this.#tokens = new Tokens(this.#base, tokenProvider, (tokens) => this.emit('tokens', tokens));
    const socket = new URL('/v1/socket', this.#base);
    socket.protocol = socket.protocol.replace('http', 'ws');
    const who = { kind: 'browser', version: VERSION };
    this.#connection = new Connection(socket.href, (renew) => this.#tokens.get(renew), who);
    this.#connection.on('state', (change) => this.#changed(change));
    this.#connection.on('open', ({ resumed }) => this.#opened(resumed));
    this.#connection.on('event', (event) => this.#event(event));
    this.#connection.on('refused', (error) => this.#refused(error));
    this.#history = new History(this, (...dialled) => this.#dial(...dialled));
    const inCall = () => [...this.#calls.values()].some((call) => call.state.inCall);
    this.#relays = new Relays(() => this._request('session.ice_servers', {}), inCall);
    this.services = new Services(this, this.#connection);
    this.media = new Tracks(() => this.#calls.values());
    this.call = this.#callable();
  }

  /** Who is signed in, once connected. @type {{id: string, name: string, role: string, teams?: string[]} | null} */
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
   * @returns {Promise<{accessToken: string, refreshToken: string | null, expiresIn: number}>}
   */
  signIn(username, password) {
    return this.#tokens.signIn(username, password);
  }

  /** Uses tokens from elsewhere. @param {{accessToken: string, refreshToken?: string}} tokens */
  setTokens(tokens) {
    this.#tokens.set(tokens);
  }

  /** Leaves all calls and forgets who was signed in. */
  async signOut() {
    await Promise.all([...this.#calls.values()].map((call) => call.leave()));
    this.#connection.close();
    this.#relays.stop();
    this.#tokens.clear();
    this.#calls.clear();
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
   * Calls somebody: a new call with the two of you, that rings at the other's devices. You are in it when the promise resolves, and
   * out of it again (`sessionTerminated`, reason `alone`) if nobody answers: `call.state.ring` says why.
   * @param {string} destination a user id
   * @param {{audio?: boolean, video?: boolean, extension?: any, type?: string, data?: object, custom?: any}} [options]
   */
  make(destination, options = {}) {
    return this.#dial(destination, options, (call) => this.#history.started(call));
  }

  /** Calls that you created or are a member of, the newest first. @param {{type?: string, ended?: boolean, limit?: number}} [which] */
  async list(which = {}) {
    await this.connect();
    const { calls } = await this._request('call.list', which);
    return calls;
  }

  /** Asks for the permissions for camera and microphone. See `permissionState` for what comes back. */
  getPermissionState() {
    return permissionState();
  }

  // -- for the calls ----------------------------------------------------------------------------------------------------

  /** @internal */
  _request(method, params) {
    return this.#connection.request(method, params);
  }

  /** @internal */
  _rtcConfiguration() {
    const iceTransportPolicy = this.relayOnly ? 'relay' : 'all';
    return { iceServers: [...this.iceServers, ...this.#relays.servers], iceTransportPolicy, bundlePolicy: 'max-bundle' };
  }

  /** @internal Servers for the connections that begin from now on. */
  _relays(answer) {
    this.#relays.take(answer);
  }

  /** @internal Events go to this handle from now on. */
  _keep(call) {
    if (this.#calls.get(call.cid) === call) return;
    this.#calls.set(call.cid, call);
    this.#history.watch(call);
  }

  /** @internal */
  _forget(call) {
    if (this.#calls.get(call.cid) === call) this.#calls.delete(call.cid);
  }

  /** @internal Tells the hub that we leave: now, or when it is back. */
  async leaveLater(cid, extension) {
    this.#leaving.set(cid, extension);
    try {
      await this._request('call.leave', { cid, extension });
    } catch (error) {
      if (error.kind === 'unavailable' || error.kind === 'timeout') return;
    }
    this.#leaving.delete(cid);
  }

  // -- within -----------------------------------------------------------------------------------------------------------

  async #dial(destination, { audio = true, video = true, extension, type, data, custom }, onCall) {
    await this.connect();
    const wire = await this._request('call.make', { destination, type, video, audio, extension, data });
    const call = this.#handle(...split(wire.cid));
    onCall(call);
    call.state.load(wire, { answer: true });
    call._choose({ audio, video });
    await call.join({ custom });
    const { ring, remoteParticipants } = call.state;
    if (ring?.ended && ring.ended !== 'answered' && remoteParticipants.length === 0) await call.leave(); // a quick no
    return call;
  }

  #handle(type, id = randomId()) {
    const known = this.#calls.get(`${type}:${id}`);
    if (known && known.state.state !== 'left') return known;
    const call = new Call(this, type, id);
    this._keep(call);
    return call;
  }

  #callable() {
    const history = this.#history;
    return Object.assign((type, id) => this.#handle(type, id), {
      make: (destination, options) => history.make(destination, options),
      answer: (callId, { audio = true, video = true } = {}) => history.tell(callId, (call) => call.accept({ audio, video })),
      reject: (callId) => history.tell(callId, (call) => call.reject({ reason: 'decline' })),
      end: (callId) => history.tell(callId, (call) => call.leave()),
      getById: (callId) => history.getById(callId),
      getAll: () => history.getAll(),
    });
  }

  #event(event) {
    let call = this.#calls.get(event.cid);
    const rings = event.type === 'call.ring' && event.by.id !== this.user?.id;
    const invites = rings || event.type === 'call.notification';
    if (invites && (!call || call.state.state === 'left')) call = this.#handle(...split(event.cid));
    if (!call) return;
    const before = call.state.ringing;
    if (rings) this.#history.expect(call);
    call._event(event);
    const after = call.state.ringing;
    if (event.type === 'call.ring' && after === 'incoming') {
      this.#history.receive(call);
      this.emit('call.ring', { ...event, call, ring: call.state.ring });
    } else if (event.type === 'call.notification') {
      this.emit('call.notification', { ...event, call });
    }
    if (before === 'incoming' && after !== 'incoming') {
      const here = call.accepting || call.state.state === 'joining' || call.state.inCall;
      this.emit('ringEnded', { call, state: this.#outcome(call), here });
    }
  }

  /** What became of us as a callee. */
  #outcome(call) {
    return call.state.ring?.callees.find(({ user }) => user === this.user?.id)?.state ?? 'cancelled';
  }

  #changed(change) {
    if (change.state !== 'connected') for (const call of this.#calls.values()) call._away();
    this.emit('connection', change);
  }

  #opened(resumed) {
    const left = [...this.#leaving];
    this.#leaving.clear();
    for (const [cid, extension] of resumed ? left : []) this.leaveLater(cid, extension);
    for (const call of [...this.#calls.values()]) call._back(resumed);
  }

  #refused(error) {
    for (const call of [...this.#calls.values()]) call._terminate('unauthenticated');
    this.emit('signedOut', error);
  }
}

function split(cid) {
  return cid.split(':', 2);
}
