import { limitSender } from '/sdk/bandwidth.js';

const CONNECT_WITHIN = 15_000;
const OFFER_WITHIN = 6_000; // an offer that got lost is asked for
const SILENCE = 5_000; // `disconnected` often heals by itself: only what lasts longer needs a new connection
const SHORTEST_DELAY = 1_000;
const LONGEST_DELAY = 15_000;
const MAX_EARLY = 200;
/** What each m-line is for, in their order: sound, the camera, and what is shown beside it (`send.rs` has the same). */
const LINES = { audio: 'audio', video: 'video', share: 'video' };
const NONE = { audio: null, video: null, share: null };

/** The m-lines of a connection by what they are for. */
function lines(pc) {
  const of = (kind) => pc.getTransceivers().filter(({ receiver }) => receiver.track.kind === kind);
  const [video, share] = of('video');
  return { audio: of('audio')[0], video, share };
}

/**
 * Whether `me` sends the offer: appliances offer to browsers; among equals the smaller participant id does. The same rule as
 * `offers` in `src/protocol/hub/participant.rs`.
 * @param {{kind: string, id: string}} me
 * @param {{kind: string, id: string}} other
 */
export function offers(me, other) {
  return me.kind === other.kind ? me.id < other.id : me.kind === 'appliance';
}

/** H.264 first, as appliances encode it in hardware; within H.264 the constrained baseline that everybody decodes. */
function preferH264(transceiver) {
  const codecs = RTCRtpReceiver.getCapabilities?.('video')?.codecs;
  if (!codecs || !transceiver.setCodecPreferences) return;
  const rank = ({ mimeType, sdpFmtpLine = '' }) => {
    if (mimeType.toLowerCase() !== 'video/h264') return 3;
    if (!sdpFmtpLine.includes('packetization-mode=1')) return 2;
    return /profile-level-id=42e0/i.test(sdpFmtpLine) ? 0 : 1;
  };
  transceiver.setCodecPreferences([...codecs].sort((a, b) => rank(a) - rank(b)));
}

/**
 * The media between us and one participant: one RTCPeerConnection at a time, each with its `epoch`. A connection that failed is
 * not repaired but replaced: the offerer opens a new epoch, the answerer asks for one.
 *
 *     offerer:  offer(epoch) ──► answer ──► connected ──► failed, or silent ──► offer(epoch + 1)
 *     answerer: offer ──► answer ──► connected ──► failed, or silent ──► restart(epoch) ──► offer …
 */
export class Peer {
  /** Of the present connection; 0 before the first. */
  epoch = 0;

  #options;
  #pc = null;
  #senders = NONE;
  /** Whether the other side knows the third m-line: who does not gets what is shown in place of the camera. */
  #takesShare = false;
  #work = Promise.resolve();
  #early = [];
  #timer = 0;
  #failures = 0;
  #lastOffer = -Infinity;
  #closed = false;
  #limits = NONE;

  /**
   * @param {object} options
   * @param {boolean} options.offerer
   * @param {() => number} options.nextEpoch
   * @param {(epoch: number, signal: object) => Promise<unknown>} options.send
   * @param {() => {audio: MediaStreamTrack | null, video: MediaStreamTrack | null, share: MediaStreamTrack | null}} options.tracks
   *   what we send now
   * @param {() => RTCConfiguration} options.configuration at this moment: credentials end
   * @param {(state: string) => void} options.onState
   * @param {(event: RTCTrackEvent, media: 'audio' | 'video' | 'share') => void} options.onTrack
   * @param {(error: unknown) => void} options.onError
   */
  constructor(options) {
    this.#options = options;
  }

