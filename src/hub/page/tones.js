/** Sounds of a telephone, made by Web Audio: no file is loaded. */
let context = null;

/** Two notes, twice, and a pause: somebody calls you. */
const RING = { notes: [[660, 0, 0.35], [880, 0.18, 0.5], [660, 0.8, 0.35], [880, 0.98, 0.5]], every: 3, loud: 0.2 };
/** One long tone and a pause: it rings there. */
const RINGBACK = { notes: [[425, 0, 1]], every: 4, loud: 0.05 };

/** @returns {() => void} stops it */
export const ring = () => repeat(RING);
/** @returns {() => void} stops it */
export const ringback = () => repeat(RINGBACK);

function repeat({ notes, every, loud }) {
  context ??= new AudioContext();
  context.resume().catch(() => {}); // without a tap before, the browser keeps it silent: then the picture must do
  const out = new GainNode(context, { gain: loud });
  out.connect(context.destination);
  const once = () => {
    if (context.state === 'running') for (const note of notes) play(out, ...note);
  };
  once();
  const timer = setInterval(once, every * 1000);
  return () => {
    clearInterval(timer);
    out.gain.setTargetAtTime(0, context.currentTime, 0.02);
    setTimeout(() => out.disconnect(), 300);
  };
}

/** A bell: it begins at once and fades. */
function play(out, frequency, after, length) {
  const at = context.currentTime + after;
  const tone = new OscillatorNode(context, { type: 'sine', frequency });
  const bell = new GainNode(context, { gain: 0 });
  bell.gain.setValueAtTime(0, at);
  bell.gain.linearRampToValueAtTime(1, at + 0.02);
  bell.gain.setTargetAtTime(0, at + length * 0.6, length / 4);
  tone.connect(bell).connect(out);
  tone.start(at);
  tone.stop(at + length * 2);
  tone.onended = () => bell.disconnect();
}
