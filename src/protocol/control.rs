//! What travels over the daemon's control socket: the [`Command`]s of every door (CLI, button, page) and the [`Status`] they show.
//! `docs/control.md` lists the methods; a test holds that it names all of them.

use serde::{Deserialize, Serialize};

use super::hub::{Muted, ParticipantState};
use super::{Cid, ParticipantId, UserId};

mod calling;
mod checkup;
mod command;
mod devices;
mod gpio;
pub mod patch;
mod reload;
mod sending;
mod sound;
mod stages;
mod stats;

pub use calling::{OutgoingState, OutgoingStatus, RingState, RingStatus};
pub use checkup::{CheckResult, Checkup, Verdict};
pub use command::Command;
pub use devices::{
    CameraControl, CameraMode, ChipInfo, Choice, CodecInfo, DeviceInfo, DeviceKind, Devices, DisplayInfo, LineInfo, MixerElement,
    MixerInfo, MixerSide, SpeakerTest,
};
pub use gpio::{GpioStatus, LineStatus};
pub use reload::{ConfigStatus, Reloaded};
pub use sending::{PictureStatus, SentPicture, ShareStatus, StepReason};
pub use sound::{EchoStatus, ProcessingStatus, SoundStatus, VoiceStatus};
pub use stages::{CameraTaken, StagesStatus};
pub use stats::{CallSummary, Path, PeerStats, ReceivedStats, SentStats};

/// The version of what is spoken on the control socket. It grows when something that was there changes its meaning; methods, keys and
/// words that are added do not count.
pub const PROTOCOL: u32 = 1;

/// Everything that CLI, lights, screen, page and metrics show.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// Who this appliance signs in as.
    pub user: UserId,
    /// `callbox` and its version.
    pub version: String,
    /// The connection to the hub.
    pub hub: HubStatus,
    /// The call, if in one or on the way into one.
    pub call: Option<CallStatus>,
    /// Who calls, or called a moment ago.
    #[serde(default)]
    pub ring: Option<RingStatus>,
    /// Whom this appliance calls, or called a moment ago in vain.
    #[serde(default)]
    pub outgoing: Option<OutgoingStatus>,
    /// Whether who calls is rejected without ringing.
    #[serde(default)]
    pub do_not_disturb: bool,
    /// The call before this one, or the one that has just ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_call: Option<CallSummary>,
    /// What the media engine does.
    pub media: MediaStatus,
    /// Buttons, lights, relays.
    #[serde(default)]
    pub gpio: GpioStatus,
    /// The configuration.
    #[serde(default)]
    pub config: ConfigStatus,
}

impl Status {
    /// Before anything has happened.
    pub fn new(user: UserId, version: String, hub: HubStatus) -> Self {
        Self {
            user,
            version,
            hub,
            call: None,
            ring: None,
            outgoing: None,
            do_not_disturb: false,
            last_call: None,
            media: MediaStatus::default(),
            gpio: GpioStatus::default(),
            config: ConfigStatus::default(),
        }
    }
}

/// The connection to the hub.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HubStatus {
    /// Where the hub is.
    pub url: String,
    /// How far we got.
    pub state: HubState,
    /// Why not further, for people.
    pub error: Option<String>,
    /// Seconds until the next attempt, while waiting for one.
    pub retry_in_s: Option<u64>,
}

/// How far the connection to the hub got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HubState {
    /// Not connected and not trying at this moment; `retry_in_s` says when.
    Disconnected,
    /// Connecting or signing in.
    Connecting,
    /// Signed in.
    Connected,
}

/// The call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallStatus {
    /// `type:id`.
    pub cid: Cid,
    /// Where we are with it.
    pub state: CallState,
    /// Why it does not go on, for people.
    pub error: Option<String>,
    /// Our own participation, once joined.
    pub participant: Option<ParticipantId>,
    /// What is switched off here.
    pub muted: Muted,
    /// Whether it is being recorded, here or elsewhere.
    #[serde(default)]
    pub recorded: bool,
    /// Milliseconds from the wish to join to the first remote picture that was decoded.
    #[serde(default)]
    pub first_picture_ms: Option<u64>,
    /// The others.
    pub participants: Vec<ParticipantStatus>,
}

/// Where the appliance is with its call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallState {
    /// Asked for, not in yet.
    Joining,
    /// The call is not live yet: in the lobby until it is.
    Lobby,
    /// In.
    Joined,
    /// In, but the hub is away; media go on.
    Reconnecting,
    /// The call was ended for everyone; joined again when that is possible.
    Ended,
    /// Put out, or replaced: only `callbox join` leads back.
    Out,
}

