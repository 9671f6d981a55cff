import { CallboxError } from '/sdk/errors.js';

/**
 * Where access tokens come from: a password (then a refresh token, where the hub gives one), the integrator's own provider, or
 * one that was set and cannot be renewed.
 */
export class Tokens {
  #base;
  #provider;
  #onChange;
  #current = null;
  #renew = null;
  #renewing = null;

  /**
   * @param {URL} base of the hub
   * @param {(() => Promise<string | {accessToken: string}>) | null} provider
   * @param {(tokens: object) => void} onChange
   */
  constructor(base, provider, onChange) {
    this.#base = base;
    this.#provider = provider;
    this.#onChange = onChange;
  }

  /** The access token; with `renew`, a new one. Asked for twice at once, it is fetched once. */
  async get(renew) {
    if (this.#current && !renew) return this.#current.accessToken;
    this.#renewing ??= this.#fetch().finally(() => (this.#renewing = null));
    return (await this.#renewing).accessToken;
  }

  /** Whether a new one can be had without asking a person. */
  get renewable() {
    return Boolean(this.#provider || this.#renew);
  }

  /** OAuth2 password grant. */
  async signIn(username, password) {
    const grant = { grant_type: 'password', username, password };
    this.#take(await this.#ask(grant), () => this.#ask(grant));
    return this.#current;
  }

  /** Tokens from elsewhere. */
  set({ accessToken, refreshToken = null }) {
    if (typeof accessToken !== 'string') throw new CallboxError('invalid_params', 'setTokens needs an accessToken');
    this.#take({ accessToken, refreshToken }, null);
  }

  clear() {
    this.#current = null;
    this.#renew = null;
  }

  async #fetch() {
    if (this.#renew) this.#take(await this.#renew(), this.#renew);
    else if (this.#provider) this.#take(await this.#provided(), null);
    else if (this.#current) throw new CallboxError('unauthenticated', 'the access token is no longer good: sign in again');
    else throw new CallboxError('unauthenticated', 'nobody is signed in');
    return this.#current;
  }

  async #provided() {
    const given = await this.#provider();
    const accessToken = typeof given === 'string' ? given : given?.accessToken;
    if (!accessToken) throw new CallboxError('unauthenticated', 'the token provider gave no token');
    return { accessToken };
  }

  #take(tokens, fallback) {
    this.#current = tokens;
    const { refreshToken } = tokens;
    this.#renew = refreshToken ? () => this.#ask({ grant_type: 'refresh_token', refresh_token: refreshToken }) : fallback;
    this.#onChange(tokens);
  }

  async #ask(grant) {
    const body = new URLSearchParams(grant);
    const response = await fetch(new URL('/v1/token', this.#base), { method: 'POST', body }).catch((cause) => {
      throw new CallboxError('unavailable', 'the hub cannot be reached at the moment', cause);
    });
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) throw tokenError(response.status, answer);
    return { accessToken: answer.access_token, refreshToken: answer.refresh_token ?? null, expiresIn: answer.expires_in };
  }
}

/** RFC 6749, section 5.2, in our words. */
function tokenError(status, { error, error_description: description }) {
  const kind = { invalid_grant: 'unauthenticated', slow_down: 'rate_limited', invalid_request: 'invalid_params' }[error];
  if (status === 429) return new CallboxError('rate_limited', description ?? 'too many attempts: wait a little');
  return new CallboxError(kind ?? 'internal_error', description ?? `the hub answered ${status}`);
}
