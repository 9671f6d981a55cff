//! What is sent follows what the network, this machine and people allow: [`rate::Core`] decides, here its decision is carried out.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use gstreamer_utils::StreamProducer;

use super::Note;
use super::room::Engine;
use crate::media::PeerKey;
use crate::media::capture::Capture;
use crate::media::coder::Coder;
use crate::media::microphone::Microphone;
use crate::media::rate::{Board, Coding, Core, Decision, Effect, Given, Input, Picture, Rung, Shape, Why};
use crate::media::second::Second;
use crate::protocol::control::{PeerConnection, StepReason};

/// The encoder is left alone for a bit rate that grows by less than this part.
const STEP: f64 = 0.04;
/// How often this machine is looked at, and over how long the encoder is judged.
const LOOK: Duration = Duration::from_secs(2);

/// The rate control and what it was told last.
#[derive(Debug)]
pub(in crate::media) struct Adapting {
    core: Core<PeerKey>,
    /// What the encoders were told.
    main: Picture,
    second: Option<Picture>,
    /// Of the last step.
    reason: Option<StepReason>,
    looked: Instant,
    /// Pictures of the camera and of the encoder then.
    seen: (u64, u64),
    is_looking: bool,
}

impl Adapting {
    pub(super) fn new(given: Given, now: Instant) -> Self {
        let core = Core::new(given);
        let main = core.decision().main;
        Self { core, main, second: None, reason: None, looked: now, seen: (0, 0), is_looking: false }
    }

    pub(super) fn decision(&self) -> &Decision<PeerKey> {
        self.core.decision()
    }

    /// What the main encoder makes.
    pub(super) fn main(&self) -> Picture {
        self.main
    }

    /// What the second encoder makes.
    pub(super) fn second(&self) -> Option<Picture> {
        self.second
    }

    /// Why the main picture is as it is.
    pub(super) fn reason(&self) -> Option<StepReason> {
        self.reason
    }

    /// What a peer gets.
    pub(super) fn rung(&self, key: &PeerKey) -> Rung {
        self.decision().peers.get(key).copied().unwrap_or_default()
    }
}

impl Engine {
    pub(super) fn given(config: &super::Config, limit: Option<u64>) -> Given {
        let camera = &config.camera;
        let camera = Shape { width: camera.width, height: camera.height, framerate: camera.framerate };
        Given { camera, most: config.video.bitrate.0, sound: config.audio.bitrate.0, limit }
    }

    pub(super) fn limit(&mut self, limit: Option<u64>, now: Instant) {
        let given = Self::given(&self.config, limit);
        self.adapting.core.handle(Input::Given(given), now);
        self.adapt(now);
    }

    /// Asks what to send, and does it.
    pub(super) fn adapt(&mut self, now: Instant) {
        let core = &mut self.adapting.core;
        let known: Vec<PeerKey> = core.decision().peers.keys().cloned().collect();
        let is_up = |state| matches!(state, PeerConnection::Connected | PeerConnection::Disconnected);
        for gone in known.into_iter().filter(|key| self.peers.get(key).is_none_or(|seat| !is_up(seat.state))) {
            core.handle(Input::Gone(gone), now);
        }
        for (key, seat) in self.peers.iter().filter(|(_, seat)| seat.state == PeerConnection::Connected) {
            core.handle(Input::Way(key.clone(), seat.peer.meter().way()), now);
        }
        let mut moved = false;
        while let Some(effect) = self.adapting.core.poll_effect() {
            match effect {
                Effect::Stepped { from, to, why } => {
                    tracing::info!(from = from.name(), to = to.name(), "the picture changes: {why}");
                    self.adapting.reason = Some(reason(why));
                }
                Effect::Moved { key, to, why } => {
                    tracing::info!(peer = %key.id, to = to.name(), "a participant gets another picture: {why}");
                    moved = true;
                }
            }
        }
        self.apply();
        if moved {
            self.link_all();
        }
    }

