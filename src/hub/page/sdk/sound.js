/** Web Audio: one context for all calls of the page, made when it is first needed. */
let context = null;

function audioContext() {
  context ??= new AudioContext();
  if (context.state === 'suspended') context.resume().catch(() => {}); // a tap will do it: see `resumeSound`
  return context;
}

/** From within a tap: lets sound through that the browser holds back. */
export async function resumeSound() {
  await context?.resume().catch(() => {});
}

/** Plays through another loudspeaker, where the browser can. */
export async function routeSound(deviceId) {
  await context?.setSinkId?.(deviceId);
}

/** The sound of one participant with a volume and a place between left and right. */
export class Voice {
  #gain;
  #panner;
  #source = null;
  #pump = new Audio(); // Chromium pulls a remote track only for an element, even a muted one
  #silent = false;
  #volume = 1;

  constructor() {
    const audio = audioContext();
    this.#gain = new GainNode(audio);
    this.#panner = new StereoPannerNode(audio);
    this.#gain.connect(this.#panner).connect(audio.destination);
  }

  /** @param {MediaStreamTrack | null} track */
  play(track) {
    this.#source?.disconnect();
    const stream = track && new MediaStream([track]);
    this.#source = stream && audioContext().createMediaStreamSource(stream);
    this.#source?.connect(this.#gain);
    this.#pump.muted = true;
    this.#pump.srcObject = stream;
    if (stream) this.#pump.play().catch(() => {});
  }

  /** 0 is silence, 1 as it comes, more is louder. */
  set volume(volume) {
    this.#volume = volume;
    this.#apply();
  }

  /** -1 left, 0 middle, 1 right. */
  set position(position) {
    this.#panner.pan.value = position;
  }

  set silent(silent) {
    this.#silent = silent;
    this.#apply();
  }

  close() {
    this.#pump.srcObject = null;
    this.#source?.disconnect();
    this.#gain.disconnect();
    this.#panner.disconnect();
  }

  #apply() {
    this.#gain.gain.value = this.#silent ? 0 : this.#volume;
  }
}

/** Several sounds as one track; a track that is disabled gives silence. */
export class Mix {
  #sources;
  #into;

  /** @param {MediaStreamTrack[]} tracks */
  constructor(tracks) {
    const audio = audioContext();
    this.#into = audio.createMediaStreamDestination();
    this.#sources = tracks.map((track) => audio.createMediaStreamSource(new MediaStream([track])));
    for (const source of this.#sources) source.connect(this.#into);
  }

  get track() {
    return this.#into.stream.getAudioTracks()[0];
  }

  close() {
    for (const source of this.#sources) source.disconnect();
    this.track.stop();
  }
}
