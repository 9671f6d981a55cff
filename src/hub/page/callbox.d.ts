/** Types of callbox.js. `import { Client } from '/callbox.js'`. */

import type {
  CallData, CalleeState, ErrorKind, Json, LeaveReason, Member, MemberUpdate, Muted, OwnCapability, PermissionState, Ring,
  SessionConnectionState, Settings, SettingsOverride, User, WireCall, WireParticipant,
} from './sdk/wire.js';

export * from './sdk/wire.js';

export type Unsubscribe = () => void;

export declare class Emitter<Events> {
  on<E extends keyof Events>(event: E, fn: (detail: Events[E]) => void): Unsubscribe;
  once<E extends keyof Events>(event: E, fn: (detail: Events[E]) => void): Unsubscribe;
  off<E extends keyof Events>(event: E, fn: (detail: Events[E]) => void): void;
}

export declare class CallboxError extends Error {
  readonly name: 'CallboxError';
  readonly kind: ErrorKind;
  /** What is missing, of a refusal. */
  readonly capability: OwnCapability | null;
  readonly retryAfterMs: number | null;
  /** When a call that is not live may be joined. */
  readonly joinableAt: Date | null;
}

// -- devices --------------------------------------------------------------------------------------------------------------

export interface DeviceEvents<D> {
  changed: D;
  error: CallboxError;
}

/** Camera or microphone. Before the join it is the choice of the lobby. */
export declare class Device extends Emitter<DeviceEvents<Device>> {
  readonly media: 'audio' | 'video';
  readonly track: MediaStreamTrack | null;
  readonly error: CallboxError | null;
  readonly status: 'off' | 'starting' | 'on';
  readonly enabled: boolean;
  readonly chosen: boolean;
  readonly deviceId: string | undefined;
  enable(constraints?: MediaTrackConstraints): Promise<void>;
  disable(): Promise<void>;
  toggle(): Promise<void>;
  list(): Promise<MediaDeviceInfo[]>;
  select(deviceId: string): Promise<void>;
}

export declare class Speaker extends Emitter<{ changed: Speaker }> {
  readonly enabled: boolean;
  readonly deviceId: string;
  readonly selectable: boolean;
  enable(): Promise<void>;
  disable(): Promise<void>;
  toggle(): Promise<void>;
  list(): Promise<MediaDeviceInfo[]>;
  select(deviceId: string): Promise<void>;
}

export declare class ScreenShare extends Emitter<DeviceEvents<ScreenShare>> {
  readonly track: MediaStreamTrack | null;
  readonly audioTrack: MediaStreamTrack | null;
  readonly status: 'off' | 'starting' | 'on';
  readonly enabled: boolean;
  readonly supported: boolean;
  enable(constraints?: object): Promise<void>;
  disable(): Promise<void>;
  toggle(): Promise<void>;
}

// -- who is in ------------------------------------------------------------------------------------------------------------

export interface AttachOptions {
  muted?: boolean;
  mirror?: boolean;
  /** What the participant shows beside the camera. */
  screen?: boolean;
}

export interface ParticipantEvents {
  videoCreated: MediaStream;
  tracksChanged: Participant;
  updated: Participant;
  soundChanged: Participant;
}

export declare class Participant extends Emitter<ParticipantEvents> {
  readonly id: string;
  readonly user: User;
  readonly kind: 'appliance' | 'browser';
  readonly custom: any;
  readonly customUserData: any;
  readonly state: 'joined' | 'reconnecting';
  readonly muted: Muted;
  readonly sharing: boolean;
  readonly door: boolean;
  readonly isLocal: boolean;
  readonly generation: number;
  readonly connectionState: SessionConnectionState;
  readonly connected: boolean;
  readonly audioTrack: MediaStreamTrack | null;
  readonly videoTrack: MediaStreamTrack | null;
  /** Of what it shows beside its camera; it is there before anything is shown. */
  readonly shareTrack: MediaStreamTrack | null;
  /** What it shows beside its camera, while it does. */
  readonly screen: MediaStream | null;
  readonly stream: MediaStream | null;
  readonly audioLevel: number;
  readonly volume: number;
  readonly position: number;
  /** 0 to 4; 1 as it comes. */
  setVolume(volume: number): void;
  /** -1 (left) to 1 (right). */
  setPosition(position: number): void;
  attach(element: HTMLVideoElement | string, options?: AttachOptions): Unsubscribe;
}

