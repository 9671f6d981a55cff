//! Which cameras, microphones and speakers there are (C30).

use serde::{Deserialize, Serialize};

/// The answer to `devices`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Devices {
    /// What gives pictures.
    pub cameras: Vec<DeviceInfo>,
    /// What gives sound.
    pub microphones: Vec<DeviceInfo>,
    /// What plays sound.
    pub speakers: Vec<DeviceInfo>,
    /// What could not be asked, for people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<String>,
}

/// One device.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeviceInfo {
    /// Names it for good: also after a restart, and when another one was plugged in before it. It is what the configuration takes.
    pub device_id: String,
    /// For people.
    pub label: String,
    /// Whether this appliance uses it, or would in a call.
    #[serde(default)]
    pub chosen: bool,
    /// What a camera gives, for example `MJPG 1280x720`; the best first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub formats: Vec<String>,
}

/// What kind of device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceKind {
    /// It gives pictures.
    Camera,
    /// It gives sound.
    Microphone,
    /// It plays sound.
    Speaker,
}

/// The answer to `speaker_test`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpeakerTest {
    /// How loud the microphone hears the tones, decibels below the loudest that there is; none without a microphone.
    pub heard: Option<i32>,
    /// How loud it was before.
    pub before: Option<i32>,
    /// Whether the tones were heard: clearly louder than before.
    pub works: Option<bool>,
}

/// A connector for a display.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DisplayInfo {
    /// `HDMI-A-1`.
    pub connector: String,
    /// `/dev/dri/card0`.
    pub card: String,
    /// Something is plugged in.
    pub connected: bool,
    /// It shows something.
    pub on: bool,
    /// The sizes that it takes, the best first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub modes: Vec<String>,
}
