//! The media engine: one thread that owns all pipelines and is driven by verbs; what happens comes back as [`Event`]s.
//!
//! ```text
//!   daemon ── Handle::open_peer, remote_answer, … ──► engine thread ──► capture   camera ─► one encoder ─► fan-out
//!          ◄─ Event::{LocalDescription, …} ─────────      │       ├──► microphone ─► Opus ─► fan-out
//!          ◄─ View (watch) ─────────────────────────      │       ├──► speaker   ◄─ mixer ◄─ voices
//!                                                         │       ├──► screen    ◄─ painter ◄─ scene, pictures
//!   GStreamer's threads ── Note (never blocks) ──────────►┘       └──► peer …    one pipeline per participant
//! ```
//!
//! Camera, microphone, speaker and encoder run only while there is somebody to send to or hear; a screen runs always. A device that fails is tried again
//! with growing pauses; the call goes on without it. All pipelines share one clock and base time.
//!
//! A driver may take seconds to open a device, or never come back. So whatever may touch one (looking for an encoder, starting and
//! stopping a device's pipeline, taking a peer down) runs on a thread of its own, and its outcome is a [`engine::Note`].

mod board;
mod capture;
mod card;
mod coder;
mod decoder;
mod devices;
mod engine;
pub mod examine;
pub mod inventory;
mod microphone;
mod mirror;
mod node;
mod peer;
mod pipeline;
pub mod plan;
mod probe;
pub mod rate;
mod record;
mod retire;
mod screen;
mod second;
mod snapshot;
mod sound;
mod speaker;
mod stats;
pub mod stun;
mod v4l2;

pub use board::Sensors;
pub use engine::{Change, Config, Handle, start};
pub use peer::Role;
pub use plan::ice::{Helpers, Relay};
pub use snapshot::Png;
pub use speaker::VoiceSetting;

use std::collections::BTreeMap;
use std::time::Instant;

use crate::protocol::ParticipantId;
use crate::protocol::control::{AudioStatus, DeviceState, MediaStatus, PeerConnection, PeerStats, SentPicture, VideoStatus};

/// One peer connection: a participant and its epoch.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PeerKey {
    /// The other participant.
    pub id: ParticipantId,
    /// See [`crate::protocol::hub`].
    pub epoch: u64,
}

/// Offer or answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DescriptionKind {
    /// Made by the offerer.
    Offer,
    /// Made by the answerer.
    Answer,
}

/// What the engine tells the daemon.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Send this to the peer.
    LocalDescription {
        /// Which peer connection.
        key: PeerKey,
        /// Offer or answer.
        kind: DescriptionKind,
        /// SDP.
        sdp: String,
    },
    /// Send this to the peer.
    LocalCandidate {
        /// Which peer connection.
        key: PeerKey,
        /// Index of the m-line.
        line: u32,
        /// `candidate:…`.
        candidate: String,
    },
    /// A peer connection came up, went silent, or is over.
    Connection {
        /// Which peer connection.
        key: PeerKey,
        /// How it is now.
        state: PeerConnection,
        /// Why, for people.
        error: Option<String>,
    },
}

/// What the engine does at the moment, renewed twice a second during a call and after every change.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct View {
    /// Devices and encoder.
    pub media: MediaStatus,
    /// What comes in, by peer connection.
    pub peers: BTreeMap<PeerKey, PeerView>,
}

/// What comes in from one peer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PeerView {
    /// Its picture.
    pub video: VideoStatus,
    /// What it shares beside it; none before anything came.
    pub share: Option<VideoStatus>,
    /// Its sound.
    pub audio: AudioStatus,
    /// The bandwidth estimate of the way to it, bit/s.
    pub estimated_bitrate: Option<u64>,
    /// Which picture it is sent.
    pub sent: SentPicture,
    /// Loss, delay, freezes; none before the connection is up.
    pub stats: Option<PeerStats>,
    /// When its first picture was decoded.
    pub first_picture: Option<Instant>,
}

/// What can go wrong in the engine.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// GStreamer itself does not start.
    #[error("GStreamer does not start: {0}")]
    Init(String),
    /// A plugin is not installed.
    #[error("the GStreamer element `{0}` is missing: install the package that has it (see scripts/packages)")]
    MissingElement(String),
    /// No encoder or decoder works here.
    #[error("no working {0} here: tried {1}")]
    NoCodec(&'static str, String),
    /// A device that does not do what it should.
    #[error("{text}")]
    Device {
        /// For `status`.
        state: DeviceState,
        /// For people.
        text: String,
    },
    /// The encoder does not do what it should.
    #[error("{0}")]
    Encoder(String),
    /// More than can be done at a time.
    #[error("{0}")]
    TooMany(&'static str),
    /// A remote description that was refused.
    #[error(transparent)]
    Description(plan::sdp::BadSdp),
    /// A remote certificate that was refused.
    #[error("{0}")]
    Certificate(&'static str),
    /// Anything else.
    #[error("{0}")]
    Pipeline(String),
    /// The engine's thread is gone or does not answer.
    #[error("the media engine does not answer")]
    Gone,
}

impl Error {
    fn pipeline(error: &dyn std::fmt::Display) -> Self {
        Self::Pipeline(error.to_string())
    }

    fn missing(text: String) -> Self {
        Self::Device { state: DeviceState::Missing, text }
    }

    #[allow(clippy::wildcard_enum_match_arm)] // not our enum: it grows with every release
    fn open(device: &str, error: &std::io::Error) -> Self {
        let state = match error.kind() {
            std::io::ErrorKind::NotFound => DeviceState::Missing,
            std::io::ErrorKind::PermissionDenied => DeviceState::Denied,
            std::io::ErrorKind::ResourceBusy => DeviceState::Busy,
            _ => DeviceState::Failed,
        };
        Self::Device { state, text: format!("cannot open {device}: {error}") }
    }

    fn device_state(&self) -> DeviceState {
        match self {
            Self::Device { state, .. } => *state,
            Self::Init(_)
            | Self::MissingElement(_)
            | Self::NoCodec(..)
            | Self::Encoder(_)
            | Self::TooMany(_)
            | Self::Description(_)
            | Self::Certificate(_)
            | Self::Pipeline(_)
            | Self::Gone => DeviceState::Failed,
        }
    }
}
