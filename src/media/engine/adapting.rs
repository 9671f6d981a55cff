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
use crate::media::peer::Streams;
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
    share: Option<Picture>,
    /// Whether the camera's picture is sent.
    camera: bool,
    /// What people or the call allow.
    limit: Option<u64>,
    looked: Instant,
    /// Pictures of the camera and of the encoder then.
    seen: (u64, u64),
    is_looking: bool,
}

impl Adapting {
    pub(super) fn new(given: Given, now: Instant) -> Self {
        let core = Core::new(given);
        let main = core.decision().main;
        let share = None;
        let (seen, limit) = ((0, 0), None);
        Self { core, main, second: None, share, camera: true, limit, reason: None, looked: now, seen, is_looking: false }
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

    /// What the encoder of what is shared makes.
    pub(super) fn share(&self) -> Option<Picture> {
        self.share
    }

    /// What a peer gets.
    pub(super) fn rung(&self, key: &PeerKey) -> Rung {
        self.decision().peers.get(key).copied().unwrap_or_default()
    }
}

impl Engine {
    pub(super) fn configured(config: &super::Config) -> Given {
        let camera = &config.camera;
        let camera = Shape { width: camera.width, height: camera.height, framerate: camera.framerate };
        Given { camera, most: config.video.bitrate.0, sound: config.audio.bitrate.0, limit: None, share: None }
    }

    pub(super) fn limit(&mut self, limit: Option<u64>, now: Instant) {
        self.adapting.limit = limit;
        self.given(now);
    }

    /// What is asked for has changed.
    pub(super) fn given(&mut self, now: Instant) {
        let alone = self.muted.video || !self.camera.enabled();
        let share = self.sharing.shared(&self.config.share, alone);
        let given = Given { limit: self.adapting.limit, share, ..Self::configured(&self.config) };
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
        if self.apply() || moved {
            self.link_all();
        }
    }

    /// Whether the camera's picture is to be sent, or not any more.
    fn apply(&mut self) -> bool {
        let Decision { main, low, share, camera, expected_loss, .. } = *self.adapting.core.decision();
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
        if self.adapting.share.zip(share).is_none_or(|(present, share)| differs(present, share)) {
            self.adapting.share = share;
            if let (Some(capture), Some(share)) = (self.sharing.slot.get(), share) {
                capture.coder().make(share);
            }
        }
        if let Some(microphone) = self.microphone.get() {
            microphone.expect_loss(expected_loss);
        }
        std::mem::replace(&mut self.adapting.camera, camera) != camera
    }

    /// The pictures that a peer gets: the camera's, and what is shared.
    pub(super) fn coders_for(&self, key: &PeerKey) -> [Option<&Coder>; 2] {
        let second = self.second.get().map(Second::coder);
        let (camera, share) = match (self.adapting.rung(key), self.sharing.slot.get()) {
            (Rung::Main, None) => (self.eye(), None),
            (Rung::Main, Some(share)) => (self.eye().filter(|_| self.adapting.camera), Some(share)),
            (Rung::Low, None) => return [second, None],
            // The second encoder has what is shared: it goes where that belongs.
            (Rung::Low, Some(_)) => return self.as_known(key, [None, second]),
            (Rung::SoundOnly, _) => (None, None),
        };
        self.as_known(key, [camera.map(Capture::coder), share.map(Capture::coder)])
    }

    /// Who does not know the m-line for what is shared gets it in place of the camera.
    fn as_known<'a>(&self, key: &PeerKey, [camera, share]: [Option<&'a Coder>; 2]) -> [Option<&'a Coder>; 2] {
        match self.peers.get(key).is_some_and(|seat| seat.peer.takes_share()) {
            true => [camera, share],
            false => [share.or(camera), None],
        }
    }

    /// Connects a peer's streams.
    pub(super) fn link(&mut self, key: &PeerKey) {
        let [video, share] = self.coders_for(key).map(|coder| coder.map(|coder| coder.producer().clone()));
        let audio: Option<StreamProducer> = self.microphone.get().map(Microphone::producer).cloned();
        if let Some(seat) = self.peers.get_mut(key) {
            seat.peer.send(Streams { audio: audio.as_ref(), video: video.as_ref(), share: share.as_ref() });
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
