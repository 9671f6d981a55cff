import { $, fillAvatar, sentence, tell } from '/dom.js';
import { meet } from '/names.js';
import { announce, toast } from '/notices.js';
import { ring as ringTone } from '/tones.js';

const OVER = { missed: 'Missed call from', cancelled: 'Missed call from' };

/**
 * Somebody calls: a dialog that rings until it is answered, here or elsewhere, or over.
 * @param {object} options
 * @param {import('/callbox.js').Client} options.client
 * @param {(call: object, what: {video: boolean}) => Promise<void>} options.onAnswer rejects with the reason if that did not work
 */
export function createRinging({ client, onAnswer }) {
  let waiting = []; // several may call at once: one after the other is shown
  let silence = null;
  let title = null;
  const dialog = $('ring');

  client.on('call.ring', ({ call, by, ring }) => {
    if (waiting.some((one) => one.call === call)) return;
    meet(by);
    waiting.push({ call, by, ring });
    show();
  });
  client.on('ringEnded', ({ call, state, here }) => {
    const ended = waiting.find((one) => one.call === call);
    if (!ended || here) return;
    drop(call);
    if (OVER[state]) toast(`${OVER[state]} ${ended.by.name}`);
    else if (state !== 'rejected') toast(`${ended.by.name}’s call was answered elsewhere`);
  });

  $('ring-video').addEventListener('click', () => answer(true));
  $('ring-sound').addEventListener('click', () => answer(false));
  $('ring-decline').addEventListener('click', decline);
  dialog.addEventListener('cancel', (event) => event.preventDefault()); // Escape is not an answer

  async function answer(video) {
    const { call } = waiting[0];
    busy(true);
    quiet();
    try {
      await onAnswer(call, { video });
      drop(call);
    } catch (error) {
      tell($('ring-error'), sentence(error.message));
      setTimeout(() => drop(call), 4000);
    } finally {
      busy(false);
    }
  }

  async function decline() {
    const { call } = waiting[0];
    drop(call);
    await call.reject({ reason: 'decline' }).catch((error) => toast(error.message, 'error'));
  }

  function drop(call) {
    waiting = waiting.filter((one) => one.call !== call);
    show();
  }

  function show() {
    const [first] = waiting;
    if (!first) {
      quiet();
      if (dialog.open) dialog.close();
      return;
    }
    const { by, ring } = first;
    fillAvatar($('ring-avatar'), { user: by, kind: 'browser' });
    $('ring-title').textContent = `${by.name} is calling`;
    $('ring-text').textContent = ring.video ? 'Video call' : 'Call without video';
    $('ring-video').hidden = !ring.video;
    tell($('ring-error'));
    if (!dialog.open) {
      dialog.showModal();
      announce(`${by.name} is calling`);
    }
    (ring.video ? $('ring-video') : $('ring-sound')).focus();
    silence ??= ringTone();
    title ??= document.title;
    document.title = `${by.name} is calling`;
    if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.([400, 200, 400]);
  }

  function quiet() {
    silence?.();
    silence = null;
    if (title) document.title = title;
    title = null;
  }

  function busy(on) {
    for (const id of ['ring-video', 'ring-sound', 'ring-decline']) $(id).disabled = on;
  }

  return {
    /** Nobody is signed in any more. */
    close() {
      waiting = [];
      show();
    },
  };
}
