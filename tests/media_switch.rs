//! Another microphone or speaker in a call, by elements under the names of ALSA's: the connection stays, and what is muted stays so.
#![cfg(feature = "appliance")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::wildcard_enum_match_arm, missing_docs)]

mod engines;
mod room;

use std::time::Duration;

use callbox::config::{CameraSource, MicrophoneSource, SpeakerSink};
use callbox::media::{View, VoiceSetting};
use callbox::protocol::ParticipantId;
use callbox::protocol::control::{DeviceKind, DeviceState, PeerConnection, VoiceStatus};
use callbox::protocol::hub::Muted;
use engines::{ALONE, Engine, carry, engine, settings, wait_for};
use room::Room;

async fn call() -> (Engine, Engine) {
    room::enter(Room { ways: room::reflections(), ..Room::default() });
    let mut quiet = settings();
    quiet.camera.source = CameraSource::None;
    let mut door = quiet.clone();
    door.microphone.source = MicrophoneSource::Alsa { device: "first".to_owned() };
    door.speaker.sink = SpeakerSink::Alsa { device: "first".to_owned() };
    let (mut door, mut desk) = (engine(door), engine(quiet));
    carry(&mut door, &mut desk, 1, |sdp| sdp, PeerConnection::Connected).await;
    wait_for(&mut door, "microphone and voice", |view| microphone(view) == DeviceState::Running && voice(view).is_some()).await;
    (door, desk)
}

fn microphone(view: &View) -> DeviceState {
    view.media.microphone.state
}

fn voice(view: &View) -> Option<VoiceStatus> {
    view.peers.values().next()?.audio.voice.clone()
}

fn packets(view: &View) -> u64 {
    view.peers.values().next().map_or(0, |peer| peer.audio.packets)
}

#[tokio::test(flavor = "multi_thread")]
async fn c32_another_microphone_and_another_speaker_are_taken_in_the_call() {
    let _alone = ALONE.lock().await;
    let (mut door, mut desk) = call().await;
    door.handle.use_device(DeviceKind::Microphone, "second".to_owned()).unwrap();
    door.handle.use_device(DeviceKind::Speaker, "third".to_owned()).unwrap();
    let view = wait_for(&mut door, "both devices", |view| {
        let speaker = &view.media.speaker;
        let running = microphone(view) == DeviceState::Running && speaker.state == DeviceState::Running;
        running && view.media.microphone.device == "second" && speaker.device == "third" && voice(view).is_some()
    })
    .await;
    assert!(view.peers.values().all(|peer| peer.audio.packets > 0));
    let before = packets(&desk.view.borrow());
    wait_for(&mut desk, "sound of the second microphone", |view| packets(view) > before + 50).await;
    wait_for(&mut door, "the tone of the desk", |view| voice(view).is_some_and(|voice| voice.level > -40)).await;
    assert!(desk.view.borrow().peers.len() == 1 && door.events.try_recv().is_err(), "the connection is as it was");
    for engine in [door, desk] {
        engine.handle.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn c34_a_microphone_that_is_taken_while_muted_stays_muted() {
    let _alone = ALONE.lock().await;
    let (mut door, desk) = call().await;
    door.handle.mute(Muted { audio: true, video: false }).unwrap();
    wait_for(&mut door, "silence", |view| microphone(view) == DeviceState::Idle).await;
    door.handle.use_device(DeviceKind::Microphone, "second".to_owned()).unwrap();
    door.handle.ping().await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let status = door.view.borrow().media.microphone.clone();
    assert_eq!((status.state, status.device.as_str()), (DeviceState::Idle, "second"));
    door.handle.mute(Muted::default()).unwrap();
    wait_for(&mut door, "the second microphone", |view| microphone(view) == DeviceState::Running).await;
    for engine in [door, desk] {
        engine.handle.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_participant_keeps_its_volume_when_the_speaker_changes_and_its_connection_is_made_anew() {
    let _alone = ALONE.lock().await;
    let (mut door, mut desk) = call().await;
    let setting = VoiceSetting { volume: 30, balance: -40 };
    door.handle.voice(ParticipantId::new("b").unwrap(), setting).unwrap();
    let so = |view: &View| voice(view).is_some_and(|voice| (voice.volume, voice.balance) == (30, -40));
    wait_for(&mut door, "the volume", so).await;
    door.handle.use_device(DeviceKind::Speaker, "second".to_owned()).unwrap();
    wait_for(&mut door, "the volume on the other speaker", |view| view.media.speaker.device == "second" && so(view)).await;
    for engine in [&door, &desk] {
        engine.handle.close_peer(engines::key(if std::ptr::eq(engine, &door) { "b" } else { "a" }, 1)).unwrap();
        engine.handle.ping().await.unwrap();
    }
    while door.events.try_recv().is_ok() || desk.events.try_recv().is_ok() {}
    carry(&mut door, &mut desk, 2, |sdp| sdp, PeerConnection::Connected).await;
    wait_for(&mut door, "the volume in the next connection", so).await;
    for engine in [door, desk] {
        engine.handle.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b21_the_speaker_test_hears_the_speaker_through_the_room_and_says_so_when_it_does_not() {
    let _alone = ALONE.lock().await;
    room::enter(Room { ways: room::reflections(), ..Room::default() });
    let mut door = settings();
    door.camera.source = CameraSource::None;
    door.microphone.source = MicrophoneSource::Alsa { device: "card".to_owned() };
    door.speaker.sink = SpeakerSink::Alsa { device: "card".to_owned() };
    let mut door = engine(door);
    let test = door.handle.speaker_test().await.unwrap();
    assert_eq!(test.works, Some(true), "{test:?}");
    assert!(test.heard.unwrap() >= test.before.unwrap() + 6, "{test:?}");
    room::with(|room| room.ways.clear());
    let test = door.handle.speaker_test().await.unwrap();
    assert_eq!(test.works, Some(false), "{test:?}");
    wait_for(&mut door, "rest", |view| microphone(view) == DeviceState::Idle && view.media.speaker.state == DeviceState::Idle)
        .await;
    door.handle.speaker(Some(40), None).unwrap();
    wait_for(&mut door, "the volume", |view| view.media.sound.volume == Some(40)).await;
    door.handle.stop().await;
}
