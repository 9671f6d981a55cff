//! What hardware does in the field, done by elements under the names of hardware: the call goes on. Numbers are those of the list of
//! faults that the appliance must survive.
#![cfg(feature = "appliance")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::wildcard_enum_match_arm, missing_docs)]

mod engines;
mod faulty;

use std::time::{Duration, Instant};

use callbox::config::{self, CameraSource};
use callbox::media::{self, PeerView, View};
use callbox::protocol::control::{DeviceState, PeerConnection};
use engines::{ALONE, Engine, carry, engine, key, settings, wait_for};
use faulty::{Fault, script};

const HARDWARE: &str = "vah264enc";

/// `a` has the hardware, `b` only looks and listens.
fn two(camera: CameraSource) -> (Engine, Engine) {
    let mut with_hardware = settings();
    with_hardware.camera.source = camera;
    let mut without = settings();
    without.video.encoder = config::Encoder::Element("x264enc".to_owned());
    (engine(with_hardware), engine(without))
}

async fn connect(a: &mut Engine, b: &mut Engine, epoch: u64) {
    carry(a, b, epoch, |sdp| sdp, PeerConnection::Connected).await;
}

fn peer(view: &View) -> PeerView {
    view.peers.values().next().cloned().unwrap_or_default()
}

/// Test cards read in pictures of the other side.
fn cards(view: &View) -> u64 {
    peer(view).video.test_card.map_or(0, |card| card.read)
}

fn packets(view: &View) -> u64 {
    peer(view).audio.packets
}

fn element(view: &View) -> &str {
    view.media.encoder.element.as_deref().unwrap_or("none")
}

/// What is said against the hardware.
fn why(view: &View) -> String {
    let rejected = &view.media.encoder.rejected;
    rejected.iter().find(|one| one.element == HARDWARE).map(|one| one.error.clone()).unwrap_or_default()
}

/// Asks the engine all the time whether it still answers; ends with the longest it took.
struct Pulse {
    end: tokio::sync::oneshot::Sender<()>,
    task: tokio::task::JoinHandle<Duration>,
}

