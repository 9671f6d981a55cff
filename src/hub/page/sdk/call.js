import { Device } from '/sdk/devices.js';
import { Emitter } from '/sdk/emitter.js';
import { CallboxError } from '/sdk/errors.js';
import { Participant } from '/sdk/participant.js';
import { Peer, offers } from '/sdk/peer.js';
import { attach } from '/sdk/attach.js';
import { CallState } from '/sdk/state.js';

/**
 * A call: its life, its participants, their media. Made by `client.call(type, id)`.
 *
 * Events: `stateChange` {previous: {state}, state}, `localParticipant`, `participantJoined`, `participantUpdated` (a Participant
 * each), `participantLeft` {id, participant, reason}, `trackAdded` {participant, track}, `connectionStateChanged` {participant,
 * state}, `playbackBlocked` (the browser wants a tap first: then call `resumePlayback`), `playbackResumed`, `error` (a CallboxError),
 * `sessionTerminated` {reason, unexpected}, `presentChanged` (once loaded: who is in, also before you join).
 */
export class Call extends Emitter {
  /** @type {CallState} */
  state;
  /** @type {Device} */
  camera;
  /** @type {Device} */
  microphone;

  #client;
  #type;
  #id;
  #options = {};
  #attempt = null;
  #peers = new Map();
  #missing = new Map();
  #epochs = 0;
  #attached = new Set();
  #blocked = false;

  constructor(client, type, id) {
    super();
    this.#client = client;
    this.#type = type;
    this.#id = id;
    this.state = new CallState(`${type}:${id}`);
    this.camera = this.#device('video');
    this.microphone = this.#device('audio');
  }

  get cid() {
    return this.state.cid;
  }

  /** Loads an existing call. */
  async get() {
    return this.#load('call.get', {});
  }

  /** Loads the call, and creates it if there is none. */
  async getOrCreate({ data } = {}) {
    return this.#load('call.get_or_create', data ? { data } : {});
  }

