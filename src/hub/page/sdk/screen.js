import { captureScreen } from '/sdk/capture.js';
import { Emitter } from '/sdk/emitter.js';

/**
 * Showing the screen: beside the camera, and its sound beside the microphone's. Who knows no second picture sees it in place of the
 * camera. Events: `changed`, `error`.
 */
export class ScreenShare extends Emitter {
  /** @type {MediaStreamTrack | null} */
  track = null;
  /** What the shown program plays. @type {MediaStreamTrack | null} */
  audioTrack = null;
  /** @type {'off' | 'starting' | 'on'} */
  status = 'off';

  #refusal;
  #wish = 0;

  /** @param {() => Error | null} refusal why it may not be shown here */
  constructor(refusal) {
    super();
    this.#refusal = refusal;
  }

  get enabled() {
    return this.status === 'on';
  }

  /** Whether this browser can. Phones cannot. */
  get supported() {
    return Boolean(navigator.mediaDevices?.getDisplayMedia);
  }

  /**
   * Lets a person choose a screen or a window, and shows it; from within a click.
   * @param {DisplayMediaStreamOptions} [constraints]
   */
  async enable(constraints) {
    if (this.status !== 'off') return;
    const refusal = this.#refusal();
    if (refusal) throw refusal;
    const wish = ++this.#wish;
    this.#become('starting');
    let tracks;
    try {
      tracks = await captureScreen(constraints);
    } catch (error) {
      if (wish === this.#wish) this.#become('off');
      throw error;
    }
    if (wish !== this.#wish) {
      tracks.video.stop();
      tracks.audio?.stop();
      return;
    }
    this.track = tracks.video;
    this.audioTrack = tracks.audio;
    this.track.contentHint = 'detail';
    this.track.onended = () => this.disable(); // the browser has a button of its own
    this.#become('on');
  }

  async disable() {
    this.#wish++;
    for (const track of [this.track, this.audioTrack]) {
      if (!track) continue;
      track.onended = null;
      track.stop();
    }
    this.track = this.audioTrack = null;
    if (this.status !== 'off') this.#become('off');
  }

  async toggle() {
    await (this.status === 'off' ? this.enable() : this.disable());
  }

  #become(status) {
    this.status = status;
    this.emit('changed', this);
  }
}
