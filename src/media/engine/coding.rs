//! Which encoder is used, and what happens when it fails: the next best takes its place in the same call.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::Note;
use super::room::Engine;
use crate::config::{CameraSource, Encoder as Wanted};
use crate::media::devices::Through;
use crate::media::plan::encoder::Encoder;
use crate::media::plan::trust::Trust;
use crate::media::probe::{self, Found};
use crate::protocol::control::{EncoderStatus, PictureStatus, RejectedEncoder};

/// Hardware that takes pictures and gives none for this long has stalled.
const HARDWARE_PATIENCE: Duration = Duration::from_secs(2);
/// A processor may be busy with something else, and another encoder would wait for it as well.
const SOFTWARE_PATIENCE: Duration = Duration::from_secs(20);

/// The encoder, and what is known about others.
#[derive(Debug, Default)]
pub(in crate::media) struct Coding {
    chosen: Chosen,
    trust: Trust,
}

#[derive(Debug, Default)]
enum Chosen {
    #[default]
    Unknown,
    Looking,
    This(&'static Encoder),
    Nothing(String),
}

impl Engine {
    /// Looks for an encoder on a thread of its own; a [`Note::Encoder`] follows.
    pub(super) fn look_for_encoder(&mut self) {
        let camera = &self.config.camera;
        if camera.source == CameraSource::None || !matches!(self.coding.chosen, Chosen::Unknown) {
            return;
        }
        let wanted = match &self.config.video.encoder {
            Wanted::Auto => "auto".to_owned(),
            Wanted::Element(name) => name.clone(),
        };
        let candidates = self.coding.trust.candidates(&wanted);
        let (width, height, notes) = (camera.width, camera.height, self.notes.clone());
        let look = move || notes.send_surely(Note::Encoder(probe::encoder(&wanted, &candidates, width, height)));
        match std::thread::Builder::new().name("encoders".into()).spawn(look) {
            Ok(_) => self.coding.chosen = Chosen::Looking,
            Err(error) => tracing::error!("no thread to look for an encoder: {error}"),
        }
    }

    pub(super) fn found_encoder(&mut self, found: Found) {
        for rejected in found.rejected {
            match rejected.stuck {
                true => self.coding.trust.stuck(rejected.element, rejected.why),
                false => self.coding.trust.failed(rejected.element, rejected.why),
            }
        }
        self.coding.chosen = match found.encoder {
            Ok(encoder) => {
                tracing::info!(encoder = encoder.element, "found an encoder");
                Chosen::This(encoder)
            }
            Err(error) => {
                tracing::error!("{error}");
                Chosen::Nothing(error.to_string())
            }
        };
    }

    /// The encoder to use, or why there is none; nothing while one is looked for.
    pub(super) fn encoder(&mut self) -> Option<Result<&'static Encoder, String>> {
        self.look_for_encoder();
        match &self.coding.chosen {
            Chosen::This(encoder) => Some(Ok(encoder)),
            Chosen::Nothing(text) => Some(Err(text.clone())),
            Chosen::Unknown | Chosen::Looking => None,
        }
    }

    /// The encoder failed in a call. What runs is replaced as soon as another one is found.
    pub(super) fn encoder_failed(&mut self, encoder: &'static Encoder, why: String, stuck: bool, now: Instant) {
        tracing::warn!(encoder = encoder.element, "the encoder is replaced: {why}");
        match stuck {
            true => self.coding.trust.stuck(encoder.element, why),
            false => self.coding.trust.failed(encoder.element, why),
        }
        self.coding.chosen = Chosen::Unknown;
        self.look_for_encoder();
        self.cut_links();
        match self.camera.take(now) {
            // The camera is needed again at once, whatever the encoder does.
            Some(capture) => self.retire_camera(capture, true, now),
            None => {
                self.runs.forget(super::Device::Camera);
                self.camera.abandon();
            }
        }
        self.link_all();
    }

    /// One that failed did not come back from being stopped either.
    pub(super) fn encoder_is_lost(&mut self, element: &'static str) {
        self.coding.trust.lost(element);
    }

    /// Without a call, encoders that failed are looked at again.
    pub(super) fn rest_encoders(&mut self) {
        if self.coding.trust.rested() && !matches!(self.coding.chosen, Chosen::Looking) {
            self.coding.chosen = Chosen::Unknown;
            self.look_for_encoder();
        }
    }

    /// Another one is wanted.
    pub(super) fn forget_encoder(&mut self) {
        self.coding.chosen = Chosen::Unknown;
        self.look_for_encoder();
    }

    /// Whether the encoder takes pictures and gives none.
    pub(super) fn watch_encoder(&mut self, now: Instant) {
        let Some(encoder) = self.camera.get().map(|camera| camera.coder().encoder()) else {
            return;
        };
        let patience = if encoder.hardware { HARDWARE_PATIENCE } else { SOFTWARE_PATIENCE };
        let (taken, coded) = (self.counters.taken.load(Ordering::Relaxed), self.counters.coded.load(Ordering::Relaxed));
        if let Some(silence) = self.through.stalled(taken, coded, patience, now) {
            let why = format!("it took pictures and gave none for {:.1} s", silence.as_secs_f32());
            self.encoder_failed(encoder, why, false, now);
        }
    }

    /// A camera was started.
    pub(super) fn watch_from(&mut self, now: Instant) {
        let (taken, coded) = (self.counters.taken.load(Ordering::Relaxed), self.counters.coded.load(Ordering::Relaxed));
        self.camera_since = Some(now);
        self.flow = crate::media::devices::Flow::new(Some(taken), now);
        self.through = Through::new(taken, coded, now);
    }

    pub(super) fn encoder_status(&self) -> EncoderStatus {
        let chosen = match &self.coding.chosen {
            Chosen::This(encoder) => Some(*encoder),
            Chosen::Unknown | Chosen::Looking | Chosen::Nothing(_) => None,
        };
        let main = self.adapting.main();
        let rejected = self.coding.trust.rejected(chosen.map(|encoder| encoder.element));
        EncoderStatus {
            element: chosen.map(|encoder| encoder.element.to_owned()),
            hardware: chosen.is_some_and(|encoder| encoder.hardware),
            instances: [self.eye().is_some(), self.second.get().is_some(), self.sharing.slot.get().is_some()]
                .map(u32::from)
                .iter()
                .sum(),
            frames: self.counters.coded.load(Ordering::Relaxed),
            bitrate: main.bitrate,
            picture: PictureStatus {
                width: main.shape.width,
                height: main.shape.height,
                framerate: main.shape.framerate,
                step: self.adapting.decision().step.name().to_owned(),
                reason: self.adapting.reason(),
            },
            rejected: rejected
                .map(|(element, why)| RejectedEncoder { element: element.to_owned(), error: why.to_owned() })
                .collect(),
        }
    }
}