  /**
   * Enters the call with camera and microphone as they are.
   * @param {{create?: boolean, data?: {custom?: object}, custom?: any}} [options] `create: false` joins an existing call only;
   *   `custom` travels with you to the others
   */
  async join({ create = false, data, custom } = {}) {
    if (this.state.inCall || this.state.state === 'joining') return;
    this.#become('joining');
    const attempt = (this.#attempt = {});
    this.#options = { create, ...(data && { data }), ...(custom !== undefined && { custom }) };
    try {
      await this.#client.connect();
      const joined = attempt === this.#attempt && (await this.#ask('call.join', this.#options));
      if (attempt !== this.#attempt) throw new CallboxError('conflict', 'the call was left before the join was done');
      this.#enter(joined);
    } catch (error) {
      if (attempt === this.#attempt) this.#become('idle');
      throw error;
    }
  }

  /** Leaves the call and closes camera and microphone. */
  async leave() {
    if (this.state.state === 'idle' || this.state.state === 'left') {
      this.camera.close();
      this.microphone.close();
      return;
    }
    this.#attempt = null;
    const told = this.#client.leaveLater(this.cid);
    this.#end('left', false);
    await told;
  }

  /**
   * Shows and plays a participant in a `<video>` element, and goes on doing so when its tracks change.
   * @param {HTMLVideoElement | string} element or its id
   * @param {Participant} participant
   * @param {{muted?: boolean, mirror?: boolean}} [options] by default only yourself is muted and mirrored
   * @returns {() => void} detaches
   */
  attach(element, participant, { muted = participant.isLocal, mirror = participant.isLocal } = {}) {
    const attachment = attach(element, participant, { muted, mirror }, () => {
      if (this.#blocked) return;
      this.#blocked = true;
      this.emit('playbackBlocked', { participant });
    });
    this.#attached.add(attachment);
    return () => {
      attachment.detach();
      this.#attached.delete(attachment);
    };
  }

  /** After `playbackBlocked`, from within a tap or a click: lets everybody be heard. */
  async resumePlayback() {
    const played = await Promise.all([...this.#attached].map((attachment) => attachment.play()));
    if (!this.#blocked || played.includes(false)) return;
    this.#blocked = false;
    this.emit('playbackResumed', {});
  }

  /** WebRTC statistics of the connection to a participant. @returns {Promise<RTCStatsReport> | null} */
  stats(participant) {
    return this.#peers.get(participant.id)?.stats() ?? null;
  }

  // -- from the client --------------------------------------------------------------------------------------------------

  /** @internal One event of the hub for this call. */
  _event(event) {
    this.state.follow(event);
    if (event.type !== 'call.signal') this.emit('presentChanged', this.state.present);
    if (!this.state.inCall) return;
    switch (event.type) {
      case 'participant.joined':
      case 'participant.updated':
        this.#upsert(event.participant);
        break;
      case 'participant.left':
        this.#remove(event.participant, event.reason);
        break;
      case 'call.signal':
        this.#peers.get(event.from)?.receive(event.epoch, event.signal);
        break;
      case 'call.replaced':
        if (event.participant === this.state.localParticipant?.id) this.#end('replaced', true);
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
      if (this.state.loaded && !resumed) await this.get().catch(() => {});
      return;
    }
    if (resumed) {
      this.#become('joined');
      this.#tellMuted();
    } else {
      const { id, generation } = this.state.localParticipant;
      try {
        this.#enter(await this.#ask('call.join', { ...this.#options, create: true, participation: { id, generation } }));
      } catch (error) {
        if (error.kind === 'unavailable' || error.kind === 'timeout') return;
        this.emit('error', error);
        this.#end(error.kind, true);
        return;
      }
    }
    for (const peer of this.#peers.values()) peer.wake();
  }

  /** @internal Ends it from outside. */
  _terminate(reason) {
    if (this.state.inCall) this.#end(reason, true);
  }

  // -- life -------------------------------------------------------------------------------------------------------------

  #ask(method, params) {
    return this.#client._request(method, { type: this.#type, id: this.#id, ...params });
  }

  async #load(method, params) {
    await this.#client.connect();
    const call = await this.#ask(method, params);
    this.state.load(call);
    this.emit('presentChanged', this.state.present);
    return this.state;
  }

  #enter({ call, participant: mine }) {
    const { state } = this;
    state.load(call);
    const wire = call.participants.find(({ id }) => id === mine);
    if (!wire) throw new CallboxError('internal_error', 'the hub did not list us among the participants');
    const known = state.localParticipant;
    if (known && (known.id !== mine || known.generation !== wire.generation)) this.#closePeers(); // new to all
    if (known?.id !== mine) {
      state.participants.delete(known?.id);
      state.localParticipant = new Participant(wire, true);
      state.participants.set(mine, state.localParticipant);
    } else {
      known.update(wire);
    }
    state.localParticipant.muted = this.#muted();
    this.#become('joined');
    if (known?.id !== mine) this.emit('localParticipant', state.localParticipant);
    this.#publish();
    this.#tellMuted();
    this.#reconcile(call.participants);
  }

  /** Full state: who is not in it may still be on the way back to a hub that was restarted. */
  #reconcile(all) {
    const present = new Set(all.map(({ id }) => id));
    for (const participant of all) this.#upsert(participant);
    for (const { id } of this.state.remoteParticipants) {
      if (present.has(id) || this.#missing.has(id)) continue;
      this.#missing.set(id, setTimeout(() => this.#remove(id, 'timed_out'), this.#client.grace));
      this.#upsertState(id, 'reconnecting');
    }
  }

  #end(reason, unexpected) {
    this.#closePeers();
    for (const timer of this.#missing.values()) clearTimeout(timer);
    this.#missing.clear();
    for (const attachment of this.#attached) attachment.detach();
    this.#attached.clear();
    this.camera.close();
    this.microphone.close();
    this.state.participants.clear();
    this.state.localParticipant = null;
    this.#become('left');
    this.emit('sessionTerminated', { reason, unexpected });
  }

  #become(state) {
    const previous = this.state.state;
    if (previous === state) return;
    this.state.state = state;
    this.emit('stateChange', { previous: { state: previous }, state });
  }

  // -- the others -------------------------------------------------------------------------------------------------------

  #upsert(wire) {
    const { participants, localParticipant } = this.state;
    if (wire.id === localParticipant.id) return;
    clearTimeout(this.#missing.get(wire.id));
    this.#missing.delete(wire.id);
    const known = participants.get(wire.id);
    if (!known) {
      const participant = new Participant(wire);
      participants.set(wire.id, participant);
      this.emit('participantJoined', participant);
      this.#connect(participant);
      return;
    }
    const renewed = known.generation !== wire.generation;
    const returned = known.state === 'reconnecting' && wire.state === 'joined';
    known.update(wire);
    this.emit('participantUpdated', known);
    if (renewed || !this.#peers.has(known.id)) this.#connect(known);
    else if (returned) this.#peers.get(known.id)?.wake();
  }

  #upsertState(id, state) {
    const participant = this.state.participants.get(id);
    participant.state = state;
    participant.emit('updated', participant);
    this.emit('participantUpdated', participant);
  }

  #remove(id, reason) {
    clearTimeout(this.#missing.get(id));
    this.#missing.delete(id);
    const participant = this.state.participants.get(id);
    if (!participant || participant.isLocal) return;
    this.#peers.get(id)?.close();
    this.#peers.delete(id);
    this.state.participants.delete(id);
    this.emit('participantLeft', { id, participant, reason });
  }

  #connect(participant) {
    this.#peers.get(participant.id)?.close();
    const me = this.state.localParticipant;
    const peer = new Peer({
      offerer: offers(me, participant),
      nextEpoch: () => me.generation * 65_536 + ++this.#epochs,
      send: (epoch, signal) => this.#client._request('call.signal', { cid: this.cid, to: participant.id, epoch, signal }),
      tracks: () => ({ audio: this.microphone.track, video: this.camera.track }),
      configuration: { iceServers: this.#client.iceServers, bundlePolicy: 'max-bundle' },
      onState: (state) => {
        participant.connectionState = state;
        participant.emit('updated', participant);
        this.emit('connectionStateChanged', { participant, state });
      },
      onTrack: ({ track, receiver }) => {
        participant.setTrack(track.kind, track, receiver);
        this.emit('trackAdded', { participant, track });
      },
      onError: (error) => {
        if (error.kind === 'unavailable' || error.kind === 'not_found') return; // the hub or the other is gone, and we will hear of it
        this.emit('error', new CallboxError(error.kind ?? 'failed', `no connection to ${participant.user.name}: ${error.message}`, error));
      },
    });
    this.#peers.set(participant.id, peer);
    peer.start();
  }

  #closePeers() {
    for (const peer of this.#peers.values()) peer.close();
    this.#peers.clear();
  }

  // -- our own media ----------------------------------------------------------------------------------------------------

  #device(media) {
    const device = new Device(media, () => media === 'audio' && this.state.inCall);
    device.on('changed', () => {
      this.#publish();
      // browsers let a page that has the microphone play sound without a tap
      if (this.#blocked && device.enabled) this.resumePlayback();
    });
    device.on('error', (error) => this.emit('error', error));
    return device;
  }

  #muted() {
    return { audio: !this.microphone.enabled, video: !this.camera.enabled };
  }

  #publish() {
    const me = this.state.localParticipant;
    if (!me || !this.state.inCall) return;
    for (const [media, { track }] of [['audio', this.microphone], ['video', this.camera]]) {
      if (me[`${media}Track`] === track) continue;
      for (const peer of this.#peers.values()) peer.replaceTrack(media, track);
      me.setTrack(media, track);
    }
    const muted = this.#muted();
    if (muted.audio === me.muted.audio && muted.video === me.muted.video) return;
    me.muted = muted;
    me.emit('updated', me);
    this.emit('participantUpdated', me);
    this.#tellMuted();
  }

  /** Also after the hub was away: it may have missed the last change. */
  #tellMuted() {
    this.#client._request('call.mute', { cid: this.cid, muted: this.#muted() }).catch(() => {});
  }
}