    fn apply(&mut self) {
        let Decision { main, low, expected_loss, .. } = *self.adapting.core.decision();
        if differs(self.adapting.main, main) {
            self.adapting.main = main;
            for capture in [self.camera.get(), self.stand_in.get()].into_iter().flatten() {
                capture.coder().make(main);
            }
        }
        if self.adapting.second.zip(low).is_none_or(|(present, low)| differs(present, low)) {
            self.adapting.second = low;
            if let (Some(second), Some(low)) = (self.second.get(), low) {
                second.coder().make(low);
            }
        }
        if let Some(microphone) = self.microphone.get() {
            microphone.expect_loss(expected_loss);
        }
    }

    /// The picture that a peer gets.
    pub(super) fn coder_for(&self, key: &PeerKey) -> Option<&Coder> {
        match self.adapting.rung(key) {
            Rung::Main => self.eye().map(Capture::coder),
            Rung::Low => self.second.get().map(Second::coder),
            Rung::SoundOnly => None,
        }
    }

    /// Connects a peer's streams.
    pub(super) fn link(&mut self, key: &PeerKey) {
        let video = self.coder_for(key).map(|coder| coder.producer().clone());
        let audio: Option<StreamProducer> = self.microphone.get().map(Microphone::producer).cloned();
        if let Some(seat) = self.peers.get_mut(key) {
            seat.peer.send(video.as_ref(), audio.as_ref());
        }
    }

    /// Looks at this machine now and then, on a thread of its own: a [`Note::Board`] follows.
    pub(super) fn look_at_board(&mut self, now: Instant) {
        if now.duration_since(self.adapting.looked) < LOOK {
            return;
        }
        self.judge_encoder(now);
        if self.adapting.is_looking {
            return;
        }
        let (sensors, notes) = (self.config.sensors.clone(), self.notes.clone());
        let look = move || notes.send_surely(Note::Board(sensors.read()));
        match std::thread::Builder::new().name("sensors".into()).spawn(look) {
            Ok(_) => self.adapting.is_looking = true,
            Err(error) => tracing::error!("no thread to look at the board: {error}"),
        }
    }

    pub(super) fn board(&mut self, board: Board, now: Instant) {
        self.adapting.is_looking = false;
        self.adapting.core.handle(Input::Board(board), now);
        self.adapt(now);
    }

    /// Whether the encoder keeps up with the camera.
    fn judge_encoder(&mut self, now: Instant) {
        let over = now.duration_since(self.adapting.looked).as_secs_f64();
        let seen = (self.counters.taken.load(Ordering::Relaxed), self.counters.coded.load(Ordering::Relaxed));
        let before = std::mem::replace(&mut self.adapting.seen, seen);
        self.adapting.looked = now;
        // A camera that has just been started says nothing yet.
        let runs = self.camera.get().is_some() && self.camera_since.is_some_and(|at| now.duration_since(at) > LOOK * 2);
        if runs && over < LOOK.as_secs_f64() * 2.0 {
            let asked = (over * f64::from(self.adapting.main.shape.framerate)) as u64;
            let due = seen.0.saturating_sub(before.0).min(asked);
            let coding = Coding { due, made: seen.1.saturating_sub(before.1) };
            self.adapting.core.handle(Input::Coding(coding), now);
        }
    }
}

fn reason(why: Why) -> StepReason {
    match why {
        Why::Bandwidth(_) => StepReason::Bandwidth,
        Why::Encoder => StepReason::Encoder,
        Why::Load => StepReason::Load,
        Why::Heat => StepReason::Heat,
        Why::Room => StepReason::Room,
        Why::Nothing => StepReason::NoWay,
    }
}

/// Whether an encoder should be told: down always, up in steps.
fn differs(present: Picture, wanted: Picture) -> bool {
    let grows = wanted.bitrate as f64 - present.bitrate as f64;
    present.shape != wanted.shape || grows < 0.0 || grows > present.bitrate as f64 * STEP
}
