//! The engine's thread: the only place where pipelines are built, changed and torn down.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use gstreamer_utils::StreamProducer;
use gstreamer_webrtc::WebRTCPeerConnectionState as RemoteState;
use tokio::sync::{mpsc, oneshot, watch};

use super::board::Sensors;
use super::capture::Capture;
use super::microphone::Microphone;
use super::peer::{Part, Role};
use super::pipeline::Report;
use super::plan::ice::Helpers;
use super::plan::stage::Stage;
use super::probe::Found;
use super::rate::Board;
use super::screen::Screen;
use super::second::Second;
use super::snapshot::Png;
use super::speaker::{Speaker, VoiceSetting};
use super::{DescriptionKind, Error, Event, PeerKey, View};
use crate::call::{Recorded, Tone};
use crate::config;
use crate::protocol::ParticipantId;
use crate::protocol::control::{DeviceKind, SpeakerTest};
use crate::protocol::hub::Muted;

mod adapting;
mod changing;
mod coding;
mod devices;
mod leaving;
mod measure;
mod recording;
mod room;
mod runs;
mod share;
mod showing;
mod sound;
mod speaker_test;
mod stand_in;
mod stuck;
mod work;

pub use changing::Change;

/// Room for a burst of candidates of three peers; what does not fit is logged and dropped, nothing waits.
const QUEUE: usize = 1024;

/// What the engine is told once.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// The camera.
    pub camera: config::Camera,
    /// How what is shared is sent.
    pub share: config::Share,
    /// The microphone.
    pub microphone: config::Microphone,
    /// The speaker.
    pub speaker: config::Speaker,
    /// Encoder and bit rate.
    pub video: config::Video,
    /// Opus.
    pub audio: config::Audio,
    /// Where remote pictures go.
    pub screen: config::Screen,
    /// Where calls are written down.
    pub recording: config::Recording,
    /// Jitter buffer, ports, whether everything is relayed. The servers come by [`Handle::helpers`].
    pub network: config::Network,
    /// Where load and heat of this machine are read.
    pub sensors: Sensors,
}

/// The way in.
#[derive(Debug, Clone)]
pub struct Handle {
    asks: SyncSender<Ask>,
}

pub(super) enum Ask {
    Open { key: PeerKey, role: Role },
    RemoteAnswer { key: PeerKey, sdp: String },
    RemoteCandidate { key: PeerKey, line: u32, candidate: String },
    Close { key: PeerKey },
    Mute(Muted),
    MaxBitrate(Option<u64>),
    Tone(Option<Tone>),
    Record(Option<Recorded>),
    Share(Option<config::CameraSource>),
    Helpers(Helpers),
    Speaker { percent: Option<u8>, silent: Option<bool> },
    Voice { id: ParticipantId, setting: VoiceSetting },
    Use { kind: DeviceKind, device: String },
    Change(Box<Change>),
    SpeakerTest(oneshot::Sender<Result<SpeakerTest, Error>>),
    Show(Box<Stage>),
    Snapshot(oneshot::Sender<Result<Png, Error>>),
    Ping(oneshot::Sender<()>),
    Stop(oneshot::Sender<()>),
    Note(Note),
}

/// What GStreamer's threads tell the engine.
#[derive(Debug)]
pub(super) enum Note {
    LocalDescription { key: PeerKey, kind: DescriptionKind, sdp: String },
    LocalCandidate { key: PeerKey, line: u32, candidate: String },
    PeerState { key: PeerKey, state: RemoteState },
    PeerFailed { key: PeerKey, text: String },
    PeerLatency { key: PeerKey },
    PictureReady { key: PeerKey, part: Part, producer: StreamProducer, coded: StreamProducer },
    VoiceReady { key: PeerKey, producer: Option<StreamProducer>, coded: StreamProducer },
    Device { device: Device, run: u64, report: Report },
    Started { run: u64, started: Started },
    Stopped { device: Device, run: u64 },
    Encoder(Found),
    WayFell { key: PeerKey },
    Board(Board),
}

/// What came of starting a device.
#[derive(Debug)]
pub(super) enum Started {
    Camera(Result<Capture, Error>),
    Second(Result<Second, Error>),
    StandIn(Result<Capture, Error>),
    Share(Result<Capture, Error>),
    Microphone(Result<Microphone, Error>),
    // Boxed: it is much larger than the others.
    Speaker(Box<Result<Speaker, Error>>),
    Screen(Result<Screen, Error>),
}

/// Which device's pipeline a report comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Device {
    Camera,
    Second,
    /// What the others see while there is no camera.
    StandIn,
    /// What is shown beside the camera.
    Share,
    Microphone,
    Speaker,
    Screen,
}

/// The engine's ear.
#[derive(Debug, Clone)]
pub(super) struct Notes(SyncSender<Ask>);

impl Notes {
    /// An ear without an engine, and what it hears.
    #[cfg(test)]
    pub(super) fn of_test() -> (Self, Receiver<Ask>) {
        let (asks, inbox) = sync_channel(QUEUE);
        (Self(asks), inbox)
    }

    /// For threads of ours that may wait: the note must not be lost.
    pub(super) fn send_surely(&self, note: Note) {
        // Without an engine there is nobody to tell.
        let _ = self.0.send(Ask::Note(note));
    }

    /// Never blocks.
    pub(super) fn send(&self, note: Note) {
        if let Err(TrySendError::Full(_)) = self.0.try_send(Ask::Note(note)) {
            tracing::error!("the media engine is overrun: a note is lost");
        }
    }
}

