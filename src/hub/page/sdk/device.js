import { NAMES, WANTED, capture } from '/sdk/capture.js';
import { Emitter } from '/sdk/emitter.js';
import { CallboxError } from '/sdk/errors.js';

/**
 * The camera or the microphone of a call. Before the join it is the choice of the lobby; in the call it switches without
 * renegotiation. Events: `changed`, `error` (a CallboxError).
 */
export class Device extends Emitter {
  /** @type {'audio' | 'video'} */
  media;
  /** @type {MediaStreamTrack | null} */
  track = null;
  /** Why it does not run. @type {CallboxError | null} */
  error = null;
  /** @type {'off' | 'starting' | 'on'} */
  status = 'off';
  /** Whether somebody said on or off: then the call's settings do not. */
  chosen = false;

  #keepOpen;
  #refusal;
  #wanted;
  #deviceId = null;
  #wish = 0;

  /**
   * @param {'audio' | 'video'} media
   * @param {{keepOpen: () => boolean, refusal: () => CallboxError | null}} options whether `disable` leaves the device open, to be
   *   back at once; and why it may not be used here
   */
  constructor(media, { keepOpen, refusal }) {
    super();
    this.media = media;
    this.#keepOpen = keepOpen;
    this.#refusal = refusal;
    this.#wanted = WANTED[media];
  }

  /** Whether it gives media now. */
  get enabled() {
    return this.status === 'on';
  }

  /**
   * Switches it on; rejects with the reason if that is not possible.
   * @param {MediaTrackConstraints} [constraints] for example `{ width: 1920, height: 1080 }`; they hold from then on
   */
  async enable(constraints) {
    this.chosen = true;
    if (constraints) this.want(constraints);
    await this.#open();
  }

  /** Switches it off. The camera is closed, so that its light goes out. */
  async disable() {
    this.chosen = true;
    this.#off();
  }

  /** The other way round. */
  async toggle() {
    await (this.status === 'off' ? this.enable() : this.disable());
  }

  /** Devices of this kind. @returns {Promise<MediaDeviceInfo[]>} */
  async list() {
    const all = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
    return all.filter((device) => device.kind === `${this.media}input` && device.deviceId);
  }

  /** Which device it is, once it was on. @returns {string | undefined} */
  get deviceId() {
    return this.track?.getSettings().deviceId ?? this.#deviceId ?? undefined;
  }

  /**
   * Uses this device from now on. While it is on, the others hardly notice the change; while it is off, it stays off.
   * @param {string} deviceId
   */
  async select(deviceId) {
    this.#deviceId = deviceId;
    if (this.status === 'off') {
      this.#release();
      this.emit('changed', this);
      return;
    }
    const wish = ++this.#wish;
    let track;
    try {
      track = await capture(this.media, this.#constraints());
    } catch {
      // phones open one camera at a time
      this.#release();
      this.#become('off');
      await this.#open();
      return;
    }
    if (wish !== this.#wish) {
      track.stop();
      return;
    }
    this.#release();
    this.#take(track);
  }

  /** What to ask the browser for from now on. @param {MediaTrackConstraints} constraints */
  want(constraints) {
    this.#wanted = { ...this.#wanted, ...constraints };
  }

  /** @internal What the call's settings say, unless somebody has chosen. */
  _default(on) {
    if (this.chosen || this.status !== 'off' || !on || this.#refusal()) return;
    this.#open().catch(() => {}); // `error` has told
  }

  /** @internal Switched off by somebody who may. */
  _obey() {
    if (this.status !== 'off') this.#off();
  }

  /** Closes it, whatever it was. */
  close() {
    this.#wish++;
    this.#release();
    this.#become('off');
  }

  async #open() {
    if (this.status !== 'off') return;
    const refusal = this.#refusal();
    if (refusal) throw refusal;
    const wish = ++this.#wish;
    if (this.track) {
      this.track.enabled = true;
      this.#become('on');
      return;
    }
    this.#become('starting');
    let track;
    try {
      track = await capture(this.media, this.#constraints());
    } catch (error) {
      if (wish === this.#wish) this.#failed(error);
      throw error;
    }
    if (wish !== this.#wish) {
      track.stop();
      return;
    }
    this.#take(track);
  }

  #off() {
    this.#wish++;
    this.error = null;
    if (this.track && this.#keepOpen()) {
      this.track.enabled = false;
    } else {
      this.#release();
    }
    this.#become('off');
  }

  #constraints() {
    if (!this.#deviceId) return this.#wanted;
    const { facingMode: _, ...rest } = this.#wanted;
    return { ...rest, deviceId: { exact: this.#deviceId } };
  }

  #take(track) {
    this.track = track;
    this.error = null;
    if (track.kind === 'video') track.contentHint = 'motion';
    track.onended = () => {
      if (track !== this.track) return;
      this.#release();
      this.#failed(new CallboxError('missing', `the ${NAMES[this.media]} is gone: connect it again, or choose another`));
    };
    this.#become('on');
  }

  #failed(error) {
    this.error = error;
    this.#become('off');
    this.emit('error', error);
  }

  #release() {
    if (this.track) this.track.onended = null;
    this.track?.stop();
    this.track = null;
  }

  #become(status) {
    this.status = status;
    this.emit('changed', this);
  }
}