impl Pulse {
    fn of(handle: &media::Handle) -> Self {
        let (end, mut ended) = tokio::sync::oneshot::channel();
        let handle = handle.clone();
        let task = tokio::spawn(async move {
            let mut longest = Duration::ZERO;
            while ended.try_recv().is_err() {
                let asked = Instant::now();
                let answer = tokio::time::timeout(Duration::from_secs(10), handle.ping()).await;
                longest = longest.max(asked.elapsed());
                answer.expect("the engine is stuck").unwrap();
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            longest
        });
        Self { end, task }
    }

    /// It never was stuck: drivers here do not come back at all, and what is busy on a busy machine does.
    async fn stop(self) {
        let _ = self.end.send(());
        let longest = self.task.await.unwrap();
        assert!(longest < Duration::from_millis(2500), "the engine took {longest:?} to answer");
    }
}

/// The longest pause between two test cards that are read while this waits for `more` of them.
async fn longest_pause(engine: &mut Engine, more: u64) -> Result<Duration, String> {
    let (mut pause, mut last) = (Duration::ZERO, Instant::now());
    let mut seen = cards(&engine.view.borrow());
    let enough = seen + more;
    let deadline = Instant::now() + Duration::from_secs(30);
    while seen < enough {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let now = cards(&engine.view.borrow());
        if now > seen {
            (pause, last, seen) = (pause.max(last.elapsed()), Instant::now(), now);
        }
        if Instant::now() > deadline {
            return Err(format!("{seen} of {enough} test cards"));
        }
    }
    Ok(pause)
}

/// Hardware that works when it is looked at, and does `fault` in the call, is replaced in the call.
async fn replaced_in_the_call(fault: Fault, within: Duration, reason: &str) {
    let _alone = ALONE.lock().await;
    script(HARDWARE, &[Fault::Nothing, fault]);
    let (mut a, mut b) = two(CameraSource::Test);
    wait_for(&mut a, "hardware encoder", |view| element(view) == HARDWARE && view.media.encoder.hardware).await;
    let pulse = Pulse::of(&a.handle);
    connect(&mut a, &mut b, 1).await;
    let heard = packets(&b.view.borrow());
    let pause = longest_pause(&mut b, 90).await.unwrap_or_else(|seen| panic!("{seen} {:#?}", a.view.borrow().clone()));
    let view = wait_for(&mut a, "software encoder", |view| element(view) == "x264enc").await;
    assert!(why(&view).contains(reason), "{:?}", view.media.encoder);
    assert!(!view.media.encoder.hardware && view.media.camera.state == DeviceState::Running, "{:?}", view.media);
    assert!(pause < within, "no picture for {pause:?}");
    assert!(packets(&b.view.borrow()) > heard + 100, "the sound went on");
    assert!(a.view.borrow().peers.values().next().unwrap().audio.packets > 100, "and so did what comes from the other side");
    pulse.stop().await;
    a.handle.stop().await;
    b.handle.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fault_6_an_encoder_that_takes_pictures_and_gives_none_is_replaced_in_the_call() {
    replaced_in_the_call(Fault::Stalls(30), Duration::from_secs(6), "took pictures and gave none").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fault_6_an_encoder_that_keeps_the_thread_that_brings_pictures_is_replaced_in_the_call() {
    replaced_in_the_call(Fault::Blocks(30), Duration::from_secs(6), "took pictures and gave none").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fault_6_an_encoder_that_fails_is_replaced_in_the_call() {
    replaced_in_the_call(Fault::Fails(30), Duration::from_secs(4), "the hardware failed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fault_6_an_encoder_that_refuses_the_first_picture_is_replaced_in_the_call() {
    replaced_in_the_call(Fault::Refuses(0), Duration::from_secs(4), "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fault_6_an_encoder_that_does_not_open_in_the_call_is_replaced() {
    replaced_in_the_call(Fault::DoesNotOpen, Duration::from_secs(4), "does not start").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fault_7_an_encoder_that_does_not_come_back_from_being_opened_is_replaced_in_the_call() {
    replaced_in_the_call(Fault::NeverOpens, Duration::from_secs(8), "does not answer").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fault_7_an_encoder_that_does_not_come_back_from_being_stopped_does_not_hold_up_the_next_call() {
    let _alone = ALONE.lock().await;
    script(HARDWARE, &[Fault::Nothing, Fault::NeverStops]);
    let (mut a, mut b) = two(CameraSource::Test);
    wait_for(&mut a, "hardware encoder", |view| element(view) == HARDWARE).await;
    let pulse = Pulse::of(&a.handle);
    connect(&mut a, &mut b, 1).await;
    wait_for(&mut b, "pictures", |view| cards(view) > 30).await;
    a.handle.close_peer(key("b", 1)).unwrap();
    b.handle.close_peer(key("a", 1)).unwrap();
    connect(&mut a, &mut b, 2).await;
    let heard = packets(&b.view.borrow());
    wait_for(&mut b, "sound at once", |view| packets(view) > heard + 50).await;
    wait_for(&mut b, "pictures again", |view| cards(view) > 30).await;
    let view = a.view.borrow().clone();
    assert_eq!((element(&view), why(&view).as_str()), ("x264enc", "it does not answer"));
    pulse.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fault_6_an_encoder_that_failed_once_is_used_again_in_the_next_call() {
    let _alone = ALONE.lock().await;
    script(HARDWARE, &[Fault::Nothing, Fault::Fails(30), Fault::Nothing]);
    let (mut a, mut b) = two(CameraSource::Test);
    wait_for(&mut a, "hardware encoder", |view| element(view) == HARDWARE).await;
    connect(&mut a, &mut b, 1).await;
    wait_for(&mut a, "software encoder", |view| element(view) == "x264enc").await;
    wait_for(&mut b, "pictures", |view| cards(view) > 60).await;
    a.handle.close_peer(key("b", 1)).unwrap();
    b.handle.close_peer(key("a", 1)).unwrap();
    wait_for(&mut a, "rest", |view| view.peers.is_empty()).await;
    connect(&mut a, &mut b, 2).await;
    wait_for(&mut b, "pictures", |view| cards(view) > 30).await;
    let view = a.view.borrow().clone();
    assert_eq!((element(&view), view.media.encoder.rejected.len()), (HARDWARE, 0));
}

/// Hardware that does `fault` when it is looked at is not used at all.
async fn passed_over(fault: Fault, reason: &str) {
    let _alone = ALONE.lock().await;
    script(HARDWARE, &[fault]);
    let (mut a, mut b) = two(CameraSource::Test);
    let pulse = Pulse::of(&a.handle);
    connect(&mut a, &mut b, 1).await;
    let view = wait_for(&mut a, "software encoder", |view| element(view) == "x264enc").await;
    assert!(why(&view).contains(reason), "{:?}", view.media.encoder);
    wait_for(&mut b, "pictures", |view| cards(view) > 30).await;
    pulse.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fault_6_an_encoder_that_gives_nothing_when_it_is_looked_at_is_passed_over() {
    passed_over(Fault::Stalls(0), "takes pictures and gives none").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fault_6_an_encoder_that_refuses_pictures_when_it_is_looked_at_is_passed_over() {
    passed_over(Fault::Refuses(0), "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fault_7_an_encoder_that_does_not_come_back_when_it_is_looked_at_is_passed_over() {
    passed_over(Fault::NeverOpens, "does not answer").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fault_7_a_camera_whose_driver_does_not_come_back_leaves_the_sound() {
    let _alone = ALONE.lock().await;
    script(HARDWARE, &[Fault::DoesNotOpen]);
    script("libcamerasrc", &[Fault::NeverOpens]);
    let (mut a, mut b) = two(CameraSource::Libcamera { camera: None });
    let pulse = Pulse::of(&a.handle);
    connect(&mut a, &mut b, 1).await;
    wait_for(&mut b, "sound", |view| packets(view) > 100).await;
    let view = wait_for(&mut a, "word of the camera", |view| view.media.camera.state == DeviceState::Failed).await;
    assert!(view.media.camera.error.unwrap().contains("does not answer"));
    assert_eq!(element(&a.view.borrow()), "x264enc", "the encoder is not to blame");
    let heard = packets(&b.view.borrow());
    wait_for(&mut b, "more sound", |view| packets(view) > heard + 100).await;
    wait_for(&mut a, "pictures of the other side", |view| cards(view) > 90).await;
    pulse.stop().await;
    a.handle.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fault_7_a_camera_that_does_not_come_back_from_being_stopped_leaves_the_next_call_its_sound() {
    let _alone = ALONE.lock().await;
    script(HARDWARE, &[Fault::DoesNotOpen]);
    script("libcamerasrc", &[Fault::NeverStops]);
    let (mut a, mut b) = two(CameraSource::Libcamera { camera: None });
    let pulse = Pulse::of(&a.handle);
    connect(&mut a, &mut b, 1).await;
    wait_for(&mut b, "pictures", |view| peer(view).video.frames_decoded > 30).await;
    a.handle.close_peer(key("b", 1)).unwrap();
    b.handle.close_peer(key("a", 1)).unwrap();
    connect(&mut a, &mut b, 2).await;
    wait_for(&mut b, "sound", |view| packets(view) > 100).await;
    let view = wait_for(&mut a, "word of the camera", |view| view.media.camera.state == DeviceState::Failed).await;
    assert!(view.media.camera.error.unwrap().contains("does not answer"));
    pulse.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fault_3_a_camera_that_is_lost_in_the_call_is_a_card_to_the_others_until_it_comes_back() {
    let _alone = ALONE.lock().await;
    script(HARDWARE, &[Fault::DoesNotOpen]);
    script("libcamerasrc", &[Fault::Fails(60), Fault::DoesNotOpen, Fault::DoesNotOpen, Fault::Nothing]);
    let (mut a, mut b) = two(CameraSource::Libcamera { camera: None });
    let pulse = Pulse::of(&a.handle);
    connect(&mut a, &mut b, 1).await;
    let frames = |view: &View| peer(view).video.frames_decoded;
    wait_for(&mut b, "pictures", |view| frames(view) > 30).await;
    wait_for(&mut a, "word of the camera", |view| view.media.camera.state == DeviceState::Failed).await;
    let (lost, seen) = (Instant::now(), frames(&b.view.borrow()));
    wait_for(&mut b, "a card", |view| frames(view) > seen + 1).await;
    let card = lost.elapsed();
    assert_eq!(a.view.borrow().media.encoder.instances, 1);
    wait_for(&mut a, "the camera again", |view| view.media.camera.state == DeviceState::Running).await;
    let (back, seen) = (Instant::now(), frames(&b.view.borrow()));
    // Far more than a card has in that time.
    wait_for(&mut b, "its pictures", |view| frames(view) > seen + 60).await;
    eprintln!("the card came after {card:?}, sixty pictures of the camera {:?} after it was back", back.elapsed());
    // The view is renewed twice a second.
    assert!(card < Duration::from_millis(2000) && back.elapsed() < Duration::from_secs(6), "{card:?} {:?}", back.elapsed());
    assert_eq!(b.view.borrow().peers.keys().map(|key| key.epoch).collect::<Vec<_>>(), [1], "the same connection");
    pulse.stop().await;
    a.handle.stop().await;
}
