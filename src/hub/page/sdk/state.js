import { Emitter } from '/sdk/emitter.js';

/**
 * What a call knows of itself: read it at any time; `subscribe` and `observe` say when to look again.
 *
 *     call.state.subscribe((state) => render(state));
 *     call.state.observe((state) => state.members, (members) => list(members));
 */
export class CallState extends Emitter {
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
  /** Who is in, as the hub describes them; for the lobby, as before the join `participants` is empty. @type {object[]} */
  present = [];
  /** Whether the call was loaded, and is followed from then on. */
  loaded = false;
  /** The call as the hub describes it. @type {object | null} */
  call = null;
  /** What you may do here; null: not known yet. @type {string[] | null} */
  ownCapabilities = null;
  /** The ring that runs, or the last one. @type {object | null} */
  ring = null;

  #me;

  /** @param {string} cid @param {() => string | undefined} me the id of the user who is signed in */
  constructor(cid, me) {
    super();
    this.cid = cid;
    this.#me = me;
  }

  /** Data stored with the call. @returns {object} */
  get custom() {
    return this.call?.custom ?? {};
  }

  /** Who belongs to it. @returns {{user_id: string, role: string, custom?: object}[]} */
  get members() {
    return this.call?.members ?? [];
  }

  /** What holds: those of the type with the overrides of this call. @returns {object | null} */
  get settings() {
    return this.call?.settings ?? null;
  }

  get createdBy() {
    return this.call?.created_by ?? null;
  }

  /** RFC 3339. @returns {string | null} */
  get createdAt() {
    return this.call?.created_at ?? null;
  }

  /** @returns {Date | null} */
  get startsAt() {
    return date(this.call?.starts_at);
  }

  /** @returns {Date | null} */
  get endedAt() {
    return date(this.call?.ended_at);
  }

  /** @returns {Date | null} */
  get liveSince() {
    return date(this.call?.live_since);
  }

  get team() {
    return this.call?.team ?? null;
  }

  /** Whether rings say "video call". */
  get video() {
    return this.call?.video ?? true;
  }

  /** Whether only some may join now. */
  get backstage() {
    return this.call?.backstage ?? false;
  }

  get recording() {
    return this.call?.recording ?? false;
  }

  /** From the first participant to the last. @returns {{number: number, started_at: string} | null} */
  get session() {
    return this.call?.session ?? null;
  }

  /** @returns {string[]} */
  get blocked() {
    return this.call?.blocked ?? [];
  }

  /** Everybody else. */
  get remoteParticipants() {
    return [...this.participants.values()].filter((participant) => !participant.isLocal);
  }

  /** Whether you are in the call. */
  get inCall() {
    return this.state === 'joined' || this.state === 'reconnecting';
  }

  /** Whether you are being called, or call somebody, at this moment. @returns {'incoming' | 'outgoing' | null} */
  get ringing() {
    const { ring } = this;
    if (!ring || ring.ended) return null;
    if (ring.by === this.#me()) return 'outgoing';
    return ring.callees.some((callee) => callee.user === this.#me() && callee.state === 'ringing') ? 'incoming' : null;
  }

  /** Whether you may do something; not known yet counts as yes, the hub has the last word. @param {string} capability */
  may(capability) {
    return this.ownCapabilities?.includes(capability) ?? true;
  }

  /** Calls `fn` now and after every change. @returns {() => void} unsubscribes */
  subscribe(fn) {
    fn(this);
    return this.on('changed', fn);
  }

  /** Calls `fn` now, and whenever what `select` picks is another value. @returns {() => void} unsubscribes */
  observe(select, fn) {
    let last = select(this);
    fn(last);
    return this.on('changed', () => {
      const now = select(this);
      if (now === last) return;
      last = now;
      fn(now);
    });
  }

  /** Something changed. */
  touch() {
    this.emit('changed', this);
  }

  /** Takes over what the hub says about the call. Only answers say what we may: events have that in an event of its own. */
  load(wire, { answer = false } = {}) {
    this.call = wire;
    this.present = wire.participants ?? [];
    this.ring = wire.ring ?? null;
    if (answer) {
      this.ownCapabilities = wire.own_capabilities ?? this.ownCapabilities;
      this.loaded = true;
    }
    this.touch();
  }

  /** Keeps all of it up to date with one event of the hub. */
  follow(event) {
    if (event.call) this.load(event.call);
    if (event.ring) this.ring = event.ring;
    switch (event.type) {
      case 'participant.joined':
      case 'participant.updated':
      case 'participant.left':
        this.present = presentAfter(this.present, event);
        break;
      case 'call.capabilities':
        this.ownCapabilities = event.own_capabilities;
        break;
      case 'call.ended':
        this.#change({ ended_at: event.ended_at, backstage: false });
        break;
      case 'call.session_started':
        this.#change({ session: event.session });
        break;
      case 'call.session_ended':
        this.#change({ session: null });
        break;
      case 'call.closed':
        this.ring = null;
        break;
      case 'call.recording':
        this.#change({ recording: event.recording });
        break;
      default:
        break;
    }
    if (event.type !== 'call.signal') this.touch();
  }

  #change(values) {
    if (this.call) this.call = { ...this.call, ...values };
  }
}

function presentAfter(present, { type, participant }) {
  const others = present.filter(({ id }) => id !== (participant?.id ?? participant));
  if (type === 'participant.left') return others;
  if (type === 'participant.joined') return [...others, participant];
  return present.map((one) => (one.id === participant.id ? participant : one));
}

function date(text) {
  return text ? new Date(text) : null;
}
