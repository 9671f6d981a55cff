//! What `callbox run` is told: `callbox.toml`, checked. Every source carries only its own data, so a file path without
//! `source = "file"` cannot be said.

use std::path::PathBuf;

use super::{Bitrate, CallConfig, Door, Gpio, LogLevel, Metrics, Network, Page, Recording, Screen, Share, Window};
use crate::protocol::UserId;

/// `callbox.toml`, and everything laid over it.
#[derive(Debug, Clone, PartialEq)]
pub struct Appliance {
    /// Where the appliance keeps what must survive a restart.
    pub state_directory: PathBuf,
    /// The hub, and who we are there.
    pub hub: HubLink,
    /// What to do without being asked.
    pub call: CallConfig,
    /// Where the picture comes from.
    pub camera: Camera,
    /// What can be shown beside it.
    pub share: Share,
    /// Where the sound comes from.
    pub microphone: Microphone,
    /// Where the others' sound goes.
    pub speaker: Speaker,
    /// How the picture is encoded.
    pub video: Video,
    /// How the sound is encoded.
    pub audio: Audio,
    /// Where the others' pictures go.
    pub screen: Screen,
    /// Where calls are written down.
    pub recording: Recording,
    /// How to reach the others.
    pub network: Network,
    /// Where the CLI reaches the daemon.
    pub control: Control,
    /// Where Prometheus asks.
    pub metrics: Metrics,
    /// The technician's page; none: there is none.
    pub page: Option<Page>,
    /// What is logged.
    pub log: Log,
    /// Buttons, lights, relays.
    pub gpio: Gpio,
    /// The door that others may open.
    pub door: Option<Door>,
}

impl Appliance {
    /// Everything at its default; the hub has none.
    pub fn new(hub: HubLink) -> Self {
        Self {
            state_directory: "/var/lib/callbox".into(),
            hub,
            call: CallConfig::default(),
            camera: Camera::default(),
            share: Share::default(),
            microphone: Microphone::default(),
            speaker: Speaker::default(),
            video: Video::default(),
            audio: Audio::default(),
            screen: Screen::default(),
            recording: Recording::default(),
            network: Network::default(),
            control: Control::default(),
            metrics: Metrics::default(),
            page: None,
            log: Log::default(),
            gpio: Gpio::default(),
            door: None,
        }
    }
}

/// `[hub]`: where to sign in, as whom, and whom to trust.
#[derive(Debug, Clone, PartialEq)]
pub struct HubLink {
    /// `ws://HOST[:PORT]` or `wss://HOST[:PORT]`, without a path.
    pub url: String,
    /// Who this appliance is.
    pub user: UserId,
    /// The file that holds the password; read anew at each sign-in.
    pub password_file: PathBuf,
    /// Whose certificate is accepted.
    pub trust: Trust,
}

/// Whose TLS certificate is accepted from the hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// Any certificate that the system's roots vouch for.
    System,
    /// Any certificate that this private authority vouches for (PEM).
    CaFile(PathBuf),
    /// Only a certificate with this public key: SHA-256 of its SubjectPublicKeyInfo, `sha256//BASE64` as curl writes it.
    Pin([u8; 32]),
}

/// `[camera]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Camera {
    /// Where frames come from.
    pub source: CameraSource,
    /// Pixels, even.
    pub width: u32,
    /// Pixels, even.
    pub height: u32,
    /// Frames per second.
    pub framerate: u32,
    /// V4L2 controls to set, in this order.
    pub controls: Vec<(String, i32)>,
}

impl Default for Camera {
    fn default() -> Self {
        let source = CameraSource::V4l2 { device: "/dev/video0".into() };
        Self { source, width: 1280, height: 720, framerate: 30, controls: Vec::new() }
    }
}

/// Where frames come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CameraSource {
    /// A V4L2 device.
    V4l2 {
        /// For example `/dev/video0`.
        device: PathBuf,
    },
    /// A libcamera camera.
    Libcamera {
        /// Its id; none: the first one.
        camera: Option<String>,
    },
    /// A video file, played in a loop.
    File {
        /// Any container and codec that this machine's GStreamer plays.
        file: PathBuf,
    },
    /// A moving test card with a clock.
    Test,
    /// No picture is sent.
    None,
}

/// `[microphone]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Microphone {
    /// Where sound comes from.
    pub source: MicrophoneSource,
}

impl Default for Microphone {
    fn default() -> Self {
        Self { source: MicrophoneSource::Alsa { device: "default".into() } }
    }
}

/// Where sound comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MicrophoneSource {
    /// An ALSA capture device.
    Alsa {
        /// For example `default` or `plughw:1,0`.
        device: String,
    },
    /// A sound file, played in a loop.
    File {
        /// Any format that this machine's GStreamer plays.
        file: PathBuf,
    },
    /// A steady tone.
    Test {
        /// Its frequency, Hz.
        tone: u32,
    },
    /// No sound is sent.
    None,
}

/// The tone of `source = "test"`, Hz, unless configured otherwise.
pub const DEFAULT_TONE: u32 = 440;

/// `[speaker]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Speaker {
    /// Where the others' sound goes.
    pub sink: SpeakerSink,
    /// How loud at the start, percent; none leaves a card with a volume of its own as it is.
    pub volume: Option<u8>,
    /// The loudest that can be asked for, percent.
    pub max_volume: u8,
    /// When it is night.
    pub night: Vec<Window>,
    /// The loudest by night, percent.
    pub night_volume: Option<u8>,
}

impl Default for Speaker {
    fn default() -> Self {
        Self {
            sink: SpeakerSink::Alsa { device: "default".into() },
            volume: None,
            max_volume: 100,
            night: Vec::new(),
            night_volume: None,
        }
    }
}

/// Where the others' sound goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SpeakerSink {
    /// An ALSA playback device.
    Alsa {
        /// For example `default` or `plughw:1,0`.
        device: String,
    },
    /// Recorded to a WAV file.
    File {
        /// Overwritten when a call begins.
        file: PathBuf,
    },
    /// Thrown away.
    None,
}

/// `[video]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Video {
    /// Which H.264 encoder.
    pub encoder: Encoder,
    /// The most the picture may take.
    pub bitrate: Bitrate,
}

impl Default for Video {
    fn default() -> Self {
        Self { encoder: Encoder::Auto, bitrate: Bitrate(1_500_000) }
    }
}

/// Which H.264 encoder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Encoder {
    /// The first one that works here, hardware before software.
    Auto,
    /// This GStreamer element and no other.
    Element(String),
}

/// `[audio]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Audio {
    /// What the sound takes (Opus).
    pub bitrate: Bitrate,
    /// How hard the Opus encoder tries, 0 to 10.
    pub complexity: u32,
    /// Take what the speaker plays out of what the microphone hears.
    pub echo_cancellation: bool,
    /// Take steady noise out of what the microphone hears.
    pub noise_suppression: bool,
    /// Make who speaks softly louder.
    pub gain_control: bool,
}

impl Default for Audio {
    fn default() -> Self {
        Self { bitrate: Bitrate(32_000), complexity: 5, echo_cancellation: true, noise_suppression: true, gain_control: true }
    }
}

/// `[control]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Control {
    /// The Unix socket of `callbox status` and its siblings.
    pub socket: PathBuf,
}

/// Where the control socket is unless configured otherwise.
pub const DEFAULT_SOCKET: &str = "/run/callbox/control.sock";

impl Default for Control {
    fn default() -> Self {
        Self { socket: DEFAULT_SOCKET.into() }
    }
}

/// `[log]`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Log {
    /// The least important message that is still written.
    pub level: LogLevel,
}
