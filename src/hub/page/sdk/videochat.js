import { SessionConnectionState } from '/sdk/enums.js';

const CallType = Object.freeze({ VIDEO: 1, AUDIO: 2 });

/**
 * Calls as sessions with callees, told of by listeners that are assigned: `client.videochat`. A thin layer on `Call`.
 *
 *     client.videochat.onCallListener = async (session, extension) => { await session.getUserMedia({ audio: true, video: true }); session.accept({}); };
 *     const session = client.videochat.createNewSession(['ben'], client.videochat.CallType.VIDEO, { bandwidth: 256 });
 *     await session.getUserMedia({ audio: true, video: true });
 *     await session.call({ door: 3 });
 */
export class VideoChat {
  CallType = CallType;
  SessionConnectionState = SessionConnectionState;
  /** (session, extension): somebody calls. */
  onCallListener = null;
  /** (session, userId, extension) */
  onAcceptCallListener = null;
  /** (session, userId, extension) */
  onRejectCallListener = null;
  /** (session, userId, extension): somebody has left. */
  onStopCallListener = null;
  /** (session, userId): offline, or did not answer. */
  onUserNotAnswerListener = null;
  /** (session, userId, stream) */
  onRemoteStreamListener = null;
  /** (session, userId, connectionState) */
  onSessionConnectionStateChangedListener = null;

  #client;

  /** @param {import('/sdk/client.js').Client} client */
  constructor(client) {
    this.#client = client;
    client.on('call.ring', ({ call, ring }) => {
      const others = [ring.by, ...ring.callees.map(({ user }) => user)].filter((user) => user !== client.user.id);
      const session = new Session(this, client, call, others, ring.video ? CallType.VIDEO : CallType.AUDIO);
      session.initiatorID = ring.by;
      this.onCallListener?.(session, ring.extension ?? {});
    });
  }

  /**
   * @param {string[]} calleesIds the others only
   * @param {number} [callType] of `CallType`
   * @param {{bandwidth?: number}} [options] kbit/s for everybody, 0: no limit
   */
  createNewSession(calleesIds, callType = CallType.VIDEO, { bandwidth = 0 } = {}) {
    const session = new Session(this, this.#client, this.#client.call('default'), [...calleesIds], callType);
    session.bandwidth = bandwidth;
    return session;
  }

  /** Says no without a session, for example from a notification. @param {{sessionID: string}} which */
  async callRejectRequest({ sessionID }) {
    await this.#client.call(...sessionID.split(':', 2)).reject({ reason: 'decline' });
  }
}

class Session {
  /** @type {import('/sdk/call.js').Call} */
  handle;
  opponentsIDs;
  callType;
  initiatorID;
  bandwidth = 0;

  #client;

  constructor(chat, client, call, opponents, callType) {
    this.#client = client;
    Object.assign(this, { handle: call, opponentsIDs: opponents, callType, initiatorID: client.user?.id ?? null });
    call.on('call.accepted', ({ user, extension }) => user !== client.user.id && chat.onAcceptCallListener?.(this, user, extension ?? {}));
    call.on('call.rejected', ({ user, extension }) => user !== client.user.id && chat.onRejectCallListener?.(this, user, extension ?? {}));
    call.on('call.missed', ({ user }) => user !== client.user.id && chat.onUserNotAnswerListener?.(this, user));
    call.on('participantLeft', ({ participant, extension }) => chat.onStopCallListener?.(this, participant.user.id, extension ?? {}));
    call.on('participantJoined', (one) => one.on('videoCreated', (stream) => chat.onRemoteStreamListener?.(this, one.user.id, stream)));
    call.on('connectionStateChanged', ({ participant, state }) =>
      chat.onSessionConnectionStateChangedListener?.(this, participant.user.id, state),
    );
  }

  get ID() {
    return this.handle.cid;
  }

  /** Opens what is asked for; asked again in the call, it is changed in place. @returns {Promise<MediaStream>} */
  async getUserMedia({ audio = false, video = false }) {
    const { camera, microphone } = this.handle;
    await Promise.all([open(microphone, audio), open(camera, video)]);
    return new MediaStream([microphone.track, camera.track].filter(Boolean));
  }

  /** @returns {Promise<MediaStream>} of the screen, which the others see beside the camera */
  async getDisplayMedia(constraints) {
    await this.handle.screenShare.enable(constraints);
    return new MediaStream([this.handle.screenShare.track]);
  }

  /** @param {any} [extension] for the callees @param {{maxBandwidth?: number}} [options] kbit/s for everybody */
  async call(extension, { maxBandwidth = this.bandwidth } = {}) {
    const video = this.callType === CallType.VIDEO;
    const members = this.opponentsIDs.map((user_id) => ({ user_id }));
    if (!video) await this.handle.camera.disable();
    await this.handle.getOrCreate({ data: { members, video, max_bandwidth: maxBandwidth } });
    this.initiatorID = this.#client.user.id;
    await this.handle.join();
    await this.handle.ring({ video, extension });
  }

  /** @param {any} [extension] */
  accept(extension) {
    return this.handle.accept({ extension });
  }

  /** @param {any} [extension] */
  reject(extension) {
    return this.handle.reject({ reason: 'decline', extension });
  }

  /** @param {any} [extension] */
  stop(extension) {
    return this.handle.leave({ extension });
  }

  /** @param {'audio' | 'video'} kind */
  mute(kind) {
    return this.#device(kind).disable();
  }

  /** @param {'audio' | 'video'} kind */
  unmute(kind) {
    return this.#device(kind).enable();
  }

  /** @param {number} kilobits per second, for you; 0 removes the limit */
  setMaxBandwidth(kilobits) {
    return this.handle.setMaxBandwidth(kilobits);
  }

  /** @param {string} elementId @param {MediaStream} stream @param {{muted?: boolean, mirror?: boolean}} [options] */
  attachMediaStream(elementId, stream, { muted = false, mirror = false } = {}) {
    const element = document.getElementById(elementId);
    Object.assign(element, { srcObject: stream, muted, playsInline: true, autoplay: true });
    element.style.transform = mirror ? 'scaleX(-1)' : '';
    return element.play().catch(() => {});
  }

  detachMediaStream(elementId) {
    document.getElementById(elementId).srcObject = null;
  }

  #device(kind) {
    return kind === 'audio' ? this.handle.microphone : this.handle.camera;
  }
}

/** `true`, `false`, a device id, or constraints. */
async function open(device, wanted) {
  if (!wanted) {
    await device.disable();
    return;
  }
  const id = typeof wanted === 'string' ? wanted : (wanted.deviceId?.exact ?? wanted.deviceId);
  if (id) await device.select(id);
  if (!device.enabled) await device.enable(typeof wanted === 'object' ? withoutDevice(wanted) : undefined);
}

function withoutDevice({ deviceId: _, ...rest }) {
  return rest;
}
