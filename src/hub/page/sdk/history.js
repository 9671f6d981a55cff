import { CallboxError } from '/sdk/errors.js';
import { randomId } from '/sdk/ids.js';

/**
 * Calls by one id each, with one word for where each of them stands: for code that thinks of a call as of a telephone call. A thin
 * layer on `Call`: `client.call.make`, `.answer`, `.reject`, `.end`, `.getById`.
 *
 *     INITIATING ──► RINGING ──► CONNECTED ──► ENDED
 *
 * The client's events: `call:start` {callId}, `call:receive` {callId}, `call:stateChange` {callId, previous: {state}, state},
 * `call:error` {callId, error}.
 */
export class History {
  #client;
  #dial;
  #records = new Map();

  /**
   * @param {import('/sdk/client.js').Client} client
   * @param {(destination: string, options: object, onCall: (call: object) => void) => Promise<object>} dial
   */
  constructor(client, dial) {
    this.#client = client;
    this.#dial = dial;
  }

  /** Calls somebody; the id is there at once, what comes of it is told by events. @returns {string} */
  make(destination, options = {}) {
    const record = { callId: randomId(), call: null, state: 'INITIATING', direction: 'outgoing' };
    this.#records.set(record.callId, record);
    const dialled = this.#dial(destination, options, (call) => {
      this.#records.delete(call.cid);
      this.#watch(record, call);
      this.started(call);
    });
    record.made = dialled.catch((error) => {
      this.#tell('call:error', record, { error });
      this.#become(record, 'ENDED');
      record.call?.leave();
    });
    return record.callId;
  }

  /** From now on this call has a record, under its cid. */
  watch(call) {
    const known = this.#of(call);
    if (known && known.state !== 'ENDED') return;
    const record = { callId: call.cid, call, state: 'INITIATING', direction: 'outgoing' };
    this.#records.set(call.cid, record);
    this.#watch(record, call);
  }

  /** It rings at the callee. */
  started(call) {
    this.#tell('call:start', this.#of(call));
  }

  /** It is about to ring here: `call:receive` is the first that is told of it. */
  expect(call) {
    this.watch(call);
    this.#of(call).expected = true;
  }

  /** It rings here. */
  receive(call) {
    const record = this.#of(call);
    Object.assign(record, { direction: 'incoming', state: 'RINGING', expected: false });
    this.#tell('call:receive', record);
    this.#look(record);
  }

  /** Does something with a call, and tells what goes wrong by `call:error` as well. */
  async tell(callId, action) {
    const record = this.#records.get(callId);
    if (!record) throw new CallboxError('not_found', `there is no call ${callId}`);
    try {
      await record.made;
      if (record.call) await action(record.call);
    } catch (error) {
      this.#tell('call:error', record, { error });
      throw error;
    }
  }

  /** What is known of a call, as it is now. @returns {object | undefined} */
  getById(callId) {
    const record = this.#records.get(callId);
    if (!record) return undefined;
    const { call, state, direction } = record;
    const { localParticipant, remoteParticipants = [], ring, createdBy, video } = call?.state ?? {};
    const trackIds = (one) => [one?.audioTrack, one?.videoTrack].filter(Boolean).map(({ id }) => id);
    return {
      id: callId,
      state,
      direction,
      call,
      from: ring?.by ?? createdBy ?? null,
      isVideo: ring?.video ?? video ?? true,
      localTracks: trackIds(localParticipant),
      remoteTracks: remoteParticipants.flatMap(trackIds),
    };
  }

  /** All that there were. */
  getAll() {
    return [...this.#records.keys()].map((callId) => this.getById(callId));
  }

  #of(call) {
    return [...this.#records.values()].find((record) => record.call?.cid === call.cid && record.state !== 'ENDED');
  }

  #watch(record, call) {
    record.call = call;
    call.state.on('changed', () => this.#look(record));
    call.on('participantJoined', () => this.#look(record));
    call.on('participantLeft', () => this.#look(record));
    call.on('error', (error) => this.#tell('call:error', record, { error }));
  }

  #look(record) {
    if (record.expected) return;
    const { state } = record.call;
    const met = state.inCall && (state.remoteParticipants.length > 0 || !state.ring);
    if (state.state === 'left') this.#become(record, 'ENDED');
    else if (met) this.#become(record, 'CONNECTED');
    else if (state.ringing) this.#become(record, 'RINGING');
    else if (record.direction === 'incoming' && record.state === 'RINGING' && !record.call.accepting && state.state === 'idle') {
      this.#become(record, 'ENDED');
    }
  }

  #become(record, state) {
    if (record.state === state || record.state === 'ENDED' || this.#records.get(record.callId) !== record) return;
    const previous = { state: record.state };
    record.state = state;
    this.#tell('call:stateChange', record, { previous, state });
  }

  #tell(event, { callId }, detail = {}) {
    this.#client.emit(event, { callId, ...detail });
  }
}
