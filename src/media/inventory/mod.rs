//! Which devices there are, and by which names they are found again: never by a number that depends on who was plugged in first.
//!
//! A driver may take seconds to answer, or never come back. So one thread at a time asks, and nobody waits for it for long.

mod cameras;
mod cards;
mod codecs;
mod controls;
mod displays;
mod mixers;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::oneshot;

use super::Error;
use crate::protocol::control::{DeviceInfo, DeviceKind, Devices};

pub use cards::resolve as resolve_card;
pub use codecs::codecs;
pub use displays::displays;

/// In the configuration: the device whose label contains what follows.
pub const BY_LABEL: &str = "name:";
/// What takes longer is stuck.
const PATIENCE: Duration = Duration::from_secs(5);

static ASKING: AtomicBool = AtomicBool::new(false);

/// All devices that are media's. `chosen` are the names of camera, microphone and speaker in use.
pub async fn list(chosen: [String; 3]) -> Result<Devices, Error> {
    elsewhere(move || {
        let mut devices = all();
        let [camera, microphone, speaker] = chosen;
        for (list, name) in
            [(&mut devices.cameras, camera), (&mut devices.microphones, microphone), (&mut devices.speakers, speaker)]
        {
            for device in list {
                device.chosen = is_called(device, &name);
            }
        }
        devices
    })
    .await
}

/// The one device of that kind that this is the id, or a part of the label, of.
pub async fn find(kind: DeviceKind, wanted: String) -> Result<DeviceInfo, Error> {
    elsewhere(move || {
        let devices = all();
        let list = match kind {
            DeviceKind::Camera => devices.cameras,
            DeviceKind::Microphone => devices.microphones,
            DeviceKind::Speaker => devices.speakers,
        };
        pick(kind, list, &wanted)
    })
    .await?
}

fn all() -> Devices {
    let mut errors = Vec::new();
    let mut cards = |direction| {
        cards::list(direction).unwrap_or_else(|error| {
            errors.push(format!("cannot ask ALSA: {error}"));
            Vec::new()
        })
    };
    let (microphones, speakers) = (cards(alsa::Direction::Capture), cards(alsa::Direction::Playback));
    let cameras = cameras::list(Path::new("/sys/class/video4linux"), Path::new("/dev"), &mut errors);
    let mixers = mixers::list();
    let displays = displays(Path::new("/sys/class/drm"));
    Devices { cameras, microphones, speakers, mixers, displays, errors, ..Devices::default() }
}

async fn elsewhere<T: Send + 'static>(ask: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    if ASKING.swap(true, Ordering::AcqRel) {
        return Err(Error::TooMany("the devices are being asked already; try again later"));
    }
    let (tell, hear) = oneshot::channel();
    let begun = std::thread::Builder::new().name("inventory".into()).spawn(move || {
        let answer = ask();
        ASKING.store(false, Ordering::Release);
        let _ = tell.send(answer);
    });
    if let Err(error) = begun {
        ASKING.store(false, Ordering::Release);
        return Err(Error::pipeline(&error));
    }
    match tokio::time::timeout(PATIENCE, hear).await {
        Ok(answer) => answer.map_err(|_| Error::Gone),
        Err(_) => Err(Error::Pipeline(format!("a driver did not answer within {} s", PATIENCE.as_secs()))),
    }
}

fn is_called(device: &DeviceInfo, name: &str) -> bool {
    let real = |path: &str| Path::new(path).canonicalize().ok();
    let same_node = real(&device.device_id).is_some_and(|node| real(name).as_ref() == Some(&node));
    let by_label = name.strip_prefix(BY_LABEL).is_some_and(|part| contains(&device.label, part));
    device.device_id == name || same_node || by_label
}

fn contains(label: &str, part: &str) -> bool {
    !part.is_empty() && label.to_lowercase().contains(&part.to_lowercase())
}

fn pick(kind: DeviceKind, list: Vec<DeviceInfo>, wanted: &str) -> Result<DeviceInfo, Error> {
    let (word, is_path) = match kind {
        DeviceKind::Camera => ("camera", wanted.starts_with('/')),
        DeviceKind::Microphone => ("microphone", wanted.contains(':') || wanted == "default"),
        DeviceKind::Speaker => ("speaker", wanted.contains(':') || wanted == "default"),
    };
    if let Some(exact) = list.iter().find(|device| is_called(device, wanted)) {
        return Ok(exact.clone());
    }
    let found: Vec<&DeviceInfo> = list.iter().filter(|device| contains(&device.label, wanted)).collect();
    match found[..] {
        [one] => Ok(one.clone()),
        [] if is_path => Ok(DeviceInfo { device_id: wanted.to_owned(), label: wanted.to_owned(), ..DeviceInfo::default() }),
        [] => Err(Error::missing(format!("there is no {word} `{wanted}`: `callbox devices` says which there are"))),
        [..] => {
            let ids: Vec<&str> = found.iter().map(|device| device.device_id.as_str()).collect();
            Err(Error::missing(format!("`{wanted}` is more than one {word}: say which of {}", ids.join(", "))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn devices(labels: &[(&str, &str)]) -> Vec<DeviceInfo> {
        let device = |(id, label): &(&str, &str)| DeviceInfo {
            device_id: (*id).to_owned(),
            label: (*label).to_owned(),
            ..DeviceInfo::default()
        };
        labels.iter().map(device).collect()
    }

    #[test]
    fn a_device_is_found_by_its_id_or_by_a_part_of_its_label_that_only_it_has() {
        let list = || devices(&[("plughw:CARD=U1,DEV=0", "Jabra SPEAK 510"), ("plughw:CARD=U2,DEV=0", "Logitech Webcam")]);
        let pick = |wanted: &str| pick(DeviceKind::Microphone, list(), wanted);
        assert_eq!(pick("jabra").unwrap().device_id, "plughw:CARD=U1,DEV=0");
        assert_eq!(pick("plughw:CARD=U2,DEV=0").unwrap().label, "Logitech Webcam");
        assert_eq!(pick("name:speak").unwrap().device_id, "plughw:CARD=U1,DEV=0");
        assert_eq!(pick("default").unwrap().device_id, "default", "ALSA knows more names than we do");
        assert!(pick("a").unwrap_err().to_string().contains("more than one microphone"));
        assert!(pick("Rode").unwrap_err().to_string().contains("callbox devices"));
    }

    #[tokio::test]
    async fn a_driver_that_does_not_answer_keeps_one_thread_and_nobody_waiting() {
        let (go_on, wait) = std::sync::mpsc::channel::<()>();
        let first = tokio::spawn(elsewhere(move || wait.recv().is_ok()));
        while !ASKING.load(Ordering::Acquire) {
            tokio::task::yield_now().await;
        }
        assert!(matches!(elsewhere(|| ()).await, Err(Error::TooMany(_))));
        go_on.send(()).unwrap();
        assert!(first.await.unwrap().unwrap());
        assert!(elsewhere(|| ()).await.is_ok());
    }
}
