/** The files of the configuration: what is wrong with them, line by line; saved only if nothing is. */

import { $, el, sentence, show } from '/dom.js';
import { get, post } from '/wire.js';

let files = [];
let wrong = new Set();
let pending = '';

export function state(state) {
  const now = state.config?.pending?.join(', ') ?? '';
  if (pending && !now) told('What waited was taken.', 'good');
  pending = now;
}

export async function open() {
  if (edited()) return;
  try {
    ({ files } = await get('config'));
  } catch (error) {
    told(sentence(error.message), 'bad');
    return;
  }
  const chosen = $('file').value;
  $('file').replaceChildren(...files.map(({ path, shipped }) => el('option', { value: path }, shipped ? `${path} (shipped)` : path)));
  if (files.some(({ path }) => path === chosen)) $('file').value = chosen;
  load();
}

const file = () => files.find(({ path }) => path === $('file').value);
const edited = () => file()?.text !== undefined && $('text').value !== file().text;
const draft = () => ({ file: file().path, text: $('text').value, digest: file().digest });

function load() {
  const one = file();
  $('text').value = one?.text ?? '';
  $('text').readOnly = !one || one.text === undefined || one.shipped;
  $('check').disabled = !one || one.text === undefined;
  $('save').disabled = $('text').readOnly;
  report({ problems: [] });
  if (one?.error) told(sentence(one.error), 'bad');
  else if (one?.shipped) told('This file belongs to the distribution: override it in /etc/callbox.', '');
  else told('', '');
}

function told(text, how) {
  $('config-told').textContent = text;
  $('config-told').className = `told ${how}`;
  $('config-told').hidden = !text;
}

function numbers() {
  const count = $('text').value.split('\n').length;
  show($('numbers'), [count, [...wrong]], () => Array.from({ length: count }, (_, index) => {
    const number = `${index + 1}\n`;
    return wrong.has(index + 1) ? el('b', {}, number) : document.createTextNode(number);
  }));
  $('numbers').scrollTop = $('text').scrollTop;
}

function report({ problems }) {
  const here = problems.filter(({ at }) => at?.file === file()?.path);
  wrong = new Set(here.filter(({ severity }) => severity === 'error').map(({ at }) => at.line));
  $('problems').replaceChildren(...problems.map((problem) => {
    const { severity, title, at, help } = problem;
    const place = at ? `${at.file}:${at.line}:${at.column}` : '';
    return el('button', { type: 'button', className: `problem ${severity}`, onclick: () => go(at) },
      place ? el('code', { className: 'place' }, place) : null,
      el('strong', {}, `${severity}: ${title}`),
      at?.label ? el('span', {}, at.label) : null,
      ...help.map((text) => el('span', { className: 'help' }, `help: ${text}`)));
  }));
  numbers();
}

/** To the place that a problem speaks of. */
function go(at) {
  if (!at || at.file !== file()?.path) return;
  const lines = $('text').value.split('\n');
  const start = lines.slice(0, at.line - 1).reduce((sum, line) => sum + line.length + 1, 0);
  $('text').focus();
  $('text').setSelectionRange(start, start + (lines[at.line - 1]?.length ?? 0));
  $('text').scrollTop = Math.max(0, (at.line - 6) * parseFloat(getComputedStyle($('text')).lineHeight));
}

async function busy(work) {
  $('check').disabled = $('save').disabled = true;
  try {
    await work();
  } catch (error) {
    told(sentence(error.message), 'bad');
  }
  $('check').disabled = false;
  $('save').disabled = $('text').readOnly;
}

$('check').addEventListener('click', () => busy(async () => {
  const found = await post('config/check', draft());
  report(found);
  told(found.ok ? (found.problems.length ? 'It can be used; see the warnings.' : 'It is in order.') : sentence(found.text.split('\n').at(-1)), found.ok ? 'good' : 'bad');
}));

$('save').addEventListener('click', () => busy(async () => {
  const sent = draft();
  const answer = await post('config/save', sent);
  report(answer.report);
  if (!answer.saved) {
    told(`Not saved: ${answer.report.text.split('\n').at(-1)}.`, 'bad');
    return;
  }
  Object.assign(file(), { text: sent.text, digest: answer.digest });
  const { error, changed = [], pending = [], taken } = answer.reload ?? {};
  if (error) return void told(`Saved, but not taken: ${sentence(error)}`, 'bad');
  if (taken === false) return void told('Saved, but the last good configuration goes on: see the log.', 'bad');
  const parts = [];
  if (changed.length) parts.push(`taken: ${changed.join(', ')}`);
  if (pending.length) parts.push(`waits until nobody is connected: ${pending.join(', ')}`);
  told(`Saved; ${parts.join('; ') || 'nothing has changed'}.`, 'good');
}));

$('file').addEventListener('change', load);
$('text').addEventListener('input', numbers);
$('text').addEventListener('scroll', () => ($('numbers').scrollTop = $('text').scrollTop));
