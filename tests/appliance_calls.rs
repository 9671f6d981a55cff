//! Appliances call each other, and wait in lobbies: real hub, real media, the command line as people use it.
#![cfg(all(feature = "appliance", feature = "hub"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[allow(dead_code)]
#[path = "hub/http.rs"]
mod http;
mod support;

use callbox::protocol::control::{CallState, CallStatus, DeviceState, HubState, PeerConnection, RingState, Status};
use http::{rest, token};
use serde_json::{Value, json};
use support::{Appliance, Hub, Wav, eventually, hold, secs, tone_strength};

const DEVICES: &str =
    "[camera]\nsource = \"test\"\nwidth = 320\nheight = 240\n[microphone]\nsource = \"test\"\n[speaker]\nsink = \"none\"\n";

/// Shorter rings than usual, for those that nobody answers.
const SHORT: &str =
    "[[call-type]]\nname = \"default\"\nsettings = { ring = { incoming_call_timeout_ms = 3000, auto_cancel_timeout_ms = 6000 } }\n";

fn start(hub: &Hub, user: &str, more: &str) -> Appliance {
    Appliance::start(hub, user, &format!("{DEVICES}{more}"))
}

async fn shows<T>(appliance: &Appliance, what: &str, is: impl Fn(&Status) -> Option<T>) -> T {
    eventually(secs(40), what, async || {
        let status = appliance.status()?;
        is(&status).ok_or(format!("{status:?}"))
    })
    .await
}

async fn online(appliance: &Appliance) {
    shows(appliance, "it is signed in", |status| (status.hub.state == HubState::Connected).then_some(())).await;
}

async fn rings(appliance: &Appliance) {
    let ringing = |status: &Status| status.ring.as_ref().is_some_and(|ring| ring.state == RingState::Ringing);
    shows(appliance, "it rings", |status| ringing(status).then_some(())).await;
}

/// The call it is in, with pictures and sound of one other.
fn talking(status: &Status) -> Option<&CallStatus> {
    let call = status.call.as_ref().filter(|call| call.state == CallState::Joined)?;
    let other = call.participants.first().filter(|other| other.connection == PeerConnection::Connected)?;
    (other.video.frames_decoded > 10 && other.audio.packets > 10).then_some(call)
}

/// `callbox call … --wait` in the background, and what came of it.
async fn call_and_wait(appliance: &Appliance, to: &str, meanwhile: impl AsyncFnOnce()) -> Result<String, String> {
    let socket = appliance.file("control.sock");
    let to = to.to_owned();
    let calling = tokio::task::spawn_blocking(move || {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_callbox"));
        let output = command.arg("call").arg(to).arg("--wait").arg("--json").arg("--socket").arg(socket).output().unwrap();
        let (stdout, stderr) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        if output.status.success() { Ok(stdout) } else { Err(stderr) }
    });
    meanwhile().await;
    calling.await.unwrap()
}

#[tokio::test]
async fn k8_k9_k11_one_calls_by_speed_dial_the_other_answers_both_see_and_hear_and_either_hangs_up() {
    let hub = Hub::start();
    let door = start(&hub, "door-1", "[[speed-dial]]\nname = \"reception\"\nusers = [\"door-2\", \"carla\"]\n");
    let desk = start(&hub, "door-2", "[call]\nauto-join = \"default:office\"\n");
    let third = start(&hub, "anna", "");
    for appliance in [&door, &desk, &third] {
        online(appliance).await;
    }
    let refused = desk.cli("answer", &[]).unwrap_err();
    assert_eq!(refused, "error: nobody is calling\n");
    let made = call_and_wait(&door, "reception", async || {
        rings(&desk).await;
        let ring = desk.status().unwrap().ring.unwrap();
        assert_eq!((ring.name.as_str(), ring.video), ("Front door", true));
        desk.cli("answer", &[]).unwrap();
    })
    .await
    .unwrap();
    let made: Value = serde_json::from_str(&made).unwrap();
    let (door_in, desk_in) = (
        shows(&door, "the door sees and hears", |status| talking(status).cloned()).await,
        shows(&desk, "the desk sees and hears", |status| talking(status).cloned()).await,
    );
    assert_eq!((json!(door_in.cid), door_in.cid), (made["cid"].clone(), desk_in.cid));
    assert!(door.status().unwrap().outgoing.is_none() && desk.status().unwrap().ring.is_none());
    // Whoever calls now hears busy.
    let busy = call_and_wait(&third, "door-2", async || {}).await.unwrap_err();
    assert_eq!(busy, "error: door-2 rejected the call: busy\n");
    assert!(shows(&desk, "the call goes on", |status| talking(status).cloned()).await.participants.len() == 1);
    door.cli("hangup", &[]).unwrap();
    shows(&desk, "the desk is back in its room", |status| {
        let call = status.call.as_ref()?;
        (call.cid.id() == "office" && call.state == CallState::Joined).then_some(())
    })
    .await;
    shows(&door, "the door is in no call", |status| status.call.is_none().then_some(())).await;
    shows(&door, "its camera is off", |status| (status.media.camera.state == DeviceState::Idle).then_some(())).await;
}

