/** The words of the protocol, and what the hub says of calls: the same as in the API document of the hub. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

// -- words ----------------------------------------------------------------------------------------------------------------

export declare const OwnCapability: {
  readonly CREATE_CALL: 'create-call';
  readonly READ_CALL: 'read-call';
  readonly JOIN_CALL: 'join-call';
  readonly JOIN_BACKSTAGE: 'join-backstage';
  readonly JOIN_ENDED_CALL: 'join-ended-call';
  readonly END_CALL: 'end-call';
  readonly UPDATE_CALL: 'update-call';
  readonly UPDATE_CALL_SETTINGS: 'update-call-settings';
  readonly UPDATE_CALL_MEMBER: 'update-call-member';
  readonly REMOVE_CALL_MEMBER: 'remove-call-member';
  readonly UPDATE_CALL_PERMISSIONS: 'update-call-permissions';
  readonly BLOCK_USERS: 'block-users';
  readonly KICK_USER: 'kick-user';
  readonly MUTE_USERS: 'mute-users';
  readonly SEND_AUDIO: 'send-audio';
  readonly SEND_VIDEO: 'send-video';
  readonly SCREENSHARE: 'screenshare';
  readonly START_RECORD_CALL: 'start-record-call';
  readonly STOP_RECORD_CALL: 'stop-record-call';
  readonly OPEN_DOOR: 'open-door';
};
export type OwnCapability = (typeof OwnCapability)[keyof typeof OwnCapability];

export declare const RecordSettingsRequestModeEnum: {
  readonly AVAILABLE: 'available';
  readonly DISABLED: 'disabled';
  readonly AUTO_ON: 'auto-on';
};
export type RecordSettingsRequestModeEnum = (typeof RecordSettingsRequestModeEnum)[keyof typeof RecordSettingsRequestModeEnum];

export declare const SessionConnectionState: {
  readonly UNDEFINED: 'undefined';
  readonly CONNECTING: 'connecting';
  readonly CONNECTED: 'connected';
  readonly FAILED: 'failed';
  readonly DISCONNECTED: 'disconnected';
  readonly CLOSED: 'closed';
  readonly COMPLETED: 'completed';
};
export type SessionConnectionState = (typeof SessionConnectionState)[keyof typeof SessionConnectionState];

export declare const CalleeState: {
  readonly RINGING: 'ringing';
  readonly ACCEPTED: 'accepted';
  readonly REJECTED: 'rejected';
  readonly MISSED: 'missed';
  readonly ELSEWHERE: 'elsewhere';
  readonly CANCELLED: 'cancelled';
};
export type CalleeState = (typeof CalleeState)[keyof typeof CalleeState];

export declare const PermissionState: {
  readonly GRANTED: 'granted';
  readonly DENIED: 'denied';
  readonly MISSING: 'missing';
  readonly BUSY: 'busy';
  readonly FAILED: 'failed';
};
export type PermissionState = (typeof PermissionState)[keyof typeof PermissionState];

export type LeaveReason = 'left' | 'timed_out' | 'ended' | 'kicked' | 'blocked' | 'removed' | 'backstage' | 'alone';
export type ErrorKind =
  | 'parse_error' | 'invalid_request' | 'method_not_found' | 'invalid_params' | 'internal_error' | 'unauthenticated'
  | 'permission_denied' | 'not_found' | 'conflict' | 'full' | 'too_large' | 'rate_limited' | 'call_ended' | 'not_live' | 'timeout'
  | 'unavailable' | 'denied' | 'missing' | 'busy' | 'insecure' | 'failed';

// -- what the hub says ----------------------------------------------------------------------------------------------------

export interface User {
  id: string;
  name: string;
  role: string;
  teams?: string[];
}

export interface Member {
  user_id: string;
  role: string;
  custom?: Record<string, Json>;
}

export interface MemberUpdate {
  user_id: string;
  role?: string;
  custom?: Record<string, Json>;
}

export interface Muted {
  audio: boolean;
  video: boolean;
}

export interface Ring {
  by: string;
  started_at: string;
  video: boolean;
  answer: 'each' | 'first';
  extension?: Json;
  callees: { user: string; state: CalleeState }[];
  ended?: 'answered' | 'unanswered' | 'cancelled' | 'timed_out' | 'call_ended';
}

export interface Settings {
  audio: {
    mic_default_on: boolean;
    speaker_default_on: boolean;
    access_request_enabled: boolean;
    opus_dtx_enabled: boolean;
    redundant_coding_enabled: boolean;
  };
  video: {
    enabled: boolean;
    camera_default_on: boolean;
    access_request_enabled: boolean;
    target_resolution: { width: number; height: number; bitrate: number };
  };
  screensharing: { enabled: boolean; access_request_enabled: boolean };
  recording: {
    mode: RecordSettingsRequestModeEnum;
    audio_only: boolean;
    quality: 'audio-only' | '360p' | '480p' | '720p' | '1080p' | '1440p';
  };
  ring: { incoming_call_timeout_ms: number; auto_cancel_timeout_ms: number; answer: 'each' | 'first' };
  backstage: { enabled: boolean; join_ahead_time_seconds: number };
  limits: { max_participants: number; max_bandwidth: number };
  geofencing: { names: string[] };
}

/** The settings that differ; null goes back to the call type's. */
export type SettingsOverride = { [S in keyof Settings]?: { [K in keyof Settings[S]]?: Settings[S][K] | null } | null };

export interface CallData {
  custom?: Record<string, Json>;
  members?: MemberUpdate[];
  settings_override?: SettingsOverride;
  settings?: SettingsOverride;
  starts_at?: Date | string;
  startsAt?: Date | string;
  team?: string;
  ring?: boolean;
  notify?: boolean;
  video?: boolean;
  /** kbit/s, for every participant. */
  max_bandwidth?: number;
  maxBandwidth?: number;
}

/** A call as the hub describes it. */
export interface WireCall {
  cid: string;
  created_by: string;
  created_at: string;
  custom: Record<string, Json>;
  members: Member[];
  settings: Settings;
  settings_override?: SettingsOverride;
  team?: string;
  starts_at?: string;
  video: boolean;
  backstage: boolean;
  live_since?: string;
  ended_at?: string;
  blocked?: string[];
  permissions?: Record<string, { granted: OwnCapability[]; revoked: OwnCapability[] }>;
  recording: boolean;
  session?: { number: number; started_at: string };
  ring?: Ring;
  participants: WireParticipant[];
  own_capabilities?: OwnCapability[];
}

export interface WireParticipant {
  id: string;
  generation: number;
  user: User;
  kind: 'appliance' | 'browser';
  state: 'joined' | 'reconnecting';
  muted: Muted;
  sharing?: boolean;
  door?: boolean;
  max_bandwidth?: number;
  custom?: Json;
}
