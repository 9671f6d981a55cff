import { $, el } from '/dom.js';

/** Which camera and which microphone: shown only where there is a choice. */
export function createChoice() {
  let call = null;

  for (const name of ['camera', 'microphone']) {
    $(`choose-${name}`).addEventListener('change', ({ target }) => call?.[name].select(target.value).catch(() => {}));
  }
  $('flip').addEventListener('click', flip);
  navigator.mediaDevices?.addEventListener?.('devicechange', () => refresh());

  /** The next camera, for phones. */
  async function flip() {
    const cameras = await call.camera.list();
    const at = cameras.findIndex(({ deviceId }) => deviceId === call.camera.deviceId);
    await call.camera.select(cameras[(at + 1) % cameras.length].deviceId).catch(() => {});
  }

  async function refresh() {
    if (!call) return;
    for (const name of ['camera', 'microphone']) {
      const device = call[name];
      // names are known only after the permission was given
      const all = (await device.list()).filter(({ label }) => label);
      const select = $(`choose-${name}`);
      select.parentElement.hidden = all.length < 2;
      select.replaceChildren(...all.map(({ deviceId, label }) => el('option', { value: deviceId }, label)));
      select.value = device.deviceId ?? '';
      if (name === 'camera') $('flip').hidden = all.length < 2;
    }
  }

  return {
    refresh,
    /** @param {import('/sdk/call.js').Call} opened */
    open(opened) {
      call = opened;
      refresh();
      call.camera.on('changed', refresh);
      call.microphone.on('changed', refresh);
    },
  };
}
