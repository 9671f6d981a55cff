/** What there is: cameras, microphones, speakers, displays, lines, encoders. */

import { $, chip, el, tell } from '/dom.js';
import { get } from '/wire.js';

export async function open() {
  $('devices-again').disabled = true;
  try {
    const found = await get('devices');
    tell($('devices-error'), (found.errors ?? []).join('; ') || null);
    $('devices').replaceChildren(...groups(found).map(([title, items]) =>
      el('div', { className: 'card' }, el('h2', {}, title), ...(items.length ? items : [el('p', { className: 'quiet' }, 'none')]))));
  } catch (error) {
    tell($('devices-error'), error.message);
  }
  $('devices-again').disabled = false;
}

$('devices-again').addEventListener('click', open);

function groups(found) {
  return [
    ['Cameras', found.cameras.map(device)],
    ['Microphones', found.microphones.map(device)],
    ['Speakers', found.speakers.map(device)],
    ['Displays', (found.displays ?? []).map(display)],
    ['Encoders', (found.encoders ?? []).map(codec)],
    ['Decoders', (found.decoders ?? []).map(codec)],
    ['GPIO', (found.gpio ?? []).map(lines)],
    ['Mixers', (found.mixers ?? []).map(mixer)],
  ];
}

const item = (title, id, chips, ...more) =>
  el('div', { className: 'device' }, el('div', { className: 'head' }, el('h3', {}, title), ...chips), id ? el('code', {}, id) : null, ...more);

const more = (title, rows) => (rows.length ? el('details', {}, el('summary', {}, title), ...rows.map((row) => el('div', {}, row))) : null);

function device(one) {
  const modes = (one.modes ?? []).map(({ format, width, height, rates }) =>
    `${format} ${width}×${height}: ${rates.map((rate) => Math.round(rate)).join(', ')} fps`);
  const controls = (one.controls ?? []).map(({ name, min, max, value }) => `${name} = ${value ?? '?'} (${min} to ${max})`);
  return item(one.label, one.deviceId === one.label ? null : one.deviceId, one.chosen ? [chip('in use', 'good')] : [],
    more('Formats', modes.length ? modes : one.formats ?? []), more('Controls', controls));
}

function display({ connector, card, connected, on, modes }) {
  const word = on ? chip('on', 'good') : chip(connected ? 'off' : 'nothing plugged in');
  return item(connector, card, [word], more('Sizes', modes ?? []));
}

function codec({ element, hardware, chosen, because }) {
  return item(element, null, [chip(hardware ? 'hardware' : 'software'), ...(chosen ? [chip('in use', 'good')] : [])],
    el('p', { className: 'quiet small-text' }, because));
}

function lines({ chip: name, label, lines }) {
  const rows = lines.map(({ number, name, output, usedBy }) =>
    [number, name || '–', output ? 'output' : 'input', usedBy ? `used by ${usedBy}` : ''].join('  '));
  return item(label || name, name, [chip(`${lines.length} lines`)], more('Lines', rows));
}

function mixer({ card, label, elements }) {
  const side = (name, one) => (one ? [`${name}${one.percent === null ? '' : ` ${one.percent} %`}${one.on === false ? ' off' : ''}`] : []);
  const rows = (elements ?? []).map(({ name, playback, capture }) => [name, ...side('plays', playback), ...side('records', capture)].join('  '));
  return item(label ?? card, card, [], more('Elements', rows));
}
