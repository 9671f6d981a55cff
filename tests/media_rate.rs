//! What is sent follows what a peer wants and what the board can do, in real calls of engines in one process.
#![cfg(feature = "appliance")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod engines;

use callbox::config::Bitrate;
use callbox::media::{PeerView, View};
use callbox::protocol::control::{PeerConnection, SentPicture};
use engines::{ALONE, Tamper, carry, engine, key, settings, wait_for};

fn peer(view: &View) -> PeerView {
    view.peers.values().next().cloned().unwrap_or_default()
}

fn cards(view: &View) -> u64 {
    peer(view).video.test_card.map_or(0, |card| card.read)
}

/// Both sides say that they want no more than 150 kbit/s of the other's picture.
const MODEST: Tamper = |sdp| {
    let mut lines: Vec<String> = Vec::new();
    let mut in_video = false;
    for line in sdp.lines() {
        lines.push(line.to_owned());
        in_video |= line.starts_with("m=video");
        if in_video && line.starts_with("c=") {
            lines.push("b=AS:150".to_owned());
            in_video = false;
        }
    }
    lines.join("\r\n") + "\r\n"
};

#[tokio::test(flavor = "multi_thread")]
async fn c12_who_wants_little_gets_a_small_picture_and_the_others_do_not_suffer() {
    let _alone = ALONE.lock().await;
    let (mut a, mut b, mut c) = (engine(settings()), engine(settings()), engine(settings()));
    carry(&mut a, &mut b, 1, |sdp| sdp, PeerConnection::Connected).await;
    carry(&mut a, &mut c, 2, MODEST, PeerConnection::Connected).await;
    let view = wait_for(&mut c, "a small picture", |view| peer(view).video.height == 180 && cards(view) > 10).await;
    assert_eq!(peer(&view).video.width, 240);
    let view = a.view.borrow().clone();
    assert_eq!((view.media.encoder.instances, view.media.encoder.bitrate), (2, 500_000), "{:?}", view.media.encoder);
    let sent = |view: &View, epoch| view.peers[&key("b", epoch)].sent;
    assert_eq!((sent(&view, 1), sent(&view, 2)), (SentPicture::Main, SentPicture::Low));
    let seen = cards(&b.view.borrow());
    let view = wait_for(&mut b, "its picture as before", |view| cards(view) > seen + 30).await;
    assert_eq!(peer(&view).video.height, 240);
    // The second encoder ends with who needed it.
    a.handle.close_peer(key("b", 2)).unwrap();
    wait_for(&mut a, "one encoder", |view| view.media.encoder.instances == 1).await;
    let seen = cards(&b.view.borrow());
    wait_for(&mut b, "pictures go on", |view| cards(view) > seen + 30).await;
    // Who is alone and wants little gets the main picture, with no more than it wants.
    carry(&mut a, &mut c, 3, MODEST, PeerConnection::Connected).await;
    a.handle.close_peer(key("b", 1)).unwrap();
    let view = wait_for(&mut a, "the main picture for all", |view| {
        view.media.encoder.instances == 1 && view.media.encoder.bitrate == 150_000
    })
    .await;
    assert_eq!(sent(&view, 3), SentPicture::Main);
    for engine in [a, b, c] {
        engine.handle.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hot_board_sends_a_smaller_picture_in_the_same_call() {
    let _alone = ALONE.lock().await;
    let board = tempfile::tempdir().unwrap();
    let heat = |millidegrees: &str| {
        std::fs::create_dir_all(board.path().join("thermal_zone0")).unwrap();
        std::fs::write(board.path().join("thermal_zone0/temp"), millidegrees).unwrap();
    };
    heat("60000");
    let mut hot = settings();
    (hot.camera.width, hot.camera.height) = (640, 480);
    hot.video.bitrate = Bitrate(1_000_000);
    hot.sensors.thermal = board.path().to_owned();
    let (mut a, mut b) = (engine(hot), engine(settings()));
    carry(&mut a, &mut b, 1, |sdp| sdp, PeerConnection::Connected).await;
    wait_for(&mut b, "the whole picture", |view| peer(view).video.height == 480 && cards(view) > 10).await;
    heat("85000");
    wait_for(&mut b, "a smaller picture", |view| peer(view).video.height == 360).await;
    let picture = a.view.borrow().media.encoder.picture.clone();
    assert_eq!((picture.width, picture.height, picture.step.as_str()), (480, 360, "360p"));
    let seen = cards(&b.view.borrow());
    wait_for(&mut b, "which moves", |view| cards(view) > seen + 30).await;
    assert_eq!(a.view.borrow().media.encoder.instances, 1);
    a.handle.stop().await;
    b.handle.stop().await;
}