/** What `new client.Conference()` gives as `localParticipant`. */
export interface LocalParticipant extends Participant {
  publish(what: { audio?: boolean; video?: boolean }): void;
  changeDevice(kind: 'audio' | 'video', deviceId: string): Promise<void>;
  listDevices(kind: 'audio' | 'video'): Promise<MediaDeviceInfo[]>;
}

// -- calls ----------------------------------------------------------------------------------------------------------------

export type CallingState = 'idle' | 'joining' | 'joined' | 'reconnecting' | 'left';

export declare class CallState extends Emitter<{ changed: CallState }> {
  readonly cid: string;
  readonly state: CallingState;
  readonly inCall: boolean;
  readonly loaded: boolean;
  readonly call: WireCall | null;
  readonly participants: Map<string, Participant>;
  readonly localParticipant: Participant | null;
  readonly remoteParticipants: Participant[];
  readonly present: WireParticipant[];
  readonly members: Member[];
  readonly custom: Record<string, any>;
  readonly settings: Settings | null;
  readonly ownCapabilities: OwnCapability[] | null;
  readonly ring: Ring | null;
  readonly ringing: 'incoming' | 'outgoing' | null;
  readonly backstage: boolean;
  readonly recording: boolean;
  readonly video: boolean;
  readonly team: string | null;
  readonly session: { number: number; started_at: string } | null;
  readonly blocked: string[];
  readonly createdBy: string | null;
  readonly createdAt: string | null;
  readonly startsAt: Date | null;
  readonly endedAt: Date | null;
  readonly liveSince: Date | null;
  may(capability: OwnCapability): boolean;
  subscribe(fn: (state: CallState) => void): Unsubscribe;
  observe<T>(select: (state: CallState) => T, fn: (value: T) => void): Unsubscribe;
}

export interface HubEvent {
  seq: number;
  cid: string;
  type: string;
}
export interface WithCall extends HubEvent {
  call: WireCall;
}
export interface CallEvents {
  stateChange: { previous: { state: CallingState }; state: CallingState };
  localParticipant: Participant;
  participantJoined: Participant;
  participantUpdated: Participant;
  participantLeft: { id: string; participant: Participant; reason: LeaveReason; extension: any };
  trackAdded: { participant: Participant; track: MediaStreamTrack };
  connectionStateChanged: { participant: Participant; state: SessionConnectionState };
  playbackBlocked: { participant: unknown };
  playbackResumed: {};
  presentChanged: WireParticipant[];
  sessionTerminated: { reason: LeaveReason | 'replaced' | ErrorKind; unexpected: boolean; by: string | null };
  error: CallboxError;
  'call.updated': WithCall & { by?: string };
  'call.capabilities': HubEvent & { own_capabilities: OwnCapability[] };
  'call.live_started': WithCall;
  'call.live_stopped': WithCall;
  'call.ended': HubEvent & { by: string; ended_at: string; extension?: any };
  'call.session_started': HubEvent & { session: { number: number; started_at: string } };
  'call.session_ended': HubEvent & { session: { number: number; started_at: string } };
  'call.ring': WithCall & { by: User };
  'call.accepted': HubEvent & { user: string; extension?: any; ring: Ring };
  'call.rejected': HubEvent & { user: string; reason?: string; extension?: any; ring: Ring };
  'call.missed': HubEvent & { user: string; ring: Ring };
  'call.cancelled': HubEvent & { by?: string; reason?: string; extension?: any; ring: Ring };
  'call.notification': WithCall & { by: User };
  'call.muted': HubEvent & { by: string; audio: boolean; video: boolean; screen: boolean };
  'call.recording': HubEvent & { recording: boolean; by?: string };
  'call.door': HubEvent & { participant: string; by: string; opened: boolean; reason?: string };
  'call.closed': HubEvent & { reason: LeaveReason };
}

