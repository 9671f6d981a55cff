/**
 * The page: sign in ─► lobby ─► call ─► lobby.
 */
import { Client } from '/callbox.js';
import { createChoice } from '/choose.js';
import { $, sentence } from '/dom.js';
import { createInCall } from '/incall.js';
import { readLink, rememberCall } from '/link.js';
import { createLobby } from '/lobby.js';
import { hideConnection, showConnection } from '/notices.js';
import { createSignIn } from '/signin.js';

const TOKEN = 'callbox.token';
const VIEWS = ['loading', 'signin', 'lobby', 'call'];
const ENDED = {
  left: 'You left the call.',
  replaced: 'You joined this call from elsewhere, so it ended here.',
  unauthenticated: 'Your sign-in has expired.',
};

const link = readLink();
const client = new Client();
/** For the developer's console. */
globalThis.callbox = { client, call: null };

let chosen = link.call;

const signin = createSignIn({ signIn: signIn, onSignedIn: (call) => enterLobby(call, link) });
const choice = createChoice();
const lobby = createLobby({ client, onJoin: join, onSignOut: signOut });
const incall = createInCall({ onLeave: () => globalThis.callbox.call?.leave() });

client.on('connection', (change) => {
  const { call } = globalThis.callbox;
  const first = !client.user;
  if (!first) showConnection(change, Boolean(call?.state.inCall), () => client.retryNow());
});
client.on('signedOut', (error) => {
  sessionStorage.removeItem(TOKEN);
  openSignIn(error.message);
});
addEventListener('pagehide', () => globalThis.callbox.call?.leave());
addEventListener('pageshow', ({ persisted }) => persisted && location.reload());

start();

async function start() {
  try {
    if (link.token) remember(link.token);
    else if (link.user && link.password) await signIn(link.user, link.password);
    const token = sessionStorage.getItem(TOKEN);
    if (!token) {
      openSignIn();
      return;
    }
    if (link.token || !link.user) client.setTokens({ accessToken: token });
    await enterLobby(chosen ?? { type: 'default', id: 'lobby' }, link);
  } catch (error) {
    if (error.kind === 'unauthenticated') sessionStorage.removeItem(TOKEN);
    openSignIn(error.message);
  }
}

async function signIn(username, password) {
  const { accessToken } = await client.signIn(username, password);
  remember(accessToken);
}

/** For this tab only: a reload must not ask again. */
function remember(token) {
  sessionStorage.setItem(TOKEN, token);
}

async function signOut() {
  sessionStorage.removeItem(TOKEN);
  lobby.close();
  globalThis.callbox.call?.camera.close();
  globalThis.callbox.call?.microphone.close();
  await client.signOut();
  hideConnection();
  openSignIn();
}

function openSignIn(error) {
  lobby.close();
  incall.close();
  show('signin');
  document.title = 'Callbox';
  signin.open({ call: link.call, user: link.user, error });
}

async function enterLobby({ type, id }, { camera = true, microphone = true, join: joinNow = false, note } = {}) {
  chosen = { type, id };
  rememberCall(chosen);
  show('loading');
  try {
    await client.connect();
  } catch (error) {
    if (error.kind === 'unauthenticated') return; // `signedOut` has opened the form
    $('loading-text').textContent = `${sentence(error.message)} Trying again…`;
    setTimeout(() => enterLobby(chosen, { camera, microphone, join: joinNow, note }), 2000);
    return;
  }
  const call = client.call(type, id);
  globalThis.callbox.call = call;
  choice.open(call);
  document.title = `${id} · Callbox`;
  if (!joinNow) show('lobby');
  await lobby.open(call, { camera, microphone, note, join: joinNow });
  if (joinNow && !call.state.inCall) show('lobby');
}

async function join(call) {
  const wanted = { camera: call.camera.status !== 'off', microphone: call.microphone.status !== 'off' };
  incall.open(call);
  const off = call.on('sessionTerminated', ({ reason, unexpected }) => {
    off();
    incall.close();
    if (reason === 'unauthenticated') return;
    const note = ENDED[reason] ?? 'The call ended unexpectedly.';
    enterLobby(chosen, unexpected ? { camera: false, microphone: false, note } : { ...wanted, note });
  });
  try {
    await call.join({ create: true });
  } catch (error) {
    off();
    incall.close();
    throw error;
  }
  show('call');
  incall.shown();
}

function show(name) {
  for (const view of VIEWS) $(view).hidden = view !== name;
  document.body.dataset.view = name;
  $(`${name}-title`)?.focus({ preventScroll: true });
}
