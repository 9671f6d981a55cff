/** Tries everything that a call needs, and says what to do about what does not work. */

import { $, chip, el, sentence, tell } from '/dom.js';
import { post } from '/wire.js';

let last = null;

export function checkup(checkup) {
  last = checkup;
  draw();
}

function draw() {
  if (!last) return;
  const { running, checks, summary, verdict } = last;
  $('examine').disabled = running;
  $('examine').textContent = running ? 'Examining…' : checks.length ? 'Examine again' : 'Examine';
  $('report').hidden = running || !summary;
  if (running) $('summary').textContent = `${checks.filter((check) => !check.running).length} checks done…`;
  else if (summary) $('summary').replaceChildren(chip(verdict, verdict), ` ${sentence(summary)}`);
  $('checks').replaceChildren(...checks.map(row));
}

function row(check) {
  const word = check.running ? 'running' : check.verdict;
  return el('li', {}, chip(word, check.running ? 'busy' : check.verdict),
    el('div', { className: 'found' }, el('b', {}, check.name), check.found ?? '',
      check.advice ? el('p', { className: 'advice' }, sentence(check.advice)) : null,
      ...(check.details ?? []).map((detail) => el('p', { className: 'detail' }, detail))));
}

$('examine').addEventListener('click', async () => {
  $('examine').disabled = true;
  try {
    await post('doctor');
  } catch (error) {
    tell($('summary'), error.message);
    $('examine').disabled = false;
  }
});