/// One other participant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ParticipantStatus {
    /// The participation id.
    pub id: ParticipantId,
    /// Whose client it is.
    pub user: UserId,
    /// Shown to people.
    pub name: String,
    /// What the hub says of its socket.
    pub state: ParticipantState,
    /// What it has switched off.
    pub muted: Muted,
    /// Whether it shows something beside its camera (C33).
    #[serde(default)]
    pub sharing: bool,
    /// The peer connection to it (C27).
    pub connection: PeerConnection,
    /// Why the connection is not there, for people.
    pub error: Option<String>,
    /// Its picture, as it arrives here.
    pub video: VideoStatus,
    /// What it shows beside its camera, as it arrives here; none before anything came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<VideoStatus>,
    /// Its sound, as it arrives here.
    pub audio: AudioStatus,
    /// What the bandwidth estimator says of the way to it, bit/s; none before the first feedback.
    pub estimated_bitrate: Option<u64>,
    /// Which picture of ours it is sent.
    #[serde(default)]
    pub sent: SentPicture,
    /// Loss, delay, freezes; none before the connection is up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stats: Option<PeerStats>,
}

/// State of one peer connection: the enum of C27, in the field's words. Its COMPLETED is part of `Connected`: that ICE has nothing
/// left to try means nothing to anybody.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeerConnection {
    /// Not begun.
    #[default]
    Undefined,
    /// Offer, answer, candidates, DTLS.
    Connecting,
    /// Media may flow: the remote certificate matches the fingerprint in its description.
    Connected,
    /// Nothing arrives at the moment.
    Disconnected,
    /// Given up; a new epoch follows.
    Failed,
    /// Taken down.
    Closed,
}

/// A remote picture.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct VideoStatus {
    /// Since this peer connection began.
    pub frames_decoded: u64,
    /// Of the last frame, pixels; 0 before the first.
    pub width: u32,
    /// Of the last frame, pixels; 0 before the first.
    pub height: u32,
    /// The test card read from the picture, when `screen.read-test-card` is on and there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_card: Option<TestCardStatus>,
}

/// What a test card (see `media::testcard`) says when read from a decoded picture.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TestCardStatus {
    /// The frame number in the last picture.
    pub frame: u32,
    /// Pictures in which a card was read.
    pub read: u64,
    /// Milliseconds from drawing to decoding, median of the last 300 (meaningful on one machine or with synchronised clocks).
    pub latency_p50_ms: f64,
    /// The same, 95th percentile.
    pub latency_p95_ms: f64,
    /// The same, the worst of the last 30.
    #[serde(default)]
    pub latency_recent_ms: f64,
}

/// A remote sound.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AudioStatus {
    /// RTP packets since this peer connection began.
    pub packets: u64,
    /// Whether somebody speaks there, now or a moment ago; only known where it is played.
    #[serde(default)]
    pub speaking: bool,
    /// How it is heard; none while it is not played.
    #[serde(default)]
    pub voice: Option<VoiceStatus>,
}

/// What the media engine does.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MediaStatus {
    /// The one H.264 encoder.
    pub encoder: EncoderStatus,
    /// The camera.
    pub camera: DeviceStatus,
    /// What is shown beside the camera; none when nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<ShareStatus>,
    /// The microphone.
    pub microphone: DeviceStatus,
    /// The speaker.
    pub speaker: DeviceStatus,
    /// The screen.
    pub screen: DeviceStatus,
    /// What is heard and said.
    #[serde(default)]
    pub sound: SoundStatus,
    /// What pictures go through.
    #[serde(default)]
    pub stages: StagesStatus,
    /// What is being written down; none when nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recording: Option<RecordingStatus>,
}

/// A recording (C37).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RecordingStatus {
    /// `running` when something is written.
    pub state: DeviceState,
    /// Finished since it began.
    pub files: u64,
    /// Bytes of the files that are being written which a power cut cannot take any more.
    pub open_bytes: u64,
    /// Why it does not go on, for people.
    pub error: Option<String>,
}

/// The encoder, shared by all peers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct EncoderStatus {
    /// The GStreamer element that was chosen, none before the first probe.
    pub element: Option<String>,
    /// Whether it is hardware.
    pub hardware: bool,
    /// How many are running now: 0 when idle, 1 in a call, 2 while somebody needs a smaller picture than the others.
    pub instances: u32,
    /// Frames encoded since the call began.
    pub frames: u64,
    /// Target, bit/s.
    pub bitrate: u64,
    /// The main picture as it is sent now.
    #[serde(default)]
    pub picture: PictureStatus,
    /// Those that are installed and would have been preferred, but failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rejected: Vec<RejectedEncoder>,
}

/// An encoder that is not used because it failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RejectedEncoder {
    /// The GStreamer element.
    pub element: String,
    /// Why, for people.
    pub error: String,
}

/// One device.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DeviceStatus {
    /// How it is.
    pub state: DeviceState,
    /// What it is, for example `/dev/video0` or `test`.
    pub device: String,
    /// Why it does not run, for people.
    pub error: Option<String>,
}

/// State of a device (B4, B5).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceState {
    /// Not opened: no call needs it.
    #[default]
    Idle,
    /// Being opened.
    Starting,
    /// Gives or takes media.
    Running,
    /// Switched off in the configuration.
    Disabled,
    /// Not there; tried again.
    Missing,
    /// Somebody else has it; tried again.
    Busy,
    /// No permission; tried again.
    Denied,
    /// Anything else that went wrong; tried again.
    Failed,
}

/// The answer to `snapshot`: what the screen shows, as PNG.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The PNG, base64 (RFC 4648 section 4).
    pub png: String,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}
