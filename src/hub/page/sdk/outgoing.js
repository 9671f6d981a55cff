import { Device } from '/sdk/device.js';
import { Emitter } from '/sdk/emitter.js';
import { CallboxError } from '/sdk/errors.js';
import { ScreenShare } from '/sdk/screen.js';
import { Mix } from '/sdk/sound.js';

const NEEDED = { audio: 'send-audio', video: 'send-video', screen: 'screenshare' };
const WORDS = { audio: 'be heard', video: 'be seen', screen: 'show the screen' };

/**
 * What we send: camera, screen, and microphone with the screen's sound. Event: `changed`; `error` of a device.
 */
export class Outgoing extends Emitter {
  camera;
  microphone;
  screen;

  #state;
  #mix = null;
  #mixed = [];

  /** @param {import('/sdk/state.js').CallState} state */
  constructor(state) {
    super();
    this.#state = state;
    const device = (media) =>
      new Device(media, { keepOpen: () => media === 'audio' && state.inCall, refusal: () => this.#refusal(media) });
    this.camera = device('video');
    this.microphone = device('audio');
    this.screen = new ScreenShare(() => this.#refusal('screen'));
    for (const one of [this.camera, this.microphone, this.screen]) {
      one.on('changed', () => this.emit('changed', this));
      one.on('error', (error) => this.emit('error', error));
    }
  }

  /** To be sent now. @returns {{audio: MediaStreamTrack | null, video: MediaStreamTrack | null, share: MediaStreamTrack | null}} */
  get tracks() {
    return { audio: this.#audio(), video: this.camera.track, share: this.screen.track };
  }

  /** As the others are told. */
  get muted() {
    return { audio: !this.microphone.enabled, video: !this.camera.enabled };
  }

  get sharing() {
    return this.screen.enabled;
  }

  /** What the call's settings say, where nobody has chosen. */
  useDefaults({ audio, video }) {
    const { width, height } = video?.target_resolution ?? {};
    if (width && height) this.camera.want({ width: { ideal: width }, height: { ideal: height } });
    this.microphone._default(audio?.mic_default_on ?? false);
    this.camera._default(video?.camera_default_on ?? false);
  }

  /** Somebody switched us off. */
  obey({ audio, video, screen }) {
    if (audio) this.microphone._obey();
    if (video) this.camera._obey();
    if (screen) this.screen.disable();
  }

  /** After a change of what we may: what is not allowed any more stops. */
  recheck() {
    this.obey({ audio: this.#refusal('audio'), video: this.#refusal('video'), screen: this.#refusal('screen') });
  }

  close() {
    this.camera.close();
    this.microphone.close();
    this.screen.disable();
  }

  #refusal(media) {
    const { ownCapabilities, settings } = this.#state;
    const off = { video: settings?.video?.enabled === false, screen: settings?.screensharing?.enabled === false }[media];
    if (off) return new CallboxError('permission_denied', `nobody may ${WORDS[media]} in calls of this type`);
    const capability = NEEDED[media];
    if (!ownCapabilities || ownCapabilities.includes(capability)) return null;
    const message = `you may not ${WORDS[media]} in this call: ${capability} is missing`;
    return new CallboxError('permission_denied', message, undefined, { capability });
  }

  #audio() {
    const tracks = [this.microphone.track, this.screen.audioTrack].filter(Boolean);
    if (tracks.length === this.#mixed.length && tracks.every((track, index) => track === this.#mixed[index])) {
      return this.#mix?.track ?? tracks[0] ?? null;
    }
    this.#mix?.close();
    this.#mixed = tracks;
    this.#mix = tracks.length > 1 ? new Mix(tracks) : null;
    return this.#mix?.track ?? tracks[0] ?? null;
  }
}
