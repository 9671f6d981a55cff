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
    /// `[[keypad]]`, `[cec]` and `[mqtt]`, as far as they are configured.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<LineStatus>,
}

/// One GPIO line, input device, screen or broker.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LineStatus {
    /// What people call it.
    pub name: String,
    /// Which line: its name, or its chip and number.
    pub line: String,
    /// Whether we have it: `running`, or why not.
    pub state: DeviceState,
    /// A button or key is pressed, a light shows something (it may be blinking), a relay or screen is on, microphone and camera are
    /// cut, the broker is connected.
    pub on: bool,
    /// What is wrong with it, for people. A line may be had and its button still be stuck.
    pub error: Option<String>,
}
