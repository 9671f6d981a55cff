//! What is sent of our picture.

use serde::{Deserialize, Serialize};

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
}
