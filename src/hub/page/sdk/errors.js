/**
 * A request that was refused or failed. `kind` is stable: those of the hub (`not_found`, `full`, `unauthenticated`, …) and
 * `denied`, `missing`, `busy`, `insecure`, `failed` for devices. `message` is for people.
 */
export class CallboxError extends Error {
  /**
   * @param {string} kind
   * @param {string} message
   * @param {unknown} [cause]
   */
  constructor(kind, message, cause) {
    super(message, { cause });
    this.name = 'CallboxError';
    this.kind = kind;
  }
}

/** The hub is away: nothing was sent, or no answer can come any more. */
export const unavailable = () => new CallboxError('unavailable', 'the hub cannot be reached at the moment');