#[tokio::test]
async fn k10_c23_a_rejection_reaches_the_caller_with_its_reason_and_so_does_silence() {
    let hub = Hub::with(SHORT);
    let (door, desk) = (start(&hub, "door-1", ""), start(&hub, "door-2", ""));
    online(&door).await;
    online(&desk).await;
    let rejected = call_and_wait(&door, "door-2", async || {
        rings(&desk).await;
        desk.cli("reject", &["--reason", "later"]).unwrap();
    })
    .await
    .unwrap_err();
    assert_eq!(rejected, "error: door-2 rejected the call: later\n");
    assert_eq!(desk.status().unwrap().ring.unwrap().state, RingState::Ended);
    let missed = call_and_wait(&door, "door-2", async || rings(&desk).await).await.unwrap_err();
    assert_eq!(missed, "error: door-2 did not answer\n");
    shows(&desk, "c17: the desk says that it missed it", |status| {
        (status.ring.as_ref()?.reason.as_deref() == Some("missed")).then_some(())
    })
    .await;
    let cancelled = call_and_wait(&door, "door-2", async || {
        rings(&desk).await;
        door.cli("hangup", &[]).unwrap();
    })
    .await
    .unwrap_err();
    assert_eq!(cancelled, "error: cancelled\n");
    shows(&desk, "the desk says who gave up", |status| {
        (status.ring.as_ref()?.reason.as_deref() == Some("Front door gave up")).then_some(())
    })
    .await;
    let nobody = call_and_wait(&door, "carla", async || {}).await.unwrap_err();
    assert_eq!(nobody, "error: carla did not answer\n", "who is offline is missed as well");
}

#[tokio::test]
async fn do_not_disturb_rejects_and_auto_answer_answers_without_anybody_there() {
    let hub = Hub::start();
    let door = start(&hub, "door-1", "");
    let desk = start(&hub, "door-2", "[call]\nauto-answer = [\"door-1\"]\nanswer-muted = true\n");
    online(&door).await;
    online(&desk).await;
    desk.cli("do-not-disturb", &["on"]).unwrap();
    let rejected = call_and_wait(&door, "door-2", async || {}).await.unwrap_err();
    assert_eq!(rejected, "error: door-2 rejected the call: do-not-disturb\n");
    assert!(desk.status().unwrap().do_not_disturb && desk.status().unwrap().ring.is_none());
    desk.cli("do-not-disturb", &["off"]).unwrap();
    call_and_wait(&door, "door-2", async || {}).await.unwrap();
    shows(&door, "the door sees the desk, which is muted", |status| {
        let other = status.call.as_ref()?.participants.first()?.clone();
        (other.video.frames_decoded > 10 && other.muted.audio && !other.muted.video).then_some(())
    })
    .await;
    shows(&desk, "the desk hears the door", |status| talking(status).map(drop)).await;
}

/// Whether a pitch is heard in the last second of the speaker's file.
fn heard(appliance: &Appliance, pitch: f32) -> Result<(), String> {
    let wav = Wav::read(&appliance.file("heard.wav"))?;
    let strength = tone_strength(wav.last(1.0), wav.rate, pitch);
    if strength > 0.5 { Ok(()) } else { Err(format!("{strength} of {pitch} Hz in {} s", wav.duration())) }
}

