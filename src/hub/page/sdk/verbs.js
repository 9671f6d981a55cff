import { CallboxError } from '/sdk/errors.js';

/** What you can ask of a call besides being in it: each is one request to the hub. */
export const Verbs = (Base) =>
  class extends Base {
    // -- the call itself ------------------------------------------------------------------------------------------------

    /** Changes custom data, settings, start. @param {{custom?: object, settings_override?: object, starts_at?: Date | string}} changes */
    async update(changes) {
      return this._do('call.update', changes);
    }

    /** @param {{update_members?: {user_id: string, role?: string, custom?: object}[], remove_members?: string[]}} changes */
    async updateCallMembers(changes) {
      return this._do('call.update_members', changes);
    }

    /** Ends the call for everyone; needs `end-call`. @param {{extension?: any}} [options] */
    async endCall({ extension } = {}) {
      return this._do('call.end', { extension });
    }

    /** Lets everybody in. */
    async goLive() {
      return this._do('call.go_live');
    }

    /** Back to backstage: who may not be there goes out. */
    async stopLive() {
      return this._do('call.stop_live');
    }

    async startRecording() {
      return this._do('call.start_recording');
    }

    async stopRecording() {
      return this._do('call.stop_recording');
    }

    // -- the door -------------------------------------------------------------------------------------------------------

    /**
     * Opens the door of an appliance in the call; needs `open-door`. Resolves when it is open, and is refused when it stays shut.
     * @param {string | {id: string}} [participant] whose; by default the only one
     */
    async openDoor(participant) {
      return this._do('call.open_door', { participant: participant?.id ?? participant });
    }

    /**
     * Presses keys of a telephone: an appliance opens its door for its code; needs `open-door`. Whether it did is told by `call.door`.
     * @param {string} digits of `0123456789*#ABCD` @param {string | {id: string}} [participant] for whom; by default the only one with a door
     */
    async sendDigits(digits, participant) {
      return this._do('call.digits', { digits, participant: participant?.id ?? participant });
    }

    // -- ringing --------------------------------------------------------------------------------------------------------

    /** Rings members of the call. @param {{members?: string[], video?: boolean, extension?: any}} [options] by default all */
    async ring(options = {}) {
      return this._do('call.ring', options);
    }

    /** Tells members of the call, without ringing. @param {{members?: string[], extension?: any}} [options] by default all */
    async notify(options = {}) {
      return this._do('call.notify', options);
    }

    /**
     * Takes a call that rings here, and goes in.
     * @param {{extension?: any, audio?: boolean, video?: boolean, custom?: any}} [options] `audio` and `video` say with which
     *   devices; what is left out is as it was chosen, or as the call's settings say
     */
    async accept({ extension, audio, video, custom } = {}) {
      if (this.state.inCall) return;
      // media first: a question for permission, if there is one, is asked at the first moment
      this.accepting = true;
      this._choose({ audio, video });
      try {
        await this._do('call.accept', { extension });
        await this.join({ custom });
      } catch (error) {
        this.camera.close();
        this.microphone.close();
        throw error;
      } finally {
        this.accepting = false;
      }
    }

    /** Says no to a call that rings here. @param {{reason?: string, extension?: any}} [options] */
    async reject({ reason, extension } = {}) {
      return this._do('call.reject', { reason, extension });
    }

    /** Gives up ringing. @param {{reason?: string, extension?: any}} [options] */
    async cancel({ reason, extension } = {}) {
      return this._do('call.cancel', { reason, extension });
    }

    // -- others ---------------------------------------------------------------------------------------------------------

    /** Puts somebody out, who may come back. @param {string} userId */
    async kickUser(userId) {
      return this._do('call.kick', { user_id: name(userId) });
    }

    /** Puts somebody out and keeps out. @param {string} userId */
    async blockUser(userId) {
      return this._do('call.block', { user_id: name(userId) });
    }

    /** @param {string} userId */
    async unblockUser(userId) {
      return this._do('call.unblock', { user_id: name(userId) });
    }

    /**
     * Switches others off.
     * @param {string | string[] | null} userIds none: everybody but you
     * @param {{audio?: boolean, video?: boolean, screen?: boolean}} [what] the microphones, unless said otherwise
     */
    async muteUsers(userIds, { audio = false, video = false, screen = false } = { audio: true }) {
      const user_ids = userIds == null ? undefined : [userIds].flat();
      return this._do('call.mute_users', { user_ids, audio, video, screen });
    }

    /** What one user may here, whatever the roles say. @param {string} userId @param {{grant?: string[], revoke?: string[]}} changes */
    async updatePermissions(userId, { grant = [], revoke = [] }) {
      return this._do('call.update_permissions', { user_id: name(userId), grant, revoke });
    }

    // -- within ---------------------------------------------------------------------------------------------------------

    /** @internal Devices on or off as somebody said; the opening is not awaited, and a failure is told by `error`. */
    _choose({ audio, video }) {
      for (const [wish, device] of [[audio, this.microphone], [video, this.camera]]) {
        if (wish === true) device.enable().catch(() => {});
        else if (wish === false) device.disable();
      }
    }
  };

function name(userId) {
  if (typeof userId !== 'string' || !userId) throw new CallboxError('invalid_params', 'name the user by its id');
  return userId;
}
