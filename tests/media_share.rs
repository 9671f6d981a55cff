//! Something shared beside the camera (C33): two streams, told apart by what is in their pictures, and nothing negotiated for it.
#![cfg(feature = "appliance")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod engines;

use callbox::config::CameraSource;
use callbox::media::plan::stage::{Call, Entry, Link, Person, Stage};
use callbox::media::{Event, View};
use callbox::protocol::ParticipantId;
use callbox::protocol::control::{DeviceState, PeerConnection, VideoStatus};
use callbox::protocol::hub::Muted;
use engines::{ALONE, Engine, Tamper, carry, engine, settings, wait_for};

fn camera(view: &View) -> VideoStatus {
    view.peers.values().next().map_or_else(VideoStatus::default, |peer| peer.video.clone())
}

fn share(view: &View) -> VideoStatus {
    view.peers.values().next().and_then(|peer| peer.share.clone()).unwrap_or_default()
}

fn cards(video: &VideoStatus) -> u64 {
    video.test_card.as_ref().map_or(0, |card| card.read)
}

/// How many descriptions were made meanwhile.
fn negotiations(engine: &mut Engine) -> usize {
    let events = std::iter::from_fn(|| engine.events.try_recv().ok());
    events.filter(|event| matches!(event, Event::LocalDescription { .. })).count()
}

async fn call(tamper: Tamper) -> (Engine, Engine) {
    let (mut a, mut b) = (engine(settings()), engine(settings()));
    carry(&mut a, &mut b, 1, tamper, PeerConnection::Connected).await;
    for engine in [&mut a, &mut b] {
        wait_for(engine, "the camera", |view| cards(&camera(view)) > 10).await;
    }
    (a, b)
}

/// As the daemon tells the engine when the hub says that the other one shares, or not.
fn told(engine: &Engine, other: &str, sharing: bool) {
    let id = ParticipantId::new(other).unwrap();
    let person = Person { id, name: other.to_owned(), muted: Muted::default(), sharing, link: Link::Up, speaking: false };
    let call = Some(Call { entry: Entry::In, people: vec![person] });
    engine.handle.show(Stage { call, ..Stage::default() }).unwrap();
}

/// How colourful a part of the screen is: columns and rows in per cent.
async fn colour(engine: &Engine, columns: [usize; 2], rows: [usize; 2]) -> f64 {
    let png = engine.handle.snapshot().await.unwrap();
    let mut reader = png::Decoder::new(std::io::Cursor::new(png.bytes)).read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    let (width, height, depth) = (info.width as usize, info.height as usize, info.color_type.samples());
    let mut sum = 0.0;
    let mut count = 0.0;
    for y in height * rows[0] / 100..height * rows[1] / 100 {
        for x in width * columns[0] / 100..width * columns[1] / 100 {
            let pixel = &bytes[(y * width + x) * depth..][..3];
            sum += f64::from(pixel.iter().max().unwrap() - pixel.iter().min().unwrap());
            count += 1.0;
        }
    }
    sum / count
}

const LARGE: [[usize; 2]; 2] = [[10, 60], [35, 70]];
const SMALL: [[usize; 2]; 2] = [[84, 97], [45, 55]];

