/** Words of the protocol, for code that does not want to spell them. */

/** What you may do in a call: `call.state.ownCapabilities`. */
export const OwnCapability = Object.freeze({
  CREATE_CALL: 'create-call',
  READ_CALL: 'read-call',
  JOIN_CALL: 'join-call',
  JOIN_BACKSTAGE: 'join-backstage',
  JOIN_ENDED_CALL: 'join-ended-call',
  END_CALL: 'end-call',
  UPDATE_CALL: 'update-call',
  UPDATE_CALL_SETTINGS: 'update-call-settings',
  UPDATE_CALL_MEMBER: 'update-call-member',
  REMOVE_CALL_MEMBER: 'remove-call-member',
  UPDATE_CALL_PERMISSIONS: 'update-call-permissions',
  BLOCK_USERS: 'block-users',
  KICK_USER: 'kick-user',
  MUTE_USERS: 'mute-users',
  SEND_AUDIO: 'send-audio',
  SEND_VIDEO: 'send-video',
  SCREENSHARE: 'screenshare',
  START_RECORD_CALL: 'start-record-call',
  STOP_RECORD_CALL: 'stop-record-call',
  OPEN_DOOR: 'open-door',
});

/** `settings_override.recording.mode`. */
export const RecordSettingsRequestModeEnum = Object.freeze({ AVAILABLE: 'available', DISABLED: 'disabled', AUTO_ON: 'auto-on' });

/** `participant.connectionState`: the media between you and one other. */
export const SessionConnectionState = Object.freeze({
  UNDEFINED: 'undefined',
  CONNECTING: 'connecting',
  CONNECTED: 'connected',
  FAILED: 'failed',
  DISCONNECTED: 'disconnected',
  CLOSED: 'closed',
  COMPLETED: 'completed',
});

/** How far one callee got: `call.state.ring.callees[].state`. */
export const CalleeState = Object.freeze({
  RINGING: 'ringing',
  ACCEPTED: 'accepted',
  REJECTED: 'rejected',
  MISSED: 'missed',
  ELSEWHERE: 'elsewhere',
  CANCELLED: 'cancelled',
});

/** `client.getPermissionState()`: `.state`. */
export const PermissionState = Object.freeze({
  GRANTED: 'granted',
  DENIED: 'denied',
  MISSING: 'missing',
  BUSY: 'busy',
  FAILED: 'failed',
});
