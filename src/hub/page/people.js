import { $, el, fillAvatar, icon } from '/dom.js';
import { openDoor } from '/door.js';
import { nameOf } from '/names.js';
import { announce, toast } from '/notices.js';

const ROLES = { host: 'Host', moderator: 'Moderator', admin: 'Administrator' };
const CALLED = { ringing: 'Ringing…', rejected: 'Declined', missed: 'Did not answer', elsewhere: 'Answered by somebody else' };

/** Who is in, who belongs to the call and is not, and what may be done about it. */
export function createPeople() {
  let call = null;
  let unsubscribe = [];
  let sure = 0;
  const rows = new Map();

  $('invite').addEventListener('submit', (event) => {
    event.preventDefault();
    const user = $('invite-user').value.trim();
    if (user) invite(user);
  });
  $('mute-all').addEventListener('click', () => act(call.muteUsers(null), 'Everybody else was muted.'));
  $('end-all').addEventListener('click', endAll);

  /** Not by a slip of the finger: a second tap within a few seconds does it. */
  function endAll() {
    const button = $('end-all');
    if (sure) {
      settle();
      act(call.endCall());
      return;
    }
    button.textContent = 'Tap again to end it for everyone';
    announce(button.textContent);
    sure = setTimeout(settle, 4000);
  }

  function settle() {
    clearTimeout(sure);
    sure = 0;
    $('end-all').textContent = 'End the call for everyone';
  }

  async function act(doing, done) {
    try {
      await doing;
      if (done) announce(done);
    } catch (error) {
      toast(error.message, 'error');
    }
  }

  async function invite(user) {
    const { state } = call;
    await act(
      (async () => {
        if (!state.members.some(({ user_id }) => user_id === user)) await call.updateCallMembers({ update_members: [{ user_id: user }] });
        await call.ring({ members: [user] });
        $('invite-user').value = '';
      })(),
      `Ringing ${nameOf(user)}.`,
    );
  }

  /** One row for each who is in (twice in is two rows), and for each member who is not. */
  function show() {
    if (!call) return;
    const { state } = call;
    const present = [...state.participants.values()];
    const absent = state.members.filter(({ user_id }) => !present.some(({ user }) => user.id === user_id));
    const wanted = [
      ...present.map((participant) => [participant.id, () => presentRow(participant)]),
      ...absent.map((member) => [`member ${member.user_id}`, () => absentRow(member)]),
    ];
    const keys = new Set(wanted.map(([key]) => key));
    for (const [key, row] of rows) {
      if (keys.has(key)) continue;
      row.element.remove();
      rows.delete(key);
    }
    wanted.forEach(([key, make], index) => {
      if (!rows.has(key)) rows.set(key, make());
      const { element, update } = rows.get(key);
      const list = $('people');
      if (list.children[index] !== element) list.insertBefore(element, list.children[index] ?? null);
      update();
    });
    $('invite').hidden = !state.may('update-call-member');
    $('mute-all').hidden = !state.may('mute-users') || present.length < 2;
    $('end-all').hidden = !state.may('end-call');
  }

  function role(userId) {
    if (userId === call.state.createdBy) return ROLES.host;
    return ROLES[call.state.members.find(({ user_id }) => user_id === userId)?.role] ?? '';
  }

  function presentRow(participant) {
    const { user, isLocal } = participant;
    const avatar = fillAvatar(el('span', { className: 'avatar mini', 'aria-hidden': 'true' }), participant);
    const name = el('span', { className: 'person-name' }, isLocal ? `${user.name} (you)` : user.name);
    const state = el('span', { className: 'person-state' });
    const mute = button('mic-off', `Mute ${user.name}`, () => act(call.muteUsers([user.id]), `${user.name} was muted.`));
    const remove = button('out', `Remove ${user.name}`, () => act(call.kickUser(user.id), `${user.name} was removed.`), 'quit');
    const door = button('open', `Open the door of ${user.name}`, () => openDoor(call, participant, door), 'door');
    const element = el('li', {}, avatar, name, door, mute, remove, state, ...(isLocal ? [] : [volume(participant)]));
    element.dataset.user = user.id;
    const update = () => {
      const marks = [participant.muted.audio && 'microphone off', participant.muted.video && 'camera off', participant.sharing && 'shows the screen'];
      state.textContent = [role(user.id), ...marks].filter(Boolean).join(' · ') || 'In the call';
      door.hidden = isLocal || !participant.door || !call.state.may('open-door');
      mute.hidden = isLocal || participant.muted.audio || !call.state.may('mute-users');
      remove.hidden = isLocal || !call.state.may('kick-user');
    };
    return { element, update };
  }

  function absentRow({ user_id: id }) {
    const avatar = fillAvatar(el('span', { className: 'avatar mini', 'aria-hidden': 'true' }), { user: { id, name: nameOf(id) }, kind: 'browser' });
    const state = el('span', { className: 'person-state' });
    const ring = button('bell', `Ring ${nameOf(id)}`, () => invite(id));
    const remove = button('out', `Remove ${nameOf(id)} from the members`, () => act(call.updateCallMembers({ remove_members: [id] })), 'quit');
    const element = el('li', { className: 'out' }, avatar, el('span', { className: 'person-name' }, nameOf(id)), ring, remove, state);
    element.dataset.user = id;
    const update = () => {
      const callee = call.state.ring?.callees.find(({ user }) => user === id);
      state.textContent = [role(id), CALLED[callee?.state] ?? 'Not in the call'].filter(Boolean).join(' · ');
      ring.hidden = callee?.state === 'ringing';
      remove.hidden = !call.state.may('remove-call-member');
    };
    return { element, update };
  }

  function volume(participant) {
    const label = `Volume of ${participant.user.name}`;
    const slider = el('input', { type: 'range', min: 0, max: 2, step: 0.05, value: participant.volume, 'aria-label': label });
    slider.addEventListener('input', () => participant.setVolume(slider.valueAsNumber));
    return el('label', { className: 'volume' }, icon('sound'), slider);
  }

  function close() {
    for (const off of unsubscribe) off();
    unsubscribe = [];
    settle();
    rows.clear();
    $('people').replaceChildren();
    call = null;
  }

  return {
    close,
    open(opened) {
      close();
      call = opened;
      const events = ['localParticipant', 'participantJoined', 'participantUpdated', 'participantLeft'];
      unsubscribe = [call.state.subscribe(show), ...events.map((event) => call.on(event, show))];
    },
  };
}

function button(symbol, label, onClick, kind = '') {
  const one = el('button', { className: `round ${kind}`, type: 'button', title: label, 'aria-label': label }, icon(symbol));
  one.addEventListener('click', onClick);
  return one;
}
