//! The voices of all others, mixed, to the speaker; and the tones of ringing and calling.
//!
//! ```text
//!  silence ─────────────────────────────────────────────────┐
//!  audiotestsrc (tone) ─────────────────────────────────────┤
//!  appsrc (peer) ─► convert, resample ─► queue ─► panorama ─┼─► audiomixer ─► volume ─► echo probe ─► alsasink | wavenc ─► filesink
//!  appsrc (peer) ─► convert, resample ─► queue ─► panorama ─┘
//!                                    └ on the mixer's time, held back as needed
//! ```
//!
//! The silence keeps the sink running while nobody speaks, so that a voice is heard from its first syllable. The jitter buffer's
//! latency is not the mixer's: a voice is held back as long as it really needs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use gstreamer_utils::StreamProducer;

use super::inventory::resolve_card;
use super::pipeline::{Pipeline, Report, Timebase, capsfilter, element, element_with};
use super::sound::{Branch, Canceller, CardVolume, Held, Meter, STEREO, Tap, follow_voice, measure};
use super::{Error, PeerKey};
use crate::call::Tone;
use crate::config::SpeakerSink;
use crate::protocol::control::VoiceStatus;

/// A quarter of full scale.
const TONE_VOLUME: &str = "0.25";

/// A running speaker.
#[derive(Debug)]
pub struct Speaker {
    voices: BTreeMap<PeerKey, Voice>,
    tone: Option<(Tone, Branch)>,
    noise: Option<Branch>,
    mixer: gst::Element,
    volume: gst::Element,
    card: Option<CardVolume>,
    time: Timebase,
    is_file: bool,
    pipeline: Pipeline,
    // Last: it leaves a pipeline that has stopped.
    _tap: Option<Tap>,
}

#[derive(Debug)]
struct Voice {
    branch: Branch,
    panorama: gst::Element,
    setting: VoiceSetting,
    meter: Arc<Meter>,
    held: Held,
}

/// How loud everything is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Volume {
    /// Percent; none leaves a card's own volume as it is.
    pub percent: Option<u8>,
    /// Whether nothing is heard at all.
    pub silent: bool,
}

/// How one voice is to be heard (B14, B15).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VoiceSetting {
    /// Percent; 100 as it comes.
    pub volume: u8,
    /// From -100, left, to 100, right.
    pub balance: i8,
}

impl Default for VoiceSetting {
    fn default() -> Self {
        Self { volume: 100, balance: 0 }
    }
}

