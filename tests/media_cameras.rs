//! Cameras that give coded pictures and nothing else: elements under the name of the kernel's, with real encoders in them.
#![cfg(feature = "appliance")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::wildcard_enum_match_arm, missing_docs)]

mod engines;

use std::sync::Mutex;

use callbox::config::CameraSource;
use callbox::media::{PeerView, View};
use callbox::protocol::control::{DeviceState, PeerConnection};
use engines::{ALONE, carry, engine, settings, wait_for};
use gstreamer as gst;
use gstreamer::glib;
use gstreamer::prelude::*;
use gstreamer::subclass::prelude::*;

/// What the camera gives: an encoder, and its caps without the size.
static GIVES: Mutex<(&str, &str)> = Mutex::new(("", ""));

const SIZE: &str = "width=320,height=240,framerate=30/1";

mod imp {
    use super::*;

    #[derive(Default)]
    pub struct Camera;

    #[glib::object_subclass]
    impl ObjectSubclass for Camera {
        const NAME: &'static str = "CodingCamera";
        type Type = super::Camera;
        type ParentType = gst::Bin;
    }

    impl ObjectImpl for Camera {
        fn properties() -> &'static [glib::ParamSpec] {
            static PROPERTIES: std::sync::LazyLock<Vec<glib::ParamSpec>> =
                std::sync::LazyLock::new(|| vec![glib::ParamSpecString::builder("device").build()]);
            &PROPERTIES
        }

        fn set_property(&self, _: usize, _: &glib::Value, _: &glib::ParamSpec) {}

        fn constructed(&self) {
            self.parent_constructed();
            let (encoder, caps) = *GIVES.lock().unwrap();
            let inside = format!(
                "videotestsrc is-live=true ! video/x-raw,format=I420,{SIZE} ! {encoder} ! capsfilter caps=\"{caps},{SIZE}\""
            );
            let inside = gst::parse::bin_from_description(&inside, true).unwrap();
            let bin = self.obj();
            bin.add(&inside).unwrap();
            bin.add_pad(&gst::GhostPad::builder_with_target(&inside.static_pad("src").unwrap()).unwrap().name("src").build())
                .unwrap();
        }
    }

    impl GstObjectImpl for Camera {}
    impl ElementImpl for Camera {}
    impl BinImpl for Camera {}
}

glib::wrapper! {
    pub struct Camera(ObjectSubclass<imp::Camera>) @extends gst::Bin, gst::Element, gst::Object;
}

fn peer(view: &View) -> PeerView {
    view.peers.values().next().cloned().unwrap_or_default()
}

/// A call with such a camera: the others see its picture, and it takes fewer bits when one of them can take no more.
async fn a_call_with(encoder: &'static str, caps: &'static str, called: &str) {
    let _alone = ALONE.lock().await;
    gst::init().unwrap();
    gst::Element::register(None, "v4l2src", gst::Rank::NONE, Camera::static_type()).unwrap();
    *GIVES.lock().unwrap() = (encoder, caps);
    let device = tempfile::NamedTempFile::new().unwrap();
    let mut door = settings();
    door.camera.source = CameraSource::V4l2 { device: device.path().to_owned() };
    let mut desk = settings();
    desk.camera.source = CameraSource::None;
    let (mut door, mut desk) = (engine(door), engine(desk));
    carry(&mut door, &mut desk, 1, |sdp| sdp, PeerConnection::Connected).await;
    wait_for(&mut desk, "pictures", |view| peer(view).video.frames_decoded > 30 && peer(view).video.height == 240).await;
    let view = wait_for(&mut door, "a camera", |view| view.media.camera.state == DeviceState::Running).await;
    let taken = view.media.stages.camera.clone().unwrap();
    assert_eq!(taken.format, called);
    assert!(taken.because.contains("it is decoded"), "{taken:?}");
    door.handle.max_bitrate(Some(120_000)).unwrap();
    wait_for(&mut door, "a lower bitrate", |view| (1..=120_000).contains(&view.media.encoder.bitrate)).await;
    let seen = peer(&desk.view.borrow()).video.frames_decoded;
    wait_for(&mut desk, "which moves", |view| peer(view).video.frames_decoded > seen + 10).await;
    door.handle.stop().await;
    desk.handle.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_that_gives_h_264_and_nothing_else_is_seen_and_follows_the_network() {
    let encoder = "x264enc tune=zerolatency speed-preset=ultrafast bitrate=2000 key-int-max=30";
    a_call_with(encoder, "video/x-h264,stream-format=byte-stream,alignment=au", "H.264").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_that_gives_vp8_and_nothing_else_is_seen_and_follows_the_network() {
    a_call_with("vp8enc deadline=1 cpu-used=8 target-bitrate=2000000 keyframe-max-dist=30", "video/x-vp8", "VP8").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_that_gives_motion_jpeg_and_nothing_else_is_seen_and_follows_the_network() {
    a_call_with("jpegenc", "image/jpeg", "motion JPEG").await;
}
