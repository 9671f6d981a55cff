//! Two media engines in one process, joined by passing their descriptions by hand: real `webrtcbin`, real UDP on this machine.
#![cfg(feature = "appliance")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::time::{Duration, Instant};

use callbox::config::{self, Bitrate, CameraSource, MicrophoneSource, SpeakerSink};
use callbox::media::{self, DescriptionKind, Event, PeerKey, Role, View};
use callbox::protocol::ParticipantId;
use callbox::protocol::control::{DeviceState, PeerConnection};
use tokio::sync::{mpsc, watch};

/// Open files and threads are the whole process's: one test at a time.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

struct Engine {
    handle: media::Handle,
    events: mpsc::Receiver<Event>,
    view: watch::Receiver<View>,
}

fn settings() -> media::Config {
    media::Config {
        camera: config::Camera { source: CameraSource::Test, width: 320, height: 240, framerate: 30, controls: Vec::new() },
        microphone: config::Microphone { source: MicrophoneSource::Test { tone: 440 } },
        speaker: config::Speaker { sink: SpeakerSink::None },
        video: config::Video { bitrate: Bitrate(500_000), ..config::Video::default() },
        audio: config::Audio::default(),
        screen: config::Screen { read_test_card: true, width: 640, height: 360, ..config::Screen::default() },
        network: config::Network::default(),
    }
}

fn engine(settings: media::Config) -> Engine {
    let (handle, events, view) = media::start(settings).unwrap();
    Engine { handle, events, view }
}

fn key(name: &str, epoch: u64) -> PeerKey {
    PeerKey { id: ParticipantId::new(name).unwrap(), epoch }
}

fn event_key(event: &Event) -> &PeerKey {
    match event {
        Event::LocalDescription { key, .. } | Event::LocalCandidate { key, .. } | Event::Connection { key, .. } => key,
    }
}

/// What happens to descriptions on the way.
type Tamper = fn(String) -> String;

/// Carries descriptions and candidates between the two until both say `until`, or time is over.
async fn carry(a: &mut Engine, b: &mut Engine, epoch: u64, tamper: Tamper, until: PeerConnection) -> Vec<Option<String>> {
    a.handle.open_peer(key("b", epoch), Role::Offer).unwrap();
    let mut done = (None, None);
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while done.0.is_none() || done.1.is_none() {
        let (from_a, event) = tokio::select! {
            event = a.events.recv() => (true, event.unwrap()),
            event = b.events.recv() => (false, event.unwrap()),
            () = tokio::time::sleep_until(deadline) => panic!("not {until:?} in time: {done:?}"),
        };
        if event_key(&event).epoch != epoch {
            continue;
        }
        let (to, name) = if from_a { (&b.handle, "a") } else { (&a.handle, "b") };
        match event {
            Event::LocalDescription { kind: DescriptionKind::Offer, sdp, .. } => {
                to.open_peer(key(name, epoch), Role::Answer { sdp: tamper(sdp) }).unwrap();
            }
            Event::LocalDescription { kind: DescriptionKind::Answer, sdp, .. } => {
                to.remote_answer(key(name, epoch), tamper(sdp)).unwrap();
            }
            Event::LocalCandidate { line, candidate, .. } => to.remote_candidate(key(name, epoch), line, candidate).unwrap(),
            Event::Connection { state, error, .. } if state == until => {
                let side = if from_a { &mut done.0 } else { &mut done.1 };
                *side = Some(error);
            }
            Event::Connection { state, error, .. } => assert_ne!(state, PeerConnection::Failed, "{error:?}"),
        }
    }
    vec![done.0.unwrap(), done.1.unwrap()]
}

