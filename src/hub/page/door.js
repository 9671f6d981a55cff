import { $ } from '/dom.js';
import { nameOf } from '/names.js';
import { announce, toast } from '/notices.js';

/** In the call: the button that opens the door of an appliance, for those who may. With several doors, each has its own among the people. */
export function createDoor() {
  let call = null;
  let off = [];

  $('open-door').addEventListener('click', () => openDoor(call, doors()[0]));

  function doors() {
    return call.state.remoteParticipants.filter(({ door }) => door);
  }

  function show() {
    const button = $('open-door');
    const all = doors();
    button.hidden = all.length !== 1 || !call.state.may('open-door');
    if (button.hidden) return;
    const label = `Open the door of ${all[0].user.name}`;
    button.title = label;
    button.setAttribute('aria-label', label);
  }

  function told({ participant, by, opened, reason }) {
    const whose = call.state.participants.get(participant)?.user.name ?? 'somebody';
    const who = by === call.state.localParticipant?.user.id ? 'You' : nameOf(by);
    if (opened) toast(`${who} opened the door of ${whose}`);
    else if (who !== 'You') toast(`The door of ${whose} stays shut: ${reason}`); // who asked has the refusal
  }

  return {
    close() {
      for (const one of off) one();
      off = [];
      $('open-door').hidden = true;
    },
    open(opened) {
      this.close();
      call = opened;
      const events = ['participantJoined', 'participantUpdated', 'participantLeft'];
      off = [call.state.subscribe(show), call.on('call.door', told), ...events.map((event) => call.on(event, show))];
    },
  };
}

/** Asks, and says what came of it; the button rests meanwhile. */
export async function openDoor(call, participant, button = $('open-door')) {
  if (!participant || button.disabled) return;
  button.disabled = true;
  try {
    await call.openDoor(participant);
    announce(`The door of ${participant.user.name} is open.`);
  } catch (error) {
    toast(error.message, 'error');
  } finally {
    button.disabled = false;
  }
}
