//! What the engine holds: the peers, the devices they need, and the rules by which devices run.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gstreamer_utils::StreamProducer;
use tokio::sync::{mpsc, watch};

use super::adapting::Adapting;
use super::coding::Coding;
use super::leaving::Leaving;
use super::measure::Measured;
use super::runs::Runs;
use super::share::Sharing;
use super::showing::Showing;
use super::sound::Sound;
use super::speaker_test::Test;
use super::{Ask, Config, Notes};
use crate::call::{Recorded, Tone};
use crate::config::{CameraSource, MicrophoneSource, ScreenOutput, SpeakerSink};
use crate::media::capture::{self, Capture, Counters, Witness};
use crate::media::devices::{Flow, Slot, Through};
use crate::media::microphone;
use crate::media::node::Node;
use crate::media::peer::{self, Part, Peer, Streams};
use crate::media::pipeline::Timebase;
use crate::media::plan::ice::Helpers;
use crate::media::rate::Rung;
use crate::media::record::{self, Recorder};
use crate::media::retire::Retired;
use crate::media::screen::{Palette, Screen};
use crate::media::second::Second;
use crate::media::snapshot::Desk;
use crate::media::speaker::{self, Speaker};
use crate::media::{Error, Event, PeerKey, PeerView, View};
use crate::protocol::Cid;
use crate::protocol::control::{MediaStatus, PeerConnection, SentPicture};
use crate::protocol::hub::Muted;

/// How often counters are shown and silence is looked for during a call.
const TICK: Duration = Duration::from_millis(500);
/// How often the presence of the camera is looked at without a call.
const IDLE_LOOK: Duration = Duration::from_secs(5);

/// The state of the engine's thread.
pub(in crate::media) struct Engine {
    pub(super) config: Config,
    pub(super) time: Timebase,
    pub(super) notes: Notes,
    pub(super) events: mpsc::Sender<Event>,
    pub(super) peers: BTreeMap<PeerKey, Seat>,
    pub(super) camera: Slot<Capture>,
    pub(super) stand_in: Slot<Capture>,
    pub(super) camera_since: Option<Instant>,
    pub(super) second: Slot<Second>,
    pub(super) sharing: Sharing,
    pub(super) microphone: Slot<microphone::Microphone>,
    pub(super) speaker: Slot<Speaker>,
    pub(super) screen: Slot<Screen>,
    pub(super) muted: Muted,
    pub(super) adapting: Adapting,
    pub(super) tone: Option<Tone>,
    pub(super) recorded: Option<Recorded>,
    pub(super) recorder: Option<(Cid, Recorder)>,
    pub(super) helpers: Helpers,
    pub(super) sound: Sound,
    pub(super) test: Option<Test>,
    pub(super) coding: Coding,
    pub(super) counters: Arc<Counters>,
    pub(super) witness: Arc<Witness>,
    pub(super) flow: Flow,
    pub(super) through: Through,
    pub(super) node: Node,
    pub(super) runs: Runs,
    pub(super) retired: Retired<Leaving>,
    pub(super) snapshots: Desk,
    view: watch::Sender<View>,
    next_tick: Instant,
    pub(super) showing: Showing,
}

/// One peer and what of it is in use.
pub(super) struct Seat {
    pub(super) peer: Peer,
    pub(super) state: PeerConnection,
    pub(super) opened: Instant,
    pub(super) activity: u64,
    pub(super) active_at: Instant,
    pub(super) picture: Option<StreamProducer>,
    /// What it shares.
    pub(super) share: Option<StreamProducer>,
    pub(super) voice: Option<StreamProducer>,
    pub(super) measured: Measured,
    /// The same before they are decoded.
    pub(super) coded_picture: Option<StreamProducer>,
    pub(super) coded_share: Option<StreamProducer>,
    pub(super) coded_voice: Option<StreamProducer>,
}

