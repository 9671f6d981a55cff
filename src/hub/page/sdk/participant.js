import { Emitter } from '/sdk/emitter.js';
import { Voice } from '/sdk/sound.js';

/**
 * Somebody in the call. Events: `videoCreated` (MediaStream) when there is a new picture, `tracksChanged`, `updated`,
 * `soundChanged` (its volume or its position, by you).
 */
export class Participant extends Emitter {
  /** The participation id. @type {string} */
  id;
  /** @type {{id: string, name: string}} */
  user;
  /** @type {'appliance' | 'browser'} */
  kind;
  /** What its owner joined with. @type {any} */
  custom;
  /** @type {'joined' | 'reconnecting'} */
  state;
  /** What it has switched off. @type {{audio: boolean, video: boolean}} */
  muted;
  /** Whether it shows its screen: see `screen`. @type {boolean} */
  sharing;
  /** Whether it has a door that `call.openDoor` opens. @type {boolean} */
  door;
  /** @type {boolean} */
  isLocal;
  /** Raised when its media stack is a new one. @type {number} */
  generation;
  /** The peer connection to it: one of `SessionConnectionState`. */
  connectionState = 'undefined';
  /** @type {MediaStreamTrack | null} */
  audioTrack = null;
  /** @type {MediaStreamTrack | null} */
  videoTrack = null;
  /** Of what it shows beside its camera; it is there before anything is shown. @type {MediaStreamTrack | null} */
  shareTrack = null;
  /** Its picture and sound together; a new object whenever a track changes. @type {MediaStream | null} */
  stream = null;
  /** How loud you hear it: 0 to 4, 1 as it comes. */
  volume = 1;
  /** Where you hear it: -1 left, 0 middle, 1 right. */
  position = 0;

  #audioReceiver = null;
  #screen = null;
  #voice = null;
  #silent = false;
  #call;

  /** @param {object} wire as the hub describes it */
  constructor(wire, { isLocal = false, call = null } = {}) {
    super();
    this.isLocal = isLocal;
    this.#call = call;
    if (isLocal) this.connectionState = 'connected';
    this.update(wire);
  }

  /** What the hub says now. */
  update(wire) {
    this.id = wire.id;
    this.user = wire.user;
    this.kind = wire.kind;
    this.generation = wire.generation;
    this.custom = wire.custom ?? null;
    this.state = wire.state;
    this.muted = { audio: false, video: false, ...wire.muted };
    this.sharing = wire.sharing ?? false;
    this.door = wire.door ?? false;
    this.emit('updated', this);
  }

  /** The data its owner joined with, in the words of some. */
  get customUserData() {
    return this.custom;
  }

  /** What it shows beside its camera, while it does. @returns {MediaStream | null} */
  get screen() {
    return this.sharing ? this.#screen : null;
  }

  /** Whether media can flow. */
  get connected() {
    return this.connectionState === 'connected' || this.connectionState === 'completed';
  }

  /** How loud it is now, 0 to 1. Costs next to nothing: the receiver knows it already. */
  get audioLevel() {
    if (this.muted.audio) return 0;
    return this.#audioReceiver?.getSynchronizationSources?.()[0]?.audioLevel ?? 0;
  }

  /** Whether its sound comes by way of Web Audio, and so not from the element that shows it. */
  get hasVoice() {
    return this.#voice !== null;
  }

  /** How loud you hear it, without telling anybody. @param {number} volume 0 to 4 */
  setVolume(volume) {
    this.volume = clamp(volume, 0, 4);
    this.#sound();
  }

  /** Where you hear it. @param {number} position -1 (left) to 1 (right) */
  setPosition(position) {
    this.position = clamp(position, -1, 1);
    this.#sound();
  }

  /** Shows and plays it in a `<video>` element: see `call.attach`. */
  attach(element, options) {
    return this.#call.attach(element, this, options);
  }

  /** @internal The speaker is off. */
  _silence(silent) {
    this.#silent = silent;
    if (this.#voice) this.#voice.silent = silent;
  }

  /** @internal It is gone. */
  _close() {
    this.#voice?.close();
    this.#voice = null;
  }

  /**
   * A new track of its picture, its sound, or what it shows.
   * @param {'audio' | 'video' | 'share'} media
   * @param {MediaStreamTrack | null} track
   * @param {RTCRtpReceiver} [receiver]
   */
  setTrack(media, track, receiver) {
    const key = `${media}Track`;
    if (this[key] === track) return;
    this[key] = track;
    if (media === 'share') {
      this.#screen = track && new MediaStream([track]);
      this.emit('tracksChanged', this);
      return;
    }
    if (media === 'audio') {
      this.#audioReceiver = receiver ?? null;
      this.#voice?.play(track);
    }
    const tracks = [this.audioTrack, this.videoTrack].filter(Boolean);
    this.stream = tracks.length ? new MediaStream(tracks) : null;
    this.emit('tracksChanged', this);
    if (media === 'video' && track) this.emit('videoCreated', this.stream);
  }

  #sound() {
    if (this.isLocal) return;
    if (!this.#voice) {
      this.#voice = new Voice();
      this.#voice.silent = this.#silent;
      this.#voice.play(this.audioTrack);
    }
    this.#voice.volume = this.volume;
    this.#voice.position = this.position;
    this.emit('soundChanged', this);
  }
}

function clamp(number, least, most) {
  return Math.min(most, Math.max(least, Number(number) || 0));
}
