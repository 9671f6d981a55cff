//! callbox.js and its likenesses of other SDKs, as another page would use them: several clients in one Chromium, a real hub.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use serde_json::{Value, json};
use support::{Browser, Fake, Hub};

/// Runs a script in a document of the hub's origin in which nothing of ours runs.
async fn run(script: &str) -> Value {
    run_with("", script).await
}

async fn run_with(settings: &str, script: &str) -> Value {
    let hub = Hub::with(settings);
    let browser = Browser::start(Fake::default()).await;
    browser.open(&format!("{}/style.css", hub.url)).await; // shown as a plain document
    browser.sdk(&format!("const M = await import('/callbox.js'); {script}")).await
}

/// Whether these lines come in this order, with others between them.
fn in_order(log: &Value, wanted: &[&str]) {
    let mut lines = log.as_array().unwrap().iter().filter_map(Value::as_str);
    for one in wanted {
        assert!(lines.any(|line| line == *one), "{one:?} is not in its place: {log:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn k8_making_answering_and_ending_a_call_is_told_by_its_history() {
    let seen = run(
        r#"
        const [anna, ben] = [await signedIn('anna'), await signedIn('ben')]; const log = [];
        for (const [who, client] of [['anna', anna], ['ben', ben]]) {
          client.on('call:start', ({ callId }) => log.push(`${who} start ${client.call.getById(callId).state}`));
          client.on('call:receive', ({ callId }) => log.push(`${who} receive ${client.call.getById(callId).from}`));
          client.on('call:stateChange', ({ callId, previous }) =>
            log.push(`${who} ${previous.state} > ${client.call.getById(callId).state}`));
          client.on('call:error', ({ error }) => log.push(`${who} ${error.message}`));
        }
        await ben.connect();
        let received; ben.on('call:receive', ({ callId }) => { received = callId; });
        const made = anna.call.make('ben', { audio: true, video: true });
        const first = [typeof made, anna.call.getById(made).state];
        await soon('it rings', () => received);
        await ben.call.answer(received, { audio: true, video: false });
        await soon('they see each other', () => anna.call.getById(made).remoteTracks.length && ben.call.getById(received).remoteTracks.length);
        const [a, b] = [anna.call.getById(made), ben.call.getById(received)];
        await soon('media', () => b.call.state.remoteParticipants[0].connected && anna.call.getById(made).localTracks.length === 2);
        await soon('the microphone', () => b.call.microphone.status === 'on');
        const kinds = anna.call.getById(made).localTracks.map((id) => anna.media.getTrackById(id).kind);
        const box = document.body.appendChild(document.createElement('div'));
        anna.media.renderTracks(anna.call.getById(made).remoteTracks, box);
        const rendered = [...box.querySelectorAll('[data-track]')].map((one) => one.localName).sort();
        const video = [b.call.camera.status, b.call.microphone.status, b.isVideo];
        await ben.call.end(received);
        await soon('both know the end', () => [anna.call.getById(made), ben.call.getById(received)].every(({ state }) => state === 'ENDED'));
        anna.call.make('nobody at all');
        await soon('an error', () => log.some((line) => line.includes('destination') || line.includes('user id')));
        return { log, first, kinds, rendered, video };"#,
    )
    .await;
    assert_eq!(seen["first"], json!(["string", "INITIATING"]), "K8, K12: {seen:#}");
    in_order(&seen["log"], &["ben receive anna", "ben RINGING > CONNECTED", "ben CONNECTED > ENDED"]);
    in_order(&seen["log"], &["anna INITIATING > RINGING", "anna RINGING > CONNECTED", "anna CONNECTED > ENDED"]);
    assert!(seen["log"].as_array().unwrap().iter().any(|line| line.as_str().unwrap().starts_with("anna start")), "K17: {seen:#}");
    assert_eq!(seen["kinds"], json!(["audio", "video"]), "K13, K14");
    assert_eq!(seen["rendered"], json!(["audio", "video"]), "K15");
    assert_eq!(seen["video"], json!(["off", "on", true]), "K9: answered without video");
}

#[tokio::test(flavor = "multi_thread")]
async fn k10_a_rejected_call_ends_on_both_sides() {
    let seen = run(
        r#"
        const [anna, ben] = [await signedIn('anna'), await signedIn('ben')]; const log = [];
        await ben.connect();
        const received = new Promise((resolve) => ben.on('call:receive', ({ callId }) => resolve(callId)));
        const made = await anna.make('ben', { video: false, extension: { floor: 2 } });
        made.on('call.rejected', ({ user, reason }) => log.push(`${user} ${reason}`));
        made.on('sessionTerminated', ({ reason }) => log.push(`over ${reason}`));
        const id = await received; const { call, isVideo } = ben.call.getById(id);
        const rung = [call.state.ring.extension, call.state.ringing, made.state.ringing, isVideo];
        await ben.call.reject(id);
        await soon('it is over', () => log.includes('over alone'));
        const unknown = await ben.call.reject('nothing').catch((error) => error.kind);
        return { log, rung, ring: made.state.ring, state: ben.call.getById(id).state, unknown, devices: [made.camera.status, made.microphone.status] };"#,
    )
    .await;
    assert_eq!(seen["log"], json!(["ben decline", "over alone"]), "{seen:#}");
    assert_eq!(seen["rung"], json!([{"floor": 2}, "incoming", "outgoing", false]), "C15, C16, G26");
    assert_eq!((&seen["ring"]["ended"], &seen["state"]), (&json!("unanswered"), &json!("ENDED")), "{seen:#}");
    assert_eq!(seen["devices"], json!(["off", "off"]), "nothing stays open");
    assert_eq!(seen["unknown"], "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn c18_accepting_and_leaving_carry_extra_parameters() {
    let seen = run(
        r#"
        const [anna, ben] = [await signedIn('anna'), await signedIn('ben')]; const log = [];
        await ben.connect();
        const rung = new Promise((resolve) => ben.on('call.ring', ({ call, by }) => resolve([call, by.name])));
        const call = anna.call('default');
        await call.getOrCreate({ data: { members: [{ user_id: 'ben' }], ring: true } });
        call.on('call.accepted', ({ user, extension }) => log.push(`accepted ${user} ${JSON.stringify(extension)}`));
        call.on('participantLeft', ({ participant, extension }) => log.push(`left ${participant.user.id} ${JSON.stringify(extension)}`));
        await call.join();
        const [incoming, by] = await rung;
        await incoming.accept({ extension: { lang: 'de' }, audio: true, video: false });
        await soon('in', () => call.state.remoteParticipants.length === 1);
        await incoming.leave({ extension: { rating: 5 } });
        await soon('left', () => log.length === 2);
        return { log, by, uuid: call.id, ring: call.state.ring };"#,
    )
    .await;
    assert_eq!(seen["log"], json!(["accepted ben {\"lang\":\"de\"}", "left ben {\"rating\":5}"]), "C18, C19, C25: {seen:#}");
    assert_eq!((&seen["by"], &seen["ring"]["ended"]), (&json!("Anna Berg"), &json!("answered")), "{seen:#}");
    let id = seen["uuid"].as_str().unwrap();
    assert!(id.len() == 36 && uuid::Uuid::parse_str(id).is_ok(), "G5, B2: a random id: {id}");
}

#[tokio::test(flavor = "multi_thread")]
async fn b1_a_conference_tells_of_everybody_by_simple_listeners() {
    let seen = run(
        r#"
        const [anna, ben] = [await signedIn('anna'), await signedIn('ben')]; const log = []; const remote = {}; let local = null;
        const conf = new anna.Conference(null, { seat: 1 });
        const status = await conf.getPermissionState();
        conf.on('localParticipant', (lp) => { local = lp; lp.on('videoCreated', () => log.push('local video')); });
        conf.on('participantJoined', (one) => { remote[one.id] = one; one.on('videoCreated', () => log.push(`video of ${one.customUserData.seat}`)); });
        conf.on('participantLeft', (id) => { delete remote[id]; log.push('left'); });
        conf.on('sessionTerminated', () => log.push('terminated'));
        await conf.startCall();
        const other = new ben.Conference(conf.callId, { seat: 2 });
        await other.startCall();
        await soon('pictures', () => log.includes('video of 2') && log.includes('local video'));
        const cameras = await local.listDevices('video'); await local.changeDevice('video', cameras[0].deviceId);
        const both = [Object.values(remote)[0].customUserData, local.customUserData, conf.callId.length];
        await other.endCall();
        await soon('left', () => log.includes('left'));
        await conf.endCall();
        return { log, both, state: status.state, left: Object.keys(remote).length, microphone: conf.call.microphone.status };"#,
    )
    .await;
    in_order(&seen["log"], &["left", "terminated"]);
    assert_eq!(seen["both"], json!([{"seat": 2}, {"seat": 1}, 36]), "B1, B2, B3, B12: {seen:#}");
    assert_eq!((&seen["state"], &seen["left"], &seen["microphone"]), (&json!("granted"), &json!(0), &json!("off")), "B4, B16, B22");
}

#[tokio::test(flavor = "multi_thread")]
async fn g9_the_state_can_be_observed_and_follows_what_others_change() {
    let seen = run(
        r#"
        const [anna, ben] = [await signedIn('anna'), await signedIn('ben')]; const log = [];
        const call = anna.call('default', 'watched'); await call.getOrCreate();
        const other = ben.call('default', 'watched'); await other.get();
        other.state.observe((state) => state.members.length, (count) => log.push(`members ${count}`));
        other.state.observe((state) => state.settings.limits.max_bandwidth, (limit) => log.push(`limit ${limit}`));
        other.on('call.updated', ({ by }) => log.push(`by ${by}`));
        let calls = 0; const stop = other.state.subscribe(() => { calls++; });
        await call.updateCallMembers({ update_members: [{ user_id: 'ben', custom: { desk: 7 } }] });
        await call.update({ settings_override: { limits: { max_bandwidth: 256 } }, custom: { room: 'A' } });
        await soon('the change', () => other.state.custom.room === 'A');
        stop(); const told = calls; await call.update({ custom: { room: null } });
        await soon('the next', () => !('room' in other.state.custom));
        const refused = await other.update({ custom: { room: 'B' } }).catch((error) => [error.kind, error.capability]);
        const listed = (await ben.list()).map(({ cid }) => cid);
        return { log, told: told > 2 && calls === told, refused, listed, members: other.state.members, may: [other.state.may('update-call'), call.state.may('update-call')] };"#,
    )
    .await;
    in_order(&seen["log"], &["members 0", "members 1"]);
    in_order(&seen["log"], &["limit 0", "limit 256", "by anna"]);
    assert_eq!((&seen["told"], &seen["may"]), (&json!(true), &json!([false, true])), "{seen:#}");
    assert_eq!(seen["refused"], json!(["permission_denied", "update-call"]));
    assert_eq!(seen["members"], json!([{"user_id": "ben", "role": "call-member", "custom": {"desk": 7}}]), "G19");
    assert_eq!(seen["listed"], json!(["default:watched"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn g30_microphone_and_camera_are_as_the_settings_say_unless_somebody_chose() {
    let seen = run(
        r#"
        const anna = await signedIn('anna'); const seen = {};
        const devices = (call) => [call.microphone.status, call.camera.status];
        const join = async (id, settings_override, before = () => {}) => {
          const call = anna.call('default', id); await before(call);
          await call.join({ create: true, data: { settings_override } });
          await soon('devices', () => !devices(call).includes('starting'));
          const result = devices(call); await call.leave(); return result; };
        seen.usual = await join('usual', {});
        seen.off = await join('off', { audio: { mic_default_on: false }, video: { camera_default_on: false } });
        seen.half = await join('half', { audio: { mic_default_on: true }, video: { camera_default_on: false } });
        seen.chosen = await join('chosen', { audio: { mic_default_on: false } }, async (call) => { await call.microphone.enable(); await call.camera.disable(); });
        const room = anna.call('audio_room', 'quiet'); await room.join({ create: true });
        seen.room = [...devices(room), await room.camera.enable().catch((error) => error.kind)];
        return seen;"#,
    )
    .await;
    assert_eq!(seen["usual"], json!(["on", "on"]), "G+2: {seen:#}");
    assert_eq!((&seen["off"], &seen["half"]), (&json!(["off", "off"]), &json!(["on", "off"])), "G30, G31");
    assert_eq!(seen["chosen"], json!(["on", "off"]), "G13");
    assert_eq!(seen["room"], json!(["off", "off", "permission_denied"]), "no pictures in an audio room");
}

#[tokio::test(flavor = "multi_thread")]
async fn k4_services_are_subscribed_to_and_k5_k6_changes_and_errors_are_told() {
    let seen = run(r#"
        const [anna, ben] = [await signedIn('anna'), await signedIn('ben')]; const log = [];
        await ben.connect(); const usual = ben.services.getSubscriptions();
        ben.on('subscription:change', ({ isPending, subscribed }) => log.push(`${isPending} ${subscribed}`));
        ben.on('subscription:error', ({ error }) => log.push(error.kind));
        const rung = []; ben.on('call.ring', ({ by }) => rung.push(by.id));
        const doing = ben.services.unsubscribe(['call']); const pending = ben.services.getSubscriptions().isPending; await doing;
        const first = await anna.make('ben'); await first.leave(); await ben.list(); const silent = [...rung];
        const bad = await ben.services.subscribe(['chat'], 'websocket').catch((error) => error.kind);
        await ben.services.subscribe(['call'], 'websocket');
        await anna.make('ben'); await soon('it rings', () => rung.length === 1);
        return { usual, pending, silent, bad, log, now: ben.services.getSubscriptions() };"#)
    .await;
    assert_eq!(seen["usual"], json!({"isPending": false, "subscribed": ["call"], "available": ["call"]}), "{seen:#}");
    assert_eq!(
        (&seen["pending"], &seen["silent"], &seen["bad"]),
        (&json!(true), &json!([]), &json!("invalid_params")),
        "K7: {seen:#}"
    );
    in_order(&seen["log"], &["true call", "false ", "true ", "invalid_params", "false ", "true ", "false call"]);
    assert_eq!(seen["now"]["subscribed"], json!(["call"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expiring_token_is_renewed_without_leaving_the_call() {
    let seen = run_with(
        "token-lifetime = \"4s\"",
        r#"
        const log = []; let asked = 0;
        const tokenProvider = async () => { asked++; const body = new URLSearchParams({ grant_type: 'password', username: 'ben', password: 'correct horse' });
          return (await (await fetch('/v1/token', { method: 'POST', body })).json()).access_token; };
        const anna = await signedIn('anna'); const ben = new Client({ tokenProvider });
        const [call, other] = [anna.call('default', 'long'), ben.call('default', 'long')];
        await call.join({ create: true }); await other.join();
        let refreshed = 0; anna.on('tokens', ({ refreshToken }) => { if (refreshToken) refreshed++; });
        for (const client of [anna, ben]) client.on('connection', ({ state }) => log.push(state));
        call.on('participantLeft', () => log.push('left'));
        await soon('two renewals', () => refreshed >= 2 && asked >= 3);
        return { log, states: [call.state.state, other.state.state], user: (await ben.list()).length };"#,
    )
    .await;
    assert_eq!(seen["log"], json!([]), "the connection stays: {seen:#}");
    assert_eq!(seen["states"], json!(["joined", "joined"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn c5_a_session_with_callees_is_told_of_by_assigned_listeners() {
    let seen = run(
        r#"
        const [a, b, c] = [await signedIn('anna'), await signedIn('ben'), await signedIn('carla')]; const log = [];
        await Promise.all([a, b, c].map((client) => client.connect()));
        const [anna, ben, carla] = [a, b, c].map((client) => client.videochat); let answered; let refused;
        ben.onCallListener = (session, extension) => { log.push(`ben ${JSON.stringify(extension)} ${session.initiatorID} ${session.callType === ben.CallType.VIDEO}`); answered = session; };
        carla.onCallListener = (session) => { refused = session.ID; };
        anna.onAcceptCallListener = (session, user, extension) => log.push(`accept ${user} ${extension.hello}`);
        anna.onRejectCallListener = (session, user) => log.push(`reject ${user}`);
        anna.onStopCallListener = (session, user, extension) => log.push(`stop ${user} ${extension.bye}`);
        anna.onRemoteStreamListener = (session, user, stream) => log.push(`stream ${user} ${stream.getVideoTracks().length}`);
        anna.onSessionConnectionStateChangedListener = (session, user, state) => log.push(`state ${user} ${state}`);
        const session = anna.createNewSession(['ben', 'carla'], anna.CallType.VIDEO, { bandwidth: 256 });
        const stream = await session.getUserMedia({ audio: true, video: { width: 640, height: 360 } });
        await session.call({ door: 3 });
        await soon('it rings', () => answered && refused);
        await c.videochat.callRejectRequest({ sessionID: refused, recipientId: 'anna', platform: 'web' });
        await answered.getUserMedia({ audio: true, video: true }); await answered.accept({ hello: 1 });
        await soon('connected', () => log.some((line) => /state ben (connected|completed)/.test(line)));
        const video = document.body.appendChild(document.createElement('video')); video.id = 'mine';
        session.attachMediaStream('mine', stream, { muted: true, mirror: true });
        const shown = [video.muted, video.style.transform !== '', stream.getTracks().length, session.handle.state.settings.limits.max_bandwidth];
        await session.mute('video'); await soon('dark', () => answered.handle.state.remoteParticipants[0].muted.video);
        await answered.stop({ bye: 2 }); await soon('stopped', () => log.includes('stop ben 2'));
        return { log, shown };"#,
    )
    .await;
    in_order(&seen["log"], &["ben {\"door\":3} anna true", "accept ben 1", "stop ben 2"]);
    in_order(&seen["log"], &["reject carla"]);
    in_order(&seen["log"], &["state ben connecting", "stream ben 1"]);
    assert_eq!(seen["shown"], json!([true, true, 2, 256]), "C7, C8, C10, C13, C14: {seen:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn c35_everybody_who_is_rung_comes_in_or_the_first_one_for_all() {
    let seen = run(
        r#"
        const [anna, ben, carla] = [await signedIn('anna'), await signedIn('ben'), await signedIn('carla')];
        await Promise.all([ben.connect(), carla.connect()]);
        const ringing = async (answer) => {
          const over = []; const offs = [ben, carla].map((client) => client.on('ringEnded', ({ state, here }) => over.push(`${client.user.id} ${state} ${here}`)));
          const rung = Promise.all([ben, carla].map((client) => new Promise((resolve) => client.once('call.ring', ({ call }) => resolve(call)))));
          const call = anna.call('default');
          await call.getOrCreate({ data: { members: [{ user_id: 'ben' }, { user_id: 'carla' }], ring: true, settings_override: { ring: { answer } } } });
          await call.join(); const [first, second] = await rung;
          await first.accept({ video: false }); const late = await second.accept({ video: false }).catch((error) => error.kind);
          await soon('over', () => over.length === 2);
          const people = call.state.participants.size; for (const off of offs) off();
          await Promise.all([first, second, call].map((one) => one.leave()));
          return { over: over.sort(), people, late: late ?? null, ended: call.state.ring.ended, uuid: first.id === call.id }; };
        return [await ringing('each'), await ringing('first')];"#,
    )
    .await;
    let [each, first] = [&seen[0], &seen[1]];
    assert_eq!((&each["over"], &each["people"]), (&json!(["ben accepted true", "carla accepted true"]), &json!(3)), "{seen:#}");
    assert_eq!((&first["over"], &first["people"]), (&json!(["ben accepted true", "carla elsewhere false"]), &json!(2)), "{seen:#}");
    assert_eq!((&first["late"], &first["ended"]), (&json!("conflict"), &json!("answered")), "{seen:#}");
}
