//! The devices: each is started when it is needed, stopped when it is not, and tried again when it failed. Starting and stopping
//! run on threads of their own; here is what begins them and what becomes of their outcome.

use std::sync::Arc;
use std::time::Instant;

use super::leaving::Leaving;
use super::room::{Engine, sink_element};
use super::{Device, Note, Started};
use crate::config::Camera;
use crate::media::Error;
use crate::media::capture::{self, Capture, Eye, Witness};
use crate::media::microphone::Microphone;
use crate::media::pipeline::{Pipeline, Report};
use crate::media::screen::Screen;
use crate::media::second::Second;
use crate::media::speaker::Speaker;
use crate::protocol::control::DeviceState;

impl Engine {
    pub(super) fn settle_camera(&mut self, wanted: bool, now: Instant) {
        if !wanted {
            if let Some(capture) = self.camera.stop(now) {
                self.cut_links();
                self.retire_camera(capture, false, now);
                self.link_all();
            }
            return;
        }
        if !self.camera.due(now) {
            return;
        }
        let encoder = match self.encoder() {
            Some(Ok(encoder)) => encoder,
            Some(Err(text)) => return drop(self.camera.started(Err(Error::Pipeline(text)), now)),
            None => return,
        };
        let run = self.runs.next(Device::Camera);
        let report = self.reporter(Device::Camera, run);
        let camera = Camera { source: self.node.find(&self.config.camera.source), ..self.config.camera.clone() };
        let eye = Eye::Camera(camera);
        self.witness = Arc::new(Witness::default());
        let (picture, counters, witness, time) =
            (self.adapting.main(), self.counters.clone(), self.witness.clone(), self.time.clone());
        self.camera.starting(now);
        self.begin(run, Started::Camera, move || Capture::start(&eye, encoder, picture, &counters, &witness, &time, report));
    }

    /// The second rung lives while somebody needs it and there are pictures for it.
    pub(super) fn settle_second(&mut self, wanted: bool, now: Instant) {
        let encoder = self.seen_by_second().map(|capture| capture.coder().encoder());
        let (Some(encoder), Some(picture), true) = (encoder, self.adapting.second(), wanted) else {
            if let Some(second) = self.second.stop(now) {
                self.cut_links();
                self.retire(Device::Second, second, now);
                self.link_all();
            }
            return;
        };
        if !self.second.due(now) {
            return;
        }
        let run = self.runs.next(Device::Second);
        let report = self.reporter(Device::Second, run);
        let time = self.time.clone();
        self.second.starting(now);
        self.begin(run, Started::Second, move || Second::start(encoder, picture, &time, report));
    }

    pub(super) fn settle_microphone(&mut self, wanted: bool, now: Instant) {
        if !wanted {
            if let Some(microphone) = self.microphone.stop(now) {
                self.cut_links();
                self.retire(Device::Microphone, microphone, now);
                self.link_all();
            }
            return;
        }
        if !self.microphone.due(now) {
            return;
        }
        let run = self.runs.next(Device::Microphone);
        let report = self.reporter(Device::Microphone, run);
        let (source, audio, time) = (self.config.microphone.source.clone(), self.config.audio.clone(), self.time.clone());
        let canceller = self.sound.canceller.clone();
        self.microphone.starting(now);
        self.begin(run, Started::Microphone, move || Microphone::start(&source, &audio, &canceller, &time, report));
    }

    pub(super) fn settle_speaker(&mut self, wanted: bool, now: Instant) {
        if !wanted {
            if let Some(speaker) = self.speaker.stop(now) {
                self.retire(Device::Speaker, speaker, now);
            }
        } else if self.speaker.due(now) {
            let run = self.runs.next(Device::Speaker);
            let report = self.reporter(Device::Speaker, run);
            let (sink, time) = (self.config.speaker.sink.clone(), self.time.clone());
            let (volume, canceller) = (self.sound.volume, self.sound.canceller.clone());
            self.speaker.starting(now);
            self.begin(
                run,
                |outcome| Started::Speaker(Box::new(outcome)),
                move || Speaker::start(&sink, volume, &canceller, &time, report),
            );
        }
    }

