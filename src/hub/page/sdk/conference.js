import { Emitter } from '/sdk/emitter.js';

const PASSED_ON = ['participantJoined', 'participantUpdated', 'connectionStateChanged', 'error'];

/**
 * A call as a conference: made with two parameters, told of by listeners. A thin layer on `Call`.
 *
 *     const conf = new client.Conference(callId, { user: 7 });
 *     conf.on('localParticipant', (me) => me.on('videoCreated', (stream) => …));
 *     conf.on('participantJoined', (one) => one.on('videoCreated', (stream) => …));
 *     conf.on('participantLeft', (id) => …);
 *     conf.on('sessionTerminated', ({ reason, unexpected }) => …);
 *     await conf.startCall();
 */
export const conferenceOf = (client) =>
  class Conference extends Emitter {
    /** @type {import('/sdk/call.js').Call} */
    call;
    /** Travels with you to the others, as `participant.customUserData`. */
    customUserData;

    /** @param {string} [customCallId] a random one unless given @param {any} [customUserData] */
    constructor(customCallId, customUserData) {
      super();
      this.call = client.call('default', customCallId ?? undefined);
      this.customUserData = customUserData;
      for (const event of PASSED_ON) this.call.on(event, (detail) => this.emit(event, detail));
      this.call.on('localParticipant', (me) => this.emit('localParticipant', Object.assign(me, publishing(this.call))));
      this.call.on('participantLeft', ({ id }) => this.emit('participantLeft', id));
      this.call.on('sessionTerminated', (how) => this.emit('sessionTerminated', how));
    }

    get callId() {
      return this.call.id;
    }

    getPermissionState() {
      return client.getPermissionState();
    }

    /** Creates the call if there is none, and goes in. */
    startCall() {
      return this.call.join({ create: true, custom: this.customUserData });
    }

    /** Leaves it. */
    endCall() {
      return this.call.leave();
    }
  };

/** What a local participant can do with its own media. */
function publishing(call) {
  const device = (kind) => (kind === 'audio' ? call.microphone : call.camera);
  return {
    /** @param {{audio?: boolean, video?: boolean}} what */
    publish: ({ audio, video }) => call._choose({ audio, video }),
    /** @param {'audio' | 'video'} kind @param {string} deviceId */
    changeDevice: (kind, deviceId) => device(kind).select(deviceId),
    /** @param {'audio' | 'video'} kind */
    listDevices: (kind) => device(kind).list(),
  };
}