  /** One of `SessionConnectionState`. */
  get state() {
    const pc = this.#pc;
    if (this.#closed) return 'closed';
    if (!pc) return 'undefined';
    if (pc.connectionState === 'connected' && pc.iceConnectionState === 'completed') return 'completed';
    return pc.connectionState === 'new' ? 'connecting' : pc.connectionState;
  }

  get connected() {
    return this.#pc?.connectionState === 'connected';
  }

  /** @returns {Promise<RTCStatsReport> | null} of the present connection */
  stats() {
    return this.#pc?.getStats() ?? null;
  }

  start() {
    if (this.#options.offerer) this.#offer();
    else this.#recoverAfter(OFFER_WITHIN);
  }

  /** Signaling works again, or the other side came back: what is not connected is tried anew, at once. */
  wake() {
    if (this.#closed || this.connected) return;
    this.#failures = 0;
    this.#recover();
  }

  /** Something from the other side. */
  receive(epoch, signal) {
    if (this.#closed) return;
    const { offerer } = this.#options;
    switch (signal.type) {
      case 'offer':
        if (!offerer && epoch > this.epoch) this.#answer(epoch, signal.sdp);
        break;
      case 'answer':
        if (offerer && epoch === this.epoch) this.#accept(signal.sdp);
        break;
      case 'candidate':
        if (epoch >= this.epoch) this.#candidate(epoch, signal);
        break;
      case 'restart':
        // 0: the other side has no connection at all, for example because our offer got lost
        if (offerer && (epoch === 0 || epoch >= this.epoch)) this.#offerAnew();
        break;
      default:
        break;
    }
  }

  /** Sends what there is to send from now on. No renegotiation: the m-lines were there from the start. */
  publish() {
    const tracks = this.#wanted();
    for (const media of Object.keys(LINES)) {
      const sender = this.#senders[media];
      if (sender && sender.track !== tracks[media]) sender.replaceTrack(tracks[media]).catch((error) => this.#options.onError(error));
    }
  }

  #wanted() {
    const { audio, video, share } = this.#options.tracks();
    return this.#takesShare ? { audio, video, share } : { audio, video: share ?? video, share: null };
  }

  /**
   * Sends at most so much, bit/s; null: no limit.
   * @param {{audio: number | null, video: number | null, share: number | null}} limits
   */
  limit(limits) {
    this.#limits = limits;
    this.#applyLimits();
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#discard();
  }

  /** Not more often than once a second, whatever the other side wishes. */
  #offerAnew() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#offer(), Math.max(0, this.#lastOffer + SHORTEST_DELAY - performance.now()));
  }

  #offer() {
    this.#lastOffer = performance.now();
    const pc = this.#fresh(this.#options.nextEpoch());
    this.#takesShare = true; // until the answer says otherwise
    const tracks = this.#options.tracks();
    const transceivers = Object.entries(LINES).map(([media, kind]) => {
      const transceiver = pc.addTransceiver(tracks[media] ?? kind, { direction: 'sendrecv' });
      if (kind === 'video') preferH264(transceiver);
      return [media, transceiver.sender];
    });
    this.#senders = Object.fromEntries(transceivers);
    this.#run(pc, async (send) => {
      await pc.setLocalDescription();
      await send({ type: 'offer', sdp: pc.localDescription.sdp });
    });
  }

