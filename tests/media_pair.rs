//! Two media engines in one process, joined by passing their descriptions by hand: real `webrtcbin`, real UDP on this machine.
#![cfg(feature = "appliance")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod engines;

use std::time::{Duration, Instant};

use callbox::media::{Role, View};
use callbox::protocol::control::{DeviceState, PeerConnection};
use engines::{ALONE, Tamper, carry, engine, key, settings, wait_for};

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
