// The snippets of the vendor's guide "Joining & Creating Calls", as they stand there; a line `//: NAME` begins each.
//: create
const callType = 'default';
const callId = 'test-call';

const call = client.call(callType, callId);
await call.getOrCreate();

// or create it with options:
await call.getOrCreate({
  data: {
    /* call creation options */
  },
});
//: join
const callType = 'default';
const callId = 'test-call';

const call = client.call(callType, callId);
await call.join();
//: create and join
await call.join({
  create: true,
  data: {
    /* call creation options */
  },
});
//: lobby
const call = client.call('default', 'test-call');

// enable mic and camera
await call.camera.enable();
await call.microphone.enable();

// alternatively, you can disable them
await call.camera.disable();
await call.microphone.disable();

// and then join the call
await call.join();
//: leave
await call.leave();
//: end
await call.endCall();
//: load
const call = client.call(type, id);
await call.get(); // just load

await call.getOrCreate(); // create if not present and load it
//: update
import { RecordSettingsRequestModeEnum } from '@stream-io/video-client';

await call.update({
  custom: { color: 'green' },
  settings_override: {
    recording: {
      mode: RecordSettingsRequestModeEnum.DISABLED,
    },
  },
});
//: members
const call = client.call(type, id);
await call.getOrCreate({
  data: {
    members: [{ user_id: 'alice', role: 'admin' }, { user_id: 'bob' }],
  },
});
//: update members
await call.updateCallMembers({
  update_members: [{ user_id: 'charlie', role: 'admin' }],
  remove_members: ['alice'],
});
//: custom
await call.getOrCreate({
  data: {
    custom: { color: 'blue' },
  },
});
//: settings
// at creation time
await call.getOrCreate({
  data: {
    settings_override: {
      audio: { mic_default_on: false },
      video: { camera_default_on: false },
    },
  },
});

// or later
await call.update({
  settings_override: {
    video: { camera_default_on: true },
  },
});
//: backstage
await call.getOrCreate({
  data: {
    starts_at: new Date(Date.now() + 500 * 1000), // 500 seconds from now
    settings_override: {
      backstage: {
        enabled: true,
        join_ahead_time_seconds: 300,
      },
    },
  },
});
//: restricted
const call = client.call('my-call-type', 'my-call-id');
await call.getOrCreate({
  data: {
    members: [
      // please note the `role` property
      { user_id: 'alice', role: 'call_member' },
      { user_id: 'bob', role: 'call_member' },
    ],
  },
});

// and if necessary, to grant access to more users
await call.updateCallMembers({
  update_members: [{ user_id: 'charlie', role: 'call_member' }],
});

// or, to remove access from some users
await call.updateCallMembers({
  remove_members: ['charlie'],
});
