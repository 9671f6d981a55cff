import { Emitter } from '/sdk/emitter.js';

/** One's own picture, also before the join: a source for `attach`. Events: `tracksChanged`. */
export class OwnPicture extends Emitter {
  stream = null;
  isLocal = true;
  hasVoice = false;

  #outgoing;

  /** @param {import('/sdk/outgoing.js').Outgoing} outgoing */
  constructor(outgoing) {
    super();
    this.#outgoing = outgoing;
    outgoing.on('changed', () => this.#look());
    this.#look();
  }

  get videoTrack() {
    return this.#outgoing.tracks.video;
  }

  #look() {
    const track = this.videoTrack;
    if ((this.stream?.getVideoTracks()[0] ?? null) === track) return;
    this.stream = track && new MediaStream([track]);
    this.emit('tracksChanged', this);
  }
}

/**
 * Keeps a `<video>` element showing a participant.
 * @param {HTMLVideoElement | string} target
 * @param {import('/sdk/participant.js').Participant | OwnPicture} participant
 * @param {{muted: boolean, mirror: boolean, screen: boolean}} options `screen`: what the participant shows beside the camera
 * @param {{speaker: import('/sdk/speaker.js').Speaker, onBlocked: () => void}} around `onBlocked`: the browser plays no sound before a tap
 */
export function attach(target, participant, { muted, mirror, screen = false }, { speaker, onBlocked }) {
  /** @type {HTMLVideoElement} */
  const element = typeof target === 'string' ? document.getElementById(target) : target;
  if (!element) throw new TypeError(`there is no element ${target} to show somebody in`);
  element.playsInline = true;
  element.autoplay = true;

  const silent = () => muted || screen || participant.hasVoice || !speaker.enabled;

  /** @returns {Promise<boolean>} false if the browser forbids it */
  const play = async () => {
    element.muted = silent();
    if (!element.srcObject) return true;
    try {
      await element.play();
    } catch (error) {
      if (error.name !== 'NotAllowedError') return true; // replaced by a newer stream: that one plays by itself
      element.muted = true;
      element.play().catch(() => {});
      onBlocked();
      return false;
    }
    return true;
  };
  const show = () => {
    const stream = screen ? participant.screen : participant.stream;
    if (screen && element.srcObject === stream) return;
    element.srcObject = stream;
    // a camera that looks at the room shows it as it is, and so does a screen
    const { facingMode, displaySurface } = participant.videoTrack?.getSettings() ?? {};
    element.style.transform = mirror && !screen && facingMode !== 'environment' && !displaySurface ? 'scaleX(-1)' : '';
    play();
  };
  const hear = () => {
    if (element.setSinkId && element.sinkId !== speaker.deviceId) element.setSinkId(speaker.deviceId).catch(() => {});
    if (element.muted !== silent()) play();
  };
  const off = [participant.on('tracksChanged', show), participant.on('updated', () => screen && show()), participant.on('soundChanged', hear), speaker.on('changed', hear)];
  show();
  hear();

  return {
    play,
    detach() {
      for (const stop of off) stop();
      element.srcObject = null;
    },
  };
}
