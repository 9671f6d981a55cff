//! The voices of all others, mixed, to the speaker; and the tones of ringing and calling.
//!
//! ```text
//!  silence ───────────────────────────┐
//!  audiotestsrc (tone) ───────────────┤
//!  appsrc (peer) ─► convert, resample ┼─► audiomixer ─► convert ─► alsasink | wavenc ─► filesink
//!  appsrc (peer) ─► convert, resample ┘
//! ```
//!
//! The silence keeps the sink running while nobody speaks, so that a voice is heard from its first syllable.

use std::collections::BTreeMap;

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use gstreamer_utils::{ConsumptionLink, StreamProducer};

use super::pipeline::{Pipeline, Report, Timebase, capsfilter, element, element_with};
use super::{Error, PeerKey};
use crate::call::Tone;
use crate::config::SpeakerSink;

const FORMAT: &str = "audio/x-raw,format=S16LE,layout=interleaved,rate=48000,channels=2";

/// A quarter of full scale.
const VOLUME: &str = "0.25";

/// A running speaker.
#[derive(Debug)]
pub struct Speaker {
    voices: BTreeMap<PeerKey, Voice>,
    tone: Option<(Tone, Voice)>,
    mixer: gst::Element,
    pipeline: Pipeline,
    is_file: bool,
}

#[derive(Debug)]
struct Voice {
    _link: Option<ConsumptionLink>,
    elements: Vec<gst::Element>,
    pad: gst::Pad,
}

/// What a speaker is called in `status`.
pub fn name(sink: &SpeakerSink) -> String {
    match sink {
        SpeakerSink::Alsa { device } => device.clone(),
        SpeakerSink::File { file } => file.display().to_string(),
        SpeakerSink::None => "none".to_owned(),
    }
}

impl Speaker {
    /// Builds and starts it.
    pub fn start(sink: &SpeakerSink, time: &Timebase, report: impl Fn(Report) + Send + Sync + 'static) -> Result<Self, Error> {
        let pipeline = Pipeline::new("speaker", time, report);
        let silence = element_with("audiotestsrc", &[("is-live", "true"), ("wave", "silence"), ("samplesperbuffer", "480")])?;
        let format = capsfilter(FORMAT)?;
        let mixer = element_with(
            "audiomixer",
            &[("latency", "20000000"), ("ignore-inactive-pads", "true"), ("start-time-selection", "first")],
        )?;
        let mixed = capsfilter(FORMAT)?;
        let convert = element("audioconvert")?;
        let resample = element("audioresample")?;
        pipeline.chain(&[&silence, &format, &mixer, &mixed, &convert, &resample])?;
        match sink {
            SpeakerSink::Alsa { device } => {
                let properties = [("device", device.as_str()), ("buffer-time", "60000"), ("latency-time", "10000")];
                attach(&pipeline, &resample, &[&element_with("alsasink", &properties)?])?;
            }
            SpeakerSink::File { file } => {
                let location = file.to_str().ok_or_else(|| Error::Pipeline(format!("{} is not UTF-8", file.display())))?;
                let pace = element_with("identity", &[("sync", "true")])?;
                let wave = element("wavenc")?;
                let out = element_with("filesink", &[("async", "false"), ("sync", "false"), ("buffer-mode", "unbuffered")])?;
                out.set_property("location", location);
                attach(&pipeline, &resample, &[&pace, &wave, &out])?;
            }
            SpeakerSink::None => return Err(Error::Pipeline("the speaker is switched off".to_owned())),
        }
        pipeline.play()?;
        Ok(Self { voices: BTreeMap::new(), tone: None, mixer, pipeline, is_file: matches!(sink, SpeakerSink::File { .. }) })
    }

    /// Lets a peer be heard.
    pub fn add(&mut self, key: &PeerKey, producer: &StreamProducer) -> Result<(), Error> {
        if self.voices.contains_key(key) {
            return Ok(());
        }
        let source = gst_app::AppSrc::builder().format(gst::Format::Time).is_live(true).build();
        let link = producer.add_consumer(&source).map_err(|e| Error::Pipeline(e.to_string()))?;
        let elements =
            vec![source.upcast::<gst::Element>(), element("audioconvert")?, element("audioresample")?, capsfilter(FORMAT)?];
        let voice = self.mix_in(elements, Some(link))?;
        self.voices.insert(key.clone(), voice);
        Ok(())
    }

