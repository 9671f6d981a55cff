//! Which cameras, microphones and speakers there are (C30), and what else of the board matters to a call.

use serde::{Deserialize, Serialize};

/// The answer to `devices`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Devices {
    /// What gives pictures.
    pub cameras: Vec<DeviceInfo>,
    /// What gives sound.
    pub microphones: Vec<DeviceInfo>,
    /// What plays sound.
    pub speakers: Vec<DeviceInfo>,
    /// The mixers of the sound cards.
    #[serde(default)]
    pub mixers: Vec<MixerInfo>,
    /// GPIO chips and their lines.
    #[serde(default)]
    pub gpio: Vec<ChipInfo>,
    /// Where displays are plugged in.
    #[serde(default)]
    pub displays: Vec<DisplayInfo>,
    /// H.264 encoders, the best first.
    #[serde(default)]
    pub encoders: Vec<CodecInfo>,
    /// H.264 decoders, the best first.
    #[serde(default)]
    pub decoders: Vec<CodecInfo>,
    /// What could not be asked, for people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<String>,
}

/// One device.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
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
    /// The same in full, with frame rates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub modes: Vec<CameraMode>,
    /// What can be set at a camera.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub controls: Vec<CameraControl>,
}

/// One format in one size.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CameraMode {
    /// Four letters: `MJPG`, `YUYV`.
    pub format: String,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Frames per second, the most first.
    pub rates: Vec<f64>,
}

/// Something that can be set at a camera.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CameraControl {
    /// As `[camera.controls]` takes it.
    pub name: String,
    /// The least that it takes.
    pub min: i64,
    /// The most that it takes.
    pub max: i64,
    /// The distance between two values.
    pub step: u64,
    /// As it is after it was plugged in.
    pub default: i64,
    /// As it is now; none when it cannot be read.
    pub value: Option<i64>,
    /// What values mean, where they have names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Choice>,
}

/// A value with a name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// As `[camera.controls]` takes it.
    pub value: i64,
    /// For people.
    pub name: String,
}

/// The mixer of a sound card.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MixerInfo {
    /// `hw:1`.
    pub card: String,
    /// For people.
    pub label: String,
    /// What can be turned and switched.
    pub elements: Vec<MixerElement>,
}

/// One of a mixer's elements.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MixerElement {
    /// `Master`, `Mic`.
    pub name: String,
    /// What is played; none if it has nothing to do with that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub playback: Option<MixerSide>,
    /// What is heard; none if it has nothing to do with that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capture: Option<MixerSide>,
}

/// How a mixer's element is set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MixerSide {
    /// Of its range; none without a volume.
    pub percent: Option<u8>,
    /// Whether it is switched on; none without a switch.
    pub on: Option<bool>,
}

/// A GPIO chip.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChipInfo {
    /// `gpiochip0`.
    pub chip: String,
    /// `pinctrl-bcm2711`.
    pub label: String,
    /// By number.
    pub lines: Vec<LineInfo>,
}

/// A GPIO line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LineInfo {
    /// On its chip, from 0.
    pub number: u32,
    /// As the board's device tree has it; may be empty.
    pub name: String,
    /// Driven by this machine; an input otherwise.
    pub output: bool,
    /// Who has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_by: Option<String>,
}

/// An encoder or a decoder.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodecInfo {
    /// The GStreamer element.
    pub element: String,
    /// Whether it is hardware.
    pub hardware: bool,
    /// Whether this appliance uses it, or would in a call.
    pub chosen: bool,
    /// Why it is chosen, or why not, for people.
    pub because: String,
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
