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
  /** Who is in, as the hub describes them; for the lobby, as before the join `participants` is empty. @type {object[]} */
  present = [];
  /** Whether the call was loaded, and is followed from then on. */
  loaded = false;

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
    this.loaded = true;
  }

  /** Keeps `present` up to date with one event of the hub. */
  follow({ type, participant }) {
    const others = this.present.filter(({ id }) => id !== (participant?.id ?? participant));
    if (type === 'participant.left') this.present = others;
    else if (type === 'participant.updated') this.present = this.present.map((one) => (one.id === participant.id ? participant : one));
    else if (type === 'participant.joined') this.present = [...others, participant];
  }
}
