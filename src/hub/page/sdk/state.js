/** What a call knows of itself: read it at any time, `stateChange` and the participant events say when to look again. */
export class CallState {
  /** `type:id`. @type {string} */
  cid;
  /**
   * `reconnecting`: in the call, but the hub is away; media go on.
   * @type {'idle' | 'joining' | 'joined' | 'reconnecting' | 'left'}
   */
  state = 'idle';
  /** The others, and yourself once joined, by participation id. @type {Map<string, import('/sdk/participant.js').Participant>} */
  participants = new Map();
  /** Yourself. @type {import('/sdk/participant.js').Participant | null} */
  localParticipant = null;
  /** Data stored with the call. @type {object} */
  custom = {};
  /** @type {string | null} */
  createdBy = null;
  /** RFC 3339. @type {string | null} */
  createdAt = null;
  /** Who was in when the call was last loaded, as the hub describes them; before the join, `participants` is empty. */
  present = [];

  constructor(cid) {
    this.cid = cid;
  }

  /** Everybody else. */
  get remoteParticipants() {
    return [...this.participants.values()].filter((participant) => !participant.isLocal);
  }

  /** Whether you are in the call. */
  get inCall() {
    return this.state === 'joined' || this.state === 'reconnecting';
  }

  /** Takes over what the hub says about the call itself. */
  load(wire) {
    this.custom = wire.custom ?? {};
    this.createdBy = wire.created_by;
    this.createdAt = wire.created_at;
    this.present = wire.participants ?? [];
  }
}
