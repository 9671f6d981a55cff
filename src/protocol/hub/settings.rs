//! What a call type says and a call may override (G21, G+2).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::AnswerMode;

/// The settings that hold for a call: its type's, with the call's overrides merged in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Sound.
    pub audio: AudioSettings,
    /// Camera.
    pub video: VideoSettings,
    /// Showing the screen.
    pub screensharing: ScreensharingSettings,
    /// Recording (G18).
    pub recording: RecordingSettings,
    /// Ringing.
    pub ring: RingSettings,
    /// Setting up before going live (G33 to G35).
    pub backstage: BackstageSettings,
    /// Bounds.
    pub limits: LimitSettings,
    /// Where the call may be served (G+2): kept for integrators, the hub itself has one place.
    pub geofencing: GeofencingSettings,
}

/// `settings.audio`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AudioSettings {
    /// Whether the microphone is on when joining (G30).
    pub mic_default_on: bool,
    /// Whether the speaker is on when joining.
    pub speaker_default_on: bool,
    /// Whether those who may not speak can ask to.
    pub access_request_enabled: bool,
    /// Send little while nobody speaks (RFC 7587 section 3.1.3).
    pub opus_dtx_enabled: bool,
    /// Send speech twice against loss (RFC 2198).
    pub redundant_coding_enabled: bool,
}

/// `settings.video`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct VideoSettings {
    /// Whether there is a camera track at all.
    pub enabled: bool,
    /// Whether the camera is on when joining (G31).
    pub camera_default_on: bool,
    /// Whether those who may not be seen can ask to.
    pub access_request_enabled: bool,
    /// What cameras should give.
    pub target_resolution: TargetResolution,
}

/// `settings.video.target_resolution`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TargetResolution {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// bit/s.
    pub bitrate: u32,
}

impl Default for TargetResolution {
    fn default() -> Self {
        Self { width: 1280, height: 720, bitrate: 1_500_000 }
    }
}

/// `settings.screensharing`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ScreensharingSettings {
    /// Whether anybody may show the screen.
    pub enabled: bool,
    /// Whether those who may not can ask to.
    pub access_request_enabled: bool,
}

/// `settings.recording`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RecordingSettings {
    /// Forbidden, possible, or by itself.
    pub mode: RecordingMode,
    /// Only the sound.
    pub audio_only: bool,
    /// `audio-only`, `360p`, `480p`, `720p`, `1080p` or `1440p` (G+3).
    pub quality: RecordingQuality,
}

/// `settings.recording.mode` (G18, G+3).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum RecordingMode {
    /// When somebody asks for it.
    #[default]
    Available,
    /// Never.
    Disabled,
    /// Whenever somebody is in the call.
    AutoOn,
}

/// `settings.recording.quality` (G+3).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
pub enum RecordingQuality {
    /// No picture.
    #[serde(rename = "audio-only")]
    AudioOnly,
    /// 640x360.
    #[serde(rename = "360p")]
    P360,
    /// 854x480.
    #[serde(rename = "480p")]
    P480,
    /// 1280x720.
    #[default]
    #[serde(rename = "720p")]
    P720,
    /// 1920x1080.
    #[serde(rename = "1080p")]
    P1080,
    /// 2560x1440.
    #[serde(rename = "1440p")]
    P1440,
}

/// `settings.ring`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RingSettings {
    /// How long a callee is rung; 0: calls of this type do not ring.
    pub incoming_call_timeout_ms: u32,
    /// After this time without an answer the ring is cancelled; 0: calls of this type do not ring.
    pub auto_cancel_timeout_ms: u32,
    /// Whether each callee answers, or the first one for all.
    pub answer: AnswerMode,
}

/// `settings.backstage`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct BackstageSettings {
    /// Whether only those with `join-backstage` may join until the call is live (G33, G34).
    pub enabled: bool,
    /// How long before `starts_at` everybody may join (G35); 0: only when live.
    pub join_ahead_time_seconds: u32,
}

/// `settings.limits`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LimitSettings {
    /// Places; the hub's own limit (4 in a mesh, C2) holds as well. 0: the hub's limit.
    pub max_participants: u32,
    /// The most that every participant sends to each other one, kbit/s (C10); 0: no limit.
    pub max_bandwidth: u32,
}

