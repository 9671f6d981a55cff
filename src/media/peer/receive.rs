//! What comes in from one peer. Pads stay blocked until the gate opens, so nothing unverified passes and no keyframe is lost.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use gstreamer as gst;
use gstreamer::glib;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use gstreamer_utils::StreamProducer;
use gstreamer_video as gst_video;
use gstreamer_video::prelude::*;

use super::Options;
use crate::media::capture::now_ms;
use crate::media::engine::{Note, Notes};
use crate::media::pipeline::{Pipeline, capsfilter, element, element_with, fan_out, set};
use crate::media::plan::testcard;
use crate::media::stats::CardReader;
use crate::media::stats::freezes::Freezes;
use crate::media::{Error, PeerKey};
use crate::protocol::control::{AudioStatus, TestCardStatus, VideoStatus};

/// Counters, the gate, and the last picture of one peer.
#[derive(Debug)]
pub struct Intake {
    open: AtomicBool,
    blocked: Mutex<Vec<(glib::WeakRef<gst::Pad>, gst::PadProbeId)>>,
    frames: AtomicU64,
    width: AtomicU32,
    height: AtomicU32,
    audio_packets: AtomicU64,
    packets: AtomicU64,
    picture: Mutex<Option<StreamProducer>>,
    first_picture: OnceLock<Instant>,
    cards: Option<Mutex<CardReader>>,
    freezes: Mutex<Freezes>,
    /// Of the last pictures, microseconds.
    decoding: AtomicU64,
}

/// A decoded picture with its caps.
pub type Picture = gst::Sample;

impl Intake {
    /// Closed. `read_test_card` looks for a test card in each picture.
    pub fn new(read_test_card: bool) -> Self {
        Self {
            open: AtomicBool::new(false),
            blocked: Mutex::default(),
            frames: AtomicU64::new(0),
            width: AtomicU32::new(0),
            height: AtomicU32::new(0),
            audio_packets: AtomicU64::new(0),
            packets: AtomicU64::new(0),
            picture: Mutex::default(),
            first_picture: OnceLock::new(),
            cards: read_test_card.then(Mutex::default),
            freezes: Mutex::default(),
            decoding: AtomicU64::new(0),
        }
    }

    /// Lets media in.
    pub fn open(&self) {
        let mut blocked = self.blocked.lock().unwrap_or_else(PoisonError::into_inner);
        self.open.store(true, Ordering::Release);
        for (pad, probe) in blocked.drain(..) {
            if let Some(pad) = pad.upgrade() {
                pad.remove_probe(probe);
            }
        }
    }