impl Handle {
    fn ask(&self, ask: Ask) -> Result<(), Error> {
        self.asks.try_send(ask).map_err(|_| Error::Gone)
    }

    /// Begins a peer connection.
    pub fn open_peer(&self, key: PeerKey, role: Role) -> Result<(), Error> {
        self.ask(Ask::Open { key, role })
    }

    /// The remote answered our offer.
    pub fn remote_answer(&self, key: PeerKey, sdp: String) -> Result<(), Error> {
        self.ask(Ask::RemoteAnswer { key, sdp })
    }

    /// A remote candidate; empty at the end.
    pub fn remote_candidate(&self, key: PeerKey, line: u32, candidate: String) -> Result<(), Error> {
        self.ask(Ask::RemoteCandidate { key, line, candidate })
    }

    /// Takes a peer connection down; unknown ones are fine.
    pub fn close_peer(&self, key: PeerKey) -> Result<(), Error> {
        self.ask(Ask::Close { key })
    }

    /// Switches microphone and camera at the source.
    pub fn mute(&self, muted: Muted) -> Result<(), Error> {
        self.ask(Ask::Mute(muted))
    }

    /// The most that goes to each peer, bit/s, sound and picture together; none: as configured. The picture gives way.
    pub fn max_bitrate(&self, bits: Option<u64>) -> Result<(), Error> {
        self.ask(Ask::MaxBitrate(bits))
    }

    /// Plays a tone on the speaker until another one, or none, is asked for.
    pub fn tone(&self, tone: Option<Tone>) -> Result<(), Error> {
        self.ask(Ask::Tone(tone))
    }

    /// The servers that help connections that begin from now on.
    pub fn helpers(&self, helpers: Helpers) -> Result<(), Error> {
        self.ask(Ask::Helpers(helpers))
    }

    /// How loud the speaker is, in percent, and whether it is off; none leaves it as it is.
    pub fn speaker(&self, percent: Option<u8>, silent: Option<bool>) -> Result<(), Error> {
        self.ask(Ask::Speaker { percent, silent })
    }

    /// How a participant is heard, now and whenever it connects again.
    pub fn voice(&self, id: ParticipantId, setting: VoiceSetting) -> Result<(), Error> {
        self.ask(Ask::Voice { id, setting })
    }

    /// Takes another device by its id (see [`super::inventory`]), also in a call.
    pub fn use_device(&self, kind: DeviceKind, device: String) -> Result<(), Error> {
        self.ask(Ask::Use { kind, device })
    }

    /// A section of the configuration was changed.
    pub fn change(&self, change: Change) -> Result<(), Error> {
        self.ask(Ask::Change(Box::new(change)))
    }

    /// Plays a noise and says whether the microphone hears it.
    pub async fn speaker_test(&self) -> Result<SpeakerTest, Error> {
        let (reply, answer) = oneshot::channel();
        self.ask(Ask::SpeakerTest(reply))?;
        answer.await.map_err(|_| Error::Gone)?
    }

    /// What goes on, for the screen.
    pub fn show(&self, stage: Stage) -> Result<(), Error> {
        self.ask(Ask::Show(Box::new(stage)))
    }

    /// Writes this call down from now on, or none any more.
    pub fn record(&self, recorded: Option<Recorded>) -> Result<(), Error> {
        self.ask(Ask::Record(recorded))
    }

    /// Shows the others this beside the camera, or nothing any more; nothing is negotiated for it.
    pub fn share(&self, source: Option<config::CameraSource>) -> Result<(), Error> {
        self.ask(Ask::Share(source))
    }

    /// What the screen shows.
    pub async fn snapshot(&self) -> Result<Png, Error> {
        let (reply, answer) = oneshot::channel();
        self.ask(Ask::Snapshot(reply))?;
        answer.await.map_err(|_| Error::Gone)?
    }

    /// Returns when the engine has done all it was asked before.
    pub async fn ping(&self) -> Result<(), Error> {
        let (reply, answer) = oneshot::channel();
        self.ask(Ask::Ping(reply))?;
        answer.await.map_err(|_| Error::Gone)
    }

    /// Stops everything and ends the thread.
    pub async fn stop(&self) {
        let (reply, answer) = oneshot::channel();
        if self.ask(Ask::Stop(reply)).is_ok() {
            let _ = tokio::time::timeout(Duration::from_secs(2), answer).await;
        }
    }
}

/// Starts the engine. Events are few and must be taken; the view is renewed in place.
pub fn start(config: Config) -> Result<(Handle, mpsc::Receiver<Event>, watch::Receiver<View>), Error> {
    super::pipeline::init()?;
    let (asks, inbox) = sync_channel(QUEUE);
    let (events, outbox) = mpsc::channel(QUEUE);
    let notes = Notes(asks.clone());
    let engine = room::Engine::new(config, notes, events);
    let view = engine.watch();
    std::thread::Builder::new().name("media".into()).spawn(move || run(engine, &inbox)).map_err(|e| Error::Init(e.to_string()))?;
    Ok((Handle { asks }, outbox, view))
}

fn run(mut engine: room::Engine, inbox: &Receiver<Ask>) {
    engine.first_look();
    loop {
        let ask = match engine.deadline() {
            Some(at) => inbox.recv_timeout(at.saturating_duration_since(Instant::now())),
            None => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match ask {
            Ok(Ask::Stop(reply)) => {
                engine.close_all();
                engine.wait_for_farewells();
                let _ = reply.send(());
                return;
            }
            Ok(ask) => engine.handle(ask, Instant::now()),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return engine.close_all(),
        }
        engine.settle(Instant::now());
    }
}
