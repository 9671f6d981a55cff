import { $, showDevice, showShare } from '/dom.js';
import { createDoor } from '/door.js';
import { calling } from '/endings.js';
import { bestGrid, stripSize } from '/layout.js';
import { callTitle } from '/link.js';
import { createLive } from '/live.js';
import { meet, nameOf } from '/names.js';
import { announce, toast } from '/notices.js';
import { createPanel } from '/panel.js';
import { createPeople } from '/people.js';
import { Tile } from '/tiles.js';
import { ringback } from '/tones.js';

const LISTEN_EVERY = 200;
const LEFT = { timed_out: 'lost the connection', kicked: 'was put out', blocked: 'was put out', removed: 'was removed' };

/**
 * In the call: tiles and controls.
 * @param {{onLeave: () => void}} options
 */
export function createInCall({ onLeave }) {
  let call = null;
  let since = 0;
  let timers = [];
  let unsubscribe = [];
  let wakeLock = null;
  let silence = null;
  const tiles = new Map();
  const [panel, people, live, door] = [createPanel(), createPeople(), createLive(), createDoor()];
  const screens = new Map();

  $('leave').addEventListener('click', onLeave);
  $('call-mic').addEventListener('click', () => toggle('microphone'));
  $('call-cam').addEventListener('click', () => toggle('camera'));
  $('call-screen').addEventListener('click', share);
  $('hear').addEventListener('click', () => call?.resumePlayback());
  new ResizeObserver(() => arrange()).observe($('stage'));
  document.addEventListener('visibilitychange', () => keepAwake());

  async function toggle(name) {
    const device = call[name];
    try {
      await device.toggle();
      announce(`The ${name} is ${device.enabled ? 'on' : 'off'}.`);
    } catch (error) {
      if (error.capability || error.kind === 'permission_denied') toast(error.message, 'error'); // else `error` has told
    }
  }

  async function share() {
    try {
      await call.screenShare.toggle();
      announce(call.screenShare.enabled ? 'Your screen is shown.' : 'Your screen is no longer shown.');
    } catch (error) {
      if (error.kind !== 'denied') toast(error.message, 'error'); // who chose no screen knows it
    }
  }

  function add(participant) {
    meet(participant.user);
    tiles.get(participant.id)?.close();
    tiles.set(participant.id, new Tile(call, participant, arrange));
    participant.on('tracksChanged', () => call && showScreen(participant));
    count();
    showScreen(participant);
    arrange();
  }

  /** What somebody else shows has a tile of its own, as long as it is shown. */
  function showScreen(participant) {
    const wanted = Boolean(participant.screen) && !participant.isLocal && tiles.has(participant.id);
    if (wanted === screens.has(participant.id)) return;
    if (wanted) {
      screens.set(participant.id, new Tile(call, participant, arrange, { screen: true }));
      announce(`${participant.user.name} shows the screen.`);
    } else {
      screens.get(participant.id).close();
      screens.delete(participant.id);
    }
    arrange();
  }

  function remove(id) {
    for (const all of [tiles, screens]) {
      all.get(id)?.close();
      all.delete(id);
    }
    count();
    arrange();
  }

  function count() {
    const total = tiles.size;
    $('call-count').textContent = total === 1 ? 'Only you' : `${total} people`;
  }

  /** One other fills the stage and you float above; more share a grid with you. Beside a screen that is shown everybody is small. */
  function arrange() {
    if (!call) return;
    const all = [...tiles.values()];
    const local = all.find(({ participant }) => participant.isLocal);
    const others = all.filter((tile) => tile !== local);
    const everybody = [...others, local].filter(Boolean);
    const presenting = screens.size > 0;
    const floating = !presenting && others.length === 1;
    const inGrid = presenting ? [...screens.values()] : floating ? others : everybody;
    const grid = $('grid');
    const { clientWidth, clientHeight } = $('stage');
    const style = getComputedStyle($('stage'));
    let width = clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    let height = clientHeight - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom);
    if (width <= 0 || height <= 0) return;
    const gap = 12;
    const tall = height > width;
    $('stage').classList.toggle('presenting', presenting);
    $('stage').classList.toggle('tall', tall);
    if (presenting) {
      const strip = stripSize(width, height);
      $('stage').style.setProperty('--strip', `${strip}px`);
      if (tall) height -= strip + gap;
      else width -= strip + gap;
    }
    const aspect = inGrid.length === 1 ? inGrid[0].aspect : width >= height ? 16 / 9 : 4 / 3;
    const best = bestGrid(inGrid.length, width, height, aspect, gap);
    grid.style.setProperty('--tile-width', `${best.width}px`);
    grid.style.setProperty('--tile-height', `${best.height}px`);
    place(grid, inGrid, aspect);
    place($('self'), floating && local ? [local] : [], 16 / 9);
    place($('strip'), presenting ? everybody : [], 16 / 9);
    $('waiting').hidden = others.length > 0;
  }

  /** While it rings at the others, one hears and sees it. */
  function showRinging() {
    const { ringing, ring, remoteParticipants } = call.state;
    const rings = ringing === 'outgoing' && remoteParticipants.length === 0;
    const others = remoteParticipants.length ? remoteParticipants.map(({ user }) => user.name) : rings ? [calling(ring)] : [];
    $('call-title').textContent = callTitle(call, others);
    $('waiting-text').textContent = rings ? `Calling ${calling(ring)}…` : 'Nobody else is here yet';
    const leave = rings ? 'Cancel the call' : 'Leave the call';
    $('leave').title = leave;
    $('leave').setAttribute('aria-label', leave);
    if (rings) silence ??= ringback();
    else hush();
  }

  function hush() {
    silence?.();
    silence = null;
  }

  /** Moves only what is not there yet: a video that is moved stops for a moment. */
  function place(parent, wanted, aspect) {
    wanted.forEach((tile, index) => {
      if (parent.children[index] !== tile.element) parent.insertBefore(tile.element, parent.children[index] ?? null);
      tile.fit(aspect);
    });
  }

  function showDevices() {
    showDevice($('call-mic'), call.microphone);
    showDevice($('call-cam'), call.camera);
    showShare($('call-screen'), call.screenShare, call.state.may('screenshare') && call.state.settings?.screensharing?.enabled !== false);
  }

  function showTime() {
    const seconds = Math.floor((performance.now() - since) / 1000);
    const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
    const shown = parts[0] ? parts : parts.slice(1);
    $('call-time').textContent = shown.map((n, index) => (index ? String(n).padStart(2, '0') : n)).join(':');
  }

  async function keepAwake() {
    if (!call || document.visibilityState !== 'visible') return;
    wakeLock = await navigator.wakeLock?.request('screen').catch(() => null);
  }

  function close() {
    for (const off of unsubscribe) off();
    timers.forEach(clearInterval);
    unsubscribe = [];
    timers = [];
    for (const tile of [...tiles.values(), ...screens.values()]) tile.close();
    tiles.clear();
    screens.clear();
    wakeLock?.release().catch(() => {});
    wakeLock = null;
    hush();
    for (const part of [panel, people, live, door]) part.close();
    call = null;
    $('hear').hidden = true;
  }

  return {
    close,
    /** To be called before the join, so that nothing is missed. */
    open(opened) {
      close();
      call = opened;
      since = performance.now();
      people.open(call);
      live.open(call);
      door.open(call);
      unsubscribe = [
        call.state.subscribe(() => {
          showRinging();
          showDevices();
        }),
        call.on('localParticipant', (participant) => {
          for (const tile of tiles.values()) if (tile.participant.isLocal) remove(tile.participant.id);
          add(participant);
        }),
        call.on('participantJoined', (participant) => {
          add(participant);
          showRinging();
          announce(`${participant.user.name} is in the call.`);
        }),
        call.on('participantUpdated', (participant) => {
          if (participant.isLocal) return;
          showScreen(participant);
          arrange();
        }),
        call.on('call.rejected', ({ user, reason }) => toast(reason === 'busy' ? `${nameOf(user)} is busy` : `${nameOf(user)} declined`)),
        call.on('call.missed', ({ user }) => toast(`${nameOf(user)} did not answer`)),
        call.on('call.muted', ({ by, audio, video, screen }) => {
          const what = [audio && 'microphone', video && 'camera', screen && 'screen'].filter(Boolean).join(' and ');
          toast(`${nameOf(by)} switched your ${what} off`);
        }),
        call.on('participantLeft', ({ id: gone, participant, reason }) => {
          remove(gone);
          showRinging();
          toast(`${participant.user.name} ${LEFT[reason] ?? 'left'}`);
        }),
        call.on('playbackBlocked', () => ($('hear').hidden = false)),
        call.on('playbackResumed', () => ($('hear').hidden = true)),
        call.on('error', (error) => toast(error.message, 'error')),
        ...[call.camera, call.microphone, call.screenShare].map((device) => device.on('changed', showDevices)),
      ];
      timers = [
        setInterval(() => tiles.forEach((tile) => tile.listen(performance.now())), LISTEN_EVERY),
        setInterval(showTime, 1000),
      ];
      for (const participant of call.state.participants.values()) add(participant);
      showTime();
      showDevices();
      keepAwake();
    },
    /** The stage has its size only once it is shown. */
    shown: () => arrange(),
  };
}
