/** Small helpers. */

export const $ = (id) => document.getElementById(id);

/** An element with properties and children; text is never read as HTML. */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(properties)) {
    if (key in element) element[key] = value;
    else element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** A word with a colour that says how bad it is: good, warn, bad or nothing. */
export const chip = (text, how = '') => el('span', { className: `chip ${how}` }, text);

/** Text that shows an error or nothing. */
export function tell(element, text) {
  element.textContent = text ? sentence(text) : '';
  element.hidden = !text;
}

/** Messages are lower case, to be put into other text; on the page they stand alone. */
export function sentence(text) {
  const end = /[.!?…:]$/.test(text) ? '' : '.';
  const name = /^\S*[^a-zA-Z\s,]\S*\s/.test(text);
  return (name ? text : text.charAt(0).toUpperCase() + text.slice(1)) + end;
}

/** `1.5 Mbit/s` */
export function bitrate(bits) {
  if (bits === null || bits === undefined) return '–';
  return bits >= 1e6 ? `${(bits / 1e6).toFixed(1)} Mbit/s` : `${Math.round(bits / 1000)} kbit/s`;
}

/** Replaces the children only if something is different, so that what is open stays open and a screen reader stays quiet. */
export function show(element, key, make) {
  const text = JSON.stringify(key);
  if (element.dataset.shown === text) return;
  element.dataset.shown = text;
  element.replaceChildren(...make());
}
