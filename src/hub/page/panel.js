import { $ } from '/dom.js';

const TITLES = { people: 'People', devices: 'Devices' };

/** The drawer beside the stage: shows one of its parts, or nothing. Escape closes it; the focus goes back to its button. */
export function createPanel() {
  let shown = null;

  for (const part of Object.keys(TITLES)) $(`call-${part}`).addEventListener('click', () => show(shown === part ? null : part));
  $('panel-close').addEventListener('click', () => show(null));
  $('panel').addEventListener('keydown', ({ key }) => key === 'Escape' && show(null));

  function show(part) {
    const before = shown;
    shown = part;
    $('panel').hidden = !part;
    for (const one of Object.keys(TITLES)) {
      $(`panel-${one}`).hidden = one !== part;
      $(`call-${one}`).setAttribute('aria-expanded', String(one === part));
    }
    if (part) {
      $('panel-title').textContent = TITLES[part];
      $('panel-title').focus({ preventScroll: true });
    } else if (before && $('call').checkVisibility()) {
      $(`call-${before}`).focus();
    }
  }

  return { close: () => show(null) };
}