    /// Takes a peer's voice away.
    pub fn remove(&mut self, key: &PeerKey) {
        if let Some(voice) = self.voices.remove(key) {
            self.take_out(voice);
        }
    }

    /// Plays this tone from now on, or none.
    pub fn play(&mut self, tone: Option<Tone>) -> Result<(), Error> {
        if self.tone.as_ref().map(|(tone, _)| *tone) == tone {
            return Ok(());
        }
        if let Some((_, voice)) = self.tone.take() {
            self.take_out(voice);
        }
        if let Some(tone) = tone {
            let (pitch, on_ms, every_ms) = cadence(tone);
            let properties = [
                ("freq", pitch.to_string()),
                ("sine-periods-per-tick", (pitch * on_ms / 1000).to_string()),
                ("tick-interval", (u64::from(every_ms) * 1_000_000).to_string()),
                ("volume", VOLUME.to_owned()),
            ];
            let mut all = vec![("is-live", "true"), ("wave", "ticks"), ("apply-tick-ramp", "true"), ("samplesperbuffer", "480")];
            all.extend(properties.iter().map(|(name, value)| (*name, value.as_str())));
            let elements = vec![element_with("audiotestsrc", &all)?, capsfilter(FORMAT)?];
            let voice = self.mix_in(elements, None)?;
            self.tone = Some((tone, voice));
        }
        Ok(())
    }

    fn mix_in(&mut self, elements: Vec<gst::Element>, link: Option<ConsumptionLink>) -> Result<Voice, Error> {
        let chain: Vec<&gst::Element> = elements.iter().collect();
        self.pipeline.chain(&chain)?;
        let pad = self.mixer.request_pad_simple("sink_%u").ok_or_else(|| Error::Pipeline("the mixer is full".to_owned()))?;
        let last = elements.last().and_then(|e| e.static_pad("src")).ok_or_else(|| Error::Pipeline("no source pad".to_owned()))?;
        last.link(&pad).map_err(|e| Error::Pipeline(format!("cannot link to the mixer: {e}")))?;
        for element in &elements {
            element.sync_state_with_parent().map_err(|e| Error::pipeline(&e))?;
        }
        Ok(Voice { _link: link, elements, pad })
    }

    fn take_out(&mut self, voice: Voice) {
        let Voice { _link: link, elements, pad } = voice;
        drop(link);
        for element in &elements {
            element.set_locked_state(true);
            let _ = element.set_state(gst::State::Null);
        }
        if let Some(peer) = pad.peer() {
            let _ = peer.unlink(&pad);
        }
        self.mixer.release_request_pad(&pad);
        let _ = self.pipeline.bin().remove_many(&elements);
    }

    /// The pipeline, for latency.
    pub fn pipeline(&self) -> &Pipeline {
        &self.pipeline
    }
}

impl Drop for Speaker {
    fn drop(&mut self) {
        let keys: Vec<PeerKey> = self.voices.keys().cloned().collect();
        for key in keys {
            self.remove(&key);
        }
        if let Some((_, voice)) = self.tone.take() {
            self.take_out(voice);
        }
        if self.is_file {
            self.pipeline.finish();
        }
    }
}

/// Hz, for how long, how often: as European telephones sound.
fn cadence(tone: Tone) -> (u32, u32, u32) {
    match tone {
        Tone::Ringing => (800, 1000, 3000),
        Tone::RingBack => (425, 1000, 5000),
        Tone::Busy => (425, 480, 960),
    }
}

fn attach(pipeline: &Pipeline, last: &gst::Element, elements: &[&gst::Element]) -> Result<(), Error> {
    pipeline.chain(elements)?;
    if let Some(first) = elements.first() {
        last.link(*first).map_err(|e| Error::pipeline(&e))?;
    }
    Ok(())
}
