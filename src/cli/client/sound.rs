//! Devices and hearing.

use std::path::Path;

use serde_json::{Value, json};

use super::link::Link;
use super::print;
use super::text::clean;
use crate::cli::Failure;
use crate::cli::verbs::{Kind, Level};
use crate::protocol::UserId;
use crate::protocol::control::{DeviceInfo, DeviceKind, SpeakerTest};

/// `callbox volume`.
pub fn volume(socket: &Path, level: Level, user: Option<&UserId>) -> Result<(), Failure> {
    let params = match level {
        Level::Percent(percent) => json!({"percent": percent, "user": user}),
        Level::Off(silent) => json!({"silent": silent, "user": user}),
    };
    Link::open(socket)?.call("volume", params)?;
    Ok(())
}

/// `callbox balance`.
pub fn balance(socket: &Path, balance: i8, user: &UserId) -> Result<(), Failure> {
    Link::open(socket)?.call("balance", json!({"user": user, "balance": balance}))?;
    Ok(())
}

/// `callbox use`.
pub fn use_device(socket: &Path, kind: Kind, device: &str) -> Result<(), Failure> {
    let value = Link::open(socket)?.call("use", json!({"kind": DeviceKind::from(kind), "device": device}))?;
    let used: DeviceInfo = understood(value)?;
    print(&format!("{}  {}", clean(&used.device_id), clean(&used.label)))
}

/// `callbox speaker-test`.
pub fn speaker_test(socket: &Path, as_json: bool) -> Result<(), Failure> {
    let value = Link::open(socket)?.call("speaker_test", Value::Null)?;
    let test: SpeakerTest = understood(value.clone())?;
    if as_json {
        print(&format!("{value:#}"))?;
    }
    let said = match (test.heard, test.before) {
        (Some(heard), Some(before)) => format!("the microphone hears {heard} dB, and {before} dB without"),
        _ => "it was played; there is no microphone to hear it with".to_owned(),
    };
    match test.works {
        Some(false) => Err(Failure::failed(format!("the speaker is not heard: {said}"))),
        Some(true) | None if as_json => Ok(()),
        Some(true) | None => print(&said),
    }
}

pub(super) fn understood<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, Failure> {
    serde_json::from_value(value).map_err(|e| Failure::failed(format!("the daemon speaks another version's language: {e}")))
}
