//! What goes over the wire and to the card while nobody speaks.
#![cfg(feature = "appliance")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::wildcard_enum_match_arm,
    missing_docs
)]

#[allow(dead_code)]
#[path = "support/audio.rs"]
mod audio;
mod engines;
#[allow(dead_code)]
#[path = "support/material.rs"]
mod material;
mod room;

use std::time::{Duration, Instant};

use audio::{Wav, envelope_likeness};
use callbox::config::{CameraSource, MicrophoneSource, SpeakerSink};
use callbox::media::View;
use callbox::protocol::control::{DeviceState, PeerConnection};
use engines::{ALONE, carry, engine, settings, wait_for};
use room::{RATE, Room};

const NEAR: &str = "Hello, I am standing at the gate, and I would like to talk to you about the delivery of last week. Can you hear \
                    me now, or shall I come closer to the microphone?";

fn packets(view: &View) -> u64 {
    view.peers.values().next().map_or(0, |peer| peer.audio.packets)
}

fn lost(view: &View) -> u64 {
    view.peers.values().next().and_then(|peer| peer.stats.as_ref()).map_or(0, |stats| stats.received.packets_lost)
}

/// What came of a silence and of a sentence after it.
struct Heard {
    packets_a_second: f64,
    bits_a_second: u64,
    lost: u64,
    likeness: f32,
    /// Of loudness, between where it is said and where it is heard.
    gain: f32,
}

fn loudness(samples: &[f32]) -> f32 {
    10.0 * (samples.iter().map(|sample| sample * sample).sum::<f32>() / samples.len().max(1) as f32).max(1e-12).log10()
}

async fn silence_and_a_sentence(dtx: bool) -> Heard {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("heard.wav");
    room::enter(Room::default());
    let mut desk = settings();
    desk.camera.source = CameraSource::None;
    let mut door = desk.clone();
    door.microphone.source = MicrophoneSource::Alsa { device: "card".to_owned() };
    door.speaker.sink = SpeakerSink::Alsa { device: "card".to_owned() };
    door.audio.dtx = dtx;
    desk.microphone.source = MicrophoneSource::None;
    desk.speaker.sink = SpeakerSink::File { file: file.clone() };
    let (mut door, mut desk) = (engine(door), engine(desk));
    carry(&mut door, &mut desk, 1, |sdp| sdp, PeerConnection::Connected).await;
    wait_for(&mut desk, "sound", |view| packets(view) > 5 && view.media.speaker.state == DeviceState::Running).await;
    // Noise suppression and Opus need to know the silence.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let (before, begun) = (packets(&desk.view.borrow()), Instant::now());
    tokio::time::sleep(Duration::from_secs(5)).await;
    let packets_a_second = (packets(&desk.view.borrow()) - before) as f64 / begun.elapsed().as_secs_f64();
    let sent = door.view.borrow().peers.values().next().and_then(|peer| peer.stats.clone()).unwrap().sent;

    let near = Wav::read(&material::speech(NEAR)).unwrap();
    let near: Vec<f32> = near.samples[..(near.samples.len() / 10)].iter().map(|sample| sample * 0.5).collect();
    let seconds = near.len() as f32 / RATE as f32;
    room::with(|room| (room.near, room.near_from) = (near.clone(), Some(room.now())));
    tokio::time::sleep(Duration::from_secs_f32(seconds + 0.5)).await;
    let heard = Wav::read(&file).unwrap();
    let curve = |samples: &[f32]| Wav { rate: RATE as u32, samples: samples.to_vec() }.loudness();
    let result = Heard {
        packets_a_second,
        bits_a_second: sent.audio_bitrate,
        lost: lost(&desk.view.borrow()),
        likeness: envelope_likeness(&curve(&near), &curve(heard.last(seconds + 1.0))),
        gain: loudness(heard.last(seconds)) - loudness(&near),
    };
    println!(
        "dtx {dtx}: {packets_a_second:.1} packets and {} bits a second in silence, {} lost; a sentence arrives with {:.1} dB, likeness {:.2}",
        result.bits_a_second, result.lost, result.gain, result.likeness
    );
    for engine in [door, desk] {
        engine.handle.stop().await;
    }
    result
}

#[tokio::test(flavor = "multi_thread")]
async fn with_dtx_silence_takes_next_to_nothing_and_a_sentence_after_it_is_heard_as_without() {
    let _alone = ALONE.lock().await;
    let without = silence_and_a_sentence(false).await;
    let with = silence_and_a_sentence(true).await;
    assert!(without.packets_a_second > 30.0 && with.packets_a_second < 12.0);
    assert!(with.bits_a_second * 4 < without.bits_a_second);
    assert_eq!(with.lost, 0, "what is not sent is not lost");
    assert!(with.likeness > 0.6 && with.gain > without.gain - 4.0, "{} {}", with.likeness, with.gain);
}

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
