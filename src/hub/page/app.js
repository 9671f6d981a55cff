/**
 * The page: sign in ─► lobby ─► call ─► lobby; and somebody may call at any time.
 */
import { Client } from '/callbox.js';
import { createChoice } from '/choose.js';
import { createDial } from '/dial.js';
import { $, sentence } from '/dom.js';
import { ending } from '/endings.js';
import { createInCall } from '/incall.js';
import { readLink, rememberCall } from '/link.js';
import { createLobby } from '/lobby.js';
import { hideConnection, showConnection } from '/notices.js';
import { createRinging } from '/ringing.js';
import { createSignIn } from '/signin.js';

const TOKEN = 'callbox.token';
const VIEWS = ['loading', 'signin', 'lobby', 'call'];

const link = readLink();
const client = new Client();
/** For the developer's console. */
globalThis.callbox = { client, call: null };

let chosen = link.call;

const signin = createSignIn({ signIn: signIn, onSignedIn: (call) => enterLobby(call, link) });
const choice = createChoice();
const lobby = createLobby({ client, onJoin: join, onSignOut: signOut });
const incall = createInCall({ onLeave: () => globalThis.callbox.call?.leave() });
const ringing = createRinging({ client, onAnswer: answer });
createDial({ onDial: dial });

client.on('connection', (change) => {
  const { call } = globalThis.callbox;
  const first = !client.user;
  if (!first) showConnection(change, Boolean(call?.state.inCall), () => client.retryNow());
});
client.on('signedOut', (error) => {
  forget();
  openSignIn(error.message);
});
client.on('tokens', remember);
addEventListener('pagehide', () => globalThis.callbox.call?.leave());
addEventListener('pageshow', ({ persisted }) => persisted && location.reload());

start();

async function start() {
  try {
    const tokens = link.token ? { accessToken: link.token } : remembered();
    if (link.user && link.password) await signIn(link.user, link.password);
    else if (tokens) client.setTokens(tokens);
    else {
      openSignIn();
      return;
    }
    await enterLobby(chosen ?? { type: 'default', id: 'lobby' }, link);
  } catch (error) {
    if (error.kind === 'unauthenticated') forget();
    openSignIn(error.message);
  }
}

async function signIn(username, password) {
  await client.signIn(username, password);
}

/** For this tab only: a reload must not ask again. */
function remember({ accessToken, refreshToken }) {
  sessionStorage.setItem(TOKEN, JSON.stringify({ accessToken, refreshToken }));
}

function remembered() {
  return JSON.parse(sessionStorage.getItem(TOKEN) ?? 'null');
}

function forget() {
  sessionStorage.removeItem(TOKEN);
}

async function signOut() {
  forget();
  lobby.close();
  ringing.close();
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

async function enterLobby({ type, id } = chosen, { camera = true, microphone = true, join: joinNow = false, note } = {}) {
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
  await within(call, () => call.join({ create: true }));
}

/** Somebody called, and we take it: what we were in or about to join is left. */
async function answer(call, { video }) {
  const before = globalThis.callbox.call;
  if (before !== call) await leaveQuietly(before);
  try {
    await within(call, () => call.accept({ audio: true, video }));
  } catch (error) {
    enterLobby(chosen, { camera: false, microphone: false });
    throw error;
  }
}

/** We call somebody. */
async function dial(user, { video }) {
  await leaveQuietly(globalThis.callbox.call);
  let call;
  try {
    call = await client.make(user, { video });
  } catch (error) {
    enterLobby(chosen);
    throw error;
  }
  if (call.state.inCall) await within(call, async () => {});
  else enterLobby(chosen, { note: ending(call, { reason: 'alone' }, client.user?.id) });
}

/** Goes into a call, shows it, and comes back to the lobby when it is over. */
async function within(call, enter) {
  const wanted = { camera: call.camera.status !== 'off', microphone: call.microphone.status !== 'off' };
  globalThis.callbox.call = call;
  incall.open(call);
  const off = call.on('sessionTerminated', (how) => {
    off();
    incall.close();
    if (how.reason === 'unauthenticated' || call !== globalThis.callbox.call) return;
    const own = call.type === chosen.type && call.id === chosen.id;
    enterLobby(chosen, { ...(how.unexpected || !own ? { camera: false, microphone: false } : wanted), note: ending(call, how, client.user?.id) });
  });
  try {
    await enter();
  } catch (error) {
    off();
    incall.close();
    throw error;
  }
  choice.open(call);
  lobby.close();
  show('call');
  incall.shown();
}

async function leaveQuietly(call) {
  globalThis.callbox.call = null;
  lobby.close();
  await call?.leave();
}

function show(name) {
  for (const view of VIEWS) $(view).hidden = view !== name;
  document.body.dataset.view = name;
  $(`${name}-title`)?.focus({ preventScroll: true });
}