#[tokio::test]
async fn the_speaker_rings_at_one_side_and_rings_back_at_the_other_and_is_busy_in_the_end() {
    let hub = Hub::start();
    let devices =
        "[camera]\nsource = \"none\"\n[microphone]\nsource = \"none\"\n[speaker]\nsink = \"file\"\nfile = \"{dir}/heard.wav\"\n";
    let (door, desk) = (Appliance::start(&hub, "door-1", devices), Appliance::start(&hub, "door-2", devices));
    online(&door).await;
    online(&desk).await;
    door.cli("call", &["door-2"]).unwrap();
    eventually(secs(12), "the desk rings", async || heard(&desk, 800.0)).await;
    eventually(secs(12), "the door hears it ring", async || heard(&door, 425.0)).await;
    desk.cli("reject", &[]).unwrap();
    shows(&desk, "the desk is silent", |status| (status.media.speaker.state == DeviceState::Idle).then_some(())).await;
    shows(&door, "and so is the door, after the busy tone", |status| {
        (status.media.speaker.state == DeviceState::Idle).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_ring_survives_the_hub_being_killed() {
    let mut hub = Hub::start();
    let (door, desk) = (start(&hub, "door-1", ""), start(&hub, "door-2", ""));
    online(&door).await;
    online(&desk).await;
    door.cli("call", &["door-2"]).unwrap();
    rings(&desk).await;
    hub.kill();
    hub.restart();
    shows(&desk, "the desk notices", |status| (status.hub.state != HubState::Connected).then_some(())).await;
    // A person does not wait for the hub.
    desk.cli("answer", &[]).unwrap();
    shows(&door, "the door sees and hears", |status| talking(status).map(drop)).await;
    shows(&desk, "the desk sees and hears", |status| talking(status).map(drop)).await;
}

#[tokio::test]
async fn g34_an_appliance_waits_in_the_lobby_comes_in_when_the_call_goes_live_and_c10_keeps_to_its_limit() {
    let hub = Hub::start();
    let anna = token(&hub, "anna");
    let show = json!({"members": [{"user_id": "door-1", "role": "host"}, {"user_id": "door-2"}], "max_bandwidth": 232});
    assert_eq!(rest(&hub, &anna, "POST /v1/calls/livestream/show", &json!({"data": show})).status, 200);
    let join = "[call]\nauto-join = \"livestream:show\"\n";
    let (host, viewer) = (start(&hub, "door-1", join), start(&hub, "door-2", join));
    shows(&host, "a host is backstage", |status| (status.call.as_ref()?.state == CallState::Joined).then_some(())).await;
    shows(&viewer, "a viewer is in the lobby", |status| (status.call.as_ref()?.state == CallState::Lobby).then_some(())).await;
    hold(secs(2), "the viewer stays out", async || {
        let call = viewer.status()?.call.ok_or("no call")?;
        if call.state == CallState::Lobby { Ok(()) } else { Err(format!("{call:?}")) }
    })
    .await;
    assert_eq!(rest(&hub, &anna, "POST /v1/calls/livestream/show/live/start", &Value::Null).status, 200);
    shows(&viewer, "the viewer sees the host", |status| {
        (status.call.as_ref()?.participants.first()?.video.frames_decoded > 10).then_some(())
    })
    .await;
    // Who may not speak in a livestream does not, whatever is wished.
    let refused = viewer.cli("unmute", &["audio"]).unwrap_err();
    assert!(refused.contains("send-audio"), "{refused}");
    // 232 kbit/s for all, less 32 for the sound.
    shows(&host, "the host keeps to the limit", |status| (status.media.encoder.bitrate <= 200_000).then_some(())).await;
    host.cli("max-bandwidth", &["132 kbit/s"]).unwrap();
    shows(&host, "c11: and to its own lower one", |status| (status.media.encoder.bitrate <= 100_000).then_some(())).await;
    assert_eq!(rest(&hub, &anna, "POST /v1/calls/livestream/show/end", &Value::Null).status, 200);
    shows(&viewer, "g15: the call was ended, and by whom", |status| {
        let call = status.call.as_ref()?;
        (call.state == CallState::Ended && call.error.as_ref()?.contains("anna")).then_some(())
    })
    .await;
}