/// Where a voice waits for the mixer, which waits for the card. Waiting before its lateness is measured would look like lateness, make it
/// be held back more, and wait longer for that.
fn waiting_room() -> Result<gst::Element, Error> {
    let limits = [("max-size-time", "700000000"), ("max-size-bytes", "0"), ("max-size-buffers", "0"), ("leaky", "downstream")];
    element_with("queue", &limits)
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
    pub fn start(
        sink: &SpeakerSink,
        volume: Volume,
        canceller: &Canceller,
        time: &Timebase,
        report: impl Fn(Report) + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let pipeline = Pipeline::new("speaker", time, report);
        let silence = element_with("audiotestsrc", &[("is-live", "true"), ("wave", "silence"), ("samplesperbuffer", "480")])?;
        let format = capsfilter(STEREO)?;
        let mixer = element_with(
            "audiomixer",
            &[("latency", "20000000"), ("ignore-inactive-pads", "true"), ("start-time-selection", "first")],
        )?;
        let mixed = capsfilter(STEREO)?;
        let loudness = element("volume")?;
        let convert = element("audioconvert")?;
        let resample = element("audioresample")?;
        pipeline.chain(&[&silence, &format, &mixer, &mixed, &loudness])?;
        measure(&loudness, &canceller.played);
        let tap = canceller.tap(&pipeline)?;
        let last = tap.as_ref().map_or(&loudness, Tap::element);
        if last != &loudness {
            loudness.link(last).map_err(|e| Error::pipeline(&e))?;
        }
        attach(&pipeline, last, &[&convert, &resample])?;
        let mut speaker = Self {
            voices: BTreeMap::new(),
            tone: None,
            noise: None,
            mixer,
            volume: loudness,
            card: None,
            time: time.clone(),
            is_file: false,
            pipeline,
            _tap: tap,
        };
        speaker.add_sink(sink, &resample)?;
        speaker.card = speaker.card.take().filter(|card| volume.percent.is_none_or(|percent| card.set(percent).is_ok()));
        let _ = speaker.set_volume(volume);
        speaker.pipeline.play()?;
        speaker.is_file = matches!(sink, SpeakerSink::File { .. });
        Ok(speaker)
    }

    fn add_sink(&mut self, sink: &SpeakerSink, last: &gst::Element) -> Result<(), Error> {
        match sink {
            SpeakerSink::Alsa { device } => {
                let device = resolve_card(device, alsa::Direction::Playback)?;
                self.card = CardVolume::of(&device);
                let properties = [
                    ("device", device.as_str()),
                    // The default of 200 ms would be heard as delay.
                    ("buffer-time", "60000"),
                    ("latency-time", "10000"),
                    // The card's clock is not ours: sample by sample instead of a leap of 20 ms now and then.
                    ("slave-method", "resample"),
                    ("provide-clock", "false"),
                ];
                let card = element_with("alsasink", &properties)?;
                no_gaps(&card);
                attach(&self.pipeline, last, &[&card])
            }
            SpeakerSink::File { file } => {
                let location = file.to_str().ok_or_else(|| Error::Pipeline(format!("{} is not UTF-8", file.display())))?;
                let pace = element_with("identity", &[("sync", "true")])?;
                let wave = element("wavenc")?;
                let out = element_with("filesink", &[("async", "false"), ("sync", "false"), ("buffer-mode", "unbuffered")])?;
                out.set_property("location", location);
                attach(&self.pipeline, last, &[&pace, &wave, &out])
            }
            SpeakerSink::None => Err(Error::Pipeline("the speaker is switched off".to_owned())),
        }
    }

    /// Lets a peer be heard.
    pub fn add(&mut self, key: &PeerKey, producer: &StreamProducer, setting: VoiceSetting) -> Result<(), Error> {
        if self.voices.contains_key(key) {
            return Ok(());
        }
        let source = gst_app::AppSrc::builder().format(gst::Format::Time).is_live(true).build();
        let (format, panorama) = (capsfilter(STEREO)?, element("audiopanorama")?);
        let meter = Arc::<Meter>::default();
        let held = follow_voice(&format, 2, &self.time, &meter);
        no_latency(&format);
        let link = producer.add_consumer(&source).map_err(|e| Error::Pipeline(e.to_string()))?;
        let elements = vec![
            source.upcast::<gst::Element>(),
            element("audioconvert")?,
            element("audioresample")?,
            format,
            waiting_room()?,
            panorama.clone(),
            // The panorama takes one channel as well, and the mixer none but two.
            capsfilter(STEREO)?,
        ];
        let branch = Branch::new(&self.pipeline, &self.mixer, elements, Some(link))?;
        let voice = Voice { branch, panorama, setting, meter, held };
        voice.apply();
        self.voices.insert(key.clone(), voice);
        Ok(())
    }

    /// Changes how a voice is heard, if it is.
    pub fn set(&mut self, key: &PeerKey, setting: VoiceSetting) {
        if let Some(voice) = self.voices.get_mut(key) {
            voice.setting = setting;
            voice.apply();
        }
    }

    /// Takes a peer's voice away.
    #[must_use = "dropping it may take as long as the sink likes"]
    pub fn remove(&mut self, key: &PeerKey) -> Option<Branch> {
        self.voices.remove(key).map(|voice| voice.branch)
    }

    /// Of one voice, for `status`.
    pub fn voice(&self, key: &PeerKey) -> Option<VoiceStatus> {
        let voice = self.voices.get(key)?;
        Some(VoiceStatus {
            level: voice.meter.level(),
            volume: voice.setting.volume,
            balance: voice.setting.balance,
            held_ms: (voice.held.load(Ordering::Relaxed) / 1_000_000) as u32,
        })
    }

    /// How loud everything is. What is given back is to be done where a driver may take its time.
    #[must_use = "a card's own volume is not set yet"]
    pub fn set_volume(&self, volume: Volume) -> Option<impl FnOnce() + Send + use<>> {
        let ours = if self.card.is_some() { 100 } else { volume.percent.unwrap_or(100) };
        self.volume.set_property("volume", if volume.silent { 0.0 } else { f64::from(ours) / 100.0 });
        let (card, percent) = (self.card.clone()?, volume.percent?);
        Some(move || {
            if let Err(error) = card.set(percent) {
                tracing::warn!(?card, "the card does not take its volume: {error}");
            }
        })
    }

    /// Plays this tone from now on, or none. The one before is given back.
    pub fn play(&mut self, tone: Option<Tone>) -> Result<Option<Branch>, Error> {
        if self.tone.as_ref().map(|(tone, _)| *tone) == tone {
            return Ok(None);
        }
        let before = self.tone.take().map(|(_, branch)| branch);
        if let Some(tone) = tone {
            let (pitch, on_ms, every_ms) = cadence(tone);
            let properties = [
                ("freq", pitch.to_string()),
                ("sine-periods-per-tick", (pitch * on_ms / 1000).to_string()),
                ("tick-interval", (u64::from(every_ms) * 1_000_000).to_string()),
                ("volume", TONE_VOLUME.to_owned()),
            ];
            let mut all = vec![("is-live", "true"), ("wave", "ticks"), ("apply-tick-ramp", "true"), ("samplesperbuffer", "480")];
            all.extend(properties.iter().map(|(name, value)| (*name, value.as_str())));
            let elements = vec![element_with("audiotestsrc", &all)?, capsfilter(STEREO)?];
            self.tone = Some((tone, Branch::new(&self.pipeline, &self.mixer, elements, None)?));
        }
        Ok(before)
    }

    /// Makes a noise that every microphone hears, or stops it. What made it is given back.
    pub fn noise(&mut self, on: bool) -> Result<Option<Branch>, Error> {
        let before = self.noise.take();
        if on {
            let properties = [("is-live", "true"), ("wave", "pink-noise"), ("volume", TONE_VOLUME), ("samplesperbuffer", "480")];
            let elements = vec![element_with("audiotestsrc", &properties)?, capsfilter(STEREO)?];
            self.noise = Some(Branch::new(&self.pipeline, &self.mixer, elements, None)?);
        }
        Ok(before)
    }

    /// The pipeline, for latency.
    pub fn pipeline(&self) -> &Pipeline {
        &self.pipeline
    }
}

