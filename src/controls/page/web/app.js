/** The page as a whole: who is signed in, which view is open, restart and reboot. */

import { $, el, sentence, tell } from '/dom.js';
import { Live, get, post } from '/wire.js';
import * as status from '/status.js';
import * as devices from '/devices.js';
import * as doctor from '/doctor.js';
import * as config from '/config.js';
import * as logs from '/logs.js';

const views = { status, devices, doctor, config, logs };
let open = null;

const live = new Live(
  ({ state, checkup, live }) => {
    $('live').classList.toggle('on', live);
    $('live').title = live ? 'Live' : 'The appliance cannot be reached';
    $('live').setAttribute('aria-label', $('live').title);
    if (state) {
      $('who').textContent = state.user;
      $('version').textContent = state.version;
      document.title = `${state.user}: technician`;
      status.state(state);
      config.state(state);
    }
    if (checkup) doctor.checkup(checkup);
  },
  () => signIn(),
);

function view(name) {
  const wanted = views[name] ? name : 'status';
  if (open === wanted) return;
  if (open) {
    views[open].close?.();
    $(`view-${open}`).hidden = true;
  }
  open = wanted;
  $(`view-${wanted}`).hidden = false;
  for (const button of document.querySelectorAll('nav button')) {
    if (button.dataset.view === wanted) button.setAttribute('aria-current', 'page');
    else button.removeAttribute('aria-current');
  }
  views[wanted].open?.();
  window.scrollTo(0, 0);
}

function signIn() {
  live.stop();
  if (open) views[open].close?.();
  $('desk').hidden = true;
  $('signin').hidden = false;
  $('password').focus();
}

function enter(session) {
  $('signin').hidden = true;
  $('desk').hidden = false;
  $('signout').hidden = !session.password;
  $('power').hidden = !session.restart && !session.reboot;
  $('power').onclick = () => power(session);
  live.start();
  const name = open ?? location.hash.slice(1);
  open = null;
  view(name);
}

async function begin() {
  try {
    const session = await get('session');
    if (session.signed_in) enter(session);
    else signIn();
  } catch {
    setTimeout(begin, 2000);
  }
}

/** What can be done to the machine; asks again before it does anything. */
function power(session) {
  const dialog = $('ask');
  tell($('ask-error'), null);
  $('ask-title').textContent = 'Restart and reboot';
  $('ask-text').textContent = 'A call that goes on is interrupted; the others see this appliance come back.';
  const button = (text, kind, click) => el('button', { className: `button wide ${kind}`, type: 'button', onclick: click }, text);
  const choice = (text, path, what) => button(text, '', () => {
    $('ask-title').textContent = `${text}?`;
    $('ask-text').textContent = what;
    const sure = button(`Yes, ${text.toLowerCase()}`, 'danger', async () => {
      sure.disabled = true;
      try {
        await post(path);
        dialog.close();
      } catch (error) {
        tell($('ask-error'), error.message);
        sure.disabled = false;
      }
    });
    sure.id = 'sure';
    $('ask-buttons').replaceChildren(sure, cancel());
  });
  const cancel = () => button('Cancel', '', () => dialog.close());
  const choices = [];
  if (session.restart) choices.push(choice('Restart callbox', 'restart', 'It ends, and whoever supervises it starts it again: some seconds without it.'));
  if (session.reboot) choices.push(choice('Reboot the machine', 'reboot', 'Everything on this board stops, and starts again: a minute without it.'));
  $('ask-buttons').replaceChildren(...choices, cancel());
  dialog.showModal();
}

$('signin-form').addEventListener('submit', async (event) => {
  event.preventDefault();
  $('signin-button').disabled = true;
  tell($('signin-error'), null);
  try {
    await post('login', { password: $('password').value });
    $('password').value = '';
    enter(await get('session'));
  } catch (error) {
    $('signin-error').textContent = sentence(error.message);
    $('signin-error').hidden = false;
  }
  $('signin-button').disabled = false;
});

$('signout').addEventListener('click', async () => {
  await post('logout').catch(() => {});
  signIn();
});

for (const button of document.querySelectorAll('nav button')) {
  button.addEventListener('click', () => {
    history.replaceState(null, '', `#${button.dataset.view}`);
    view(button.dataset.view);
  });
}
window.addEventListener('hashchange', () => view(location.hash.slice(1)));

begin();
