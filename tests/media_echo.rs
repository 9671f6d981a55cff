//! A voice comes out of the speaker, goes through a room and into the microphone: what of it reaches the other side again, and what
//! somebody in the room says meanwhile. The engines, the connection between them and all that is done to sound are real; the card and
//! the room are made of numbers, on a clock of their own.
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

use std::path::Path;
use std::time::{Duration, Instant};

use audio::{Wav, envelope_likeness};
use callbox::config::{self, CameraSource, MicrophoneSource, SpeakerSink};
use callbox::media::{self, View};
use callbox::protocol::control::{DeviceState, PeerConnection, SoundStatus, VoiceStatus};
use engines::{ALONE, Engine, carry, engine, key, settings, wait_for};
use room::{RATE, Room};

const FAR: &str = "Good morning, this is the reception speaking. Please come in and take the lift to the third floor, where somebody \
                   will meet you at the door. If you have brought a parcel, you may leave it on the table beside the entrance. It \
                   should not take longer than a few minutes, and the weather is rather fine today, is it not?";
const NEAR: &str = "Hello, I am standing at the gate, and I would like to talk to you about the delivery of last week. Can you hear \
                    me now, or shall I come closer to the microphone?";

fn silent_camera() -> media::Config {
    let mut config = settings();
    config.camera.source = CameraSource::None;
    config
}

/// An appliance with the card.
fn door() -> media::Config {
    let mut config = silent_camera();
    config.microphone.source = MicrophoneSource::Alsa { device: "card".to_owned() };
    config.speaker.sink = SpeakerSink::Alsa { device: "card".to_owned() };
    config
}

/// Somebody who speaks all the time, and writes down what is heard.
fn desk(heard: &Path) -> media::Config {
    let mut config = silent_camera();
    config.microphone.source = MicrophoneSource::File { file: material::speech(FAR) };
    config.speaker.sink = SpeakerSink::File { file: heard.to_owned() };
    config
}

async fn call(door: &mut Engine, desk: &mut Engine) {
    carry(door, desk, 1, |sdp| sdp, PeerConnection::Connected).await;
    wait_for(door, "a speaker and a microphone", |view| {
        view.media.speaker.state == DeviceState::Running && view.media.microphone.state == DeviceState::Running
    })
    .await;
}

fn voice(view: &View) -> Option<VoiceStatus> {
    view.peers.values().next()?.audio.voice.clone()
}