impl Voice {
    fn apply(&self) {
        self.branch.set_volume(f64::from(self.setting.volume) / 100.0);
        self.panorama.set_property("panorama", f32::from(self.setting.balance) / 100.0);
    }
}

impl Drop for Speaker {
    fn drop(&mut self) {
        self.voices.clear();
        (self.tone, self.noise) = (None, None);
        if self.is_file {
            self.pipeline.finish();
        }
    }
}

/// A voice's latency is in its time stamps already.
fn no_latency(element: &gst::Element) {
    let Some(pad) = element.static_pad("src") else {
        return;
    };
    pad.add_probe(gst::PadProbeType::QUERY_UPSTREAM, |_, info| {
        let Some(query) = info.query_mut() else {
            return gst::PadProbeReturn::Ok;
        };
        let gst::QueryViewMut::Latency(latency) = query.view_mut() else {
            return gst::PadProbeReturn::Ok;
        };
        latency.set(true, gst::ClockTime::ZERO, gst::ClockTime::NONE);
        gst::PadProbeReturn::Handled
    });
}

/// Silence goes to the card as sound. What the mixer makes of silence alone is marked as a gap, and with a gap a sink for sound does
/// nothing but wait until it would be heard (GStreamer's issue 2749): the card runs empty, voices come too late for it and are dropped
/// without a word, the mixer makes more gaps while it catches up, and so on for ever.
fn no_gaps(sink: &gst::Element) {
    let Some(pad) = sink.static_pad("sink") else {
        return;
    };
    pad.add_probe(gst::PadProbeType::BUFFER, |_, info| {
        if let Some(buffer) = info.buffer_mut()
            && buffer.flags().contains(gst::BufferFlags::GAP)
        {
            buffer.make_mut().unset_flags(gst::BufferFlags::GAP);
        }
        gst::PadProbeReturn::Ok
    });
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

#[cfg(test)]
mod tests;
