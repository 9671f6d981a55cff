// The snippets of the seeds and the rest of the verbs, to be checked and never run.
import { Client, CallboxError, OwnCapability, RecordSettingsRequestModeEnum, SessionConnectionState, create } from './callbox.js';

const client = new Client({ tokenProvider: async () => 'token', iceServers: [{ urls: 'stun:stun.example.org' }], relayOnly: true });
const call = client.call('default', 'test-call');

export async function calls(): Promise<void> {
  await call.getOrCreate();
  await call.join({ create: true, data: { ring: true, notify: false, video: true, startsAt: new Date() }, custom: { seat: 4 } });
  await call.update({
    custom: { color: 'green' },
    settings_override: { recording: { mode: RecordSettingsRequestModeEnum.DISABLED } },
  });
  await call.getOrCreate({
    data: {
      members: [{ user_id: 'alice', role: 'admin', custom: { desk: 7 } }, { user_id: 'bob' }],
      starts_at: new Date(Date.now() + 500 * 1000),
      settings_override: { backstage: { enabled: true, join_ahead_time_seconds: 300 }, audio: { mic_default_on: false } },
      team: 'red',
    },
  });
  await call.updateCallMembers({ update_members: [{ user_id: 'charlie', role: 'call_member' }], remove_members: ['alice'] });
  await call.goLive();
  await call.camera.enable({ width: 1280, height: 720 });
  for (const { deviceId, label } of await call.microphone.list()) if (label) await call.microphone.select(deviceId);
  await call.screenShare.toggle();
  await call.muteUsers(['bob'], { audio: true });
  if (call.state.may(OwnCapability.END_CALL)) await call.endCall({ extension: { reason: 'done' } });
  await call.leave().catch((error: unknown) => error instanceof CallboxError && error.kind === 'unavailable' && error.capability);
}

call.on('participantJoined', (participant) => {
  call.attach('video', participant, { muted: false, mirror: true });
  participant.setVolume(0.5);
  participant.on('videoCreated', (stream) => stream.getVideoTracks());
  if (participant.connectionState === SessionConnectionState.FAILED) participant.setPosition(-1);
});
call.on('call.rejected', ({ user, reason, ring }) => [user.length, reason?.length, ring.callees[0]?.state === 'rejected']);
call.state.observe((state) => state.members.length, (count) => count.toFixed());
call.attach('own', { mirror: true });

client.on('call.ring', ({ call: incoming, by, ring }) => (ring.video ? incoming.accept({ video: true }) : incoming.reject({ reason: by.name })));
client.on('subscription:change', () => client.services.getSubscriptions().isPending === false);
client.on('call:stateChange', ({ callId, previous }) => [previous.state, client.call.getById(callId)?.state === 'ENDED']);
const made: string = client.call.make('janedoe@example.org', { audio: true, video: false });
void client.services.subscribe(['call'], 'websocket').then(() => client.call.end(made));

const conf = new client.Conference(undefined, { user: 7 });
conf.on('localParticipant', (lp) => lp.publish({ audio: true, video: true }));
conf.on('participantLeft', (id) => id.length);
export const permission = conf.getPermissionState().then(({ state }) => state === 'denied' || state === 'failed');
export const kandy = create({ authentication: { server: { base: 'hub.example.org' }, clientCorrelator: 'sample' } });
