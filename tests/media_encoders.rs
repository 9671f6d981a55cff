//! Each hardware encoder is told what it needs in its own words: elements under their names remember what they were told in a real call.
#![cfg(feature = "appliance")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::wildcard_enum_match_arm, missing_docs)]

mod engines;
mod recorder;

use callbox::config;
use callbox::media::View;
use callbox::protocol::control::PeerConnection;
use engines::{ALONE, carry, engine, key, settings, wait_for};
use recorder::{install, told};

fn cards(view: &View) -> u64 {
    view.peers.values().find_map(|peer| peer.video.test_card.as_ref().map(|card| card.read)).unwrap_or(0)
}

/// A call with this encoder, whose picture is limited to 100 kbit/s after a while.
async fn call_with(element: &str) {
    let _alone = ALONE.lock().await;
    install(element);
    let mut with = settings();
    with.video.encoder = config::Encoder::Element(element.to_owned());
    let mut without = settings();
    without.video.encoder = config::Encoder::Element("x264enc".to_owned());
    let (mut a, mut b) = (engine(with), engine(without));
    carry(&mut a, &mut b, 1, |sdp| sdp, PeerConnection::Connected).await;
    let view = wait_for(&mut b, "pictures", |view| cards(view) > 20).await;
    assert_eq!(a.view.borrow().media.encoder.element.as_deref(), Some(element));
    a.handle.max_bitrate(Some(132_000)).unwrap();
    let seen = cards(&view);
    wait_for(&mut b, "more pictures", |view| cards(view) > seen + 20).await;
    a.handle.close_peer(key("b", 1)).unwrap();
    a.handle.stop().await;
    b.handle.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_raspberry_pi_s_encoder_gets_controls_and_a_button_for_keyframes() {
    call_with("v4l2h264enc").await;
    let all = told("v4l2h264enc", "extra-controls");
    let has = |controls: &str, what: &str| controls.contains(what);
    assert!(all.iter().all(|one| has(one, "repeat_sequence_header=(int)1") && has(one, "h264_i_frame_period=(int)")), "{all:?}");
    assert!(all.iter().any(|one| has(one, "video_bitrate=(int)500000")), "{all:?}");
    assert!(has(all.last().unwrap(), "video_bitrate=(int)100000"), "{all:?}");
    // Only in versions of GStreamer that do not do it themselves.
    let pressed = all.iter().position(|one| has(one, "force_key_frame=(int)1"));
    let (major, minor, micro, _) = gstreamer::version();
    assert_eq!(pressed.is_some(), (major, minor, micro) < (1, 22, 4), "{all:?}");
    if let Some(pressed) = pressed {
        assert!(!has(&all[pressed + 1], "force_key_frame"), "released again: {all:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn intel_s_encoder_gets_kilobits() {
    call_with("vah264enc").await;
    let rates = told("vah264enc", "bitrate");
    assert_eq!((rates.contains(&"500".to_owned()), rates.last().unwrap().as_str()), (true, "100"), "{rates:?}");
    assert_eq!(told("vah264enc", "rate-control").last().unwrap(), "cbr");
}

#[tokio::test(flavor = "multi_thread")]
async fn rockchip_s_encoder_gets_bits_under_its_own_name() {
    call_with("mpph264enc").await;
    let rates = told("mpph264enc", "bps");
    assert_eq!((rates.contains(&"500000".to_owned()), rates.last().unwrap().as_str()), (true, "100000"), "{rates:?}");
    assert_eq!(told("mpph264enc", "rc-mode").last().unwrap(), "cbr");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_i_mx_s_encoder_gets_kilobits() {
    call_with("vpuenc_h264").await;
    let rates = told("vpuenc_h264", "bitrate");
    assert_eq!((rates.contains(&"500".to_owned()), rates.last().unwrap().as_str()), (true, "100"), "{rates:?}");
}
