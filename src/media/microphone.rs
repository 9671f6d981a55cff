//! Microphone to Opus, once for all listeners.
//!
//! ```text
//!  alsasrc ─► queue(leaky) ─► convert, resample ─► canceller ─┬─► opusenc ─► appsink ═► StreamProducer (one appsrc per peer)
//!                                               └ our clock   │
//!  file | test tone ─► queue(leaky) ─► convert, resample ─────┘
//! ```
//!
//! What comes from a file has no room with an echo in it, and a test tone is noise to whoever suppresses noise.

use std::sync::Arc;

use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use gstreamer_utils::StreamProducer;

use super::Error;
use super::capture::add_file;
use super::inventory::resolve_card;
use super::pipeline::{Pipeline, Report, Timebase, capsfilter, element, element_with, fan_out, leaky_queue};
use super::sound::{Canceller, MONO, follow_card, measure};
use crate::config::{self, MicrophoneSource};

/// A running microphone.
#[derive(Debug)]
pub struct Microphone {
    producer: StreamProducer,
    coder: gstreamer::Element,
    pipeline: Pipeline,
}

/// What a microphone is called in `status`.
pub fn name(source: &MicrophoneSource) -> String {
    match source {
        MicrophoneSource::Alsa { device } => device.clone(),
        MicrophoneSource::File { file } => file.display().to_string(),
        MicrophoneSource::Test { tone } => format!("test tone {tone} Hz"),
        MicrophoneSource::None => "none".to_owned(),
    }
}

impl Microphone {
    /// Builds and starts it.
    pub fn start(
        source: &MicrophoneSource,
        audio: &config::Audio,
        canceller: &Arc<Canceller>,
        time: &Timebase,
        report: impl Fn(Report) + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let pipeline = Pipeline::new("microphone", time, report);
        let queue = leaky_queue(20)?;
        let convert = element("audioconvert")?;
        let resample = element("audioresample")?;
        let raw = capsfilter(MONO)?;
        let is_card = matches!(source, MicrophoneSource::Alsa { .. });
        if is_card {
            follow_card(&raw, 1, &canceller.taken);
        }
        let processor = if is_card { canceller.processor()? } else { None };
        measure(processor.as_ref().unwrap_or(&raw), &canceller.said);
        let coder = element_with(
            "opusenc",
            &[
                ("bitrate", &audio.bitrate.0.to_string()),
                ("bitrate-type", "constrained-vbr"),
                ("audio-type", "voice"),
                ("frame-size", "20"),
                ("complexity", &audio.complexity.to_string()),
                // Opus carries a copy of the last frame only when told to expect loss.
                ("inband-fec", "true"),
                ("packet-loss-percentage", "5"),
            ],
        )?;
        let sink = gst_app::AppSink::builder().name("coded").sync(false).build();
        let elements =
            [Some(&queue), Some(&convert), Some(&resample), Some(&raw), processor.as_ref(), Some(&coder), Some(sink.upcast_ref())];
        pipeline.chain(&elements.into_iter().flatten().collect::<Vec<_>>())?;
        add_source(&pipeline, source, &queue, time)?;
        let producer = fan_out(&sink);
        pipeline.play()?;
        Ok(Self { producer, coder, pipeline })
    }

    /// Where peers get their stream.
    pub fn producer(&self) -> &StreamProducer {
        &self.producer
    }

    /// The part of the packets, per cent, that will be lost on the way: Opus repeats so much of each in the next one.
    pub fn expect_loss(&self, percent: u8) {
        let percent = i32::from(percent);
        if self.coder.property::<i32>("packet-loss-percentage") != percent {
            self.coder.set_property("packet-loss-percentage", percent);
        }
    }

    /// The pipeline, for latency.
    pub fn pipeline(&self) -> &Pipeline {
        &self.pipeline
    }
}

/// Puts the microphone before `next`.
pub fn add_source(pipeline: &Pipeline, source: &MicrophoneSource, next: &gstreamer::Element, time: &Timebase) -> Result<(), Error> {
    let source = match source {
        // The default buffer of 200 ms would be heard as delay.
        MicrophoneSource::Alsa { device } => {
            let device = resolve_card(device, alsa::Direction::Capture)?;
            let properties = [
                ("device", device.as_str()),
                ("buffer-time", "40000"),
                ("latency-time", "10000"),
                // Where the driver has no time stamps: the others of GStreamer count samples, and drift away with the card.
                ("slave-method", "re-timestamp"),
                ("provide-clock", "false"),
            ];
            element_with("alsasrc", &properties)?
        }
        MicrophoneSource::Test { tone } => {
            let frequency = tone.to_string();
            let properties =
                [("is-live", "true"), ("wave", "sine"), ("freq", &frequency), ("volume", "0.3"), ("samplesperbuffer", "480")];
            element_with("audiotestsrc", &properties)?
        }
        MicrophoneSource::File { file } => {
            if !file.exists() {
                return Err(Error::missing(format!("there is no file {}", file.display())));
            }
            return add_file(pipeline, file, "audio/", next, time);
        }
        MicrophoneSource::None => return Err(Error::Pipeline("the microphone is switched off".to_owned())),
    };
    pipeline.chain(&[&source])?;
    source.link(next).map_err(|e| Error::pipeline(&e))?;
    Ok(())
}
