import { $, el, sentence } from '/dom.js';

let ticking = 0;

/** A word for everybody, and for screen readers. */
export function announce(text) {
  $('announcer').textContent = text;
}

/** A short message that goes by itself. */
export function toast(text, kind = 'info') {
  const all = $('toasts');
  const message = sentence(text);
  if ([...all.children].some((other) => other.textContent === message)) return;
  const item = el('p', { className: `toast ${kind}` }, message);
  all.append(item);
  setTimeout(() => item.remove(), kind === 'error' ? 9000 : 4500);
}

/** The connection to the hub: a banner while it is away, with the seconds until the next attempt. */
export function showConnection({ state, retryAt }, inCall, retryNow) {
  clearInterval(ticking);
  const banner = $('banner');
  if (state === 'connected') {
    if (!banner.hidden) announce('The hub is back.');
    banner.hidden = true;
    return;
  }
  const what = inCall ? 'The hub is away. The call goes on' : 'The hub is away';
  const show = () => {
    const seconds = retryAt ? Math.max(0, Math.ceil((retryAt - Date.now()) / 1000)) : 0;
    const when = state === 'connecting' || !seconds ? 'trying to reach it…' : `trying again in ${seconds} s`;
    $('banner-text').textContent = `${what}; ${when}`;
  };
  show();
  if (retryAt) ticking = setInterval(show, 500);
  const action = $('banner-action');
  action.hidden = state === 'connecting';
  action.textContent = 'Try now';
  action.onclick = retryNow;
  banner.hidden = false;
}

export function hideConnection() {
  clearInterval(ticking);
  $('banner').hidden = true;
}