    pub(super) fn settle_screen(&mut self, wanted: bool, now: Instant) {
        let Some(sink) = sink_element(&self.config.screen.output) else {
            return;
        };
        if !wanted {
            if let Some(screen) = self.screen.stop(now) {
                self.retire(Device::Screen, screen, now);
            }
        } else if self.screen.due(now) {
            let run = self.runs.next(Device::Screen);
            let report = self.reporter(Device::Screen, run);
            let (palette, mirror, time) = (self.showing.palette.clone(), self.showing.mirror.clone(), self.time.clone());
            self.screen.starting(now);
            self.begin(run, Started::Screen, move || Screen::start(sink, &palette, &mirror, &time, report));
        }
    }

    pub(super) fn reporter(&self, device: Device, run: u64) -> impl Fn(Report) + Send + Sync + 'static {
        let notes = self.notes.clone();
        move |report| notes.send(Note::Device { device, run, report })
    }

    pub(super) fn begin<T: 'static>(
        &mut self,
        run: u64,
        wrap: fn(Result<T, Error>) -> Started,
        start: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) {
        let notes = self.notes.clone();
        let begun = std::thread::Builder::new()
            .name("start".into())
            .spawn(move || notes.send_surely(Note::Started { run, started: wrap(start()) }));
        if let Err(error) = begun {
            self.started(run, wrap(Err(Error::Pipeline(format!("no thread to start it: {error}")))), Instant::now());
        }
    }

    /// A start returned.
    pub(super) fn started(&mut self, run: u64, started: Started, now: Instant) {
        let device = started.device();
        if !self.runs.is_current(device, run) {
            return self.retired.add(Leaving::Device(device), now, move || drop(started));
        }
        let early = match started {
            Started::Camera(Err(Error::Encoder(why))) => {
                return match self.encoder() {
                    Some(Ok(encoder)) => self.encoder_failed(encoder, why, false, now),
                    Some(Err(_)) | None => self.camera.abandon(),
                };
            }
            Started::Camera(outcome) => {
                if let Ok(capture) = &outcome {
                    self.showing.mirror.face(capture.pipeline());
                }
                let early = self.camera.started_on_trial(outcome, now);
                self.watch_from(now);
                early
            }
            Started::Second(outcome) => self.second.started(outcome, now),
            Started::StandIn(outcome) => self.stand_in.started(outcome, now),
            Started::Share(outcome) => self.share_started(outcome, now),
            Started::Microphone(outcome) => self.microphone.started(outcome, now),
            Started::Speaker(outcome) => self.speaker.started(*outcome, now),
            Started::Screen(outcome) => self.screen.started(outcome, now),
        };
        if matches!(device, Device::Microphone | Device::Speaker) {
            self.listen_from(now);
        }
        match device {
            Device::Camera | Device::Second | Device::StandIn | Device::Share | Device::Microphone => self.link_all(),
            Device::Speaker | Device::Screen => self.seat_all(),
        }
        self.settle_latency(device);
        if let Some(report) = early {
            self.device(device, report, now);
        }
    }

    pub(super) fn stopped(&mut self, device: Device, run: u64) {
        if !self.runs.is_current(device, run) {
            return;
        }
        match device {
            Device::Camera => self.camera.stopped(),
            Device::Second => self.second.stopped(),
            Device::StandIn => self.stand_in.stopped(),
            Device::Share => self.sharing.slot.stopped(),
            Device::Microphone => self.microphone.stopped(),
            Device::Speaker => self.speaker.stopped(),
            Device::Screen => self.screen.stopped(),
        }
    }

    pub(super) fn retire<T: Send + 'static>(&mut self, device: Device, running: T, now: Instant) {
        let (notes, run) = (self.notes.clone(), self.runs.of(device));
        self.retired.add(Leaving::Device(device), now, move || {
            drop(running);
            notes.send_surely(Note::Stopped { device, run });
        });
    }

    /// `camera_first`: the encoder is not trusted to stop, and the camera is wanted at once.
    pub(super) fn retire_camera(&mut self, capture: Capture, camera_first: bool, now: Instant) {
        if !camera_first {
            return self.retire(Device::Camera, capture, now);
        }
        let (notes, run) = (self.notes.clone(), self.runs.of(Device::Camera));
        self.retired.add(Leaving::Encoder(capture.coder().encoder().element), now, move || {
            capture.release_camera();
            notes.send_surely(Note::Stopped { device: Device::Camera, run });
            drop(capture);
        });
    }

    /// What a running device's pipeline says.
    pub(super) fn device(&mut self, device: Device, report: Report, now: Instant) {
        let is_early = match device {
            Device::Camera => self.camera.early(&report),
            Device::Second => self.second.early(&report),
            Device::StandIn => self.stand_in.early(&report),
            Device::Share => self.sharing.slot.early(&report),
            Device::Microphone => self.microphone.early(&report),
            Device::Speaker => self.speaker.early(&report),
            Device::Screen => self.screen.early(&report),
        };
        if is_early {
            return;
        }
        if device == Device::Share && capture::is_encoders(&report) {
            self.sharing.distrust_encoder();
        }
        let encoder = self
            .camera
            .get()
            .map(|camera| camera.coder().encoder())
            .filter(|_| device == Device::Camera && capture::is_encoders(&report));
        match (report, encoder) {
            (Report::Latency, _) => self.settle_latency(device),
            (Report::Ended, _) => self.ended(device, now),
            (Report::Failed { text, .. }, Some(encoder)) => self.encoder_failed(encoder, text, false, now),
            (Report::Failed { state, text, .. }, None) => self.device_failed(device, state, text, now),
        }
    }

    /// A file plays again from its beginning.
    fn ended(&mut self, device: Device, now: Instant) {
        match device {
            Device::Camera => self.settle_camera(false, now),
            Device::Share => self.settle_share(false, now),
            Device::Microphone => self.settle_microphone(false, now),
            Device::Second | Device::StandIn | Device::Speaker | Device::Screen => {}
        }
    }

    pub(super) fn device_failed(&mut self, device: Device, state: DeviceState, text: String, now: Instant) {
        // One failure makes several messages. The first stopped it, or its start returned it.
        match device {
            Device::Camera if self.camera.get().is_some() => {
                self.cut_links();
                if let Some(capture) = self.camera.failed(state, text, now) {
                    self.retire_camera(capture, false, now);
                }
                self.link_all();
            }
            Device::Second if self.second.get().is_some() => {
                self.cut_links();
                if let Some(second) = self.second.failed(state, text, now) {
                    self.retire(device, second, now);
                }
                self.link_all();
            }
            Device::StandIn if self.stand_in.get().is_some() => {
                self.cut_links();
                if let Some(card) = self.stand_in.failed(state, text, now) {
                    self.retire(device, card, now);
                }
                self.link_all();
            }
            Device::Share => self.share_failed(state, text, now),
            Device::Microphone if self.microphone.get().is_some() => {
                self.cut_links();
                if let Some(microphone) = self.microphone.failed(state, text, now) {
                    self.retire(device, microphone, now);
                }
                self.link_all();
            }
            Device::Speaker if self.speaker.get().is_some() => {
                if let Some(speaker) = self.speaker.failed(state, text, now) {
                    self.retire(device, speaker, now);
                }
            }
            Device::Screen if self.screen.get().is_some() => {
                if let Some(screen) = self.screen.failed(state, text, now) {
                    self.retire(device, screen, now);
                }
            }
            Device::Camera | Device::Second | Device::StandIn | Device::Microphone | Device::Speaker | Device::Screen => {}
        }
    }

    fn settle_latency(&self, device: Device) {
        let pipeline: Option<&Pipeline> = match device {
            Device::Camera => self.camera.get().map(Capture::pipeline),
            Device::Second => self.second.get().map(Second::pipeline),
            Device::StandIn => self.stand_in.get().map(Capture::pipeline),
            Device::Share => self.sharing.slot.get().map(Capture::pipeline),
            Device::Microphone => self.microphone.get().map(Microphone::pipeline),
            Device::Speaker => self.speaker.get().map(Speaker::pipeline),
            Device::Screen => self.screen.get().map(Screen::pipeline),
        };
        if let Some(pipeline) = pipeline {
            pipeline.settle_latency();
        }
    }
}

impl Started {
    fn device(&self) -> Device {
        match self {
            Self::Camera(_) => Device::Camera,
            Self::Second(_) => Device::Second,
            Self::StandIn(_) => Device::StandIn,
            Self::Share(_) => Device::Share,
            Self::Microphone(_) => Device::Microphone,
            Self::Speaker(_) => Device::Speaker,
            Self::Screen(_) => Device::Screen,
        }
    }
}