impl Engine {
    pub(super) fn new(config: Config, notes: Notes, events: mpsc::Sender<Event>) -> Self {
        let now = Instant::now();
        let camera = Slot::new(capture::name(&config.camera.source), config.camera.source != CameraSource::None);
        let stand_in = Slot::new("card".to_owned(), config.camera.source != CameraSource::None);
        let microphone = Slot::new(microphone::name(&config.microphone.source), config.microphone.source != MicrophoneSource::None);
        let speaker = Slot::new(speaker::name(&config.speaker.sink), config.speaker.sink != SpeakerSink::None);
        let screen = Slot::new(screen_name(&config.screen.output), sink_element(&config.screen.output).is_some());
        let second = Slot::new("second encoder".to_owned(), config.camera.source != CameraSource::None);
        let adapting = Adapting::new(Self::configured(&config), now);
        let sound = Sound::new(&config, now);
        let showing = Showing::new(Palette::new(config.screen.clone()), now);
        Self {
            config,
            time: Timebase::new(),
            notes,
            events,
            peers: BTreeMap::new(),
            camera,
            stand_in,
            camera_since: None,
            second,
            sharing: Sharing::new(now),
            microphone,
            speaker,
            screen,
            muted: Muted::default(),
            adapting,
            tone: None,
            recorded: None,
            recorder: None,
            helpers: Helpers::default(),
            sound,
            test: None,
            coding: Coding::default(),
            counters: Arc::default(),
            witness: Arc::default(),
            flow: Flow::new(None, now),
            through: Through::new(0, 0, now),
            node: Node::default(),
            runs: Runs::default(),
            retired: Retired::new(),
            snapshots: Desk::default(),
            view: watch::Sender::default(),
            next_tick: now,
            showing,
        }
    }

    pub(super) fn watch(&self) -> watch::Receiver<View> {
        self.view.subscribe()
    }

    /// Before the first ask: what there is to work with.
    pub(super) fn first_look(&mut self) {
        self.look_at_camera();
        self.look_for_encoder();
        let recordings = self.config.recording.directory.clone();
        let warm_up = move || {
            if let Some(directory) = recordings {
                record::recover(&directory);
            }
            peer::warm_up();
        };
        // Waited for at the end: a process that leaves while OpenSSL makes a key crashes.
        self.retired.add(Leaving::WarmUp, Instant::now(), warm_up);
        self.show();
    }

