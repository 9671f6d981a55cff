import { $ } from '/dom.js';
import { announce, toast } from '/notices.js';

/** In the call: whether it is live, and the buttons for those who say so. */
export function createLive() {
  let call = null;
  let off = () => {};

  $('go-live').addEventListener('click', () => act('goLive'));
  $('stop-live').addEventListener('click', () => act('stopLive'));

  async function act(verb) {
    try {
      await call[verb]();
    } catch (error) {
      toast(error.message, 'error');
    }
  }

  function show() {
    const { settings, backstage, liveSince } = call.state;
    const staged = Boolean(settings?.backstage?.enabled || backstage || liveSince);
    const may = staged && call.state.may('update-call');
    const chip = $('live-state');
    const words = liveSince ? 'Live' : 'Backstage';
    chip.hidden = !staged;
    if (chip.textContent !== words && !chip.hidden && chip.textContent) announce(liveSince ? 'The call is live.' : 'The call is backstage.');
    chip.textContent = staged ? words : '';
    chip.classList.toggle('on-air', Boolean(liveSince));
    chip.classList.toggle('off-air', !liveSince);
    $('go-live').hidden = !may || Boolean(liveSince);
    $('stop-live').hidden = !may || !liveSince;
  }

  return {
    close() {
      off();
      $('live-state').textContent = '';
    },
    open(opened) {
      off();
      call = opened;
      off = call.state.subscribe(show);
    },
  };
}
