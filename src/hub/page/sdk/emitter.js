/** Simple listeners: `on` returns the function that unsubscribes. */
export class Emitter {
  #listeners = new Map();

  /**
   * @param {string} event
   * @param {(detail: any) => void} fn
   * @returns {() => void} unsubscribes
   */
  on(event, fn) {
    const all = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, all.add(fn));
    return () => this.off(event, fn);
  }

  /** The same for one time. */
  once(event, fn) {
    const off = this.on(event, (detail) => {
      off();
      fn(detail);
    });
    return off;
  }

  /** Unsubscribes. */
  off(event, fn) {
    this.#listeners.get(event)?.delete(fn);
  }

  /** Tells every listener; one that throws does not keep the others from hearing it. */
  emit(event, detail) {
    for (const fn of [...(this.#listeners.get(event) ?? [])]) {
      try {
        fn(detail);
      } catch (error) {
        console.error(`callbox: a listener of ${event} failed`, error);
      }
    }
  }
}
