/** How everything is, live: picture, levels, call, who is there, what does not work. */

import { $, bitrate, chip, el, sentence, show } from '/dom.js';

/** Between two pictures. */
const PICTURE = 2000;
const BAD = ['missing', 'busy', 'denied', 'failed', 'disconnected'];
const GOOD = ['running', 'connected', 'joined'];

let timer = 0;
let isOpen = false;
let last = null;

export function open() {
  isOpen = true;
  picture();
  if (last) state(last);
}

export function close() {
  isOpen = false;
  clearTimeout(timer);
}

/** One after the other, never two at once. */
function picture() {
  clearTimeout(timer);
  if (!isOpen) return;
  if (document.hidden) {
    timer = setTimeout(picture, PICTURE);
    return;
  }
  const next = new Image();
  next.onload = () => {
    $('picture').src = next.src;
    $('picture').dataset.count = Number($('picture').dataset.count ?? 0) + 1;
    $('picture-note').textContent = `What the screen shows: ${next.naturalWidth}×${next.naturalHeight}`;
    timer = setTimeout(picture, PICTURE);
  };
  next.onerror = () => {
    $('picture-note').textContent = 'There is no picture at the moment';
    timer = setTimeout(picture, PICTURE);
  };
  next.src = `/api/picture.png?${Date.now()}`;
}

const how = (word) => (GOOD.includes(word) ? 'good' : BAD.includes(word) ? 'bad' : '');

export function state(state) {
  last = state;
  if (!isOpen) return;
  const { media, call } = state;
  level('microphone', media.sound.microphone_level);
  level('speaker', media.sound.speaker_level, media.sound.silent);
  const list = troubles(state);
  show($('troubles'), list, () => list.map(([what, why, mild]) =>
    el('div', { className: `trouble ${mild ? 'mild' : ''}` }, el('strong', {}, what), sentence(why))));
  const rows = facts(state);
  show($('facts'), rows, () => rows.flatMap(([name, word, text]) => [
    el('dt', {}, name), el('dd', {}, word ? chip(word, how(word)) : null, word && text ? ' ' : null, text ?? null)]));
  const people = call?.participants ?? [];
  show($('people'), people, () => people.map(person));
  const lines = ['buttons', 'lights', 'relays', 'others'].flatMap((kind) => state.gpio?.[kind] ?? []).concat(state.gpio?.privacy ?? []);
  show($('lines'), lines, () => (lines.length ? [el('div', { className: 'card' }, el('h2', {}, 'Lines'), el('div', { className: 'figures' }, ...lines.map(line)))] : []));
}

function level(which, db, off) {
  const known = typeof db === 'number' && !off;
  $(`level-${which}`).style.width = known ? `${Math.max(0, Math.min(100, ((db + 60) / 60) * 100))}%` : '0';
  $(`db-${which}`).textContent = known ? `${db} dB` : 'off';
}

function troubles({ hub, call, media, gpio, config }) {
  const list = [];
  if (hub.error) list.push([`Hub ${hub.state}`, hub.error]);
  if (config?.error) list.push(['The configuration was refused, the last good one goes on', config.error]);
  if (config?.pending?.length) list.push(['A change of the configuration waits', `${config.pending.join(', ')}: until nobody is connected`, true]);
  if (call?.error) list.push([`Call ${call.state}`, call.error]);
  for (const name of ['camera', 'microphone', 'speaker', 'screen']) {
    if (media[name].error) list.push([`${name[0].toUpperCase()}${name.slice(1)} ${media[name].state}`, media[name].error]);
  }
  if (media.recording?.error) list.push(['Recording', media.recording.error]);
  if (media.sound.processing?.error) list.push(['Sound', media.sound.processing.error, true]);
  for (const kind of ['buttons', 'lights', 'relays', 'others']) {
    for (const one of gpio?.[kind] ?? []) if (one.error) list.push([`Line ${one.name} ${one.state}`, one.error]);
  }
  return list;
}

function facts(state) {
  const { hub, call, media } = state;
  const { encoder, sound } = media;
  const rows = [['Hub', hub.state, hub.url], ['Call', call?.state ?? 'none', call?.cid]];
  const muted = [call?.muted.audio && 'microphone', call?.muted.video && 'camera'].filter(Boolean);
  if (muted.length) rows.push(['Off', '', muted.join(' and ')]);
  if (call?.recorded) rows.push(['Recorded', 'running']);
  if (state.ring) rows.push(['Call from', state.ring.state, state.ring.name]);
  if (state.outgoing) rows.push(['Call to', state.outgoing.state, state.outgoing.to]);
  if (state.do_not_disturb) rows.push(['Disturb', '', 'nobody may']);
  for (const name of ['camera', 'microphone', 'speaker', 'screen']) rows.push([name[0].toUpperCase() + name.slice(1), media[name].state, media[name].device]);
  if (encoder.element) {
    const { width, height, framerate } = encoder.picture;
    const shape = encoder.instances ? `, ${width}×${height} at ${framerate}, ${bitrate(encoder.bitrate)}` : '';
    rows.push(['Encoder', encoder.instances ? 'running' : 'idle', `${encoder.element} (${encoder.hardware ? 'hardware' : 'software'})${shape}`]);
  }
  if (typeof sound.volume === 'number') rows.push(['Volume', '', `${sound.volume} %`]);
  if (sound.echo) rows.push(['Echo', '', `${sound.echo.removed} dB taken away`]);
  return rows;
}

function person(one) {
  const { video, stats } = one;
  const notes = [one.muted.audio && 'microphone off', one.muted.video && 'camera off', one.sharing && 'shares', one.audio.speaking && 'speaks'].filter(Boolean);
  const percent = (share) => `${(share * 100).toFixed(1)} %`;
  const figures = [
    ['Picture', video.width ? `${video.width}×${video.height}` : 'none'],
    ['Frames', video.frames_decoded],
    ['Sound packets', one.audio.packets],
    ['Estimate', bitrate(one.estimated_bitrate)],
  ];
  if (stats) {
    figures.push(['Path', stats.path ?? '–'], ['Round trip', typeof stats.round_trip_ms === 'number' ? `${Math.round(stats.round_trip_ms)} ms` : '–']);
    if (stats.received) figures.push(['Lost on the way here', percent(stats.received.loss ?? 0)], ['Freezes', stats.received.freezes ?? 0]);
    if (stats.sent) figures.push(['Lost on the way there', percent(stats.sent.loss ?? 0)]);
  }
  return el('div', { className: 'card person' },
    el('div', { className: 'head' }, el('h3', {}, one.name), ...notes.map((note) => chip(note, 'warn')), chip(one.connection, how(one.connection))),
    one.error ? el('p', { className: 'error' }, sentence(one.error)) : null,
    el('div', { className: 'figures' }, ...figures.map(([name, value]) => el('div', {}, el('span', {}, name), el('b', {}, String(value))))));
}

function line(one) {
  const word = one.on ? 'on' : one.state === 'running' ? 'off' : one.state;
  return el('div', {}, el('span', {}, one.name), el('b', {}, chip(word, one.on ? 'good' : how(one.state) === 'bad' ? 'bad' : '')));
}
