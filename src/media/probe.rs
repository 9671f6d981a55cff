//! Which encoder and decoder really work on this machine: a few frames are encoded, not only the element looked up.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use gstreamer as gst;
use gstreamer::prelude::*;

use super::Error;
use super::pipeline::{capsfilter, element, element_with, set};
use super::plan::encoder::{DECODERS, ENCODERS, Encoder};

/// A driver that does not answer for this long does not work.
const HARDWARE_PATIENCE: Duration = Duration::from_secs(3);
/// Software only waits for a processor that is busy.
const SOFTWARE_PATIENCE: Duration = Duration::from_secs(15);
/// So much earlier an encoder that answers is asked what it gave.
const MARGIN: Duration = Duration::from_millis(500);

/// What came of looking for an encoder.
#[derive(Debug)]
pub struct Found {
    /// The first that works.
    pub encoder: Result<&'static Encoder, Error>,
    /// Those before it that are installed and do not work.
    pub rejected: Vec<Rejected>,
}

/// An encoder that does not work here.
#[derive(Debug)]
pub struct Rejected {
    /// GStreamer element name.
    pub element: &'static str,
    /// For people.
    pub why: String,
    /// Its driver did not answer: a thread of ours is still in it.
    pub stuck: bool,
}

/// The first of these encoders that encodes pictures of this size. Takes seconds with some drivers: not for the engine's thread.
pub fn encoder(wanted: &str, candidates: &[&'static Encoder], width: u32, height: u32) -> Found {
    let (mut tried, mut rejected) = (Vec::new(), Vec::new());
    for candidate in candidates {
        let element = candidate.element;
        if gst::ElementFactory::find(element).is_none() {
            tried.push(format!("{element} (not installed)"));
            continue;
        }
        let (why, stuck) = match works(candidate, width, height) {
            Some(Ok(())) => return Found { encoder: Ok(candidate), rejected },
            Some(Err(why)) => (why, false),
            None => ("it does not answer".to_owned(), true),
        };
        tracing::warn!(encoder = element, "does not work here: {why}");
        tried.push(format!("{element} ({why})"));
        rejected.push(Rejected { element, why, stuck });
    }
    if candidates.is_empty() {
        let known: Vec<&str> = ENCODERS.iter().map(|e| e.element).collect();
        tried.push(format!("`{wanted}`, which is none of {}", known.join(", ")));
    }
    Found { encoder: Err(Error::NoCodec("H.264 encoder", tried.join(", "))), rejected }
}

/// The first decoder that is installed.
pub fn decoder() -> Result<&'static str, Error> {
    let found = DECODERS.iter().find(|name| gst::ElementFactory::find(name).is_some());
    found.copied().ok_or_else(|| Error::NoCodec("H.264 decoder", DECODERS.join(", ")))
}

/// Runs on a thread of its own, which is left behind if the driver never returns: then there is no answer.
fn works(candidate: &'static Encoder, width: u32, height: u32) -> Option<Result<(), String>> {
    let patience = if candidate.hardware { HARDWARE_PATIENCE } else { SOFTWARE_PATIENCE };
    let (tell, hear) = mpsc::sync_channel(1);
    let begun = std::thread::Builder::new().name("encoder-probe".into()).spawn(move || {
        let pipeline = gst::Pipeline::new();
        let outcome = run(&pipeline, candidate, width, height, patience - MARGIN);
        if outcome.is_err() {
            // It may not return from stopping either.
            let _ = tell.try_send(outcome.clone());
        }
        let _ = pipeline.set_state(gst::State::Null);
        if let Some(bus) = pipeline.bus() {
            bus.set_flushing(true);
        }
        let _ = tell.try_send(outcome);
    });
    match begun {
        Ok(_) => hear.recv_timeout(patience).ok(),
        Err(error) => Some(Err(error.to_string())),
    }
}

#[allow(clippy::wildcard_enum_match_arm)] // not our enum: it grows with every release
fn run(pipeline: &gst::Pipeline, candidate: &Encoder, width: u32, height: u32, patience: Duration) -> Result<(), String> {
    let build = || -> Result<Vec<gst::Element>, Error> {
        let source = element_with("videotestsrc", &[("num-buffers", "3"), ("pattern", "black")])?;
        let caps = capsfilter(&format!("video/x-raw,format={{I420,NV12}},width={width},height={height},framerate=30/1"))?;
        let coder = element(candidate.element)?;
        for (name, value) in candidate.properties(1_000_000, u64::from(width) * u64::from(height)) {
            set(&coder, name, &value);
        }
        let mut elements = vec![source, caps];
        if let Some((upload, caps)) = candidate.upload {
            elements.extend([element(upload)?, capsfilter(caps)?]);
        }
        elements.extend([coder, capsfilter(candidate.output_caps())?, element_with("fakesink", &[("sync", "false")])?]);
        Ok(elements)
    };
    let elements = build().map_err(|e| e.to_string())?;
    let given = Arc::new(AtomicBool::new(false));
    if let Some(pad) = elements.last().and_then(|sink| sink.static_pad("sink")) {
        let given = given.clone();
        pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
            given.store(true, Ordering::Release);
            gst::PadProbeReturn::Ok
        });
    }
    pipeline.add_many(&elements).map_err(|e| e.to_string())?;
    gst::Element::link_many(&elements).map_err(|e| e.to_string())?;
    pipeline.set_state(gst::State::Playing).map_err(|_| "it does not start".to_owned())?;
    let bus = pipeline.bus().ok_or("no bus")?;
    let wait = gst::ClockTime::try_from(patience).ok();
    let message = bus.timed_pop_filtered(wait, &[gst::MessageType::Eos, gst::MessageType::Error]);
    match message.as_ref().map(|message| message.view()) {
        Some(gst::MessageView::Error(error)) => Err(error.error().message().to_owned()),
        Some(_) if given.load(Ordering::Acquire) => Ok(()),
        _ => Err("it takes pictures and gives none".to_owned()),
    }
}
