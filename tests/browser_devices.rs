//! Cameras, microphones, loudspeakers, screens and bandwidth through callbox.js, in a real Chromium with its fake devices.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use serde_json::{Value, json};
use support::{Browser, Fake, Hub};

/// Two of us in a call, and all their peer connections.
const PAIR: &str = "const pcs = []; const Real = RTCPeerConnection;
    globalThis.RTCPeerConnection = class extends Real { constructor(configuration) { super(configuration); pcs.push(this); } };
    const pair = async (options = {}) => {
      const [a, b] = [await signedIn('anna'), await signedIn('ben')];
      const [anna, ben] = [a.call('default', 'pair'), b.call('default', 'pair')];
      await anna.join({ create: true, data: options }); await ben.join();
      await soon('connected', () => [anna, ben].every((call) => call.state.remoteParticipants[0]?.connected));
      await soon('devices', () => [anna, ben].every((call) => call.camera.enabled && call.microphone.enabled));
      return [anna, ben]; };";

async fn run(fake: Fake, script: &str) -> Value {
    let hub = Hub::start();
    let browser = Browser::start(fake).await;
    browser.open(&format!("{}/style.css", hub.url)).await; // shown as a plain document
    browser.sdk(&format!("const M = await import('/callbox.js'); {PAIR} {script}")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn c34_another_device_is_taken_in_place_and_what_was_muted_stays_muted() {
    let fake = Fake { two_cameras: true, ..Fake::default() };
    let seen = run(
        fake,
        r#"
        const [anna, ben] = await pair();
        const of = () => ben.state.remoteParticipants[0];
        const before = [of().videoTrack.id, of().audioTrack.id, anna.camera.deviceId];
        await anna.microphone.disable();
        await soon('muted', () => of().muted.audio);
        const cameras = await anna.camera.list(); const microphones = await anna.microphone.list();
        await anna.camera.select(cameras.find(({ deviceId }) => deviceId !== before[2]).deviceId);
        await anna.microphone.select(microphones.at(-1).deviceId);
        const sent = () => pcs.flatMap((pc) => pc.getSenders()).some((one) => one.track === anna.camera.track);
        await soon('another track is sent', sent);
        const switched = [cameras.length, anna.camera.deviceId !== before[2], anna.camera.status, anna.microphone.status, of().muted.audio];
        await anna.microphone.enable();
        await soon('heard', () => !of().muted.audio);
        await anna.camera.select(before[2]); // Chromium's second fake camera gives depth pictures, which no encoder takes
        const report = async () => Math.max(0, ...[...(await ben.stats(of())).values()].filter((one) => one.type === 'inbound-rtp' && one.kind === 'video').map((one) => one.framesDecoded ?? 0));
        const frames = await report(); await soon('the picture moves', async () => (await report()) > frames + 5);
        const same = [of().videoTrack.id === before[0], of().audioTrack.id === before[1], pcs.length];
        return { switched, same, device: anna.microphone.deviceId === microphones.at(-1).deviceId };"#,
    )
    .await;
    assert_eq!(seen["switched"], json!([2, true, "on", "off", true]), "C30, C31, C34: {seen:#}");
    assert_eq!(seen["same"], json!([true, true, 2]), "no renegotiation: {seen:#}");
    assert_eq!(seen["device"], true, "the other microphone is used once it is on again");
}

#[tokio::test(flavor = "multi_thread")]
async fn c11_one_limits_oneself_and_the_limit_for_all_holds_as_well() {
    let seen = run(
        Fake::default(),
        r#"
        const [anna, ben] = await pair();
        const limits = (index) => pcs[index].getSenders().map((one) => one.getParameters().encodings[0]?.maxBitrate ?? null);
        const total = (index) => limits(index).reduce((sum, one) => sum + (one ?? 0), 0) / 1000;
        const free = [limits(0), limits(1)];
        const [mine, other] = pcs[0].getSenders()[0].track === anna.microphone.track ? [0, 1] : [1, 0];
        await anna.setMaxBandwidth(256);
        await soon('limited', () => total(mine) > 0);
        const own = [total(mine), limits(other)];
        await soon('the others know', () => ben.state.present.some(({ max_bandwidth }) => max_bandwidth === 256));
        await anna.update({ settings_override: { limits: { max_bandwidth: 128 } } });
        await soon('all limited', () => total(other) === 128 && total(mine) === 128);
        await anna.update({ settings_override: { limits: { max_bandwidth: 512 } } });
        await soon('the smaller wins', () => total(other) === 512 && total(mine) === 256);
        await anna.setMaxBandwidth(0);
        await soon('only that for all', () => total(mine) === 512);
        await anna.update({ settings_override: { limits: { max_bandwidth: 0 } } });
        await soon('free again', () => limits(mine).concat(limits(other)).every((one) => one === null));
        return { free, own, bad: await anna.setMaxBandwidth(-1).catch((error) => error.kind) };"#,
    )
    .await;
    assert_eq!(seen["free"], json!([[null, null, null], [null, null, null]]), "{seen:#}");
    assert_eq!(seen["own"], json!([256, [null, null, null]]), "C11: {seen:#}");
    assert_eq!(seen["bad"], "invalid_params");
}

#[tokio::test(flavor = "multi_thread")]
async fn c33_the_screen_is_shown_beside_the_camera_and_the_others_are_told() {
    let seen = run(
        Fake::default(),
        r#"
        const asked = []; const real = navigator.mediaDevices.getDisplayMedia.bind(navigator.mediaDevices);
        // a screen without a display: Chromium's own tab capture needs a person, so a canvas stands in for what is chosen
        navigator.mediaDevices.getDisplayMedia = async (constraints) => { asked.push(constraints);
          const canvas = document.createElement('canvas'); canvas.width = 1280; canvas.height = 720; const context = canvas.getContext('2d');
          setInterval(() => { context.fillStyle = `rgb(${Math.random() * 50},0,200)`; context.fillRect(0, 0, 1280, 720); }, 100);
          const stream = canvas.captureStream(10); const tone = new AudioContext(); const out = tone.createMediaStreamDestination();
          const note = new OscillatorNode(tone); note.connect(out); note.start(); stream.addTrack(out.stream.getAudioTracks()[0]); return stream; };
        const [anna, ben] = await pair();
        const of = () => ben.state.remoteParticipants[0]; const track = of().videoTrack.id;
        const sent = () => pcs.flatMap((pc) => pc.getSenders()).map((one) => one.track);
        const decoded = async () => Object.fromEntries([...(await ben.stats(of())).values()].filter((one) => one.type === 'inbound-rtp' && one.kind === 'video')
          .map((one) => [one.trackIdentifier, one.framesDecoded ?? 0]));
        const hidden = [of().screen, of().shareTrack !== null];
        await anna.screenShare.enable();
        await soon('told', () => of().sharing);
        const both = [of().videoTrack.id, of().shareTrack.id]; const before = await decoded();
        await soon('both move', async () => { const now = await decoded(); return both.every((id) => (now[id] ?? 0) > (before[id] ?? 0) + 5); });
        const beside = [...hidden, of().screen.getVideoTracks()[0] === of().shareTrack, sent().includes(anna.camera.track), of().muted.video];
        await anna.camera.disable(); await soon('off', () => of().muted.video);
        const during = [of().muted, anna.state.localParticipant.sharing, sent().includes(anna.screenShare.track), sent().includes(anna.microphone.track)];
        await anna.microphone.disable(); const keeps = sent().some((one) => one && one.kind === 'audio' && one !== anna.microphone.track);
        anna.screenShare.track.stop(); anna.screenShare.track.onended(); // the button of the browser
        await soon('told again', () => !of().sharing && of().muted.video);
        const after = [sent().includes(anna.microphone.track), of().videoTrack.id === track, anna.screenShare.status, of().screen, pcs.length];
        return { asked, beside, during, keeps, after, supported: typeof real };"#,
    )
    .await;
    let wanted = json!([{"video": {"width": 1280, "height": 720, "frameRate": {"ideal": 10, "max": 15}}, "audio": true}]);
    assert_eq!(seen["asked"], wanted, "{seen:#}");
    assert_eq!(seen["beside"], json!([null, true, true, true, false]), "camera and screen: {seen:#}");
    assert_eq!(seen["during"], json!([{"audio": false, "video": true}, true, true, false]), "its sound is mixed in: {seen:#}");
    assert_eq!((&seen["keeps"], &seen["after"]), (&json!(true), &json!([true, true, "off", null, 2])), "{seen:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn c33_who_knows_no_second_picture_is_shown_the_screen_in_place_of_the_camera() {
    let seen = run(
        Fake::default(),
        r#"
        // as somebody answers who looks for one audio and one video line
        const old = new WeakSet(); const Newer = globalThis.RTCPeerConnection;
        globalThis.RTCPeerConnection = class extends Newer {
          async setRemoteDescription(description) { if (description.type === 'offer') old.add(this); return super.setRemoteDescription(description); }
          getTransceivers() { const all = super.getTransceivers(); return old.has(this) ? all.slice(0, 2) : all; } };
        navigator.mediaDevices.getDisplayMedia = async () => { const canvas = document.createElement('canvas'); canvas.width = 640; canvas.height = 360;
          const context = canvas.getContext('2d'); setInterval(() => { context.fillStyle = `rgb(${Math.random() * 50},0,200)`; context.fillRect(0, 0, 640, 360); }, 100);
          return canvas.captureStream(10); };
        const calls = await pair(); const [offerer] = calls.sort((a, b) => (a.state.localParticipant.id < b.state.localParticipant.id ? -1 : 1));
        const senders = () => pcs.flatMap((pc) => pc.getSenders()).filter(({ track }) => track && [offerer.screenShare.track, offerer.camera.track].includes(track));
        const before = senders().length;
        await offerer.screenShare.enable();
        const only = (track) => senders().length === 1 && senders()[0].track === track;
        await soon('in its place', () => only(offerer.screenShare.track));
        const during = senders().length;
        await offerer.screenShare.disable();
        await soon('the camera again', () => only(offerer.camera.track));
        return [before, during, senders().length];"#,
    )
    .await;
    assert_eq!(seen, json!([1, 1, 1]), "{seen:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn b14_each_participant_has_a_volume_and_b15_a_place_between_left_and_right() {
    let seen = run(
        Fake::default(),
        r#"
        // what goes to the loudspeaker is listened to on its way
        const taps = []; const connect = AudioNode.prototype.connect;
        AudioNode.prototype.connect = function (to, ...rest) {
          if (to instanceof AudioDestinationNode) {
            const split = new ChannelSplitterNode(this.context, { numberOfOutputs: 2 }); connect.call(this, split);
            taps.push([0, 1].map((side) => { const ear = new AnalyserNode(this.context, { fftSize: 32768 }); connect.call(split, ear, side); return ear; }));
          }
          return connect.call(this, to, ...rest); };
        const [anna, ben] = await pair(); const other = anna.state.remoteParticipants[0];
        const video = document.body.appendChild(document.createElement('video')); other.attach(video);
        const element = [video.muted];
        other.setVolume(1); element.push(video.muted);
        const loud = () => taps.at(-1).map((ear) => { const wave = new Float32Array(ear.fftSize); ear.getFloatTimeDomainData(wave);
          return Math.sqrt(wave.reduce((sum, one) => sum + one * one, 0) / wave.length); });
        const heard = async (what, is) => { let now; await soon(what, () => { now = loud(); return is(...now); }); return now; };
        const whole = await heard('both sides', (left, right) => left > 0.01 && right > 0.01);
        other.setPosition(-1); await heard('left only', (left, right) => left > 0.01 && right < left / 20);
        other.setPosition(1); await heard('right only', (left, right) => right > 0.01 && left < right / 20);
        other.setPosition(0); other.setVolume(0); await heard('silence', (left, right) => left < 1e-4 && right < 1e-4);
        other.setVolume(9); await anna.speaker.disable(); await heard('still silence', (left, right) => left < 1e-4 && right < 1e-4);
        await anna.speaker.enable(); await heard('loud', (left, right) => left > 0.01 && right > 0.01);
        await ben.leave();
        return { element, volume: other.volume };"#,
    )
    .await;
    assert_eq!(seen["element"], json!([false, true]), "heard once, not twice: {seen:#}");
    assert_eq!(seen["volume"], 4.0, "at most four times as loud");
}

#[tokio::test(flavor = "multi_thread")]
async fn c14_an_element_shows_somebody_muted_and_mirrored_as_one_wishes() {
    let seen = run(
        Fake::default(),
        r#"
        const video = (id) => Object.assign(document.body.appendChild(document.createElement('video')), { id });
        const [own, other, quiet] = [video('own'), video('other'), video('quiet')];
        const look = (one) => [one.muted, one.style.transform !== '', Boolean(one.srcObject)];
        const lobby = (await signedIn('carla')).call('default', 'lobby');
        const detach = lobby.attach('own', { mirror: true, muted: true });
        await lobby.camera.enable(); await soon('a preview', () => own.videoWidth > 0);
        const preview = look(own); await lobby.camera.disable(); const dark = look(own); detach();
        const [anna] = await pair(); const them = anna.state.remoteParticipants[0];
        anna.attach('other', them); them.attach(quiet, { muted: true, mirror: true }); anna.attach(own, anna.state.localParticipant);
        await soon('pictures', () => [own, other, quiet].every((one) => one.videoWidth > 0));
        const seen = [own, other, quiet].map(look); await anna.leave();
        return { preview, dark, seen, after: [own, other, quiet].map((one) => one.srcObject) };"#,
    )
    .await;
    assert_eq!((&seen["preview"], &seen["dark"]), (&json!([true, true, true]), &json!([true, true, false])), "{seen:#}");
    assert_eq!(seen["seen"], json!([[true, true, true], [false, false, true], [true, true, true]]), "{seen:#}");
    assert_eq!(seen["after"], json!([null, null, null]), "detached by leaving");
}

#[tokio::test(flavor = "multi_thread")]
async fn c36_with_relay_only_nothing_but_a_relay_is_tried_and_c27_its_states_are_told() {
    let seen = run(
        Fake::default(),
        r#"
        const states = []; const { CONNECTED, COMPLETED, CLOSED } = M.SessionConnectionState;
        const [anna, ben] = await pair(); const direct = pcs.map((pc) => pc.getConfiguration().iceTransportPolicy);
        const final = anna.state.remoteParticipants[0].connectionState; const gone = anna.state.remoteParticipants[0];
        await ben.leave(); await soon('gone', () => gone.connectionState === CLOSED); await anna.leave(); pcs.length = 0;
        const relayed = async (user) => { const client = new Client({ relayOnly: true }); await client.signIn(user, 'correct horse'); return client.call('default', 'far'); };
        const [one, two] = [await relayed('anna'), await relayed('ben')];
        one.on('connectionStateChanged', ({ participant, state }) => states.push(`${participant.user.id} ${state}`));
        await one.join({ create: true }); await two.join();
        await soon('gathered', () => pcs.length === 2 && pcs.every((pc) => pc.iceGatheringState === 'complete'));
        const candidates = pcs.flatMap((pc) => pc.localDescription.sdp.split('\n')).filter((line) => line.startsWith('a=candidate'));
        return { direct, fine: [CONNECTED, COMPLETED].includes(final), policy: pcs.map((pc) => pc.getConfiguration().iceTransportPolicy), candidates, states };"#,
    )
    .await;
    assert_eq!((&seen["direct"], &seen["policy"]), (&json!(["all", "all"]), &json!(["relay", "relay"])), "{seen:#}");
    assert_eq!((&seen["fine"], &seen["candidates"]), (&json!(true), &json!([])), "{seen:#}");
    assert_eq!(seen["states"][0], "ben connecting", "C26: per peer");
}

#[tokio::test(flavor = "multi_thread")]
async fn b5_what_stands_in_the_way_of_the_devices_has_a_name() {
    let seen = run(
        Fake::default(),
        r#"
        const client = new Client(); const seen = { granted: await client.getPermissionState() };
        // the browser's own failures, which fake devices do not have
        for (const [name, error] of [['missing', 'NotFoundError'], ['busy', 'NotReadableError'], ['denied', 'NotAllowedError'], ['failed', 'TypeError']]) {
          navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('no', error); };
          seen[name] = await client.getPermissionState();
        }
        return Object.fromEntries(Object.entries(seen).map(([name, { state, camera, message }]) => [name, [state, camera, message.includes('camera')]]));"#,
    )
    .await;
    assert_eq!(seen["granted"], json!(["granted", "granted", false]), "B4: {seen:#}");
    for name in ["missing", "busy", "denied", "failed"] {
        assert_eq!(seen[name], json!([name, name, true]), "{seen:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn c28_who_is_muted_by_another_is_off_and_who_may_not_be_heard_stays_off() {
    let seen = run(
        Fake::default(),
        r#"
        const [anna, ben] = await pair(); const told = [];
        ben.on('call.muted', ({ by, audio, video }) => told.push([by, audio, video]));
        const refused = await ben.muteUsers('anna').catch((error) => error.capability);
        await anna.muteUsers('ben', { audio: true });
        await soon('off', () => !ben.microphone.enabled && anna.state.remoteParticipants[0].muted.audio);
        const camera = ben.camera.enabled;
        await ben.microphone.enable(); await soon('on again', () => !anna.state.remoteParticipants[0].muted.audio);
        await anna.updatePermissions('ben', { revoke: [M.OwnCapability.SEND_AUDIO] });
        await soon('off for good', () => !ben.microphone.enabled && !ben.state.may('send-audio'));
        const may = await ben.microphone.enable().catch((error) => [error.kind, error.capability]);
        await anna.updatePermissions('ben', { grant: [M.OwnCapability.SEND_AUDIO] });
        await soon('allowed', () => ben.state.may('send-audio')); await ben.microphone.enable();
        await soon('heard again', () => !anna.state.remoteParticipants[0].muted.audio);
        await anna.muteUsers(null, { audio: true, video: true });
        await soon('all off', () => !ben.microphone.enabled && !ben.camera.enabled);
        return { told: told[0], refused, camera, may, mine: anna.microphone.enabled };"#,
    )
    .await;
    assert_eq!(seen["told"], json!(["anna", true, false]), "{seen:#}");
    assert_eq!((&seen["refused"], &seen["camera"]), (&json!("mute-users"), &json!(true)), "{seen:#}");
    assert_eq!((&seen["may"], &seen["mine"]), (&json!(["permission_denied", "send-audio"]), &json!(true)), "{seen:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn c13_a_camera_gives_hd_where_it_is_asked_for_and_c32_the_loudspeaker_is_chosen() {
    let seen = run(
        Fake::default(),
        r#"
        const [anna] = await pair(); const size = () => { const { width, height } = anna.camera.track.getSettings(); return [width, height]; };
        const usual = size(); await anna.camera.disable(); await anna.camera.enable({ width: 640, height: 480 }); const small = size();
        const video = document.body.appendChild(document.createElement('video')); anna.attach(video, anna.state.remoteParticipants[0]);
        const speakers = await anna.speaker.list(); const last = speakers.at(-1).deviceId;
        await anna.speaker.select(last); await soon('it plays there', () => video.sinkId === last);
        const bad = await anna.speaker.select('nowhere').catch((error) => error.kind);
        await anna.speaker.disable(); const off = video.muted; await anna.speaker.toggle();
        return { usual, small, choice: speakers.length > 1, bad, off, on: video.muted };"#,
    )
    .await;
    assert_eq!((&seen["usual"], &seen["small"]), (&json!([1280, 720]), &json!([640, 480])), "C13: {seen:#}");
    assert_eq!((&seen["choice"], &seen["bad"]), (&json!(true), &json!("missing")), "{seen:#}");
    assert_eq!((&seen["off"], &seen["on"]), (&json!(true), &json!(false)), "{seen:#}");
}
