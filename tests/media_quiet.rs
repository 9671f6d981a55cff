//! What goes to the card while nobody speaks.
#![cfg(feature = "appliance")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::wildcard_enum_match_arm,
    missing_docs
)]

mod engines;
mod room;

use std::time::{Duration, Instant};

use callbox::config::{CameraSource, MicrophoneSource, SpeakerSink};
use callbox::protocol::control::{DeviceState, PeerConnection};
use engines::{ALONE, carry, engine, settings, wait_for};
use room::{RATE, Room};

#[tokio::test(flavor = "multi_thread")]
async fn silence_goes_to_the_card_as_sound_and_a_voice_after_it_is_heard_at_once() {
    let _alone = ALONE.lock().await;
    room::enter(Room::default());
    let mut desk = settings();
    desk.camera.source = CameraSource::None;
    let mut door = desk.clone();
    door.microphone.source = MicrophoneSource::None;
    door.speaker.sink = SpeakerSink::Alsa { device: "card".to_owned() };
    let (mut door, mut desk) = (engine(door), engine(desk));
    desk.handle.mute(callbox::protocol::hub::Muted { audio: true, video: false }).unwrap();
    carry(&mut door, &mut desk, 1, |sdp| sdp, PeerConnection::Connected).await;
    wait_for(&mut door, "a speaker", |view| view.media.speaker.state == DeviceState::Running).await;
    // Long enough for a card with a buffer of 60 ms to run empty many times.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let (gaps, waiting) = room::with(|room| (room.gaps, room.played.len() as i64 - room.now() as i64));
    assert_eq!(gaps, 0, "with a gap the sink only waits");
    assert!(waiting > 0, "the card has run empty by {} samples", -waiting);
    desk.handle.mute(callbox::protocol::hub::Muted::default()).unwrap();
    let begun = Instant::now();
    let loud =
        || room::with(|room| room.played[room.played.len().saturating_sub(RATE / 10)..].iter().filter(|s| s.abs() > 0.05).count());
    while loud() < RATE / 20 {
        assert!(begun.elapsed() < Duration::from_secs(5), "the voice is not heard");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    println!("heard {:?} after it was switched on", begun.elapsed());
    for engine in [door, desk] {
        engine.handle.stop().await;
    }
}
