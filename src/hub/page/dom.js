/** Small helpers for the page. */

const SVG = 'http://www.w3.org/2000/svg';

export const $ = (id) => document.getElementById(id);

/** An element with properties and children; text is never read as HTML. */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(properties)) {
    if (key in element) element[key] = value;
    else element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

/** One of the symbols in index.html. */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(SVG, 'use');
  use.setAttribute('href', `#i-${name}`);
  svg.append(use);
  return svg;
}

/** A round picture of somebody without a picture: an icon for an appliance, initials for a person. */
export function fillAvatar(element, { user, kind }) {
  element.style.setProperty('--hue', String(hue(user.id)));
  element.replaceChildren(kind === 'appliance' ? icon('door') : initials(user.name || user.id));
  return element;
}

function initials(name) {
  const words = name.split(/[\s._@-]+/).filter(Boolean);
  return words.slice(0, 2).map((word) => [...word][0].toUpperCase()).join('') || '?';
}

function hue(text) {
  let sum = 0;
  for (const char of text) sum = (sum * 31 + char.codePointAt(0)) % 360;
  return sum;
}

/** Text that shows an error or nothing. */
export function tell(element, text) {
  element.textContent = text ?? '';
  element.hidden = !text;
}

/** A button that switches a device. */
export function showDevice(button, device) {
  const name = device.media === 'audio' ? 'microphone' : 'camera';
  const on = device.status !== 'off';
  const label = on ? `Turn ${name} off` : `Turn ${name} on`;
  const symbol = `${device.media === 'audio' ? 'mic' : 'cam'}${on ? '' : '-off'}`;
  button.replaceChildren(icon(symbol));
  button.classList.toggle('off', !on);
  button.classList.toggle('starting', device.status === 'starting');
  button.classList.toggle('failed', Boolean(device.error));
  button.setAttribute('aria-label', label);
  button.setAttribute('aria-pressed', String(on));
  button.title = device.error ? sentence(device.error.message) : label;
}

/** The button that shows the screen. */
export function showShare(button, share, allowed) {
  const on = share.status !== 'off';
  const label = on ? 'Stop showing your screen' : 'Show your screen';
  button.hidden = !share.supported || !allowed;
  button.replaceChildren(icon('screen'));
  button.classList.toggle('sharing', on);
  button.setAttribute('aria-label', label);
  button.setAttribute('aria-pressed', String(on));
  button.title = label;
}

/** Messages are lower case, to be put into other text; on the page they stand alone. */
export function sentence(text) {
  const end = /[.!?…]$/.test(text) ? '' : '.';
  const name = /^\S*[^a-zA-Z\s,]\S*\s/.test(text); // default:lobby stays as it is
  return (name ? text : text.charAt(0).toUpperCase() + text.slice(1)) + end;
}
