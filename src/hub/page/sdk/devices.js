import { Emitter } from '/sdk/emitter.js';
import { CallboxError } from '/sdk/errors.js';

const WANTED = {
  video: { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 }, facingMode: 'user' },
  audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
};
const NAMES = { video: 'camera', audio: 'microphone' };

/** Why a device did not open, as an error with a stable `kind`. */
function deviceError(media, error) {
  if (error instanceof CallboxError) return error;
  const name = NAMES[media];
  switch (error?.name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return new CallboxError('denied', `this page may not use the ${name}: allow it in the address bar of the browser`, error);
    case 'NotFoundError':
    case 'OverconstrainedError':
      return new CallboxError('missing', `there is no ${name}: connect one and try again`, error);
    case 'NotReadableError':
    case 'AbortError':
      return new CallboxError('busy', `another program uses the ${name}: close it and try again`, error);
    default:
      return new CallboxError('failed', `the ${name} did not start: ${error?.message ?? 'unknown reason'}`, error);
  }
}

let batch = null;

/**
 * Opens one device. What is asked for in the same instant becomes one request to the browser, so that a person is asked once.
 * @param {'audio' | 'video'} media
 * @param {MediaTrackConstraints} [constraints]
 * @returns {Promise<MediaStreamTrack>}
 */
function capture(media, constraints = WANTED[media]) {
  if (!navigator.mediaDevices?.getUserMedia) {
    const way = 'open this page over HTTPS, or on the machine itself as localhost';
    return Promise.reject(new CallboxError('insecure', `the browser gives no ${NAMES[media]} to an insecure page: ${way}`));
  }
  if (!batch || batch.wanted[media]) {
    const mine = (batch = { wanted: {}, opened: null });
    mine.opened = Promise.resolve().then(() => {
      if (batch === mine) batch = null;
      return openAll(mine.wanted);
    });
  }
  batch.wanted[media] = constraints;
  return batch.opened.then((tracks) => {
    if (tracks[media] instanceof Error) throw tracks[media];
    return tracks[media];
  });
}

async function openAll(wanted) {
  const kinds = Object.keys(wanted);
  const open = async (which) => {
    const stream = await navigator.mediaDevices.getUserMedia(Object.fromEntries(which.map((kind) => [kind, wanted[kind]])));
    return stream.getTracks();
  };
  const opened = {};
  try {
    for (const track of await open(kinds)) opened[track.kind] = track;
  } catch (error) {
    // one request fails as a whole when one device is missing: the other may still be there
    for (const kind of kinds) {
      opened[kind] = await (kinds.length > 1 ? open([kind]) : Promise.reject(error)).then(
        ([track]) => track,
        (reason) => deviceError(kind, reason),
      );
    }
  }
  return opened;
}

/**
 * Asks for the permissions for camera and microphone, whatever the browser.
 * @returns {Promise<{state: 'granted' | 'denied' | 'failed', camera: string, microphone: string, message: string}>}
 *   `camera` and `microphone` are `granted`, `denied`, `missing`, `busy`, `insecure` or `failed`.
 */
export async function permissionState() {
  const [camera, microphone] = await Promise.allSettled([capture('video'), capture('audio')]);
  for (const { value } of [camera, microphone]) value?.stop();
  const kinds = [camera, microphone].map(({ reason }) => reason?.kind ?? 'granted');
  const message = [camera, microphone].flatMap(({ reason }) => (reason ? [reason.message] : [])).join('; ');
  const state = kinds.includes('denied') ? 'denied' : kinds.includes('granted') ? 'granted' : 'failed';
  return { state, camera: kinds[0], microphone: kinds[1], message };
}

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

  #keepOpen;
  #constraints;
  #wish = 0;

  /**
   * @param {'audio' | 'video'} media
   * @param {() => boolean} keepOpen whether `disable` leaves the device open, to be back at once
   */
  constructor(media, keepOpen) {
    super();
    this.media = media;
    this.#keepOpen = keepOpen;
    this.#constraints = WANTED[media];
  }

  /** Whether it gives media now. */
  get enabled() {
    return this.status === 'on';
  }

  /** Switches it on; rejects with the reason if that is not possible. */
  async enable() {
    if (this.status !== 'off') return;
    const wish = ++this.#wish;
    if (this.track) {
      this.track.enabled = true;
      this.#become('on');
      return;
    }
    this.#become('starting');
    let track;
    try {
      track = await capture(this.media, this.#constraints);
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

  /** Switches it off. The camera is closed, so that its light goes out. */
  async disable() {
    this.#wish++;
    this.error = null;
    if (this.track && this.#keepOpen()) {
      this.track.enabled = false;
    } else {
      this.#release();
    }
    this.#become('off');
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
    return this.track?.getSettings().deviceId ?? this.#constraints.deviceId?.exact;
  }

  /**
   * Uses this device from now on. While it is on, the others hardly notice the change.
   * @param {string} deviceId
   */
  async select(deviceId) {
    const { facingMode: _, ...rest } = WANTED[this.media];
    this.#constraints = { ...rest, deviceId: { exact: deviceId } };
    if (this.status === 'off') {
      this.#release();
      return;
    }
    const wish = ++this.#wish;
    let track;
    try {
      track = await capture(this.media, this.#constraints);
    } catch {
      // phones open one camera at a time
      this.#release();
      this.#become('off');
      await this.enable();
      return;
    }
    if (wish !== this.#wish) {
      track.stop();
      return;
    }
    this.#release();
    this.#take(track);
  }

  /** Closes it, whatever it was. */
  close() {
    this.#wish++;
    this.#release();
    this.#become('off');
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
