import { Emitter } from '/sdk/emitter.js';
import { CallboxError } from '/sdk/errors.js';
import { routeSound } from '/sdk/sound.js';

/** Where the others are heard, and whether. Events: `changed`. */
export class Speaker extends Emitter {
  enabled = true;
  /** Empty: the one of the system. @type {string} */
  deviceId = '';
  /** Whether somebody said on or off: then the call's settings do not. */
  chosen = false;

  async enable() {
    this.#switch(true);
  }

  async disable() {
    this.#switch(false);
  }

  async toggle() {
    this.#switch(!this.enabled);
  }

  /** @returns {Promise<MediaDeviceInfo[]>} */
  async list() {
    const all = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
    return all.filter((device) => device.kind === 'audiooutput' && device.deviceId);
  }

  /** Whether this browser lets a page choose. */
  get selectable() {
    return 'setSinkId' in HTMLMediaElement.prototype;
  }

  /** @param {string} deviceId one of the list */
  async select(deviceId) {
    if (!this.selectable) throw new CallboxError('missing', 'this browser plays on the loudspeaker that the system has chosen');
    const known = await this.list();
    if (deviceId && !known.some((device) => device.deviceId === deviceId)) {
      throw new CallboxError('missing', 'there is no such loudspeaker: choose one of the list');
    }
    this.deviceId = deviceId;
    await routeSound(deviceId).catch(() => {});
    this.emit('changed', this);
  }

  /** @internal What the call's settings say, unless somebody has chosen. */
  _default(on) {
    if (this.chosen || this.enabled === on) return;
    this.enabled = on;
    this.emit('changed', this);
  }

  #switch(on) {
    this.chosen = true;
    this.enabled = on;
    this.emit('changed', this);
  }
}
