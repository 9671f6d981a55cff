//! `[cec]`: the screen at the other end of the HDMI cable.

use std::path::PathBuf;
use std::time::Duration;

/// `[cec]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cec {
    /// The adapter.
    pub device: PathBuf,
    /// What the screen calls us; at most 14 letters.
    pub name: String,
    /// Whether the screen is sent to standby when nothing goes on any more.
    pub standby: bool,
    /// How long after that.
    pub standby_after: Duration,
}

/// Where the adapter is unless configured otherwise.
pub const DEFAULT_CEC_DEVICE: &str = "/dev/cec0";
/// What the screen calls us unless configured otherwise.
pub const DEFAULT_CEC_NAME: &str = "Callbox";
/// How long a screen stays on after a call unless configured otherwise.
pub const DEFAULT_STANDBY_AFTER: Duration = Duration::from_secs(30);
