import { $, sentence, tell } from '/dom.js';
import { parseCall } from '/link.js';

/**
 * The sign-in form.
 * @param {object} options
 * @param {(username: string, password: string) => Promise<void>} options.signIn
 * @param {(call: {type: string, id: string}) => void} options.onSignedIn
 */
export function createSignIn({ signIn, onSignedIn }) {
  let fixedCall = null;

  $('signin-form').addEventListener('submit', async (event) => {
    event.preventDefault();
    const username = $('username').value.trim();
    const password = $('password').value;
    const call = fixedCall ?? parseCall($('callname').value);
    if (!username || !password) {
      refuse('enter your name and your password', $(username ? 'password' : 'username'));
      return;
    }
    if (!call) {
      refuse('a call is named like lobby or default:lobby, with letters, digits, - and _', $('callname'));
      return;
    }
    busy(true);
    try {
      await signIn(username, password);
      $('password').value = '';
      tell($('signin-error'));
      onSignedIn(call);
    } catch (error) {
      refuse(error.message, $('password'));
      $('password').select();
    } finally {
      busy(false);
    }
  });

  function refuse(text, field) {
    tell($('signin-error'), sentence(text));
    field.focus();
  }

  function busy(on) {
    $('signin-submit').disabled = on;
    $('signin-submit').textContent = on ? 'Signing in…' : 'Sign in';
  }

  return {
    /** @param {{call?: {type: string, id: string} | null, user?: string | null, error?: string}} [what] */
    open({ call, user, error } = {}) {
      fixedCall = call ?? null;
      $('call-field').hidden = Boolean(fixedCall);
      if (user) $('username').value = user;
      tell($('signin-error'), error && sentence(error));
      $(user ? 'password' : 'username').focus();
    },
  };
}
