import { CallboxError } from '/sdk/errors.js';

/**
 * What the hub tells this client of besides the calls that it follows: `call` is rings and notifications. The client's events
 * `subscription:change` and `subscription:error` {error} say when to look again.
 */
export class Services {
  #client;
  #connection;
  #pending = 0;

  /** @param {import('/sdk/client.js').Client} client @param {import('/sdk/connection.js').Connection} connection */
  constructor(client, connection) {
    this.#client = client;
    this.#connection = connection;
    connection.on('subscribed', () => this.#changed());
  }

  /**
   * @param {string[]} services
   * @param {string} [channel] there is one: the WebSocket
   */
  subscribe(services, channel = 'websocket') {
    return this.#ask('session.subscribe', services, channel);
  }

  /** @param {string[]} services @param {string} [channel] */
  unsubscribe(services, channel = 'websocket') {
    return this.#ask('session.unsubscribe', services, channel);
  }

  /** @returns {{isPending: boolean, subscribed: string[], available: string[]}} */
  getSubscriptions() {
    return { isPending: this.#pending > 0, subscribed: [...this.#connection.subscribed], available: ['call'] };
  }

  #ask(method, services, channel) {
    const asked = this.#send(method, services, channel);
    asked.catch(() => {}); // who does not wait for the answer hears of it by `subscription:error`
    return asked;
  }

  async #send(method, services, channel) {
    this.#pending++;
    this.#changed();
    try {
      if (channel !== 'websocket') throw new CallboxError('invalid_params', `there is no channel ${channel}: use websocket`);
      await this.#connection.open();
      const { subscribed } = await this.#connection.request(method, { services });
      this.#pending--;
      this.#connection.services = subscribed;
      this.#connection.tellSubscribed(subscribed);
    } catch (error) {
      this.#pending--;
      this.#client.emit('subscription:error', { error });
      this.#changed();
      throw error;
    }
    return this.getSubscriptions();
  }

  #changed() {
    this.#client.emit('subscription:change', this.getSubscriptions());
  }
}
