// Runs the snippets (a name between at signs becomes one of them, as a function) and looks at what came of each. `edition`: 001 or 004.
const [anna, ben] = [await signedIn('anna'), await signedIn('ben')];
const seen = {};
const handle = (id, client = anna) => client.call('default', id);

await @create@(anna);
const first = handle('test-call').state;
seen.created = [first.createdBy, first.cid, first.ownCapabilities.includes(M.OwnCapability.END_CALL)];

await @join@(anna);
seen.joined = handle('test-call').state.state;
const left = handle('test-call');
await @leave@(anna, 'default', 'test-call');
seen.left = [left.state.state, (await handle('test-call', ben).get()).present.length];
await @create and join@(anna, 'default', 'test-call');
seen.again = handle('test-call').state.state;
seen.refused = await handle('never', ben).join({ create: false }).catch((error) => error.kind);
await handle('test-call').leave();

if (edition === '001') {
  await @lobby@(anna);
  const { camera, microphone, state } = handle('test-call');
  seen.lobby = [state.state, camera.status, microphone.status, state.localParticipant.muted];
} else {
  await handle('test-call').join();
}

const ended = handle('test-call');
await @end@(anna, 'default', 'test-call');
await soon('the end', () => ended.state.state === 'left');
const late = await handle('test-call', ben).join().catch((error) => error);
seen.ended = [Boolean(ended.state.endedAt), late.kind, late.capability];

await handle('loaded', ben).getOrCreate({ data: { custom: { color: 'red' } } });
await @load@(anna, 'default', 'loaded');
seen.loaded = [handle('loaded').state.custom.color, handle('loaded').state.createdBy];

await @custom@(anna, 'default', 'painted');
seen.blue = handle('painted').state.custom;
const watching = await handle('painted', ben).get();
await @update@(anna, 'default', 'painted');
await soon('the others hear of it', () => watching.custom.color === 'green');
seen.green = [handle('painted').state.custom, watching.custom, watching.settings.recording.mode];

await @members@(anna, 'default', 'team-call');
const roles = () => Object.fromEntries(handle('team-call').state.members.map(({ user_id, role }) => [user_id, role]));
seen.members = roles();
await @update members@(anna, 'default', 'team-call');
seen.updated = roles();

await @settings@(anna, 'default', 'set');
const { audio, video } = handle('set').state.settings;
seen.settings = [audio.mic_default_on, video.camera_default_on];

await @backstage@(anna, 'default', 'show');
const early = await handle('show', ben).join().catch((error) => error);
const show = handle('show').state;
const seconds = (date) => Math.round((date - Date.now()) / 10_000) * 10;
seen.backstage = [show.backstage, seconds(show.startsAt), early.kind, early.capability, seconds(early.joinableAt)];

if (edition === '004') {
  const rita = await signedIn('rita'); // she belongs to the team red
  const nameless = await handle('nobodys', rita).getOrCreate().catch((error) => error.kind);
  await @team@(rita, 'default', 'reds');
  const outside = await handle('reds').get().catch((error) => error.kind);
  seen.team = [nameless, handle('reds', rita).state.team, outside];
}
return seen;
