//! What is sent of our picture.

use serde::{Deserialize, Serialize};

use super::DeviceStatus;

/// Which picture a participant is sent, besides sound.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SentPicture {
    /// The main one, made for all.
    #[default]
    Main,
    /// A small one: its way would drag the others down.
    Low,
    /// None: its way carries only sound.
    None,
}

/// The main picture. It follows what network, limits and this machine allow (C12).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PictureStatus {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// At most so many frames per second.
    pub framerate: u32,
    /// Where it is on the ladder: `1080p`, `720p`, `360p`, `360p slow`.
    pub step: String,
    /// Why it came there; none before the first step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<StepReason>,
}

/// Why the picture that is sent was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepReason {
    /// So much is left for the picture on the worst way.
    Bandwidth,
    /// The encoder is slower than the camera.
    Encoder,
    /// The processor has too much to do.
    Load,
    /// The board is hot.
    Heat,
    /// There is room again.
    Room,
    /// The way carries not even the smallest picture.
    NoWay,
}

impl StepReason {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Bandwidth, Self::Encoder, Self::Load, Self::Heat, Self::Room, Self::NoWay];

    /// As on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bandwidth => "bandwidth",
            Self::Encoder => "encoder",
            Self::Load => "load",
            Self::Heat => "heat",
            Self::Room => "room",
            Self::NoWay => "no_way",
        }
    }

    /// For people.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Bandwidth => "the way to somebody is narrow",
            Self::Encoder => "the encoder is slower than the camera",
            Self::Load => "the processor has too much to do",
            Self::Heat => "the board is hot",
            Self::Room => "there is room again",
            Self::NoWay => "the way carries no picture",
        }
    }
}

/// What is shown to the others beside the camera's picture (C33).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ShareStatus {
    /// Where it comes from, and how that is.
    #[serde(flatten)]
    pub device: DeviceStatus,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// At most so many frames per second.
    pub framerate: u32,
    /// Target, bit/s.
    pub bitrate: u64,
    /// Encoded since it was started.
    pub frames: u64,
}
