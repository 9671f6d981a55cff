//! What pictures go through here, as [`Status`](super::Status) shows it.

use serde::{Deserialize, Serialize};

/// Pictures on their way through this appliance: how many, and how long each stretch takes them. Counts are since the start; times
/// are means of the last pictures, milliseconds, and none before the first. What lies between is in the figures of each participant:
/// the way there and back, the jitter buffer, decoding.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct StagesStatus {
    /// The camera gave.
    pub captured: u64,
    /// Of the others, painted on the display; always 0 without one.
    pub rendered: u64,
    /// What a camera of the kernel was asked for; none while there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub camera: Option<CameraTaken>,
    /// From the camera to the encoder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capture_ms: Option<f64>,
    /// In the encoder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encode_ms: Option<f64>,
    /// From the decoder to the display.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub render_ms: Option<f64>,
}

/// How a camera's pictures are taken.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CameraTaken {
    /// `raw`, `motion JPEG`, `H.264` or `VP8`.
    pub format: String,
    /// Why this one, for people.
    pub because: String,
}