async fn wait_for(engine: &mut Engine, what: &str, condition: impl FnMut(&View) -> bool) -> View {
    let shown = engine.view.clone();
    match tokio::time::timeout(Duration::from_secs(15), engine.view.wait_for(condition)).await {
        Ok(view) => view.unwrap().clone(),
        Err(_) => panic!("no {what} in time: {:#?}", shown.borrow().clone()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_appliances_see_and_hear_each_other_and_estimate_both_ways() {
    let _alone = ALONE.lock().await;
    let (mut a, mut b) = (engine(settings()), engine(settings()));
    carry(&mut a, &mut b, 1, |sdp| sdp, PeerConnection::Connected).await;
    for engine in [&mut a, &mut b] {
        let view = wait_for(engine, "picture, sound and estimate", |view| {
            view.peers.values().next().is_some_and(|peer| {
                let read = peer.video.test_card.as_ref().map_or(0, |card| card.read);
                read > 30 && peer.audio.packets > 30 && peer.estimated_bitrate.is_some()
            })
        })
        .await;
        let peer = view.peers.values().next().unwrap();
        assert_eq!((peer.video.width, peer.video.height), (320, 240));
        assert_eq!(view.media.encoder.instances, 1);
        assert_eq!(view.media.camera.state, DeviceState::Running);
        let png = engine.handle.snapshot().await.unwrap();
        assert_eq!((png.width, png.height), (640, 360));
    }
    a.handle.stop().await;
    b.handle.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn media_never_flow_when_the_certificate_does_not_match_the_description() {
    let _alone = ALONE.lock().await;
    let (mut a, mut b) = (engine(settings()), engine(settings()));
    let forged: Tamper = |sdp| {
        let lines = sdp.lines().map(|line| match line.split_once("a=fingerprint:sha-256 ") {
            Some(_) => format!("a=fingerprint:sha-256 {}", vec!["AB"; 32].join(":")),
            None => line.to_owned(),
        });
        lines.collect::<Vec<_>>().join("\r\n") + "\r\n"
    };
    let errors = carry(&mut a, &mut b, 1, forged, PeerConnection::Failed).await;
    for error in errors {
        assert!(error.unwrap().contains("does not match the fingerprint"));
    }
    // Both sides go on sending nothing: three seconds of a stream that should not be there would be ninety frames.
    let quiet =
        tokio::time::timeout(Duration::from_secs(3), a.view.wait_for(|v| v.peers.values().any(|p| p.video.frames_decoded > 0)));
    assert!(quiet.await.is_err(), "a picture came through");
    assert!(b.view.borrow().peers.values().all(|peer| peer.video.frames_decoded == 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_never_connects_does_not_slow_the_others() {
    let _alone = ALONE.lock().await;
    let (mut a, mut b) = (engine(settings()), engine(settings()));
    for silent in 2..4 {
        a.handle.open_peer(key(&format!("silent-{silent}"), silent), Role::Offer).unwrap();
    }
    carry(&mut a, &mut b, 1, |sdp| sdp, PeerConnection::Connected).await;
    let read = |view: &View| view.peers.values().find_map(|peer| peer.video.test_card.as_ref().map(|card| card.read)).unwrap_or(0);
    let first = read(&wait_for(&mut b, "first pictures", |view| read(view) > 0).await);
    let begun = Instant::now();
    wait_for(&mut b, "90 more pictures", |view| read(view) >= first + 90).await;
    // Thirty a second are sent; a sender that stalls for the silent ones gives none, or a few.
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?} for 90 pictures", begun.elapsed());
    assert_eq!(a.view.borrow().media.encoder.instances, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn joining_and_leaving_fifty_times_leaves_files_and_threads_where_they_were() {
    let _alone = ALONE.lock().await;
    let (mut a, mut b) = (engine(settings()), engine(settings()));
    let mut baseline = (0, 0);
    for epoch in 1..=50 {
        carry(&mut a, &mut b, epoch, |sdp| sdp, PeerConnection::Connected).await;
        a.handle.close_peer(key("b", epoch)).unwrap();
        b.handle.close_peer(key("a", epoch)).unwrap();
        a.handle.ping().await.unwrap();
        b.handle.ping().await.unwrap();
        while a.events.try_recv().is_ok() || b.events.try_recv().is_ok() {}
        // The first rounds fill thread pools and caches.
        if epoch == 10 {
            baseline = settled().await;
        }
    }
    let after = settled().await;
    assert!(after.0 <= baseline.0 + 2 && after.1 <= baseline.1 + 2, "open files and threads {baseline:?} -> {after:?}");
    assert_eq!(a.view.borrow().media.camera.state, DeviceState::Idle);
}

/// Open files and threads, once they stay the same for a second.
async fn settled() -> (usize, usize) {
    let count = || {
        let entries = |path: &str| std::fs::read_dir(path).unwrap().count();
        (entries("/proc/self/fd"), entries("/proc/self/task"))
    };
    let (mut last, mut since) = (count(), Instant::now());
    let deadline = Instant::now() + Duration::from_secs(20);
    while since.elapsed() < Duration::from_secs(1) && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let now = count();
        if now != last {
            (last, since) = (now, Instant::now());
        }
    }
    last
}
