import { createBackstage } from '/backstage.js';
import { $, el, fillAvatar, sentence, showDevice, tell } from '/dom.js';
import { callTitle } from '/link.js';

const LOOK_EVERY = 3000;
const HELP = {
  denied: 'Then reload the page. You can also join without.',
  missing: 'You can join without: the others will not see or hear what is missing.',
  busy: 'Close the other program, then switch it on again here.',
  insecure: 'You can join without, and see and hear the others.',
  failed: 'You can join without.',
};

/**
 * Before the join: who is in, and with what you go in.
 * @param {object} options
 * @param {import('/callbox.js').Client} options.client
 * @param {(call: object) => Promise<void>} options.onJoin enters the call; rejects with the reason if that did not work
 * @param {() => void} options.onSignOut
 */
export function createLobby({ client, onJoin, onSignOut }) {
  let call = null;
  let looking = 0;
  let unsubscribe = [];
  const backstage = createBackstage({ onAllowed: () => join() });

  $('join').addEventListener('click', () => join());
  $('signout').addEventListener('click', onSignOut);
  $('lobby-mic').addEventListener('click', () => call?.microphone.toggle().catch(() => {}));
  $('lobby-cam').addEventListener('click', () => call?.camera.toggle().catch(() => {}));

  async function join() {
    const button = $('join');
    if (button.disabled) return;
    button.disabled = true;
    button.textContent = 'Joining…';
    tell($('join-error'));
    backstage.close();
    const joined = call;
    try {
      await onJoin(joined);
      close();
    } catch (error) {
      if (joined === call && !(await backstage.takes(joined, error))) tell($('join-error'), refusal(error));
    } finally {
      button.disabled = false;
      button.textContent = backstage.waiting ? 'Try now' : 'Join now';
    }
  }

  function showDevices() {
    const { camera, microphone } = call;
    showDevice($('lobby-cam'), camera);
    showDevice($('lobby-mic'), microphone);
    const video = $('preview-video');
    if (camera.track && video.srcObject?.getVideoTracks()[0] !== camera.track) {
      video.srcObject = new MediaStream([camera.track]);
      video.classList.toggle('outward', camera.track.getSettings().facingMode === 'environment');
      video.play().catch(() => {});
    } else if (!camera.track) {
      video.srcObject = null;
    }
    $('preview').classList.toggle('has-picture', camera.enabled);
    $('preview-text').textContent = camera.status === 'starting' ? 'Starting the camera…' : 'Your camera is off';
    showTrouble([camera.error, microphone.error].filter(Boolean));
  }

  function showTrouble(errors) {
    const alert = $('device-alert');
    alert.hidden = errors.length === 0;
    if (alert.hidden) return;
    const same = errors.length === 2 && errors[0].kind === errors[1].kind;
    const what = same ? [errors[0].message.replace(/\bcamera\b/g, 'camera and microphone').replace(/\bis gone\b/, 'are gone')] : errors.map(({ message }) => message);
    alert.replaceChildren(...what.map((text) => el('p', {}, el('b', {}, sentence(text)))), el('p', {}, HELP[errors[0].kind] ?? HELP.failed));
  }

  async function look() {
    clearTimeout(looking);
    const looked = call;
    try {
      await looked.get(); // from here on `presentChanged` tells
      if (looked === call && unsubscribe.length) looked.useDefaults();
    } catch (error) {
      if (looked !== call || unsubscribe.length === 0) return;
      if (error.kind !== 'unavailable') switchOn(); // there are no settings to ask
      if (error.kind === 'not_found') showWho([]);
      else $('who').replaceChildren(el('p', { className: 'quiet' }, sentence(error.message)));
      looking = setTimeout(look, LOOK_EVERY);
    }
  }

  function showWho(present) {
    $('who-am-i').textContent = client.user?.name ?? '';
    const key = present.map(({ id, state }) => id + state).join() + call.state.endedAt;
    if ($('who').dataset.key === key && $('who').childElementCount) return;
    $('who').dataset.key = key;
    if (present.length === 0) {
      const nobody = call.state.endedAt ? 'This call has ended.' : 'Nobody is in yet. You will be the first.';
      $('who').replaceChildren(el('p', { className: 'quiet' }, nobody));
      return;
    }
    const people = present.map((participant) => {
      const avatar = fillAvatar(el('span', { className: 'avatar mini', 'aria-hidden': 'true' }), participant);
      const name = participant.user.name + (participant.state === 'reconnecting' ? ' (reconnecting)' : '');
      return el('li', {}, avatar, el('span', {}, name));
    });
    const title = present.length === 1 ? '1 in the call' : `${present.length} in the call`;
    $('who').replaceChildren(el('p', { className: 'quiet' }, title), el('ul', {}, ...people));
  }

  /** As calls of the usual type have it. */
  function switchOn() {
    for (const device of [call.camera, call.microphone]) if (!device.chosen) device.enable().catch(() => {});
  }

  function close() {
    backstage.close();
    clearTimeout(looking);
    for (const off of unsubscribe) off();
    unsubscribe = [];
    $('preview-video').srcObject = null;
  }

  return {
    close,
    /**
     * @param {object} opened the call
     * @param {{camera: boolean, microphone: boolean, note?: string, join?: boolean}} wishes
     */
    async open(opened, { camera, microphone, note, join: joinNow = false }) {
      close();
      call = opened;
      const [type, id] = call.cid.split(':');
      $('lobby-title').textContent = callTitle({ type, id });
      $('who').replaceChildren();
      fillAvatar($('preview-avatar'), { user: client.user ?? { id: 'me', name: 'Me' }, kind: 'browser' });
      $('who-am-i').textContent = client.user?.name ?? '';
      tell($('lobby-note'), note);
      tell($('join-error'));
      unsubscribe = [
        call.on('presentChanged', showWho),
        call.camera.on('changed', showDevices),
        call.microphone.on('changed', showDevices),
      ];
      showDevices();
      // on: as the call's settings say; a question for permission must not keep anybody out, and what comes later is sent as well
      if (!camera) call.camera.disable();
      if (!microphone) call.microphone.disable();
      if (joinNow) await join();
      if (!call.state.inCall) await look();
    },
  };
}

/** Why one may not come in: the hub names what is missing. */
function refusal({ message, capability }) {
  const missing = capability && !message.includes(capability) ? ` (${capability} is missing)` : '';
  return sentence(message + missing);
}
