//! `callbox devices`.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use super::link::Link;
use super::print;
use super::sound::understood;
use super::text::{self, clean};
use crate::cli::Failure;
use crate::daemon::inventory;
use crate::protocol::control::{CameraControl, CameraMode, ChipInfo, CodecInfo, DeviceInfo, Devices, MixerElement, MixerSide};

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
    if let Ok(mut link) = Link::open(socket) {
        return link.call("devices", Value::Null);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let runtime = runtime.map_err(|error| Failure::failed(error.to_string()))?;
    let seen = runtime.block_on(inventory::all(Default::default(), Default::default()));
    Ok(json!(seen.map_err(|error| Failure::failed(error.to_string()))?))
}

fn listed(devices: &Devices) -> String {
    let mut out = String::new();
    for (name, list) in [("cameras", &devices.cameras), ("microphones", &devices.microphones), ("speakers", &devices.speakers)] {
        head(&mut out, name, list.is_empty());
        // What is in full below needs no summary.
        let formats = |device: &DeviceInfo| if device.modes.is_empty() { device.formats.join(", ") } else { String::new() };
        let row = |device: &DeviceInfo| {
            vec![mark(device.chosen), clean(&device.device_id), clean(&device.label), clean(&formats(device))]
        };
        if list.iter().all(|device| device.modes.is_empty() && device.controls.is_empty()) {
            out.push_str(&text::table(&list.iter().map(row).collect::<Vec<_>>(), 2));
            continue;
        }
        for device in list {
            out.push_str(&text::table(&[row(device)], 2));
            out.push_str(&text::table(&modes(&device.modes), 5));
            out.push_str(&text::table(&device.controls.iter().map(control).collect::<Vec<_>>(), 5));
        }
    }
    head(&mut out, "mixers", devices.mixers.is_empty());
    for mixer in &devices.mixers {
        let _ = writeln!(out, "     {}  {}", clean(&mixer.card), clean(&mixer.label));
        out.push_str(&text::table(&mixer.elements.iter().map(element).collect::<Vec<_>>(), 7));
    }
    head(&mut out, "displays", devices.displays.is_empty());
    let displays = devices.displays.iter().map(|display| {
        let state = if display.connected { "plugged in" } else { "nothing plugged in" };
        vec![mark(display.on), clean(&display.connector), state.to_owned(), clean(&display.modes.join(", "))]
    });
    out.push_str(&text::table(&displays.collect::<Vec<_>>(), 2));
    head(&mut out, "gpio", devices.gpio.is_empty());
    devices.gpio.iter().for_each(|chip| lines(&mut out, chip));
    for (name, list) in [("encoders", &devices.encoders), ("decoders", &devices.decoders)] {
        head(&mut out, name, list.is_empty());
        let row = |codec: &CodecInfo| {
            let kind = if codec.hardware { "hardware" } else { "software" };
            let because: String = codec.because.chars().filter(|c| !c.is_control()).take(400).collect();
            vec![mark(codec.chosen), clean(&codec.element), kind.to_owned(), because]
        };
        out.push_str(&text::table(&list.iter().map(row).collect::<Vec<_>>(), 2));
    }
    for error in &devices.errors {
        let _ = writeln!(out, "{}", clean(error));
    }
    out
}

fn head(out: &mut String, name: &str, empty: bool) {
    out.push_str(name);
    out.push_str(if empty { ": none\n" } else { "\n" });
}

fn mark(chosen: bool) -> String {
    if chosen { "*" } else { "" }.to_owned()
}

/// A row for each format and size; sizes that are given at the same rates share one.
fn modes(modes: &[CameraMode]) -> Vec<Vec<String>> {
    let mut rows: Vec<(String, String, Vec<String>)> = Vec::new();
    for mode in modes {
        let rates: Vec<String> = mode.rates.iter().map(f64::to_string).collect();
        let (format, rates) =
            (clean(&mode.format), if rates.is_empty() { String::new() } else { format!("{} fps", rates.join(", ")) });
        let size = if mode.width == 0 { "any size".to_owned() } else { format!("{}x{}", mode.width, mode.height) };
        match rows.iter_mut().find(|(of, at, _)| *of == format && *at == rates) {
            Some((_, _, sizes)) => sizes.push(size),
            None => rows.push((format, rates, vec![size])),
        }
    }
    rows.into_iter().map(|(format, rates, sizes)| vec![format, sizes.join(", "), rates]).collect()
}

fn control(control: &CameraControl) -> Vec<String> {
    let CameraControl { name, min, max, default, value, choices, .. } = control;
    let value = value.map_or_else(|| "-".to_owned(), |value| value.to_string());
    let range = match choices.is_empty() {
        true => format!("{min} to {max}, {default} by default"),
        false => choices.iter().map(|choice| format!("{} {}", choice.value, choice.name)).collect::<Vec<_>>().join(", "),
    };
    vec![clean(name), value, clean(&range)]
}

fn element(element: &MixerElement) -> Vec<String> {
    let side = |name: &str, side: Option<MixerSide>| {
        let MixerSide { percent, on } = side?;
        let percent = percent.map_or_else(String::new, |percent| format!(" {percent} %"));
        Some(format!("{name}{percent}{}", if on == Some(false) { " off" } else { "" }))
    };
    let sides: Vec<String> = [side("plays", element.playback), side("hears", element.capture)].into_iter().flatten().collect();
    vec![clean(&element.name), sides.join(", ")]
}

