import { OwnPicture, attach } from '/sdk/attach.js';
import { Emitter } from '/sdk/emitter.js';
import { CallboxError } from '/sdk/errors.js';
import { Mesh } from '/sdk/mesh.js';
import { Outgoing } from '/sdk/outgoing.js';
import { Participant } from '/sdk/participant.js';
import { resumeSound } from '/sdk/sound.js';
import { Speaker } from '/sdk/speaker.js';
import { CallState } from '/sdk/state.js';
import { Verbs } from '/sdk/verbs.js';

/**
 * A call: its life, its participants, their media. Made by `client.call(type, id)`; what you can ask of it is in `Verbs` as well.
 *
 * Events: `stateChange` {previous: {state}, state}, `localParticipant`, `participantJoined`, `participantUpdated` (a Participant
 * each), `participantLeft` {id, participant, reason, extension}, `trackAdded` {participant, track}, `connectionStateChanged`
 * {participant, state}, `playbackBlocked` (the browser wants a tap first: then call `resumePlayback`), `playbackResumed`, `error` (a
 * CallboxError), `sessionTerminated` {reason, unexpected, by}, `presentChanged` (once loaded: who is in, also before you join).
 * Besides, every event of the hub under its own name, as the hub sends it: `call.updated`, `call.ring`, `call.accepted`,
 * `call.rejected`, `call.missed`, `call.cancelled`, `call.live_started`, `call.live_stopped`, `call.ended`, `call.muted`, …
 */
export class Call extends Verbs(Emitter) {
  /** @type {CallState} */
  state;
  /** Where the others are heard. @type {Speaker} */
  speaker = new Speaker();
  /** Whether a ring is being taken here at this moment. */
  accepting = false;

  #client;
  #type;
  #id;
  #outgoing;
  #mesh;
  #own;
  #options = {};
  #attempt = null;
  #attached = new Set();
  #blocked = false;
  #ownLimit = 0;

  constructor(client, type, id) {
    super();
    this.#client = client;
    this.#type = type;
    this.#id = id;
    this.state = new CallState(`${type}:${id}`, () => client.user?.id);
    this.#outgoing = new Outgoing(this.state);
    this.#mesh = new Mesh(this, client, this.#outgoing);
    this.#own = new OwnPicture(this.#outgoing);
    this.#outgoing.on('changed', () => this.#mediaChanged());
    this.#outgoing.on('error', (error) => this.emit('error', error));
    this.speaker.on('changed', () => {
      for (const one of this.state.remoteParticipants) one._silence(!this.speaker.enabled);
    });
  }

  get cid() {
    return this.state.cid;
  }

  get type() {
    return this.#type;
  }

  get id() {
    return this.#id;
  }

  /** @type {import('/sdk/device.js').Device} */
  get camera() {
    return this.#outgoing.camera;
  }

  /** @type {import('/sdk/device.js').Device} */
  get microphone() {
    return this.#outgoing.microphone;
  }

  /** @type {import('/sdk/screen.js').ScreenShare} */
  get screenShare() {
    return this.#outgoing.screen;
  }

  /** Loads an existing call, and follows it from then on. */
  async get() {
    return this.#load('call.get', {});
  }

  /** Loads the call, and creates it if there is none. @param {{data?: object}} [options] */
  async getOrCreate({ data } = {}) {
    return this.#load('call.get_or_create', data ? { data } : {});
  }

