import { effectiveLimit, shares } from '/sdk/bandwidth.js';
import { CallboxError } from '/sdk/errors.js';
import { Participant } from '/sdk/participant.js';
import { Peer, offers } from '/sdk/peer.js';

/**
 * Everybody in a call while you are in it, and the media to and from each: one `Peer` per other participant.
 */
export class Mesh {
  #call;
  #client;
  #state;
  #outgoing;
  #peers = new Map();
  #missing = new Map();
  #epochs = 0;

  /**
   * @param {import('/sdk/call.js').Call} call whose events tell of it
   * @param {import('/sdk/client.js').Client} client
   * @param {import('/sdk/outgoing.js').Outgoing} outgoing
   */
  constructor(call, client, outgoing) {
    this.#call = call;
    this.#client = client;
    this.#state = call.state;
    this.#outgoing = outgoing;
  }

  /** Full state after a join: who is not in it may still be on the way back to a hub that was restarted. */
  enter(all, mine) {
    const state = this.#state;
    const wire = all.find(({ id }) => id === mine);
    if (!wire) throw new CallboxError('internal_error', 'the hub did not list us among the participants');
    const known = state.localParticipant;
    if (known && (known.id !== mine || known.generation !== wire.generation)) this.#closePeers(); // new to all
    if (known?.id !== mine) {
      state.participants.delete(known?.id);
      state.localParticipant = new Participant(wire, { isLocal: true, call: this.#call });
      state.participants.set(mine, state.localParticipant);
    } else {
      known.update(wire);
    }
    Object.assign(state.localParticipant, { muted: this.#outgoing.muted, sharing: this.#outgoing.sharing });
    return known?.id !== mine;
  }

  /** To be called once the others may hear of us. */
  reconcile(all) {
    const present = new Set(all.map(({ id }) => id));
    for (const participant of all) this.#upsert(participant);
    for (const { id } of this.#state.remoteParticipants) {
      if (present.has(id) || this.#missing.has(id)) continue;
      this.#missing.set(id, setTimeout(() => this.#remove(id, 'timed_out'), this.#client.grace));
      this.#upsertState(id, 'reconnecting');
    }
  }

  /** One event of the hub. */
  event(event) {
    switch (event.type) {
      case 'participant.joined':
      case 'participant.updated':
        this.#upsert(event.participant);
        break;
      case 'participant.left':
        this.#remove(event.participant, event.reason, event.extension);
        break;
      case 'call.signal':
        this.#peers.get(event.from)?.receive(event.epoch, event.signal);
        break;
      default:
        break;
    }
  }

  /** Signaling works again. */
  wake() {
    for (const peer of this.#peers.values()) peer.wake();
  }

  /** Sends what there is to send now. @returns whether something changed that the others are to be told of */
  publish() {
    const me = this.#state.localParticipant;
    if (!me) return false;
    const { tracks, muted, sharing } = this.#outgoing;
    const changed = Object.keys(tracks).filter((media) => me[`${media}Track`] !== tracks[media]);
    if (changed.length) for (const peer of this.#peers.values()) peer.publish();
    for (const media of changed) me.setTrack(media, tracks[media]);
    if (changed.includes('share')) this.#call._relimit();
    if (muted.audio === me.muted.audio && muted.video === me.muted.video && sharing === me.sharing) return false;
    Object.assign(me, { muted, sharing });
    me.emit('updated', me);
    this.#call.emit('participantUpdated', me);
    return true;
  }

  /** Of the limit for all and one's own the smaller holds, for each connection. */
  limit(own) {
    const limit = effectiveLimit(own, this.#state.settings?.limits?.max_bandwidth);
    const each = shares(limit, this.#outgoing.sharing);
    for (const peer of this.#peers.values()) peer.limit(each);
  }

  /** @returns {Promise<RTCStatsReport> | null} */
  stats(participant) {
    return this.#peers.get(participant.id)?.stats() ?? null;
  }

  close() {
    this.#closePeers();
    for (const timer of this.#missing.values()) clearTimeout(timer);
    this.#missing.clear();
    for (const participant of this.#state.participants.values()) participant._close();
    this.#state.participants.clear();
    this.#state.localParticipant = null;
  }

  #upsert(wire) {
    const { participants, localParticipant } = this.#state;
    if (wire.id === localParticipant.id) return;
    clearTimeout(this.#missing.get(wire.id));
    this.#missing.delete(wire.id);
    const known = participants.get(wire.id);
    if (!known) {
      const participant = new Participant(wire, { call: this.#call });
      participant._silence(!this.#call.speaker.enabled);
      participants.set(wire.id, participant);
      this.#call.emit('participantJoined', participant);
      this.#connect(participant);
      return;
    }
    const renewed = known.generation !== wire.generation;
    const returned = known.state === 'reconnecting' && wire.state === 'joined';
    known.update(wire);
    this.#call.emit('participantUpdated', known);
    if (renewed || !this.#peers.has(known.id)) this.#connect(known);
    else if (returned) this.#peers.get(known.id)?.wake();
  }

  #upsertState(id, state) {
    const participant = this.#state.participants.get(id);
    participant.state = state;
    participant.emit('updated', participant);
    this.#call.emit('participantUpdated', participant);
  }

  #remove(id, reason, extension = null) {
    clearTimeout(this.#missing.get(id));
    this.#missing.delete(id);
    const participant = this.#state.participants.get(id);
    if (!participant || participant.isLocal) return;
    this.#peers.get(id)?.close();
    this.#peers.delete(id);
    this.#state.participants.delete(id);
    participant._close();
    this.#tell(participant, 'closed');
    this.#call._relimit();
    this.#call.emit('participantLeft', { id, participant, reason, extension });
  }

  #connect(participant) {
    this.#peers.get(participant.id)?.close();
    const me = this.#state.localParticipant;
    const peer = new Peer({
      offerer: offers(me, participant),
      nextEpoch: () => me.generation * 65_536 + ++this.#epochs,
      send: (epoch, signal) => this.#client._request('call.signal', { cid: this.#call.cid, to: participant.id, epoch, signal }),
      tracks: () => this.#outgoing.tracks,
      configuration: () => this.#client._rtcConfiguration(),
      onState: (state) => this.#tell(participant, state),
      onTrack: ({ track, receiver }, media) => {
        participant.setTrack(media, track, receiver);
        if (media !== 'share') this.#call.emit('trackAdded', { participant, track }); // it is there before anything is shown
      },
      onError: (error) => {
        if (error.kind === 'unavailable' || error.kind === 'not_found') return; // the hub or the other is gone, and we will hear of it
        const message = `no connection to ${participant.user.name}: ${error.message}`;
        this.#call.emit('error', new CallboxError(error.kind ?? 'failed', message, error));
      },
    });
    this.#peers.set(participant.id, peer);
    this.#call._relimit();
    peer.start();
  }

  #tell(participant, state) {
    if (participant.connectionState === state) return;
    participant.connectionState = state;
    participant.emit('updated', participant);
    this.#call.emit('connectionStateChanged', { participant, state });
  }

  #closePeers() {
    for (const peer of this.#peers.values()) peer.close();
    this.#peers.clear();
  }
}
