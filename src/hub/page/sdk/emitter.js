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
    return () => all.delete(fn);
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
