import { $, sentence, tell } from '/dom.js';

/**
 * Calling somebody by name.
 * @param {{onDial: (user: string, what: {video: boolean}) => Promise<void>}} options rejects with the reason if that did not work
 */
export function createDial({ onDial }) {
  $('dial').addEventListener('submit', async (event) => {
    event.preventDefault();
    const user = $('dial-user').value.trim();
    if (!user) {
      tell($('dial-error'), 'Enter the name of a user.');
      $('dial-user').focus();
      return;
    }
    busy(true);
    tell($('dial-error'));
    try {
      await onDial(user, { video: event.submitter?.id !== 'dial-sound' });
    } catch (error) {
      tell($('dial-error'), sentence(error.message));
    } finally {
      busy(false);
    }
  });

  function busy(on) {
    for (const id of ['dial-user', 'dial-video', 'dial-sound']) $(id).disabled = on;
  }
}