/// `settings.geofencing`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct GeofencingSettings {
    /// Names of places.
    pub names: Vec<String>,
}

/// Overrides that cannot be merged in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadSettings {
    /// No such setting.
    #[error("there is no setting `{path}`: {known} are known there")]
    Unknown {
        /// From the top, with dots.
        path: String,
        /// What there is at that place.
        known: String,
    },
    /// Text for a number, and the like.
    #[error("the setting `{path}` must be {expected}")]
    Kind {
        /// From the top, with dots.
        path: String,
        /// What fits.
        expected: &'static str,
    },
    /// The right kind, but not a value that exists.
    #[error("the settings do not fit: {0}")]
    Value(String),
}

impl Settings {
    /// These settings with some replaced; `overrides` has their shape, with only the keys that differ. Null means what was there.
    pub fn with(&self, overrides: &Map<String, Value>) -> Result<Self, BadSettings> {
        let mut all = match serde_json::to_value(self) {
            Ok(Value::Object(all)) => all,
            Ok(_) | Err(_) => return Err(BadSettings::Value("they cannot be written as JSON".into())),
        };
        merge_known(&mut all, overrides, "")?;
        serde_json::from_value(Value::Object(all)).map_err(|e| BadSettings::Value(e.to_string()))
    }
}

/// Only keys that are there, only values of the same kind.
fn merge_known(into: &mut Map<String, Value>, from: &Map<String, Value>, path: &str) -> Result<(), BadSettings> {
    for (key, value) in from {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        let Some(old) = into.get_mut(key) else {
            let path = path.chars().take(128).collect();
            let known: Vec<&str> = into.keys().map(String::as_str).collect();
            return Err(BadSettings::Unknown { path, known: known.join(", ") });
        };
        match (old, value) {
            (_, Value::Null) => {}
            (Value::Object(old), Value::Object(new)) => merge_known(old, new, &path)?,
            (old, new) if std::mem::discriminant(old) == std::mem::discriminant(new) => *old = new.clone(),
            (old, _) => return Err(BadSettings::Kind { path, expected: kind(old) }),
        }
    }
    Ok(())
}

const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a whole number, not negative",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Merges overrides into overrides: objects are merged, null takes a key away, everything else replaces.
pub fn deep_merge(into: &mut Map<String, Value>, from: &Map<String, Value>) {
    for (key, value) in from {
        match (into.get_mut(key), value) {
            (_, Value::Null) => {
                into.remove(key);
            }
            (Some(Value::Object(old)), Value::Object(new)) => deep_merge(old, new),
            (_, new) => {
                into.insert(key.clone(), new.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn g21_overrides_replace_only_what_they_name() {
        let settings =
            Settings::default().with(&map(json!({"audio": {"mic_default_on": true}, "recording": {"mode": "auto-on"}}))).unwrap();
        assert!(settings.audio.mic_default_on);
        assert_eq!(settings.recording.mode, RecordingMode::AutoOn);
        assert_eq!(settings.video, Settings::default().video);
    }

    #[test]
    fn overrides_that_do_not_fit_name_the_setting() {
        let error = |value| Settings::default().with(&map(value)).unwrap_err().to_string();
        let unknown = error(json!({"audio": {"mic": true}}));
        assert!(unknown.contains("`audio.mic`") && unknown.contains("mic_default_on"), "{unknown}");
        assert!(error(json!({"audio": {"mic_default_on": "yes"}})).contains("`audio.mic_default_on` must be true or false"));
        assert!(error(json!({"audio": true})).contains("`audio` must be an object"));
        assert!(error(json!({"recording": {"mode": "off"}})).contains("`disabled`"));
        assert!(error(json!({"limits": {"max_bandwidth": -1}})).contains("-1"));
    }

    #[test]
    fn g32_later_overrides_are_merged_into_earlier_ones() {
        let mut overrides = map(json!({"audio": {"mic_default_on": true}, "video": {"enabled": false}}));
        deep_merge(&mut overrides, &map(json!({"audio": {"speaker_default_on": true}, "video": null})));
        assert_eq!(Value::Object(overrides), json!({"audio": {"mic_default_on": true, "speaker_default_on": true}}));
    }
}
