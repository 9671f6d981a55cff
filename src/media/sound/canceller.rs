//! The echo canceller, with noise suppression and gain control: GStreamer's `webrtcdsp`, where it is installed.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use gstreamer as gst;
use gstreamer::prelude::*;

use super::meter::{Meter, watch};
use crate::config;
use crate::media::Error;
use crate::media::pipeline::{Pipeline, element, set};
use crate::media::plan::loudness::Echo;
use crate::protocol::control::{EchoStatus, ProcessingStatus};

/// `webrtcdsp` finds its probe by name, among all of the process.
static PROBES: AtomicU64 = AtomicU64::new(0);

/// What a microphone and a speaker share; it outlives both.
#[derive(Debug)]
pub struct Canceller {
    wanted: config::Audio,
    /// Hears what is played.
    probe: Option<gst::Element>,
    /// Why nothing is done to the sound.
    error: Option<String>,
    /// How loud the speaker plays.
    pub played: Arc<Meter>,
    /// How loud the microphone's sound is when it leaves.
    pub said: Arc<Meter>,
    /// How loud it is before anything is done to it.
    pub taken: Arc<Meter>,
    echo: Mutex<Echo>,
}

impl Canceller {
    /// For sound of a real microphone.
    pub fn new(wanted: &config::Audio) -> Self {
        let any = wanted.echo_cancellation || wanted.noise_suppression || wanted.gain_control;
        let there = |factory| gst::ElementFactory::find(factory).is_some();
        let installed = there("webrtcdsp") && there("webrtcechoprobe");
        let error = (any && !installed).then(|| Error::MissingElement("webrtcdsp".to_owned()).to_string());
        if let Some(error) = &error {
            tracing::warn!("sound goes out as the microphone gives it: {error}");
        }
        let probe = (installed && wanted.echo_cancellation).then(|| {
            let number = PROBES.fetch_add(1, Ordering::Relaxed);
            gst::ElementFactory::make("webrtcechoprobe").name(format!("played-{number}")).build().ok()
        });
        Self {
            wanted: wanted.clone(),
            probe: probe.flatten(),
            error,
            played: Arc::default(),
            said: Arc::default(),
            taken: Arc::default(),
            echo: Mutex::default(),
        }
    }

    /// What the microphone's sound goes through; none if there is nothing to do.
    pub fn processor(self: &Arc<Self>) -> Result<Option<gst::Element>, Error> {
        let wanted = &self.wanted;
        let any = self.probe.is_some() || wanted.noise_suppression || wanted.gain_control;
        if self.error.is_some() || !any {
            return Ok(None);
        }
        let processor = element("webrtcdsp")?;
        if let Some(probe) = &self.probe {
            processor.set_property("probe", probe.name().as_str());
        }
        for (name, on) in [
            ("echo-cancel", self.probe.is_some()),
            ("noise-suppression", wanted.noise_suppression),
            ("gain-control", wanted.gain_control),
        ] {
            processor.set_property(name, on);
        }
        set(&processor, "echo-suppression-level", "high");
        if self.probe.is_some() {
            let canceller = Arc::downgrade(self);
            watch(&processor, move |left, seconds| {
                if let Some(canceller) = canceller.upgrade() {
                    let mut echo = canceller.echo.lock().unwrap_or_else(PoisonError::into_inner);
                    echo.take(canceller.played.power(), canceller.taken.power(), left, seconds);
                }
            });
        }
        Ok(Some(processor))
    }

    /// Takes its place in a speaker's pipeline; there is one such at a time.
    pub fn tap(&self, pipeline: &Pipeline) -> Result<Option<Tap>, Error> {
        let Some(probe) = &self.probe else {
            return Ok(None);
        };
        pipeline.chain(&[probe])?;
        Ok(Some(Tap { bin: pipeline.bin().clone(), probe: probe.clone() }))
    }

    /// For `status`.
    pub fn status(&self) -> ProcessingStatus {
        let on = self.error.is_none();
        ProcessingStatus {
            echo_cancellation: self.probe.is_some(),
            noise_suppression: on && self.wanted.noise_suppression,
            gain_control: on && self.wanted.gain_control,
            error: self.error.clone(),
        }
    }

    /// For `status`; none before the other side has spoken.
    pub fn echo(&self) -> Option<EchoStatus> {
        let echo = self.echo.lock().unwrap_or_else(PoisonError::into_inner);
        Some(EchoStatus { loss: echo.loss()?, removed: echo.removed()? })
    }
}

/// The probe in a speaker's pipeline. To be dropped after the pipeline was stopped.
#[derive(Debug)]
pub struct Tap {
    bin: gst::Pipeline,
    probe: gst::Element,
}

impl Tap {
    /// The element.
    pub fn element(&self) -> &gst::Element {
        &self.probe
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        let _ = self.probe.set_state(gst::State::Null);
        let _ = self.bin.remove(&self.probe);
    }
}