  #answer(epoch, sdp) {
    const pc = this.#fresh(epoch);
    this.#run(pc, async (send) => {
      await pc.setRemoteDescription({ type: 'offer', sdp });
      const there = Object.entries(lines(pc)).filter(([, transceiver]) => transceiver);
      this.#senders = { ...NONE, ...Object.fromEntries(there.map(([media, { sender }]) => [media, sender])) };
      this.#takesShare = Boolean(this.#senders.share);
      const tracks = this.#wanted();
      for (const [media, transceiver] of there) {
        // sendrecv even while there is nothing to send: a camera switched on later needs no renegotiation
        transceiver.direction = 'sendrecv';
        await transceiver.sender.replaceTrack(tracks[media]);
      }
      await pc.setLocalDescription();
      this.#negotiated(pc);
      await send({ type: 'answer', sdp: pc.localDescription.sdp });
      await this.#addEarly(pc);
    });
  }

  #accept(sdp) {
    const pc = this.#pc;
    this.#run(pc, async () => {
      if (pc.signalingState !== 'have-local-offer') return;
      await pc.setRemoteDescription({ type: 'answer', sdp });
      this.#negotiated(pc);
      await this.#addEarly(pc);
    });
  }

  /** Who takes part in the third m-line in both directions knows what it is for. */
  #negotiated(pc) {
    this.#takesShare = lines(pc).share?.currentDirection === 'sendrecv';
    this.publish();
  }

  #candidate(epoch, { candidate, sdp_m_line_index }) {
    if (this.#early.length < MAX_EARLY) this.#early.push({ epoch, candidate, sdpMLineIndex: sdp_m_line_index });
    const pc = this.#pc;
    if (pc && epoch === this.epoch) this.#run(pc, () => this.#addEarly(pc));
  }

  async #addEarly(pc) {
    if (!pc.remoteDescription) return;
    const mine = this.#early.filter(({ epoch }) => epoch === this.epoch);
    this.#early = this.#early.filter(({ epoch }) => epoch > this.epoch);
    for (const { candidate, sdpMLineIndex } of mine) {
      await pc.addIceCandidate({ candidate, sdpMLineIndex }).catch((error) => {
        console.debug('callbox: a candidate was not usable', error); // one of many: the others may do
      });
    }
  }

  /** Steps on one connection run one after the other, and stop when it is replaced. */
  #run(pc, step) {
    const epoch = this.epoch;
    const send = (signal) => (pc === this.#pc ? this.#options.send(epoch, signal) : undefined);
    this.#work = this.#work.then(async () => {
      if (pc !== this.#pc) return;
      try {
        await step(send);
      } catch (error) {
        if (pc !== this.#pc) return;
        this.#options.onError(error);
        this.#retry();
      }
    });
  }

  #fresh(epoch) {
    this.#discard();
    this.epoch = epoch;
    const pc = (this.#pc = new RTCPeerConnection(this.#options.configuration()));
    pc.onicecandidate = ({ candidate }) => {
      const signal = { type: 'candidate', candidate: candidate?.candidate ?? '', sdp_m_line_index: candidate?.sdpMLineIndex ?? 0 };
      this.#options.send(epoch, signal).catch(() => {}); // `wake` tries anew when signaling is back
    };
    pc.ontrack = (event) => {
      const [media] = Object.entries(lines(pc)).find(([, transceiver]) => transceiver === event.transceiver) ?? [];
      if (media) this.#options.onTrack(event, media);
    };
    pc.onconnectionstatechange = () => this.#changed(pc);
    pc.oniceconnectionstatechange = () => pc === this.#pc && pc.iceConnectionState === 'completed' && this.#options.onState(this.state);
    this.#options.onState('connecting');
    this.#recoverAfter(CONNECT_WITHIN);
    return pc;
  }

  #changed(pc) {
    if (pc !== this.#pc) return;
    const state = pc.connectionState;
    this.#options.onState(this.state);
    if (state === 'connected') {
      this.#failures = 0;
      this.#applyLimits();
      clearTimeout(this.#timer);
    } else if (state === 'disconnected') {
      this.#recoverAfter(SILENCE);
    } else if (state === 'failed') {
      this.#retry();
    }
  }

  /** Once connected: before, the senders have no parameters. */
  #applyLimits() {
    if (!this.connected) return;
    for (const media of Object.keys(LINES)) {
      const sender = this.#senders[media];
      if (sender) limitSender(sender, this.#limits[media]).catch((error) => console.debug('callbox: a limit was not taken', error));
    }
  }

  #retry() {
    this.#recoverAfter(this.#failures === 0 ? 0 : Math.min(LONGEST_DELAY, 500 * 2 ** this.#failures));
  }

  #recoverAfter(delay) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#recover(), delay);
  }

  #recover() {
    if (this.#closed || this.connected) return;
    this.#failures++;
    if (this.#options.offerer) {
      this.#offer();
      return;
    }
    this.#options.send(this.epoch, { type: 'restart' }).catch(() => {});
    this.#recoverAfter(CONNECT_WITHIN);
  }

  #discard() {
    const pc = this.#pc;
    if (!pc) return;
    pc.onicecandidate = pc.ontrack = pc.onconnectionstatechange = pc.oniceconnectionstatechange = null;
    pc.close();
    this.#pc = null;
    this.#senders = NONE;
    this.#takesShare = false;
  }
}
