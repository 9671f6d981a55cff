//! Which encoder and decoder really work on this machine: a few frames are encoded, not only the element looked up.

use std::sync::mpsc;
use std::time::Duration;

use gstreamer as gst;
use gstreamer::prelude::*;

use super::Error;
use super::pipeline::{capsfilter, element, element_with, set};
use super::plan::encoder::{DECODERS, ENCODERS, Encoder};

/// A driver that does not answer for this long does not work.
const PATIENCE: Duration = Duration::from_secs(3);

/// The first encoder of those wanted (`auto` or a name) that encodes pictures of this size.
pub fn encoder(wanted: &str, width: u32, height: u32) -> Result<&'static Encoder, Error> {
    let mut tried = Vec::new();
    for candidate in Encoder::candidates(wanted) {
        if gst::ElementFactory::find(candidate.element).is_none() {
            tried.push(format!("{} (not installed)", candidate.element));
            continue;
        }
        match works(candidate, width, height) {
            Ok(()) => return Ok(candidate),
            Err(why) => {
                tracing::warn!(encoder = candidate.element, "does not work here: {why}");
                tried.push(format!("{} ({why})", candidate.element));
            }
        }
    }
    if tried.is_empty() {
        let known: Vec<&str> = ENCODERS.iter().map(|e| e.element).collect();
        tried.push(format!("`{wanted}`, which is none of {}", known.join(", ")));
    }
    Err(Error::NoCodec("H.264 encoder", tried.join(", ")))
}

/// The first decoder that is installed.
pub fn decoder() -> Result<&'static str, Error> {
    let found = DECODERS.iter().find(|name| gst::ElementFactory::find(name).is_some());
    found.copied().ok_or_else(|| Error::NoCodec("H.264 decoder", DECODERS.join(", ")))
}

/// Runs on a thread of its own, which is left behind if the driver never returns.
fn works(candidate: &'static Encoder, width: u32, height: u32) -> Result<(), String> {
    let (tell, hear) = mpsc::sync_channel(1);
    std::thread::Builder::new()
        .name("encoder-probe".into())
        .spawn(move || {
            let _ = tell.send(encode(candidate, width, height));
        })
        .map_err(|e| e.to_string())?;
    hear.recv_timeout(PATIENCE).map_err(|_| "it does not answer".to_owned())?
}

fn encode(candidate: &Encoder, width: u32, height: u32) -> Result<(), String> {
    let pipeline = gst::Pipeline::new();
    let outcome = run(&pipeline, candidate, width, height);
    let _ = pipeline.set_state(gst::State::Null);
    if let Some(bus) = pipeline.bus() {
        bus.set_flushing(true);
    }
    outcome
}

#[allow(clippy::wildcard_enum_match_arm)] // not our enum: it grows with every release
fn run(pipeline: &gst::Pipeline, candidate: &Encoder, width: u32, height: u32) -> Result<(), String> {
    let build = || -> Result<Vec<gst::Element>, Error> {
        let source = element_with("videotestsrc", &[("num-buffers", "3"), ("pattern", "black")])?;
        let caps = capsfilter(&format!("video/x-raw,format={{I420,NV12}},width={width},height={height},framerate=30/1"))?;
        let coder = element(candidate.element)?;
        for (name, value) in candidate.properties(1_000_000, u64::from(width) * u64::from(height)) {
            set(&coder, name, &value);
        }
        Ok(vec![source, caps, coder, capsfilter(candidate.output_caps())?, element_with("fakesink", &[("sync", "false")])?])
    };
    let elements = build().map_err(|e| e.to_string())?;
    pipeline.add_many(&elements).map_err(|e| e.to_string())?;
    gst::Element::link_many(&elements).map_err(|e| e.to_string())?;
    pipeline.set_state(gst::State::Playing).map_err(|_| "it does not start".to_owned())?;
    let bus = pipeline.bus().ok_or("no bus")?;
    let wait = gst::ClockTime::try_from(PATIENCE).ok();
    let Some(message) = bus.timed_pop_filtered(wait, &[gst::MessageType::Eos, gst::MessageType::Error]) else {
        return Err("it takes pictures and gives none".to_owned());
    };
    match message.view() {
        gst::MessageView::Error(error) => Err(error.error().message().to_owned()),
        _ => Ok(()),
    }
}
