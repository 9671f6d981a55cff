/** What happened, and what it means. */

import { $, el, sentence } from '/dom.js';
import { get } from '/wire.js';

const AGAIN = 2000;
const MOST = 500;

let lines = [];
let timer = 0;
let isOpen = false;

export function open() {
  isOpen = true;
  look();
}

export function close() {
  isOpen = false;
  clearTimeout(timer);
}

async function look() {
  clearTimeout(timer);
  if (!isOpen) return;
  if (!document.hidden) {
    try {
      const { lines: more } = await get(`logs?after=${lines.at(-1)?.number ?? 0}`);
      if (more.length) add(more);
    } catch {
      // Started anew, it counts from the beginning.
      lines = [];
    }
  }
  if (isOpen) timer = setTimeout(look, AGAIN);
}

/** The newest above. */
function add(more) {
  lines = [...lines, ...more].slice(-MOST);
  $('log').prepend(...more.filter(wanted).map(row).reverse());
  while ($('log').children.length > MOST) $('log').lastChild.remove();
}

const wanted = ({ level }) => !$('only-trouble').checked || level === 'warn' || level === 'error';

function row({ at_ms, level, text, event, explained }) {
  const at = new Date(at_ms);
  return el('li', { className: level },
    el('time', { dateTime: at.toISOString() }, at.toLocaleTimeString([], { hour12: false })),
    el('p', {}, text),
    explained ? el('details', {}, el('summary', {}, event), `${sentence(explained.subject)}\n${explained.text}`) : null);
}

$('only-trouble').addEventListener('change', () => $('log').replaceChildren(...lines.filter(wanted).map(row).reverse()));