    /// Forgets the last picture, and with it the elements that made it.
    pub fn close(&self) {
        self.picture.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Packets of any kind that have come in, RTCP included: grows while the peer is alive.
    pub fn activity(&self) -> u64 {
        self.packets.load(Ordering::Relaxed)
    }

    /// The last decoded picture.
    pub fn picture(&self) -> Option<Picture> {
        self.picture.lock().unwrap_or_else(PoisonError::into_inner).as_ref()?.last_sample()
    }

    /// When the first picture was decoded.
    pub fn first_picture(&self) -> Option<Instant> {
        self.first_picture.get().copied()
    }

    /// For `status`.
    pub fn video(&self) -> VideoStatus {
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

    /// For `status`.
    pub fn audio(&self) -> AudioStatus {
        AudioStatus { packets: self.audio_packets.load(Ordering::Relaxed), ..AudioStatus::default() }
    }

    fn block(&self, pad: &gst::Pad) {
        let mut blocked = self.blocked.lock().unwrap_or_else(PoisonError::into_inner);
        if self.open.load(Ordering::Acquire) {
            return;
        }
        if let Some(id) = pad.add_probe(gst::PadProbeType::BLOCK_DOWNSTREAM, |_, _| gst::PadProbeReturn::Ok) {
            blocked.push((pad.downgrade(), id));
        }
    }
}

/// Builds a receiving chain for each stream that appears.
pub fn connect(webrtc: &gst::Element, pipeline: &Pipeline, options: &Options, intake: &Arc<Intake>, key: &PeerKey, notes: &Notes) {
    let (bin, options, intake, key, notes) =
        (pipeline.bin().downgrade(), options.clone(), intake.clone(), key.clone(), notes.clone());
    webrtc.connect_pad_added(move |_, pad| {
        if pad.direction() != gst::PadDirection::Src {
            return;
        }
        let Some(bin) = bin.upgrade() else {
            return;
        };
        intake.block(pad);
        if let Err(error) = receive(&bin, pad, &options, &intake, &key, &notes) {
            notes.send(Note::PeerFailed { key: key.clone(), text: error.to_string() });
        }
    });
}

/// Counts RTCP, which comes even from a peer that has everything muted.
pub fn count_rtcp(webrtc: &gst::Element, intake: &Arc<Intake>) {
    let Some(rtpbin) = webrtc.downcast_ref::<gst::Bin>().and_then(|bin| bin.by_name("rtpbin")) else {
        return;
    };
    let watch = {
        let intake = Arc::downgrade(intake);
        move |pad: &gst::Pad| {
            if !pad.name().starts_with("recv_rtcp_sink") {
                return;
            }
            let intake = intake.clone();
            pad.add_probe(gst::PadProbeType::BUFFER | gst::PadProbeType::BUFFER_LIST, move |_, _| {
                if let Some(intake) = intake.upgrade() {
                    intake.packets.fetch_add(1, Ordering::Relaxed);
                }
                gst::PadProbeReturn::Ok
            });
        }
    };
    for pad in rtpbin.sink_pads() {
        watch(&pad);
    }
    rtpbin.connect_pad_added(move |_, pad| watch(pad));
}

fn receive(
    bin: &gst::Pipeline,
    pad: &gst::Pad,
    options: &Options,
    intake: &Arc<Intake>,
    key: &PeerKey,
    notes: &Notes,
) -> Result<(), Error> {
    let caps = pad.current_caps().unwrap_or_else(|| pad.query_caps(None));
    let encoding = caps.structure(0).and_then(|s| s.get::<String>("encoding-name").ok()).unwrap_or_default();
    match encoding.to_ascii_uppercase().as_str() {
        "H264" => video(bin, pad, options, intake, key, notes),
        "OPUS" => audio(bin, pad, options, intake, key, notes),
        other => {
            tracing::debug!(encoding = other, "a stream that was not asked for is dropped");
            attach(bin, pad, &[element_with("fakesink", &[("sync", "false"), ("async", "false")])?])
        }
    }
}

fn video(
    bin: &gst::Pipeline,
    pad: &gst::Pad,
    options: &Options,
    intake: &Arc<Intake>,
    key: &PeerKey,
    notes: &Notes,
) -> Result<(), Error> {
    count(pad, intake, false);
    let depay = element_with("rtph264depay", &[("wait-for-keyframe", "true"), ("request-keyframe", "true")])?;
    // Whole pictures from here on: a parser that is given slices waits for the next picture to know that one is complete.
    let whole = capsfilter("video/x-h264,stream-format=byte-stream,alignment=au")?;
    let parse = element("h264parse")?;
    let decoder = element(options.decoder)?;
    for (name, value) in [
        // Frame threads add a frame of delay each.
        ("max-threads", "1"),
        ("automatic-request-sync-points", "true"),
        ("output-corrupt", "false"),
        ("discard-corrupted-frames", "true"),
    ] {
        if decoder.find_property(name).is_some() {
            set(&decoder, name, value);
        }
    }
    let sink = gst_app::AppSink::builder().sync(false).async_(false).build();
    if let (Some(before), Some(after)) = (decoder.static_pad("sink"), sink.static_pad("sink")) {
        let entered = watch_decoder(&before);
        watch_pictures(&after, intake, entered);
    }
    let producer = fan_out(&sink);
    *intake.picture.lock().unwrap_or_else(PoisonError::into_inner) = Some(producer.clone());
    let tee = tee()?;
    attach(bin, pad, &[depay, whole, parse, tee.clone(), decoder, sink.upcast()])?;
    let coded = write_down(bin, &tee)?;
    notes.send(Note::PictureReady { key: key.clone(), producer, coded });
    Ok(())
}

fn audio(
    bin: &gst::Pipeline,
    pad: &gst::Pad,
    options: &Options,
    intake: &Arc<Intake>,
    key: &PeerKey,
    notes: &Notes,
) -> Result<(), Error> {
    count(pad, intake, true);
    let (depay, tee) = (element("rtpopusdepay")?, tee()?);
    if !options.play_audio {
        attach(bin, pad, &[depay, tee.clone()])?;
        let coded = write_down(bin, &tee)?;
        notes.send(Note::VoiceReady { key: key.clone(), producer: None, coded });
        return Ok(());
    }
    let decoder = element_with("opusdec", &[("plc", "true"), ("use-inband-fec", "true")])?;
    let sink = gst_app::AppSink::builder().sync(false).async_(false).build();
    let producer = fan_out(&sink);
    attach(bin, pad, &[depay, tee.clone(), decoder, sink.upcast()])?;
    let coded = write_down(bin, &tee)?;
    notes.send(Note::VoiceReady { key: key.clone(), producer: Some(producer), coded });
    Ok(())
}

fn tee() -> Result<gst::Element, Error> {
    element_with("tee", &[("allow-not-linked", "true")])
}

/// What comes to the tee, for whoever writes it down.
fn write_down(bin: &gst::Pipeline, tee: &gst::Element) -> Result<StreamProducer, Error> {
    let sink = gst_app::AppSink::builder().sync(false).async_(false).build();
    let producer = fan_out(&sink);
    bin.add(&sink).map_err(|e| Error::pipeline(&e))?;
    sink.sync_state_with_parent().map_err(|e| Error::pipeline(&e))?;
    tee.link(&sink).map_err(|e| Error::pipeline(&e))?;
    Ok(producer)
}

fn attach(bin: &gst::Pipeline, pad: &gst::Pad, elements: &[gst::Element]) -> Result<(), Error> {
    bin.add_many(elements).map_err(|e| Error::pipeline(&e))?;
    gst::Element::link_many(elements).map_err(|e| Error::pipeline(&e))?;
    for element in elements.iter().rev() {
        element.sync_state_with_parent().map_err(|e| Error::pipeline(&e))?;
    }
    let sink = elements.first().and_then(|e| e.static_pad("sink")).ok_or_else(|| Error::Pipeline("no sink pad".to_owned()))?;
    pad.link(&sink).map_err(|e| Error::Pipeline(format!("cannot link a received stream: {e}")))?;
    Ok(())
}

fn count(pad: &gst::Pad, intake: &Arc<Intake>, audio: bool) {
    let intake = Arc::downgrade(intake);
    pad.add_probe(gst::PadProbeType::BUFFER | gst::PadProbeType::BUFFER_LIST, move |_, info| {
        if let Some(intake) = intake.upgrade() {
            let packets = info.buffer_list().map_or(1, |list| list.len() as u64);
            intake.packets.fetch_add(packets, Ordering::Relaxed);
            if audio {
                intake.audio_packets.fetch_add(packets, Ordering::Relaxed);
            }
        }
        gst::PadProbeReturn::Ok
    });
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

fn watch_pictures(pad: &gst::Pad, intake: &Arc<Intake>, entered: Entered) {
    let info = Mutex::new(None::<gst_video::VideoInfo>);
    let intake = Arc::downgrade(intake);
    pad.add_probe(gst::PadProbeType::BUFFER | gst::PadProbeType::EVENT_DOWNSTREAM, move |_, probe| {
        let (Some(intake), Ok(mut info)) = (intake.upgrade(), info.lock()) else {
            return gst::PadProbeReturn::Ok;
        };
        if let Some(gst::EventView::Caps(caps)) = probe.event().map(|e| e.view()) {
            *info = gst_video::VideoInfo::from_caps(caps.caps()).ok();
            if let Some(info) = info.as_ref() {
                intake.width.store(info.width(), Ordering::Relaxed);
                intake.height.store(info.height(), Ordering::Relaxed);
            }
        } else if let Some(buffer) = probe.buffer() {
            intake.frames.fetch_add(1, Ordering::Relaxed);
            let now = Instant::now();
            intake.first_picture.get_or_init(|| now);
            if let Ok(mut freezes) = intake.freezes.lock() {
                freezes.frame(now);
            }
            if let Some(entered) = entered.lock().ok().and_then(|mut entered| entered.take()) {
                intake.decoded_in(now.saturating_duration_since(entered));
            }
            if let (Some(cards), Some(info)) = (&intake.cards, info.as_ref()) {
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
