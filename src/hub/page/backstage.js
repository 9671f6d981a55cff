import { $, sentence } from '/dom.js';

const LONGEST = 2 ** 31 - 1;
const AGAIN = 5_000;

/**
 * The waiting room of a call that is not live yet: goes in by itself as soon as that is allowed.
 * @param {{onAllowed: () => void}} options tries to join again
 */
export function createBackstage({ onAllowed }) {
  let off = [];
  let timer = 0;

  function wait(call, error) {
    close();
    const { startsAt } = call.state;
    $('backstage-title').textContent = 'This call is not live yet.';
    const at = error.joinableAt ?? startsAt;
    const when = at && at > new Date() ? `It opens ${day(at)} at ${time(at)}.` : '';
    $('backstage-text').textContent = [when, 'Stay here: you will come in by itself.'].filter(Boolean).join(' ');
    $('backstage').hidden = false;
    if (error.joinableAt) timer = setTimeout(again, Math.min(LONGEST, Math.max(500, error.joinableAt - Date.now() + 250)));
    const look = ['call.live_started', 'call.updated', 'call.capabilities'];
    off = look.map((event) => call.on(event, again));
    if (call.state.liveSince) timer = setTimeout(again, 0); // it went live between the question and now
  }

  function again() {
    close();
    onAllowed();
  }

  function close() {
    clearTimeout(timer);
    for (const stop of off) stop();
    off = [];
    $('backstage').hidden = true;
  }

  return {
    close,
    get waiting() {
      return off.length > 0;
    },
    /** Waits, if that was the reason why the join was refused. @returns {Promise<boolean>} */
    async takes(call, error) {
      if (error.kind !== 'not_live') return false;
      wait(call, error);
      try {
        await call.get(); // from here on its events say when
      } catch (failure) {
        $('backstage-text').textContent = sentence(failure.message);
        timer = setTimeout(again, AGAIN);
        return true;
      }
      if (!$('backstage').hidden) wait(call, error);
      return true;
    },
  };
}

function time(date) {
  return date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
}

function day(date) {
  return date.toDateString() === new Date().toDateString() ? 'today' : `on ${date.toLocaleDateString()}`;
}
