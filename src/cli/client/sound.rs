//! Devices and hearing.

use std::path::Path;

use serde_json::{Value, json};

use super::link::Link;
use super::print;
use super::text::{self, clean};
use crate::cli::Failure;
use crate::cli::verbs::{Kind, Level};
use crate::media::inventory;
use crate::protocol::UserId;
use crate::protocol::control::{DeviceInfo, DeviceKind, Devices, SpeakerTest};

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

/// `callbox devices`: of the daemon, or without one, as this process sees them.
pub fn devices(socket: &Path, as_json: bool) -> Result<(), Failure> {
    let value = all_devices(socket)?;
    if as_json {
        return print(&format!("{value:#}"));
    }
    print(&listed(&understood(value)?))
}

/// What `callbox devices` prints.
pub fn devices_text(socket: &Path) -> Result<String, Failure> {
    Ok(listed(&understood(all_devices(socket)?)?))
}

fn all_devices(socket: &Path) -> Result<Value, Failure> {
    match Link::open(socket) {
        Ok(mut link) => link.call("devices", Value::Null),
        Err(_) => Ok(json!(seen_from_here()?)),
    }
}

fn seen_from_here() -> Result<Devices, Failure> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(|e| Failure::failed(e.to_string()))?;
    runtime.block_on(inventory::list(Default::default())).map_err(|e| Failure::failed(e.to_string()))
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

fn understood<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, Failure> {
    serde_json::from_value(value).map_err(|e| Failure::failed(format!("the daemon speaks another version's language: {e}")))
}

fn listed(devices: &Devices) -> String {
    let mut out = String::new();
    for (name, list) in [("cameras", &devices.cameras), ("microphones", &devices.microphones), ("speakers", &devices.speakers)] {
        out.push_str(name);
        out.push_str(if list.is_empty() { ": none\n" } else { "\n" });
        let row = |device: &DeviceInfo| {
            let mark = if device.chosen { "*" } else { "" };
            vec![mark.to_owned(), clean(&device.device_id), clean(&device.label), clean(&device.formats.join(", "))]
        };
        out.push_str(&text::table(&list.iter().map(row).collect::<Vec<_>>(), 2));
    }
    for error in &devices.errors {
        out.push_str(&format!("{}\n", clean(error)));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_says_what_to_write_in_the_configuration_and_what_is_used() {
        let device = |id: &str, label: &str, chosen: bool, formats: &[&str]| DeviceInfo {
            device_id: id.to_owned(),
            label: label.to_owned(),
            chosen,
            formats: formats.iter().map(|text| (*text).to_owned()).collect(),
        };
        let devices = Devices {
            cameras: vec![device("/dev/v4l/by-id/usb-BRIO", "Logitech BRIO", true, &["MJPG 1280x720", "YUYV 640x480"])],
            microphones: vec![
                device("plughw:CARD=BRIO,DEV=0", "Logitech BRIO, USB Audio", false, &[]),
                device("plughw:CARD=J,DEV=0", "Jabra", true, &[]),
            ],
            speakers: Vec::new(),
            errors: vec!["cannot ask /dev/video9: gone\u{1b}[31m".to_owned()],
        };
        let expected = "\
cameras
  *  /dev/v4l/by-id/usb-BRIO  Logitech BRIO  MJPG 1280x720, YUYV 640x480
microphones
     plughw:CARD=BRIO,DEV=0  Logitech BRIO, USB Audio
  *  plughw:CARD=J,DEV=0     Jabra
speakers: none
cannot ask /dev/video9: gone[31m
";
        assert_eq!(listed(&devices), expected);
    }
}
