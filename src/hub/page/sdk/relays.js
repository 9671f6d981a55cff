const SHORTEST = 5_000;
const LONGEST = 7 * 86_400_000;
const AGAIN = 5_000;

/** The STUN and TURN servers of the hub. Their credentials end: they are renewed while there is a call. */
export class Relays {
  /** With credentials that are good now. @type {RTCIceServer[]} */
  servers = [];

  #ask;
  #wanted;
  #timer = 0;

  /**
   * @param {() => Promise<{servers: RTCIceServer[], expires_in?: number}>} ask the hub
   * @param {() => boolean} wanted whether there is a call
   */
  constructor(ask, wanted) {
    this.#ask = ask;
    this.#wanted = wanted;
  }

  /** What the hub said. @param {{servers?: RTCIceServer[], expires_in?: number}} [answer] */
  take({ servers = [], expires_in: seconds } = {}) {
    this.servers = servers;
    clearTimeout(this.#timer);
    if (seconds) this.#renewAfter(Math.min(LONGEST, Math.max(SHORTEST, seconds * 750))); // three quarters of the time
  }

  stop() {
    clearTimeout(this.#timer);
  }

  #renewAfter(delay) {
    this.#timer = setTimeout(() => this.#renew(), delay);
  }

  async #renew() {
    if (!this.#wanted()) return; // the next join brings fresh ones
    try {
      this.take(await this.#ask());
    } catch {
      this.#renewAfter(AGAIN);
    }
  }
}
