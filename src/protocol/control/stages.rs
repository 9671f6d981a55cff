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
