//! The live pipeline up to a sink that takes everything.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::*;
use crate::media::pipeline::{capsfilter, element_with, fan_out};
use crate::media::plan::stage::{Call, Entry, Link, Person};
use crate::protocol::ParticipantId;
use crate::protocol::hub::Muted;

/// Somebody who sends pictures of one brightness.
struct Sender {
    source: gst::Element,
    producer: StreamProducer,
    _pipeline: Pipeline,
}

impl Sender {
    fn start(luma: u8, width: u32, height: u32, time: &Timebase) -> Self {
        let color = format!("0xff{luma:02x}{luma:02x}{luma:02x}");
        let source =
            element_with("videotestsrc", &[("is-live", "true"), ("pattern", "solid-color"), ("foreground-color", &color)]).unwrap();
        let caps = capsfilter(&format!("video/x-raw,format=I420,width={width},height={height},framerate=30/1")).unwrap();
        let sink = gst_app::AppSink::builder().sync(false).async_(false).build();
        let pipeline = Pipeline::new("sender", time, |_| {});
        pipeline.chain(&[&source, &caps, sink.upcast_ref()]).unwrap();
        let producer = fan_out(&sink);
        pipeline.play().unwrap();
        Self { source, producer, _pipeline: pipeline }
    }

    /// Sends nothing more, and stays there.
    fn freeze(&self) {
        let pad = self.source.static_pad("src").unwrap();
        pad.add_probe(gst::PadProbeType::BUFFER, |_, _| gst::PadProbeReturn::Drop);
    }
}

fn key(name: &str, epoch: u64) -> PeerKey {
    PeerKey { id: ParticipantId::new(name).unwrap(), epoch }
}

fn stage(names: &[&str]) -> Arc<Stage> {
    let person = |name: &&str| Person {
        id: ParticipantId::new(name).unwrap(),
        name: (*name).to_owned(),
        muted: Muted::default(),
        sharing: false,
        link: Link::Up,
        speaking: false,
    };
    let people = names.iter().map(person).collect();
    Arc::new(Stage { call: Some(Call { entry: Entry::In, people }), ..Stage::default() })
}

struct Live {
    screen: Screen,
    frames: Arc<AtomicU64>,
    time: Timebase,
}

fn live() -> Live {
    gst::init().unwrap();
    let time = Timebase::new();
    let palette = Palette::new(config::Screen { width: 640, height: 360, ..config::Screen::default() });
    let screen = Screen::start("fakesink", &palette, &Arc::default(), &time, |_| {}).unwrap();
    let frames = Arc::new(AtomicU64::new(0));
    let (count, sink) = (frames.clone(), screen.pipeline.bin().iterate_sinks().next().unwrap().unwrap());
    sink.static_pad("sink").unwrap().add_probe(gst::PadProbeType::BUFFER, move |_, _| {
        count.fetch_add(1, Ordering::Relaxed);
        gst::PadProbeReturn::Ok
    });
    Live { screen, frames, time }
}

impl Live {
    fn luma(&self, x: usize, y: usize) -> u8 {
        let canvas = self.screen.canvas.lock().unwrap();
        canvas.bytes()[y * canvas.stride(0) + x]
    }

    fn until(&self, what: &str, mut is: impl FnMut(&Self) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !is(self) {
            assert!(Instant::now() < deadline, "not in time: {what}; left {}, right {}", self.luma(60, 180), self.luma(580, 180));
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

fn near(a: u8, b: u8) -> bool {
    a.abs_diff(b) < 8
}

/// How video writes a grey of so many of 255.
fn grey(value: u16) -> u8 {
    (16 + value * 219 / 255) as u8
}

#[test]
fn one_who_stops_sending_is_marked_and_holds_up_nobody() {
    let mut live = live();
    let (left, right) = (Sender::start(200, 320, 240, &live.time), Sender::start(120, 644, 362, &live.time));
    live.screen.stage(&stage(&["a", "b"]), Own::Off);
    live.screen.add(&key("a", 1), Part::Camera, &left.producer).unwrap();
    live.screen.add(&key("b", 1), Part::Camera, &right.producer).unwrap();
    // The left one is 4:3: its picture stands in the middle of its tile.
    live.until("both", |live| near(live.luma(160, 140), grey(200)) && near(live.luma(480, 140), grey(120)));
    left.freeze();
    live.until("the left one is dark", |live| live.luma(160, 120) < grey(120));
    let seen = live.frames.load(Ordering::Relaxed);
    live.until("the right one moves", |live| live.frames.load(Ordering::Relaxed) > seen + 30);
    assert!(near(live.luma(480, 140), grey(120)));
}

#[test]
fn a_connection_made_anew_keeps_its_tile_and_its_last_picture() {
    let mut live = live();
    let (one, other) = (Sender::start(200, 640, 360, &live.time), Sender::start(80, 360, 640, &live.time));
    live.screen.stage(&stage(&["a"]), Own::Off);
    assert!(live.screen.add(&key("a", 1), Part::Camera, &one.producer).unwrap().is_none());
    live.until("the picture", |live| near(live.luma(60, 180), grey(200)));
    drop(live.screen.remove(&key("a", 1), Part::Camera).unwrap());
    assert!(live.screen.remove(&key("a", 1), Part::Camera).is_none());
    live.screen.stage(&stage(&["a"]), Own::Off);
    assert!(near(live.luma(60, 180), grey(200)), "the last picture stays");
    live.screen.add(&key("a", 2), Part::Camera, &other.producer).unwrap();
    live.until("the new picture, upright", |live| near(live.luma(320, 180), grey(80)) && live.luma(60, 180) < 36);
    let late = live.screen.add(&key("a", 1), Part::Camera, &one.producer).unwrap();
    assert!(late.is_none() && near(live.luma(320, 180), grey(80)), "what comes late of the old one is nothing");
    live.screen.stage(&stage(&[]), Own::Off);
    live.until("it is gone", |live| live.luma(320, 20) < 36);
}

#[test]
fn a_still_screen_is_not_painted_again() {
    let live = live();
    live.until("the clock", |live| live.frames.load(Ordering::Relaxed) > 0);
    std::thread::sleep(Duration::from_millis(300));
    let seen = live.frames.load(Ordering::Relaxed);
    std::thread::sleep(Duration::from_secs(2));
    // The minute may have changed.
    assert!(live.frames.load(Ordering::Relaxed) <= seen + 1);
}

#[test]
fn a_display_that_takes_nothing_holds_up_neither_the_painter_nor_the_end() {
    let mut live = live();
    let sender = Sender::start(200, 640, 360, &live.time);
    let sink = live.screen.pipeline.bin().iterate_sinks().next().unwrap().unwrap();
    let (release, wait) = std::sync::mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    sink.static_pad("sink").unwrap().add_probe(gst::PadProbeType::BUFFER, move |_, _| {
        let _ = wait.lock().unwrap().recv_timeout(Duration::from_secs(20));
        gst::PadProbeReturn::Ok
    });
    live.screen.stage(&stage(&["a"]), Own::Off);
    live.screen.add(&key("a", 1), Part::Camera, &sender.producer).unwrap();
    live.until("painted all the same", |live| near(live.luma(60, 180), grey(200)));
    let begun = Instant::now();
    drop(live.screen.remove(&key("a", 1), Part::Camera));
    live.screen.stage(&stage(&[]), Own::Off);
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    drop(release);
}