#[tokio::test(flavor = "multi_thread")]
async fn c33_camera_and_share_arrive_as_two_streams_and_nothing_is_negotiated_for_it() {
    let _alone = ALONE.lock().await;
    let (mut a, mut b) = call(|sdp| sdp).await;
    negotiations(&mut a);
    negotiations(&mut b);
    a.handle.share(Some(CameraSource::Test)).unwrap();
    told(&b, "a", true);
    let view = wait_for(&mut b, "the share", |view| cards(&share(view)) > 10).await;
    assert_eq!((share(&view).width, share(&view).height), (640, 360), "{view:?}");
    assert_eq!((camera(&view).width, camera(&view).height), (320, 240));
    let both = cards(&camera(&view));
    wait_for(&mut b, "the camera beside it", |view| cards(&camera(view)) > both + 10).await;
    let (large, small) = (colour(&b, LARGE[0], LARGE[1]).await, colour(&b, SMALL[0], SMALL[1]).await);
    assert!(large < 25.0 && small > 60.0, "the grey share is large and the coloured camera small: {large} and {small}");
    let view = wait_for(&mut a, "both encoders", |view| view.media.encoder.instances == 2).await;
    let shared = view.media.share.unwrap();
    assert_eq!((shared.device.state, shared.device.device.as_str()), (DeviceState::Running, "test"));
    assert!(shared.bitrate <= 500_000 && shared.framerate == 10 && shared.frames > 0, "{shared:?}");

    b.handle.share(Some(CameraSource::Test)).unwrap();
    wait_for(&mut a, "the share of the other", |view| cards(&share(view)) > 5).await;
    b.handle.share(None).unwrap();
    a.handle.share(None).unwrap();
    told(&b, "a", false);
    let view = wait_for(&mut a, "the end", |view| view.media.share.is_none() && view.media.encoder.instances == 1).await;
    assert_eq!(view.media.camera.state, DeviceState::Running);
    let large = colour(&b, LARGE[0], LARGE[1]).await;
    assert!(large > 60.0, "the camera has the screen again: {large}");

    let seen = cards(&share(&b.view.borrow()));
    a.handle.share(Some(CameraSource::Test)).unwrap();
    wait_for(&mut b, "the share again", |view| cards(&share(view)) > seen + 5).await;
    assert_eq!((negotiations(&mut a), negotiations(&mut b)), (0, 0));
    for engine in [a, b] {
        engine.handle.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn c33_who_does_not_know_the_second_video_line_gets_the_share_in_place_of_the_camera() {
    let _alone = ALONE.lock().await;
    // As somebody answers who takes whatever comes there and sends nothing.
    let (a, mut b) = call(|sdp| match (sdp.contains("a=setup:actpass"), sdp.rfind("a=sendrecv")) {
        (false, Some(at)) => format!("{}a=recvonly{}", &sdp[..at], &sdp[at + "a=sendrecv".len()..]),
        _ => sdp,
    })
    .await;
    a.handle.share(Some(CameraSource::Test)).unwrap();
    wait_for(&mut b, "the share as the only picture", |view| camera(view).width == 640 && cards(&camera(view)) > 20).await;
    assert_eq!(share(&b.view.borrow()).frames_decoded, 0);
    a.handle.share(None).unwrap();
    wait_for(&mut b, "the camera again", |view| camera(view).width == 320).await;
    for engine in [a, b] {
        engine.handle.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn c33_the_share_goes_on_without_the_camera_and_a_source_that_is_not_there_is_said() {
    let _alone = ALONE.lock().await;
    let (mut a, mut b) = call(|sdp| sdp).await;
    a.handle.mute(Muted { audio: false, video: true }).unwrap();
    a.handle.share(Some(CameraSource::File { file: "/nowhere/film.mp4".into() })).unwrap();
    let view = wait_for(&mut a, "the reason", |view| view.media.share.as_ref().is_some_and(|one| one.device.error.is_some())).await;
    let shared = view.media.share.unwrap().device;
    assert_eq!((shared.state, shared.device.as_str()), (DeviceState::Missing, "/nowhere/film.mp4"));
    a.handle.share(Some(CameraSource::Test)).unwrap();
    wait_for(&mut b, "the share alone", |view| cards(&share(view)) > 10).await;
    let view = wait_for(&mut a, "one encoder", |view| view.media.encoder.instances == 1).await;
    assert_eq!(view.media.camera.state, DeviceState::Idle);
    for engine in [a, b] {
        engine.handle.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn c33_sharing_twenty_times_leaves_neither_threads_nor_files_behind() {
    let _alone = ALONE.lock().await;
    let (mut a, mut b) = call(|sdp| sdp).await;
    let count = |directory: &str| std::fs::read_dir(directory).unwrap().count();
    let held = || (count("/proc/self/task"), count("/proc/self/fd"));
    let mut first = (0, 0);
    for time in 0..23 {
        let seen = cards(&share(&b.view.borrow()));
        a.handle.share(Some(CameraSource::Test)).unwrap();
        wait_for(&mut b, "the share", |view| cards(&share(view)) > seen + 2).await;
        a.handle.share(None).unwrap();
        wait_for(&mut a, "the end", |view| view.media.share.is_none() && view.media.encoder.instances == 1).await;
        if time == 2 {
            first = settled(held).await;
        }
    }
    let last = settled(held).await;
    assert!(last.0 <= first.0 + 2 && last.1 <= first.1 + 2, "threads and files: {first:?} after three times, {last:?} after 23");
    for engine in [a, b] {
        engine.handle.stop().await;
    }
}

/// Once it stays the same for a second: what is taken down goes on threads of its own.
async fn settled(held: impl Fn() -> (usize, usize)) -> (usize, usize) {
    let mut last = held();
    for _ in 0..20 {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        let now = held();
        if now == last {
            break;
        }
        last = now;
    }
    last
}