export declare class Call extends Emitter<CallEvents> {
  readonly cid: string;
  readonly type: string;
  readonly id: string;
  readonly state: CallState;
  readonly camera: Device;
  readonly microphone: Device;
  readonly speaker: Speaker;
  readonly screenShare: ScreenShare;
  get(): Promise<CallState>;
  getOrCreate(options?: { data?: CallData }): Promise<CallState>;
  join(options?: { create?: boolean; data?: CallData; custom?: any }): Promise<void>;
  leave(options?: { extension?: any }): Promise<void>;
  useDefaults(): void;
  update(changes: { custom?: Record<string, Json>; settings_override?: SettingsOverride; starts_at?: Date | string }): Promise<WireCall>;
  updateCallMembers(changes: { update_members?: MemberUpdate[]; remove_members?: string[] }): Promise<WireCall>;
  endCall(options?: { extension?: any }): Promise<void>;
  goLive(): Promise<WireCall>;
  stopLive(): Promise<WireCall>;
  startRecording(): Promise<unknown>;
  stopRecording(): Promise<unknown>;
  openDoor(participant?: string | Participant): Promise<{ participant: string }>;
  sendDigits(digits: string, participant?: string | Participant): Promise<unknown>;
  ring(options?: { members?: string[]; video?: boolean; extension?: any }): Promise<WireCall>;
  notify(options?: { members?: string[]; extension?: any }): Promise<WireCall>;
  accept(options?: { extension?: any; audio?: boolean; video?: boolean; custom?: any }): Promise<void>;
  reject(options?: { reason?: string; extension?: any }): Promise<unknown>;
  cancel(options?: { reason?: string; extension?: any }): Promise<unknown>;
  kickUser(userId: string): Promise<unknown>;
  blockUser(userId: string): Promise<unknown>;
  unblockUser(userId: string): Promise<unknown>;
  muteUsers(userIds: string | string[] | null, what?: { audio?: boolean; video?: boolean; screen?: boolean }): Promise<unknown>;
  updatePermissions(userId: string, changes: { grant?: OwnCapability[]; revoke?: OwnCapability[] }): Promise<unknown>;
  /** kbit/s to each participant; 0 removes the limit. */
  setMaxBandwidth(kilobits: number): Promise<void>;
  attach(element: HTMLVideoElement | string, options?: AttachOptions): Unsubscribe;
  attach(element: HTMLVideoElement | string, participant: Participant | null | undefined, options?: AttachOptions): Unsubscribe;
  resumePlayback(): Promise<void>;
  stats(participant: Participant): Promise<RTCStatsReport> | null;
}

// -- the client -----------------------------------------------------------------------------------------------------------

export interface ClientOptions {
  url?: string;
  tokenProvider?: () => Promise<string | { accessToken: string }>;
  iceServers?: RTCIceServer[];
  relayOnly?: boolean;
}

export interface Tokens {
  accessToken: string;
  refreshToken?: string | null;
  idToken?: string;
  expiresIn?: number;
}

export interface Subscriptions {
  isPending: boolean;
  subscribed: string[];
  available: string[];
}

export interface Services {
  subscribe(services: string[], channel?: 'websocket'): Promise<Subscriptions>;
  unsubscribe(services: string[], channel?: 'websocket'): Promise<Subscriptions>;
  getSubscriptions(): Subscriptions;
}

export type RecordState = 'INITIATING' | 'RINGING' | 'CONNECTED' | 'ENDED';

export interface CallRecord {
  id: string;
  state: RecordState;
  direction: 'incoming' | 'outgoing';
  call: Call | null;
  from: string | null;
  isVideo: boolean;
  localTracks: string[];
  remoteTracks: string[];
}

export interface MakeOptions {
  audio?: boolean;
  video?: boolean;
  extension?: any;
  type?: string;
  data?: CallData;
  custom?: any;
}

export interface CallVerbs {
  /** Without an id, a new random one. */
  (type: string, id?: string): Call;
  make(destination: string, options?: MakeOptions): string;
  answer(callId: string, options?: { audio?: boolean; video?: boolean }): Promise<void>;
  reject(callId: string): Promise<void>;
  end(callId: string): Promise<void>;
  getById(callId: string): CallRecord | undefined;
  getAll(): CallRecord[];
}

export interface MediaTracks {
  getTrackById(trackId: string): MediaStreamTrack | undefined;
  renderTracks(trackIds: string[], container: string | Element): void;
  removeTracks(trackIds: string[], container: string | Element): void;
}

export interface ConferenceEvents {
  localParticipant: LocalParticipant;
  participantJoined: Participant;
  participantUpdated: Participant;
  participantLeft: string;
  connectionStateChanged: { participant: Participant; state: SessionConnectionState };
  sessionTerminated: { reason: string; unexpected: boolean };
  error: CallboxError;
}