/// Sleeps until the microphone has heard so many seconds with somebody speaking from the speaker.
async fn heard_for(seconds: f32) {
    let deadline = Instant::now() + Duration::from_secs(90);
    let spoken = |room: &mut Room| room.sounded as f32 / RATE as f32;
    while room::with(spoken) < seconds {
        assert!(Instant::now() < deadline, "the microphone heard {} s", room::with(spoken));
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

fn decibels(samples: &[f32]) -> f32 {
    10.0 * (samples.iter().map(|sample| sample * sample).sum::<f32>() / samples.len().max(1) as f32).max(1e-12).log10()
}

fn last(samples: &[f32], seconds: f32) -> &[f32] {
    &samples[samples.len().saturating_sub((seconds * RATE as f32) as usize)..]
}

/// Without the loudest tenth of its tenths of seconds: this machine may stumble now and then.
fn mostly(samples: &[f32]) -> f32 {
    let mut parts: Vec<&[f32]> = samples.chunks(RATE / 10).collect();
    parts.sort_by(|one, other| decibels(one).total_cmp(&decibels(other)));
    decibels(&parts[..parts.len() * 9 / 10].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_side_does_not_hear_itself_and_hears_who_speaks_meanwhile() {
    let _alone = ALONE.lock().await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("heard.wav");
    room::enter(Room { ways: room::reflections(), ..Room::default() });
    let (mut door, mut desk) = (engine(door()), engine(desk(&file)));
    call(&mut door, &mut desk).await;
    heard_for(13.0).await;
    let echo = room::with(|room| last(&room.heard, 8.0).to_vec());
    let left = Wav::read(&file).unwrap();
    let (all, most) = (decibels(&echo) - decibels(left.last(8.0)), mostly(&echo) - mostly(left.last(8.0)));
    println!("echo return loss enhancement after 5 s: {all:.1} dB, without the worst tenth {most:.1} dB");
    let sound = door.view.borrow().media.sound.clone();
    println!("status: {sound:?}");

    let near = Wav::read(&material::speech(NEAR)).unwrap();
    let near: Vec<f32> = near.samples[..(near.samples.len() / 10)].iter().map(|sample| sample * 0.5).collect();
    let seconds = near.len() as f32 / RATE as f32;
    room::with(|room| (room.near, room.near_from) = (near.clone(), Some(room.now())));
    tokio::time::sleep(Duration::from_secs_f32(seconds + 0.3)).await;
    let heard = Wav::read(&file).unwrap();
    let gain = decibels(heard.last(seconds)) - decibels(&near);
    let loudness = |samples: &[f32]| Wav { rate: RATE as u32, samples: samples.to_vec() }.loudness();
    let likeness = envelope_likeness(&loudness(&near), &loudness(heard.last(seconds + 1.0)));
    println!("double talk: who speaks here arrives with {gain:.1} dB, likeness of its loudness {likeness:.2}");
    for engine in [door, desk] {
        engine.handle.stop().await;
    }
    assert!(most >= 25.0, "{most:.1} dB");
    assert!(gain > -6.0, "{gain:.1} dB");
    assert!(likeness > 0.4, "{likeness:.2}");
    let SoundStatus { processing, echo, .. } = sound;
    assert!(processing.echo_cancellation && processing.noise_suppression && processing.gain_control, "{processing:?}");
    assert!(echo.as_ref().is_some_and(|echo| echo.removed >= 15 && (0..30).contains(&echo.loss)), "{echo:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_canceller_the_other_side_hears_itself() {
    let _alone = ALONE.lock().await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("heard.wav");
    room::enter(Room { ways: room::reflections(), ..Room::default() });
    let mut bare = door();
    bare.audio = config::Audio { echo_cancellation: false, noise_suppression: false, gain_control: false, ..bare.audio };
    let (mut door, mut desk) = (engine(bare), engine(desk(&file)));
    call(&mut door, &mut desk).await;
    heard_for(5.0).await;
    let echo = room::with(|room| last(&room.heard, 3.0).to_vec());
    let left = Wav::read(&file).unwrap();
    let loss = decibels(&echo) - decibels(left.last(3.0));
    println!("without: {loss:.1} dB");
    assert!(loss.abs() < 6.0, "{loss:.1} dB");
    for engine in [door, desk] {
        engine.handle.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_does_not_pile_up_when_the_card_has_another_clock() {
    let _alone = ALONE.lock().await;
    for drift in [1000.0, -1000.0] {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("heard.wav");
        room::enter(Room { ways: room::reflections(), drift, ..Room::default() });
        let (mut door, mut desk) = (engine(door()), engine(desk(&file)));
        call(&mut door, &mut desk).await;
        // On a quiet machine the canceller does as well as without drift; on a busy one it is told here and not judged.
        heard_for(8.0).await;
        let waiting = room::with(|room| room.played.len() as i64 - room.now() as i64);
        let view = door.view.borrow().clone();
        let echo = room::with(|room| last(&room.heard, 6.0).to_vec());
        let left = Wav::read(&file).unwrap();
        let most = mostly(&echo) - mostly(left.last(6.0));
        println!(
            "{drift} millionths: {waiting} samples wait to be played, echo {most:.1} dB less, here {:?}, there {:?}",
            voice(&view),
            voice(&desk.view.borrow())
        );
        for engine in [door, desk] {
            engine.handle.stop().await;
        }
        // The card's own buffer has 60 ms.
        assert!((0..=3000).contains(&waiting), "{waiting}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_speaker_whose_driver_hangs_holds_up_nobody() {
    let _alone = ALONE.lock().await;
    let directory = tempfile::tempdir().unwrap();
    room::enter(Room::default());
    let (mut door, mut desk) = (engine(door()), engine(desk(&directory.path().join("heard.wav"))));
    call(&mut door, &mut desk).await;
    heard_for(0.0).await;
    wait_for(&mut door, "a voice", |view| voice(view).is_some_and(|voice| voice.level > -60)).await;
    room::with(|room| room.stuck = true);
    tokio::time::sleep(Duration::from_millis(500)).await;
    let begun = Instant::now();
    door.handle.close_peer(key("b", 1)).unwrap();
    door.handle.tone(None).unwrap();
    door.handle.ping().await.unwrap();
    assert!(begun.elapsed() < Duration::from_millis(500), "{:?}", begun.elapsed());
    wait_for(&mut door, "an end", |view| view.peers.is_empty()).await;
    door.handle.ping().await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    room::with(|room| room.stuck = false);
    wait_for(&mut door, "the speaker off", |view| view.media.speaker.state == DeviceState::Idle).await;
}
