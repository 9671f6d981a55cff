/**
 * A request that was refused or failed. `kind` is stable: those of the hub (`not_found`, `full`, `not_live`, `call_ended`,
 * `permission_denied`, `unauthenticated`, `rate_limited`, …) and `denied`, `missing`, `busy`, `insecure`, `failed` for devices.
 * `message` is for people.
 */
export class CallboxError extends Error {
  /**
   * @param {string} kind
   * @param {string} message
   * @param {unknown} [cause]
   * @param {{capability?: string, retry_after_ms?: number, joinable_at?: string}} [details] as the hub sends them
   */
  constructor(kind, message, cause, details = {}) {
    super(message, { cause });
    this.name = 'CallboxError';
    this.kind = kind;
    /** What is missing, of a refusal: one of `OwnCapability`. @type {string | null} */
    this.capability = details.capability ?? null;
    /** When it may work, ms. @type {number | null} */
    this.retryAfterMs = details.retry_after_ms ?? null;
    /** When a call that is not live may be joined. @type {Date | null} */
    this.joinableAt = details.joinable_at ? new Date(details.joinable_at) : null;
  }
}

/** The hub is away: nothing was sent, or no answer can come any more. */
export const unavailable = () => new CallboxError('unavailable', 'the hub cannot be reached at the moment');

/** The error in an answer of the hub, JSON-RPC or REST. */
export function fromWire({ message, data, kind }) {
  return new CallboxError(data?.kind ?? kind ?? 'internal_error', message ?? 'the hub gave no reason', undefined, data ?? {});
}
