//! Devices that are pulled out in a call and put in again: how long the others are without a picture and a voice, measured where they
//! arrive. The connection stays as it was.
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
mod faulty;
mod room;

use std::time::{Duration, Instant};

use callbox::config::{CameraSource, MicrophoneSource, SpeakerSink};
use callbox::media::View;
use callbox::protocol::control::{DeviceState, PeerConnection};
use engines::{ALONE, Engine, carry, engine, settings, wait_for};
use faulty::{Fault, script};
use room::{RATE, Room};

/// What the issue allows, and what a busy machine adds.
const LOST: Duration = Duration::from_millis(1000 + BUSY);
const BACK: Duration = Duration::from_millis(3000 + BUSY);
const BUSY: u64 = 1000;

/// Reads a counter all the time, and when it grew.
struct Arrivals(tokio::task::JoinHandle<Vec<(Instant, u64)>>, tokio::sync::oneshot::Sender<()>);

impl Arrivals {
    fn of(engine: &Engine, count: fn(&View) -> u64) -> Self {
        let (end, mut ended) = tokio::sync::oneshot::channel();
        let (handle, view) = (engine.handle.clone(), engine.view.clone());
        let task = tokio::spawn(async move {
            let mut all = vec![(Instant::now(), 0)];
            while ended.try_recv().is_err() {
                // The view is renewed with every answer.
                handle.ping().await.unwrap();
                let now = count(&view.borrow());
                if all.last().is_some_and(|(_, before)| now > *before) {
                    all.push((Instant::now(), now));
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            all
        });
        Self(task, end)
    }

    async fn stop(self) -> Vec<(Instant, u64)> {
        let _ = self.1.send(());
        self.0.await.unwrap()
    }
}

/// The longest time without an arrival between the two.
fn longest_pause(arrivals: &[(Instant, u64)], from: Instant, to: Instant) -> Duration {
    let pairs = arrivals.windows(2).filter(|pair| pair[1].0 > from && pair[0].0 < to);
    pairs.map(|pair| pair[1].0 - pair[0].0).max().unwrap_or_default()
}

/// When, from then on, so many came within so long.
fn steady(arrivals: &[(Instant, u64)], from: Instant, many: u64, within: Duration) -> Option<Instant> {
    let after = |(at, count): &(Instant, u64)| {
        let until = arrivals.iter().rfind(|(later, _)| *later < *at + within);
        *at > from && until.is_some_and(|(_, later)| later - count >= many)
    };
    arrivals.iter().find(|one| after(one)).map(|(at, _)| *at)
}

fn frames(view: &View) -> u64 {
    view.peers.values().next().map_or(0, |peer| peer.video.frames_decoded)
}

fn packets(view: &View) -> u64 {
    view.peers.values().next().map_or(0, |peer| peer.audio.packets)
}

fn same_connection(engine: &Engine) {
    let epochs: Vec<u64> = engine.view.borrow().peers.keys().map(|key| key.epoch).collect();
    assert_eq!(epochs, [1], "nothing was negotiated anew");
}

#[tokio::test(flavor = "multi_thread")]
async fn fault_1_the_others_have_a_card_within_a_second_and_the_picture_three_seconds_after_the_camera_is_back() {
    let _alone = ALONE.lock().await;
    script("libcamerasrc", &[Fault::Fails(90), Fault::Missing]);
    let mut door = settings();
    door.camera.source = CameraSource::Libcamera { camera: None };
    let mut desk = settings();
    desk.camera.source = CameraSource::None;
    let (mut door, mut desk) = (engine(door), engine(desk));
    carry(&mut door, &mut desk, 1, |sdp| sdp, PeerConnection::Connected).await;
    wait_for(&mut desk, "pictures", |view| frames(view) > 30).await;
    let arrivals = Arrivals::of(&desk, frames);
    wait_for(&mut door, "word that it is missing", |view| view.media.camera.state == DeviceState::Missing).await;
    let lost = faulty::failed_at().unwrap();
    tokio::time::sleep(Duration::from_secs(4)).await;
    script("libcamerasrc", &[Fault::Nothing]);
    let plugged = Instant::now();
    wait_for(&mut door, "the camera again", |view| view.media.camera.state == DeviceState::Running).await;
    let seen = frames(&desk.view.borrow());
    wait_for(&mut desk, "its pictures", |view| frames(view) > seen + 60).await;
    let arrivals = arrivals.stop().await;
    let without = longest_pause(&arrivals, lost, plugged);
    // Three times as many as a card has.
    let back = steady(&arrivals, plugged, 15, Duration::from_secs(1)).unwrap() - plugged;
    println!("camera: no picture for {without:?} at the most, the camera's {back:?} after it was plugged in");
    assert!(without < LOST && back < BACK, "{without:?} {back:?}");
    same_connection(&desk);
    door.handle.stop().await;
    desk.handle.stop().await;
}

/// A call with a card at the door.
async fn call() -> (Engine, Engine) {
    room::enter(Room::default());
    let mut desk = settings();
    desk.camera.source = CameraSource::None;
    let mut door = desk.clone();
    door.microphone.source = MicrophoneSource::Alsa { device: "card".to_owned() };
    door.speaker.sink = SpeakerSink::Alsa { device: "card".to_owned() };
    let (mut door, mut desk) = (engine(door), engine(desk));
    carry(&mut door, &mut desk, 1, |sdp| sdp, PeerConnection::Connected).await;
    wait_for(&mut desk, "sound", |view| packets(view) > 50).await;
    eventually("the desk is heard", || sounds().is_some()).await;
    (door, desk)
}

async fn eventually(what: &str, so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < Duration::from_secs(15), "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Whether the speaker sounds now.
fn sounds() -> Option<()> {
    room::with(|room| {
        let now = room.now();
        let played = room.played.get(now.checked_sub(RATE / 50)?..now)?;
        played.iter().any(|sample| sample.abs() > 0.05).then_some(())
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn fault_5_a_sound_card_that_is_pulled_out_is_told_within_a_second_and_is_heard_three_seconds_after_it_is_back() {
    let _alone = ALONE.lock().await;
    let (mut door, desk) = call().await;
    let arrivals = Arrivals::of(&desk, packets);
    let pulled = Instant::now();
    room::with(|room| room.unplugged = true);
    wait_for(&mut door, "word of both", |view| {
        let gone = |state| matches!(state, DeviceState::Missing | DeviceState::Failed);
        gone(view.media.microphone.state) && gone(view.media.speaker.state)
    })
    .await;
    let told = pulled.elapsed();
    wait_for(&mut door, "that they are missing", |view| {
        (view.media.microphone.state, view.media.speaker.state) == (DeviceState::Missing, DeviceState::Missing)
    })
    .await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert!(sounds().is_none());
    room::with(|room| room.unplugged = false);
    let plugged = Instant::now();
    eventually("the desk is heard again", || sounds().is_some()).await;
    let speaker = plugged.elapsed();
    wait_for(&mut door, "the microphone", |view| view.media.microphone.state == DeviceState::Running).await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let arrivals = arrivals.stop().await;
    let microphone = steady(&arrivals, plugged, 20, Duration::from_secs(1)).unwrap() - plugged;
    println!("card: told after {told:?}; after it was plugged in, heard after {microphone:?} and speaking after {speaker:?}");
    assert!(told < LOST && microphone < BACK && speaker < BACK, "{told:?} {microphone:?} {speaker:?}");
    same_connection(&desk);
    door.handle.stop().await;
    desk.handle.stop().await;
}
