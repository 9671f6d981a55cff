import { el, fillAvatar, icon } from '/dom.js';
import { mayFill } from '/layout.js';

const LOUD = 0.02;
const CONNECTING = { undefined: 'Connecting…', connecting: 'Connecting…', disconnected: 'Connection is unstable…', failed: 'Connecting again…', closed: 'Connecting again…' };

/** One participant on the stage, or the screen that it shows: picture, name, and marks for muted, reconnecting and speaking. */
export class Tile {
  element;
  participant;
  /** Whether it is the participant's screen. */
  screen;

  #call;
  #video;
  #avatar = el('span', { className: 'avatar large', 'aria-hidden': 'true' });
  #name = el('span', { className: 'tile-name' });
  #mic = el('span', { className: 'tile-mic', title: 'Microphone is off' }, icon('mic-off'));
  #state = el('div', { className: 'tile-state', hidden: true }, el('span', { className: 'spinner', 'aria-hidden': 'true' }), el('span', { className: 'tile-state-text' }));
  #off = [];
  #loudUntil = 0;

  constructor(call, participant, onShape, { screen = false } = {}) {
    this.#call = call;
    this.participant = participant;
    this.screen = screen;
    this.#video = el('video', { playsInline: true, autoplay: true, disablePictureInPicture: true, tabIndex: -1 });
    this.#video.addEventListener('resize', onShape);
    this.#video.addEventListener('playing', () => this.update());
    this.element = el('article', { className: 'tile' }, this.#video, this.#avatar, this.#state, el('div', { className: 'tile-label' }, this.#mic, this.#name));
    this.element.dataset[screen ? 'screen' : 'participant'] = participant.id;
    this.element.classList.toggle('screen', screen);
    this.element.classList.toggle('local', participant.isLocal);
    this.#off = [call.attach(this.#video, participant, { screen, muted: screen || participant.isLocal }), participant.on('updated', () => this.update()), participant.on('tracksChanged', () => this.update())];
    this.update();
  }

  /** Of the picture; 16:9 as long as there is none. */
  get aspect() {
    const { videoWidth, videoHeight } = this.#video;
    return videoWidth && videoHeight ? videoWidth / videoHeight : 16 / 9;
  }

  /** Fills the tile with the picture where that cuts off little. */
  fit(tileAspect) {
    const { isLocal } = this.participant;
    this.#video.classList.toggle('fill', !this.screen && !this.#isReplaced && (isLocal || mayFill(this.aspect, tileAspect, this.participant.kind)));
  }

  /** Who knows no second picture shows the screen in place of the camera. */
  get #isReplaced() {
    return this.participant.sharing && !this.participant.screen;
  }

  update() {
    const { participant, screen } = this;
    const { muted, isLocal, user } = participant;
    const name = screen ? `${user.name}\u2019s screen` : isLocal ? 'You' : user.name;
    const hasPicture = screen ? Boolean(participant.screen) : Boolean(participant.videoTrack) && (!muted.video || this.#isReplaced);
    this.element.classList.toggle('has-picture', hasPicture);
    this.#name.textContent = name;
    this.#mic.hidden = screen || !muted.audio;
    fillAvatar(this.#avatar, participant);
    const trouble = this.#trouble();
    this.#state.hidden = !trouble;
    this.#state.lastChild.textContent = trouble ?? '';
    this.element.classList.toggle('troubled', Boolean(trouble));
    const marks = screen ? [trouble?.replace('…', '')].filter(Boolean) : [muted.audio && 'microphone off', muted.video && 'camera off', participant.sharing && 'shows the screen', trouble?.replace('…', '')].filter(Boolean);
    this.element.classList.toggle('shows-screen', participant.sharing);
    this.element.setAttribute('aria-label', [name, ...marks].join(', '));
  }

  /** To be called a few times a second. */
  listen(now) {
    if (!this.screen && this.participant.audioLevel > LOUD) this.#loudUntil = now + 500;
    this.element.classList.toggle('speaking', now < this.#loudUntil);
  }

  close() {
    for (const off of this.#off) off();
    this.element.remove();
  }

  /** While the media flow, a lost socket is a small matter: the name says so, the picture stays. */
  #trouble() {
    const { isLocal, state, connectionState } = this.participant;
    if (isLocal) return null;
    if (state === 'reconnecting') return 'Reconnecting…';
    return CONNECTING[connectionState] ?? null;
  }
}