export interface Conference extends Emitter<ConferenceEvents> {
  readonly call: Call;
  readonly callId: string;
  readonly customUserData: any;
  getPermissionState(): Promise<DevicePermissionState>;
  startCall(): Promise<void>;
  endCall(): Promise<void>;
}

/** A call as a session with callees: a thin layer on `Call`. */
export interface VideoChatSession {
  readonly ID: string;
  readonly handle: Call;
  readonly opponentsIDs: string[];
  readonly initiatorID: string | null;
  readonly callType: number;
  getUserMedia(what: { audio?: boolean | string | MediaTrackConstraints; video?: boolean | string | MediaTrackConstraints }): Promise<MediaStream>;
  getDisplayMedia(constraints?: object): Promise<MediaStream>;
  call(extension?: any, options?: { maxBandwidth?: number }): Promise<void>;
  accept(extension?: any): Promise<void>;
  reject(extension?: any): Promise<unknown>;
  stop(extension?: any): Promise<void>;
  mute(kind: 'audio' | 'video'): Promise<void>;
  unmute(kind: 'audio' | 'video'): Promise<void>;
  setMaxBandwidth(kilobits: number): Promise<void>;
  attachMediaStream(elementId: string, stream: MediaStream, options?: AttachOptions): Promise<void>;
  detachMediaStream(elementId: string): void;
}

export interface VideoChat {
  readonly CallType: { readonly VIDEO: 1; readonly AUDIO: 2 };
  readonly SessionConnectionState: typeof SessionConnectionState;
  onCallListener: ((session: VideoChatSession, extension: any) => void) | null;
  onAcceptCallListener: ((session: VideoChatSession, userId: string, extension: any) => void) | null;
  onRejectCallListener: ((session: VideoChatSession, userId: string, extension: any) => void) | null;
  onStopCallListener: ((session: VideoChatSession, userId: string, extension: any) => void) | null;
  onUserNotAnswerListener: ((session: VideoChatSession, userId: string) => void) | null;
  onRemoteStreamListener: ((session: VideoChatSession, userId: string, stream: MediaStream) => void) | null;
  onSessionConnectionStateChangedListener: ((session: VideoChatSession, userId: string, state: SessionConnectionState) => void) | null;
  createNewSession(calleesIds: string[], callType?: number, options?: { bandwidth?: number }): VideoChatSession;
  callRejectRequest(which: { sessionID: string; recipientId?: string; platform?: string }): Promise<void>;
}

export interface DevicePermissionState {
  state: PermissionState;
  camera: PermissionState | 'insecure';
  microphone: PermissionState | 'insecure';
  message: string;
}

export interface ClientEvents {
  connection: { state: 'disconnected' | 'connecting' | 'connected'; retryAt: number | null };
  signedOut: CallboxError;
  tokens: Tokens;
  'call.ring': { call: Call; by: User; ring: Ring };
  ringEnded: { call: Call; state: CalleeState; here: boolean };
  'call.notification': { call: Call; by: User };
  'subscription:change': Subscriptions;
  'subscription:error': { error: CallboxError };
  'call:start': { callId: string };
  'call:receive': { callId: string };
  'call:stateChange': { callId: string; previous: { state: RecordState }; state: RecordState };
  'call:error': { callId: string; error: CallboxError };
}

export declare class Client extends Emitter<ClientEvents> {
  constructor(options?: ClientOptions);
  iceServers: RTCIceServer[];
  relayOnly: boolean;
  readonly services: Services;
  readonly media: MediaTracks;
  readonly call: CallVerbs;
  readonly videochat: VideoChat;
  readonly Conference: new (customCallId?: string | null, customUserData?: any) => Conference;
  readonly user: User | null;
  readonly connectionState: 'disconnected' | 'connecting' | 'connected';
  readonly grace: number;
  signIn(username: string, password: string): Promise<Tokens>;
  setTokens(tokens: Tokens): void;
  signOut(): Promise<void>;
  connect(): Promise<void>;
  retryNow(): void;
  make(destination: string, options?: MakeOptions): Promise<Call>;
  list(which?: { type?: string; ended?: boolean; limit?: number }): Promise<WireCall[]>;
  getPermissionState(): Promise<DevicePermissionState>;
}

export declare function create(options?: { authentication?: { server?: { base?: string }; clientCorrelator?: string } } & ClientOptions): Client;
