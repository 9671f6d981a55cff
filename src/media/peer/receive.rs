//! What comes in from one peer. Pads stay blocked until the gate opens, so nothing unverified passes and no keyframe is lost.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use gstreamer as gst;
use gstreamer::glib;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use gstreamer_utils::StreamProducer;

use super::Options;
use super::inside::{self, Orderers};
use super::seen::Pictures;
use crate::media::engine::{Note, Notes};
use crate::media::pipeline::{Pipeline, capsfilter, element, element_with, fan_out};
use crate::media::{Error, PeerKey, decoder};
use crate::protocol::control::AudioStatus;

/// Counters, the gate, and the pictures of one peer.
#[derive(Debug)]
pub struct Intake {
    open: AtomicBool,
    blocked: Mutex<Vec<(glib::WeakRef<gst::Pad>, gst::PadProbeId)>>,
    audio_packets: AtomicU64,
    packets: AtomicU64,
    camera: Arc<Pictures>,
    share: Arc<Pictures>,
}

/// Which of a peer's pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Its camera's; of who knows no other, whatever it shows.
    Camera,
    /// What it shares beside the camera (C33).
    Share,
}

/// A decoded picture with its caps.
pub type Picture = gst::Sample;

impl Intake {
    /// Closed. `read_test_card` looks for a test card in each picture.
    pub fn new(read_test_card: bool) -> Self {
        let pictures = || Arc::new(Pictures::new(read_test_card));
        Self {
            open: AtomicBool::new(false),
            blocked: Mutex::default(),
            audio_packets: AtomicU64::new(0),
            packets: AtomicU64::new(0),
            camera: pictures(),
            share: pictures(),
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

    /// Forgets the last pictures, and with them the elements that made them.
    pub fn close(&self) {
        self.camera.close();
        self.share.close();
    }

    /// What came of this part.
    pub fn pictures(&self, part: Part) -> &Arc<Pictures> {
        match part {
            Part::Camera => &self.camera,
            Part::Share => &self.share,
        }
    }

    /// Packets of any kind that have come in, RTCP included: grows while the peer is alive.
    pub fn activity(&self) -> u64 {
        self.packets.load(Ordering::Relaxed)
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
///
/// `share` is the payload type of what the peer shares.
pub fn connect(
    webrtc: &gst::Element,
    pipeline: &Pipeline,
    options: &Options,
    share: Option<u8>,
    intake: &Arc<Intake>,
    key: &PeerKey,
    notes: &Notes,
) {
    let (bin, options, intake, key, notes) =
        (pipeline.bin().downgrade(), options.clone(), intake.clone(), key.clone(), notes.clone());
    let orderers = Orderers::of(webrtc);
    webrtc.connect_pad_added(move |_, pad| {
        if pad.direction() != gst::PadDirection::Src {
            return;
        }
        let Some(bin) = bin.upgrade() else {
            return;
        };
        intake.block(pad);
        repair(pad, &orderers);
        if let Err(error) = receive(&bin, pad, &options, share, &intake, &key, &notes) {
            notes.send(Note::PeerFailed { key: key.clone(), text: error.to_string() });
        }
    });
}

/// Pictures that miss a part are of no use; sound does without.
fn repair(pad: &gst::Pad, orderers: &Orderers) {
    let caps = pad.current_caps().unwrap_or_else(|| pad.query_caps(None));
    let number = caps.structure(0).and_then(|stream| stream.get::<u32>("ssrc").ok());
    let is_video = caps.structure(0).is_some_and(|stream| stream.get::<&str>("media") == Ok("video"));
    match number.or_else(|| inside::number(pad)) {
        Some(number) => orderers.ask_again(number, is_video),
        None => tracing::warn!("what is lost on the way cannot be asked for again: its stream has no number"),
    }
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
    share: Option<u8>,
    intake: &Arc<Intake>,
    key: &PeerKey,
    notes: &Notes,
) -> Result<(), Error> {
    let caps = pad.current_caps().unwrap_or_else(|| pad.query_caps(None));
    let encoding = caps.structure(0).and_then(|s| s.get::<String>("encoding-name").ok()).unwrap_or_default();
    match encoding.to_ascii_uppercase().as_str() {
        "H264" => {
            let number = caps.structure(0).and_then(|s| s.get::<i32>("payload").ok()).and_then(|number| u8::try_from(number).ok());
            let part = if number.is_some() && number == share { Part::Share } else { Part::Camera };
            video(bin, pad, options, part, intake, key, notes)
        }
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
    part: Part,
    intake: &Arc<Intake>,
    key: &PeerKey,
    notes: &Notes,
) -> Result<(), Error> {
    count(pad, intake, false);
    let depay = element_with("rtph264depay", &[("wait-for-keyframe", "true"), ("request-keyframe", "true")])?;
    // Whole pictures from here on: a parser that is given slices waits for the next picture to know that one is complete.
    let whole = capsfilter("video/x-h264,stream-format=byte-stream,alignment=au")?;
    let parse = element("h264parse")?;
    let decoder = decoder::h264(options.decoder)?;
    let sink = gst_app::AppSink::builder().sync(false).async_(false).build();
    let producer = fan_out(&sink);
    if let (Some(before), Some(after)) = (decoder.static_pad("sink"), sink.static_pad("sink")) {
        intake.pictures(part).watch(&before, &after, &producer);
    }
    let tee = tee()?;
    attach(bin, pad, &[depay, whole, parse, tee.clone(), decoder, sink.upcast()])?;
    let coded = write_down(bin, &tee)?;
    notes.send(Note::PictureReady { key: key.clone(), part, producer, coded });
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
