import { Emitter } from '/sdk/emitter.js';

/**
 * Somebody in the call. Events: `videoCreated` (MediaStream) when there is a new picture, `tracksChanged`, `updated`.
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
  /** @type {boolean} */
  isLocal;
  /** Raised when its media stack is a new one. @type {number} */
  generation;
  /** The peer connection to it. @type {'undefined' | 'connecting' | 'connected' | 'disconnected' | 'failed' | 'closed'} */
  connectionState = 'undefined';
  /** @type {MediaStreamTrack | null} */
  audioTrack = null;
  /** @type {MediaStreamTrack | null} */
  videoTrack = null;
  /** Its picture and sound together; a new object whenever a track changes. @type {MediaStream | null} */
  stream = null;

  #audioReceiver = null;

  /** @param {object} wire as the hub describes it */
  constructor(wire, isLocal = false) {
    super();
    this.isLocal = isLocal;
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
    this.emit('updated', this);
  }

  /** How loud it is now, 0 to 1. Costs next to nothing: the receiver knows it already. */
  get audioLevel() {
    if (this.muted.audio) return 0;
    return this.#audioReceiver?.getSynchronizationSources?.()[0]?.audioLevel ?? 0;
  }

  /**
   * A new track of its picture or its sound.
   * @param {'audio' | 'video'} media
   * @param {MediaStreamTrack | null} track
   * @param {RTCRtpReceiver} [receiver]
   */
  setTrack(media, track, receiver) {
    const key = `${media}Track`;
    if (this[key] === track) return;
    this[key] = track;
    if (media === 'audio') this.#audioReceiver = receiver ?? null;
    const tracks = [this.audioTrack, this.videoTrack].filter(Boolean);
    this.stream = tracks.length ? new MediaStream(tracks) : null;
    this.emit('tracksChanged', this);
    if (media === 'video' && track) this.emit('videoCreated', this.stream);
  }
}
