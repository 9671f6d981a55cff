//! Cameras of the kernel.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use linux_video::types::{BufferType, CapabilityFlag, Fract, FrmIvalStepwise};
use linux_video::{Device, FrmIvals};

use super::BY_LABEL;
use super::controls::controls;
use crate::protocol::control::{CameraMode, DeviceInfo};

/// How many formats are told of one camera.
const FORMATS: usize = 12;
/// How many sizes of one format, and how many frame rates of one size.
const SIZES: usize = 64;
const RATES: usize = 16;

/// All that give pictures. What cannot be asked is told in `errors`.
pub fn list(class: &Path, devices: &Path, errors: &mut Vec<String>) -> Vec<DeviceInfo> {
    let entries = std::fs::read_dir(class).into_iter().flatten().flatten();
    let mut nodes: Vec<PathBuf> = entries.map(|entry| devices.join(entry.file_name())).collect();
    nodes.sort();
    let mut found: Vec<(PathBuf, DeviceInfo)> = Vec::new();
    for node in nodes {
        match look(&node) {
            Ok(Some(info)) => found.push((node, info)),
            Ok(None) => {}
            Err(error) => errors.push(format!("cannot ask {}: {error}", node.display())),
        }
    }
    let links = links(devices);
    let labels: Vec<String> = found.iter().map(|(_, info)| info.label.clone()).collect();
    let name = |(node, mut info): (PathBuf, DeviceInfo)| {
        let only = labels.iter().filter(|label| **label == info.label).count() == 1;
        info.device_id = match links.get(&node) {
            Some(link) => link.display().to_string(),
            None if only => format!("{BY_LABEL}{}", info.label),
            None => node.display().to_string(),
        };
        info
    };
    found.into_iter().map(name).collect()
}

/// The names that udev gives for good: by what it is, or else by where it is plugged in.
fn links(devices: &Path) -> BTreeMap<PathBuf, PathBuf> {
    let mut links = BTreeMap::new();
    for directory in ["v4l/by-path", "v4l/by-id"] {
        let entries = std::fs::read_dir(devices.join(directory)).into_iter().flatten().flatten();
        let mut names: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        names.sort();
        for name in names {
            if let Ok(node) = name.canonicalize() {
                links.insert(node, name);
            }
        }
    }
    links
}

fn look(node: &Path) -> std::io::Result<Option<DeviceInfo>> {
    let device = Device::open(node)?;
    let able = device.capabilities()?;
    let flags = able.device_capabilities();
    let kinds = [
        (CapabilityFlag::VideoCapture, BufferType::VideoCapture),
        (CapabilityFlag::VideoCaptureMplane, BufferType::VideoCaptureMplane),
    ];
    let Some((_, kind)) = kinds.into_iter().find(|(flag, _)| flags.contains(*flag)) else {
        return Ok(None);
    };
    let mut modes = Vec::new();
    let mut formats = device.formats(kind);
    while let Some(format) = formats.fetch_next()? {
        let name = name_of(*format.pixel_format().as_ref());
        let mut of_format = device.sizes(format.pixel_format());
        let before = modes.len();
        while let Some(size) = of_format.fetch_next().ok().flatten() {
            for area in size.sizes().take(SIZES.saturating_sub(modes.len() - before)) {
                let (width, height) = (area.width(), area.height());
                let rates = rates(&mut device.intervals(format.pixel_format(), width, height));
                modes.push(CameraMode { format: name.clone(), width, height, rates });
            }
        }
        if modes.len() == before {
            modes.push(CameraMode { format: name, ..CameraMode::default() });
        }
    }
    modes.sort_by_key(|mode| std::cmp::Reverse(u64::from(mode.width) * u64::from(mode.height)));
    let formats = modes.iter().take(FORMATS).map(|mode| match mode.width {
        0 => mode.format.clone(),
        width => format!("{} {width}x{}", mode.format, mode.height),
    });
    let formats = formats.collect();
    Ok(Some(DeviceInfo { label: text(able.card()), formats, modes, controls: controls(&device), ..DeviceInfo::default() }))
}

/// The four letters of a format, as V4L2 tools write them: the highest bit of the last stands for big-endian.
fn name_of(mut code: [u8; 4]) -> String {
    let ending = if code[3] & 0x80 == 0 { "" } else { "-BE" };
    code[3] &= 0x7f;
    format!("{}{ending}", String::from_utf8_lossy(&code).trim())
}

/// What a driver calls something: nothing keeps it to UTF-8, and the library does not look.
pub(super) fn text(said: &str) -> String {
    String::from_utf8_lossy(said.as_bytes()).into_owned()
}

/// Frames per second, the most first.
fn rates(intervals: &mut FrmIvals<'_>) -> Vec<f64> {
    let rate = |interval: Fract| f64::from(interval.denominator()) / f64::from(interval.numerator().max(1));
    let mut rates = Vec::new();
    for _ in 0..RATES {
        let Ok(Some(interval)) = intervals.fetch_next() else { break };
        if let Some(one) = interval.try_ref::<Fract>() {
            rates.push(rate(*one));
        } else if let Some(steps) = interval.try_ref::<FrmIvalStepwise>() {
            rates.extend([rate(steps.min()), rate(steps.max())]);
        }
    }
    for rate in &mut rates {
        *rate = (*rate * 100.0).round() / 100.0;
    }
    rates.sort_by(|a, b| b.total_cmp(a));
    rates.dedup();
    rates
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_has_the_name_that_v4l2_tools_give_it() {
        assert_eq!(name_of(*b"YUYV"), "YUYV");
        assert_eq!(name_of(*b"Y10 "), "Y10");
        assert_eq!(name_of([b'Y', b'1', b'6', b' ' | 0x80]), "Y16-BE");
        assert_eq!(name_of([0x7f, b'1', b'6', b' ']), "\u{7f}16");
    }

    #[test]
    fn a_name_by_what_it_is_goes_before_one_by_where_it_is() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        for node in ["video0", "video2"] {
            std::fs::write(root.join(node), "").unwrap();
        }
        for (directory, name, node) in [
            ("by-id", "usb-Webcam-index0", "video0"),
            ("by-path", "pci-usb-0:1-index0", "video0"),
            ("by-path", "pci-usb-0:2-index0", "video2"),
        ] {
            let directory = root.join("v4l").join(directory);
            std::fs::create_dir_all(&directory).unwrap();
            std::os::unix::fs::symlink(root.join(node), directory.join(name)).unwrap();
        }
        let links = links(&root);
        assert_eq!(links[&root.join("video0")], root.join("v4l/by-id/usb-Webcam-index0"));
        assert_eq!(links[&root.join("video2")], root.join("v4l/by-path/pci-usb-0:2-index0"));
    }

    #[test]
    fn what_is_no_camera_is_told_and_no_trouble() {
        let root = tempfile::tempdir().unwrap();
        let class = root.path().join("class");
        std::fs::create_dir_all(class.join("video7")).unwrap();
        std::fs::write(root.path().join("video7"), "").unwrap();
        let mut errors = Vec::new();
        assert!(list(&class, root.path(), &mut errors).is_empty());
        assert!(errors[0].contains("video7"), "{errors:?}");
    }
}
