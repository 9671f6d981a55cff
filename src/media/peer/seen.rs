//! The pictures of one m-line of one peer: the last of them, and what is known of all.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_utils::StreamProducer;
use gstreamer_video as gst_video;
use gstreamer_video::prelude::*;

use super::Picture;
use crate::media::capture::now_ms;
use crate::media::plan::testcard;
use crate::media::stats::CardReader;
use crate::media::stats::freezes::Freezes;
use crate::protocol::control::{TestCardStatus, VideoStatus};

/// Counters and the last picture.
#[derive(Debug)]
pub struct Pictures {
    frames: AtomicU64,
    width: AtomicU32,
    height: AtomicU32,
    picture: Mutex<Option<StreamProducer>>,
    /// Whether the last picture still means something.
    holds: AtomicBool,
    first: OnceLock<Instant>,
    cards: Option<Mutex<CardReader>>,
    freezes: Mutex<Freezes>,
    /// Of the last pictures, microseconds.
    decoding: AtomicU64,
}

impl Pictures {
    /// None yet. `read_test_card` looks for a test card in each.
    pub fn new(read_test_card: bool) -> Self {
        Self {
            frames: AtomicU64::new(0),
            width: AtomicU32::new(0),
            height: AtomicU32::new(0),
            picture: Mutex::default(),
            holds: AtomicBool::new(false),
            first: OnceLock::new(),
            cards: read_test_card.then(Mutex::default),
            freezes: Mutex::default(),
            decoding: AtomicU64::new(0),
        }
    }

    /// Looks at what goes into the decoder and what comes out of it, and keeps the last picture of the producer.
    pub fn watch(self: &Arc<Self>, before: &gst::Pad, after: &gst::Pad, producer: &StreamProducer) {
        let entered = watch_decoder(before);
        watch_pictures(after, self, entered);
        *self.picture.lock().unwrap_or_else(PoisonError::into_inner) = Some(producer.clone());
    }

    /// Forgets the last picture, and with it the elements that made it.
    pub fn close(&self) {
        self.picture.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// The last picture is over; it counts again with the next.
    pub fn forget(&self) {
        self.holds.store(false, Ordering::Release);
    }

    /// The last decoded picture.
    pub fn picture(&self) -> Option<Picture> {
        if !self.holds.load(Ordering::Acquire) {
            return None;
        }
        self.picture.lock().unwrap_or_else(PoisonError::into_inner).as_ref()?.last_sample()
    }

    /// When the first picture was decoded.
    pub fn first(&self) -> Option<Instant> {
        self.first.get().copied()
    }

    /// For `status`.
    pub fn status(&self) -> VideoStatus {
        VideoStatus {
            frames_decoded: self.frames.load(Ordering::Relaxed),
            width: self.width.load(Ordering::Relaxed),
            height: self.height.load(Ordering::Relaxed),
            test_card: self.test_card(),
        }
    }

    fn test_card(&self) -> Option<TestCardStatus> {
        self.cards.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner).status()
    }

    /// How often and for how long in all the picture stood still, and how long decoding takes.
    pub fn smoothness(&self) -> (u64, Duration, Option<Duration>) {
        let (count, frozen) = self.freezes.lock().unwrap_or_else(PoisonError::into_inner).seen();
        let decoding = self.decoding.load(Ordering::Relaxed);
        (count, frozen, (decoding > 0).then(|| Duration::from_micros(decoding)))
    }

    fn decoded_in(&self, took: Duration) {
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX).max(1);
        let before = self.decoding.load(Ordering::Relaxed);
        self.decoding.store(if before == 0 { took } else { (before * 15 + took) / 16 }, Ordering::Relaxed);
    }
}

/// When the last picture went into the decoder.
type Entered = Arc<Mutex<Option<Instant>>>;

fn watch_decoder(pad: &gst::Pad) -> Entered {
    let entered = Entered::default();
    let at = entered.clone();
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
        if let Ok(mut at) = at.lock() {
            *at = Some(Instant::now());
        }
        gst::PadProbeReturn::Ok
    });
    entered
}

fn watch_pictures(pad: &gst::Pad, pictures: &Arc<Pictures>, entered: Entered) {
    let info = Mutex::new(None::<gst_video::VideoInfo>);
    let pictures = Arc::downgrade(pictures);
    pad.add_probe(gst::PadProbeType::BUFFER | gst::PadProbeType::EVENT_DOWNSTREAM, move |_, probe| {
        let (Some(pictures), Ok(mut info)) = (pictures.upgrade(), info.lock()) else {
            return gst::PadProbeReturn::Ok;
        };
        if let Some(gst::EventView::Caps(caps)) = probe.event().map(|e| e.view()) {
            *info = gst_video::VideoInfo::from_caps(caps.caps()).ok();
            if let Some(info) = info.as_ref() {
                pictures.width.store(info.width(), Ordering::Relaxed);
                pictures.height.store(info.height(), Ordering::Relaxed);
            }
        } else if let Some(buffer) = probe.buffer() {
            pictures.frames.fetch_add(1, Ordering::Relaxed);
            pictures.holds.store(true, Ordering::Release);
            let now = Instant::now();
            pictures.first.get_or_init(|| now);
            if let Ok(mut freezes) = pictures.freezes.lock() {
                freezes.frame(now);
            }
            if let Some(entered) = entered.lock().ok().and_then(|mut entered| entered.take()) {
                pictures.decoded_in(now.saturating_duration_since(entered));
            }
            if let (Some(cards), Some(info)) = (&pictures.cards, info.as_ref()) {
                read_card(buffer, info, cards);
            }
        }
        gst::PadProbeReturn::Ok
    });
}

fn read_card(buffer: &gst::BufferRef, info: &gst_video::VideoInfo, cards: &Mutex<CardReader>) {
    let Ok(picture) = gst_video::VideoFrameRef::from_buffer_ref_readable(buffer, info) else {
        return;
    };
    let stride = picture.plane_stride().first().map_or(0, |s| s.unsigned_abs() as usize);
    let card = picture.plane_data(0).ok().and_then(|plane| testcard::read(plane, stride, info.width() as usize));
    if let (Some(card), Ok(mut cards)) = (card, cards.lock()) {
        cards.push(card, now_ms());
    }
}