/// Lines that have a name or are in use; how many others there are.
fn lines(out: &mut String, chip: &ChipInfo) {
    let _ = writeln!(out, "     {}  {}", clean(&chip.chip), clean(&chip.label));
    let (told, others): (Vec<_>, Vec<_>) = chip.lines.iter().partition(|line| !line.name.is_empty() || line.used_by.is_some());
    let row = |line: &&crate::protocol::control::LineInfo| {
        let by = line.used_by.as_ref().map_or_else(String::new, |by| format!("used by {}", clean(by)));
        vec![line.number.to_string(), clean(&line.name), if line.output { "output" } else { "input" }.to_owned(), by]
    };
    out.push_str(&text::table(&told.iter().map(row).collect::<Vec<_>>(), 7));
    if let (Some(first), Some(last)) = (others.first(), others.last()) {
        let _ = writeln!(out, "       {} lines without a name, from {} to {}", others.len(), first.number, last.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::control::{Choice, DisplayInfo, LineInfo, MixerInfo};

    #[test]
    fn the_list_says_what_to_write_in_the_configuration_and_what_is_used() {
        let device = |id: &str, label: &str, chosen: bool, formats: &[&str]| DeviceInfo {
            device_id: id.to_owned(),
            label: label.to_owned(),
            chosen,
            formats: formats.iter().map(|text| (*text).to_owned()).collect(),
            ..DeviceInfo::default()
        };
        let devices = Devices {
            cameras: vec![device("/dev/v4l/by-id/usb-BRIO", "Logitech BRIO", true, &["MJPG 1280x720", "YUYV 640x480"])],
            microphones: vec![
                device("plughw:CARD=BRIO,DEV=0", "Logitech BRIO, USB Audio", false, &[]),
                device("plughw:CARD=J,DEV=0", "Jabra", true, &[]),
            ],
            speakers: Vec::new(),
            errors: vec!["cannot ask /dev/video9: gone\u{1b}[31m".to_owned()],
            ..Devices::default()
        };
        let expected = "\
cameras
  *  /dev/v4l/by-id/usb-BRIO  Logitech BRIO  MJPG 1280x720, YUYV 640x480
microphones
     plughw:CARD=BRIO,DEV=0  Logitech BRIO, USB Audio
  *  plughw:CARD=J,DEV=0     Jabra
speakers: none
mixers: none
displays: none
gpio: none
encoders: none
decoders: none
cannot ask /dev/video9: gone[31m
";
        assert_eq!(listed(&devices), expected);
    }

    #[test]
    fn everything_that_matters_to_a_call_is_listed() {
        let mode = |width, height, rates: &[f64]| CameraMode { format: "YUYV".into(), width, height, rates: rates.to_vec() };
        let choices = vec![Choice { value: 1, name: "Manual".into() }, Choice { value: 3, name: "Auto".into() }];
        let controls = vec![
            CameraControl {
                name: "brightness".into(),
                max: 255,
                step: 1,
                default: 128,
                value: Some(100),
                ..CameraControl::default()
            },
            CameraControl { name: "exposure_auto".into(), value: Some(3), choices, ..CameraControl::default() },
        ];
        let side = |percent, on| Some(MixerSide { percent: Some(percent), on: Some(on) });
        let line = |number, name: &str, used_by: Option<&str>| LineInfo {
            number,
            name: name.into(),
            output: false,
            used_by: used_by.map(str::to_owned),
        };
        let codec = |element: &str, chosen: bool, because: &str| CodecInfo {
            element: element.into(),
            hardware: !chosen,
            chosen,
            because: because.into(),
        };
        let devices = Devices {
            cameras: vec![DeviceInfo {
                device_id: "/dev/video0".into(),
                label: "Cam".into(),
                chosen: true,
                modes: vec![mode(1280, 720, &[30.0, 14.98]), mode(640, 480, &[30.0, 14.98]), mode(320, 240, &[60.0])],
                controls,
                ..DeviceInfo::default()
            }],
            mixers: vec![MixerInfo {
                card: "hw:0".into(),
                label: "Card".into(),
                elements: vec![MixerElement { name: "Master".into(), playback: side(70, true), capture: side(5, false) }],
            }],
            displays: vec![DisplayInfo {
                connector: "HDMI-A-1".into(),
                connected: true,
                on: true,
                modes: vec!["1920x1080".into()],
                ..DisplayInfo::default()
            }],
            gpio: vec![ChipInfo {
                chip: "gpiochip0".into(),
                label: "pins".into(),
                lines: vec![line(0, "", None), line(1, "", None), line(17, "DOORBELL", Some("callbox"))],
            }],
            encoders: vec![codec("v4l2h264enc", false, "not installed"), codec("x264enc", true, "it works")],
            ..Devices::default()
        };
        let expected = "\
cameras
  *  /dev/video0  Cam
     YUYV  1280x720, 640x480  30, 14.98 fps
     YUYV  320x240            60 fps
     brightness     100  0 to 255, 128 by default
     exposure_auto  3    1 Manual, 3 Auto
microphones: none
speakers: none
mixers
     hw:0  Card
       Master  plays 70 %, hears 5 % off
displays
  *  HDMI-A-1  plugged in  1920x1080
gpio
     gpiochip0  pins
       17  DOORBELL  input  used by callbox
       2 lines without a name, from 0 to 1
encoders
     v4l2h264enc  hardware  not installed
  *  x264enc      software  it works
decoders: none
";
        assert_eq!(listed(&devices), expected);
    }
}