  /**
   * Enters the call with camera and microphone as they are; where nobody has chosen, as the call's settings say.
   * @param {{create?: boolean, data?: object, custom?: any}} [options] `create: false` joins an existing call only; `custom`
   *   travels with you to the others
   */
  async join({ create = false, data, custom } = {}) {
    if (this.state.inCall || this.state.state === 'joining') return;
    this.#become('joining');
    const attempt = (this.#attempt = {});
    this.#options = { create, ...(data && { data }), ...(custom !== undefined && { custom }) };
    try {
      await this.#client.connect();
      const joined = attempt === this.#attempt && (await this._ask('call.join', this.#options));
      if (attempt !== this.#attempt) throw new CallboxError('conflict', 'the call was left before the join was done');
      this.#enter(joined);
      this.useDefaults();
    } catch (error) {
      if (attempt === this.#attempt) this.#become('idle');
      throw error;
    }
  }

  /** Leaves the call, closes camera and microphone, and follows the call no longer. @param {{extension?: any}} [options] */
  async leave({ extension } = {}) {
    const { inCall, loaded, state } = this.state;
    this.#attempt = null;
    const told = inCall || loaded || state === 'joining' ? this.#client.leaveLater(this.cid, extension) : null;
    if (inCall || state === 'joining') this.#end('left', false);
    else this.#outgoing.close();
    this.state.loaded = false;
    this.#client._forget(this);
    await told;
  }

  /** Switches on what the call's settings say, where nobody has chosen. Done by `join`; a lobby does it after loading. */
  useDefaults() {
    if (!this.state.settings) return;
    this.#outgoing.useDefaults(this.state.settings);
    this.speaker._default(this.state.settings.audio?.speaker_default_on ?? true);
  }

  /**
   * Shows and plays a participant in a `<video>` element, and goes on doing so when its tracks change; without a participant,
   * yourself, also before the join.
   * @param {HTMLVideoElement | string} element or its id
   * @param {Participant} [participant]
   * @param {{muted?: boolean, mirror?: boolean, screen?: boolean}} [options] by default only yourself is muted and mirrored;
   *   `screen`: what the participant shows beside the camera
   * @returns {() => void} detaches
   */
  attach(element, participant, options) {
    const whom = participant instanceof Participant ? participant : this.#own;
    const { muted = whom.isLocal, mirror = whom.isLocal, screen = false } = (whom === participant ? options : (options ?? participant)) ?? {};
    const onBlocked = () => {
      if (this.#blocked) return;
      this.#blocked = true;
      this.emit('playbackBlocked', { participant: whom });
    };
    const attachment = attach(element, whom, { muted, mirror, screen }, { speaker: this.speaker, onBlocked });
    this.#attached.add(attachment);
    return () => {
      attachment.detach();
      this.#attached.delete(attachment);
    };
  }

  /** After `playbackBlocked`, from within a tap or a click: lets everybody be heard. */
  async resumePlayback() {
    await resumeSound();
    const played = await Promise.all([...this.#attached].map((attachment) => attachment.play()));
    if (!this.#blocked || played.includes(false)) return;
    this.#blocked = false;
    this.emit('playbackResumed', {});
  }

  /**
   * Limits what you send in all; the limit for all holds as well.
   * @param {number} kilobits per second; 0 removes the limit
   */
  async setMaxBandwidth(kilobits) {
    if (!Number.isInteger(kilobits) || kilobits < 0) throw new CallboxError('invalid_params', 'a limit is a whole number of kbit/s, 0 for none');
    this.#ownLimit = kilobits;
    this._relimit();
    if (this.state.inCall) await this._do('call.set_max_bandwidth', { max_bandwidth: kilobits });
  }

  /** WebRTC statistics of the connection to a participant. @returns {Promise<RTCStatsReport> | null} */
  stats(participant) {
    return this.#mesh.stats(participant);
  }

  // -- from within ------------------------------------------------------------------------------------------------------

  /** @internal A request that names the call by type and id. */
  _ask(method, params) {
    return this.#client._request(method, { type: this.#type, id: this.#id, ...params });
  }

  /** @internal A request that names the call by its cid; what it says of the call is taken over. */
  async _do(method, params = {}) {
    await this.#client.connect();
    const answer = await this.#client._request(method, { cid: this.cid, ...params });
    if (answer?.cid === this.cid) this.#loaded(answer, true);
    return answer;
  }

  /** @internal The limits may have changed, or the number of those who share them. */
  _relimit() {
    this.#mesh.limit(this.#ownLimit);
  }

  /** @internal One event of the hub for this call. */
  _event(event) {
    const mine = this.state.localParticipant?.id;
    this.state.follow(event);
    if (event.type !== 'call.signal') this.emit('presentChanged', this.state.present);
    if (this.state.inCall) this.#mesh.event(event);
    if (this.state.call && event.call) this._relimit();
    this.#outgoing.recheck();
    if (event.type !== 'call.signal') this.emit(event.type, event);
    this.#fate(event, mine);
  }

  /** What an event of the hub means for our own being there. */
  #fate(event, mine) {
    switch (event.type) {
      case 'participant.left':
        if (event.participant === mine) this.#gone(event.reason);
        break;
      case 'call.replaced':
        if (event.participant === mine) this.#gone('replaced');
        break;
      case 'call.ended':
        this.#gone('ended', event.by);
        break;
      case 'call.closed':
        this.state.loaded = false;
        this.#gone(event.reason);
        break;
      case 'call.muted':
        this.#outgoing.obey(event);
        break;
      default:
        break;
    }
  }

  /** @internal The hub is away. */
  _away() {
    if (this.state.state === 'joined') this.#become('reconnecting');
  }

  /** @internal The hub is back. If it does not remember us, we join again as who we are: the media never stopped. */
  async _back(resumed) {
    if (!this.state.inCall) {
      const followed = this.state.loaded || this.state.ringing; // a ring may be over by now
      if (followed && !resumed) await this.get().catch(() => this._event({ type: 'call.closed', cid: this.cid, reason: 'removed' }));
      return;
    }
    if (resumed) {
      this.#become('joined');
      this.#tellMuted();
    } else {
      const { id, generation } = this.state.localParticipant;
      try {
        this.#enter(await this._ask('call.join', { ...this.#options, create: true, participation: { id, generation } }));
      } catch (error) {
        if (error.kind === 'unavailable' || error.kind === 'timeout') return;
        this.emit('error', error);
        this.#end(error.kind, true);
        return;
      }
    }
    this.#mesh.wake();
  }

  /** @internal Ends it from outside. */
  _terminate(reason) {
    this.#gone(reason);
  }

  // -- life -------------------------------------------------------------------------------------------------------------

  async #load(method, params) {
    await this.#client.connect();
    this.#client._keep(this);
    this.#loaded(await this._ask(method, params), true);
    return this.state;
  }

  #loaded(call, answer) {
    this.state.load(call, { answer });
    this.emit('presentChanged', this.state.present);
    this._relimit();
    this.#outgoing.recheck();
  }

  #enter({ call, participant: mine, ice_servers: servers }) {
    this.#client._keep(this);
    this.#client._relays(servers);
    this.#loaded(call, true);
    const isNew = this.#mesh.enter(call.participants, mine);
    this.#become('joined');
    if (isNew) this.emit('localParticipant', this.state.localParticipant);
    this.#mesh.publish();
    this.#tellMuted();
    this.#mesh.reconcile(call.participants);
    this._relimit();
    if (this.#ownLimit) this._do('call.set_max_bandwidth', { max_bandwidth: this.#ownLimit }).catch(() => {});
  }

  #gone(reason, by = null) {
    if (this.state.inCall) this.#end(reason, true, by);
  }

  #end(reason, unexpected, by = null) {
    this.#mesh.close();
    for (const attachment of this.#attached) attachment.detach();
    this.#attached.clear();
    this.#outgoing.close();
    this.#become('left');
    this.emit('sessionTerminated', { reason, unexpected, by });
  }

  #become(state) {
    const previous = this.state.state;
    if (previous === state) return;
    this.state.state = state;
    this.state.touch();
    this.emit('stateChange', { previous: { state: previous }, state });
  }

  // -- our own media ----------------------------------------------------------------------------------------------------

  #mediaChanged() {
    if (this.state.inCall && this.#mesh.publish()) this.#tellMuted();
    // browsers let a page that has the microphone play sound without a tap
    if (this.#blocked && (this.camera.enabled || this.microphone.enabled)) this.resumePlayback();
  }

  /** Also after the hub was away: it may have missed the last change. */
  #tellMuted() {
    const { muted, sharing } = this.#outgoing;
    this.#client._request('call.mute', { cid: this.cid, muted, sharing }).catch(() => {});
  }
}
