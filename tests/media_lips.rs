//! What is said and what is seen at the same time arrives at the same time, and it stays so though no two sound cards count alike: a
//! minute with cards that are far worse than real ones shows what hours would.
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

use std::time::Duration;

use callbox::config::{self, CameraSource, MicrophoneSource, SpeakerSink};
use callbox::media::View;
use callbox::protocol::control::{DeviceState, PeerConnection};
use engines::{ALONE, carry, engine, settings, wait_for};
use room::{RATE, Room};

/// Millionths that each card is wrong, one in each direction. Real ones are wrong by 100 at most.
const DRIFT: f64 = 1000.0;
const SECONDS: usize = 45;

/// A short beep every second.
fn beeps() -> Vec<f32> {
    let tone = |place: usize| (place as f32 * std::f32::consts::TAU * 1000.0 / RATE as f32).sin() * 0.5;
    (0..SECONDS * RATE).map(|place| if place % RATE < RATE / 20 { tone(place) } else { 0.0 }).collect()
}

/// Milliseconds from the picture to its decoding, of the last ten seconds.
fn seen_after(view: &View) -> f64 {
    view.peers.values().next().and_then(|peer| peer.video.test_card.as_ref()).map_or(0.0, |card| card.latency_p50_ms)
}

fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[tokio::test(flavor = "multi_thread")]
async fn lips_and_voice_stay_together_though_both_sound_cards_drift() {
    let _alone = ALONE.lock().await;
    room::enter(Room::default());
    room::enter_as("east", Room { drift: DRIFT, ..Room::default() });
    room::enter_as("west", Room { drift: -DRIFT, ..Room::default() });
    let mut door = settings();
    door.microphone.source = MicrophoneSource::Alsa { device: "east".to_owned() };
    // A beep is what noise suppression is there for.
    door.audio = config::Audio { echo_cancellation: false, noise_suppression: false, gain_control: false, ..door.audio };
    let mut desk = settings();
    desk.camera.source = CameraSource::None;
    desk.microphone.source = MicrophoneSource::None;
    desk.speaker.sink = SpeakerSink::Alsa { device: "west".to_owned() };
    let (mut door, mut desk) = (engine(door), engine(desk));
    carry(&mut door, &mut desk, 1, |sdp| sdp, PeerConnection::Connected).await;
    wait_for(&mut desk, "pictures and a speaker", |view| {
        seen_after(view) > 0.0 && view.media.speaker.state == DeviceState::Running
    })
    .await;
    let begin = room::within("east", |east| {
        let begin = east.now() + RATE / 2;
        (east.near, east.near_from) = (beeps(), Some(begin));
        begin
    });
    let mut seen = Vec::new();
    for _ in 0..SECONDS {
        tokio::time::sleep(Duration::from_secs(1)).await;
        seen.push(seen_after(&desk.view.borrow()));
    }
    let view = desk.view.borrow().clone();
    let said = |beep: usize| room::within("east", |east| east.instant(begin + beep * RATE));
    let mut late = Vec::new();
    for (beep, picture) in seen.iter().enumerate().take(SECONDS - 2) {
        let said = said(beep);
        let played = room::within("west", |west| {
            let from = (0..west.played.len()).rev().step_by(RATE / 1000).take_while(|place| west.instant(*place) > said).last()?;
            let at = from + west.played.get(from..from + RATE)?.iter().position(|sample| sample.abs() > 0.1)?;
            Some(west.instant(at))
        });
        late.extend(played.map(|played| (played - said).as_secs_f64() * 1000.0 - picture));
    }
    for engine in [door, desk] {
        engine.handle.stop().await;
    }
    assert!(late.len() > SECONDS * 3 / 4, "{} of {SECONDS} beeps were heard", late.len());
    let third = late.len() / 3;
    let parts: Vec<f64> = late.chunks(third).take(3).map(|part| middle(part.to_vec())).collect();
    println!(
        "the voice comes after the lips by {parts:.0?} ms, pictures after {:.0} ms; {:?}",
        seen[SECONDS - 1],
        view.media.sound
    );
    println!("{late:.0?}");
    // Unfollowed, the cards would be 60 ms apart by then.
    assert!((parts[2] - parts[0]).abs() < 20.0, "{parts:?}");
}
