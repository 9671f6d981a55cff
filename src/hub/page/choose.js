import { $, el } from '/dom.js';

const NAMES = { camera: 'Camera', microphone: 'Microphone', speaker: 'Loudspeaker' };

/** Which camera, microphone and loudspeaker, in the lobby and in the call: shown only where there is a choice. */
export function createChoice() {
  let call = null;
  let off = [];
  const fields = [...fieldsIn('lobby-choices', 'choose'), ...fieldsIn('panel-devices', 'switch')];

  $('flip').addEventListener('click', flip);
  navigator.mediaDevices?.addEventListener?.('devicechange', () => refresh());

  function fieldsIn(parent, prefix) {
    return Object.entries(NAMES).map(([device, name]) => {
      const select = el('select', { id: `${prefix}-${device}` });
      select.addEventListener('change', () => call?.[device].select(select.value).catch(() => refresh()));
      const field = el('label', { className: 'field', hidden: true }, el('span', {}, name), select);
      $(parent).append(field);
      return { device, select, field, always: prefix === 'switch' };
    });
  }

  /** The next camera, for phones. */
  async function flip() {
    const cameras = await call.camera.list();
    const at = cameras.findIndex(({ deviceId }) => deviceId === call.camera.deviceId);
    await call.camera.select(cameras[(at + 1) % cameras.length].deviceId).catch(() => {});
  }

  async function refresh() {
    if (!call) return;
    for (const { device, select, field, always } of fields) {
      const one = call[device];
      // names are known only after the permission was given
      const all = (await one.list()).filter(({ label }) => label);
      field.hidden = all.length < (always ? 1 : 2) || one.selectable === false;
      select.replaceChildren(...all.map(({ deviceId, label }) => el('option', { value: deviceId }, label)));
      select.value = one.deviceId || 'default';
      if (select.selectedIndex < 0) select.selectedIndex = 0;
      if (device === 'camera') $('flip').hidden = all.length < 2;
    }
  }

  return {
    refresh,
    /** @param {import('/sdk/call.js').Call} opened */
    open(opened) {
      for (const stop of off) stop();
      call = opened;
      refresh();
      off = [call.camera.on('changed', refresh), call.microphone.on('changed', refresh)];
    },
  };
}
