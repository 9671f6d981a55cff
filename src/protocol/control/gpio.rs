//! Buttons, lights and relays, as [`Status`](super::Status) shows them.

use serde::{Deserialize, Serialize};

use super::DeviceState;

/// What hangs on GPIO lines.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct GpioStatus {
    /// `[[button]]`, in the order of the configuration.
    pub buttons: Vec<LineStatus>,
    /// `[[light]]`.
    pub lights: Vec<LineStatus>,
    /// `[[relay]]`.
    pub relays: Vec<LineStatus>,
    /// `[privacy]`
    #[serde(default)]
    pub privacy: Option<LineStatus>,
}

/// One GPIO line.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LineStatus {
    /// What people call it.
    pub name: String,
    /// Which line: its name, or its chip and number.
    pub line: String,
    /// Whether we have it: `running`, or why not.
    pub state: DeviceState,
    /// A button is pressed, a light shows something (it may be blinking), a relay is on, microphone and camera are cut.
    pub on: bool,
    /// What is wrong with it, for people. A line may be had and its button still be stuck.
    pub error: Option<String>,
}