    /// When something is due without being asked.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let retries = [
            self.camera.retry_at(),
            self.second.retry_at(),
            self.microphone.retry_at(),
            self.speaker.retry_at(),
            self.stand_in.retry_at(),
            self.sharing.slot.retry_at(),
        ];
        let retry =
            if self.peers.is_empty() && self.tone.is_none() && !self.tests() { None } else { retries.into_iter().flatten().min() };
        let looks = !self.peers.is_empty() || matches!(self.config.camera.source, CameraSource::V4l2 { .. });
        let screen = [self.screen.retry_at(), self.file_at()];
        [retry, looks.then_some(self.next_tick), self.stuck_at(), self.test_at()].into_iter().chain(screen).flatten().min()
    }

    /// After every ask: starts what is needed, stops what is not, and shows it.
    pub(super) fn settle(&mut self, now: Instant) {
        let needed = !self.peers.is_empty();
        self.notice_stuck(now);
        self.settle_camera(needed && !self.muted.video, now);
        self.settle_stand_in(needed && !self.muted.video, now);
        self.settle_share(needed, now);
        self.settle_second(needed && self.adapting.second().is_some(), now);
        self.settle_microphone((needed || self.tests()) && !self.muted.audio, now);
        self.settle_speaker(needed || self.tone.is_some() || self.tests(), now);
        self.go_on_testing(now);
        self.play_tone();
        // It shows the time, and who calls, without a call.
        self.settle_screen(true, now);
        self.settle_recorder(now);
        if !needed {
            self.rest_encoders();
        }
        if now >= self.next_tick {
            self.next_tick = now + if needed { TICK } else { IDLE_LOOK };
            if needed {
                self.tick(now);
            } else {
                self.look_at_camera();
            }
        } else if needed {
            self.next_tick = self.next_tick.min(now + TICK);
        }
        self.settle_stage(now);
        self.show();
    }

    /// Sends what there is to send to everybody who is connected.
    pub(super) fn link_all(&mut self) {
        let raw = self.seen_by_second().map(Capture::raw).cloned();
        if let Some(second) = self.second.get_mut() {
            second.link(raw.as_ref());
        }
        let up = |seat: &Seat| matches!(seat.state, PeerConnection::Connected | PeerConnection::Disconnected);
        let keys: Vec<PeerKey> = self.peers.iter().filter(|(_, seat)| up(seat)).map(|(key, _)| key.clone()).collect();
        for key in keys {
            self.link(&key);
        }
        // Who was linked anew needs one.
        let captures = [self.eye(), self.sharing.slot.get()].map(|capture| capture.map(Capture::coder));
        for coder in captures.into_iter().chain([self.second.get().map(Second::coder)]).flatten() {
            coder.request_keyframe();
        }
    }

    pub(super) fn cut_links(&mut self) {
        for seat in self.peers.values_mut() {
            seat.peer.send(Streams::default());
        }
        if let Some(second) = self.second.get_mut() {
            second.link(None);
        }
    }

    /// Lets everybody be heard and seen whose streams are there.
    pub(super) fn seat_all(&mut self) {
        for (key, seat) in &self.peers {
            if let (Some(speaker), Some(voice)) = (self.speaker.get_mut(), &seat.voice)
                && let Err(error) = speaker.add(key, voice, self.sound.voice(key))
            {
                tracing::warn!(%error, "a voice cannot be played");
            }
        }
        let keys: Vec<PeerKey> = self.peers.keys().cloned().collect();
        for key in &keys {
            self.show_peer(key, Instant::now());
        }
    }

    fn look_at_camera(&mut self) {
        let CameraSource::V4l2 { device } = self.node.find(&self.config.camera.source) else {
            return;
        };
        let there = match std::fs::metadata(&device) {
            Ok(_) => Ok(()),
            Err(error) => Err(Error::open(&device.display().to_string(), &error)),
        };
        self.camera.noticed(there);
    }

    pub(super) fn close_all(&mut self) {
        let keys: Vec<PeerKey> = self.peers.keys().cloned().collect();
        self.recorded = None;
        for key in keys {
            self.handle(Ask::Close { key }, Instant::now());
        }
        self.settle(Instant::now());
    }

    fn show(&self) {
        let media = MediaStatus {
            encoder: self.encoder_status(),
            camera: self.camera.status().clone(),
            share: self.share_status(),
            microphone: self.microphone.status().clone(),
            speaker: self.speaker.status().clone(),
            screen: self.screen.status().clone(),
            sound: self.sound_status(),
            stages: self.stages(),
            recording: self.recorder.as_ref().map(|(_, recorder)| recorder.status()),
        };
        let peers =
            self.peers.iter().map(|(key, seat)| (key.clone(), self.heard(key, seat.view(self.adapting.rung(key))))).collect();
        let view = View { media, peers };
        self.view.send_if_modified(|shown| {
            let changed = *shown != view;
            *shown = view;
            changed
        });
    }
}

impl Seat {
    fn view(&self, rung: Rung) -> PeerView {
        let intake = self.peer.intake();
        PeerView {
            video: intake.pictures(Part::Camera).status(),
            share: Some(intake.pictures(Part::Share).status()).filter(|share| share.frames_decoded > 0),
            audio: intake.audio(),
            estimated_bitrate: self.peer.meter().estimate(),
            sent: match rung {
                Rung::Main => SentPicture::Main,
                Rung::Low => SentPicture::Low,
                Rung::SoundOnly => SentPicture::None,
            },
            stats: self.stats(),
            first_picture: intake.pictures(Part::Camera).first(),
        }
    }
}

pub(super) fn screen_name(output: &ScreenOutput) -> String {
    match output {
        ScreenOutput::Kms => "kms".to_owned(),
        ScreenOutput::Window => "window".to_owned(),
        ScreenOutput::Snapshots { directory, .. } => directory.display().to_string(),
        ScreenOutput::None => "none".to_owned(),
    }
}

pub(super) fn sink_element(output: &ScreenOutput) -> Option<&'static str> {
    match output {
        ScreenOutput::Kms => Some("kmssink"),
        ScreenOutput::Window => Some("autovideosink"),
        ScreenOutput::Snapshots { .. } | ScreenOutput::None => None,
    }
}
