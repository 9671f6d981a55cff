//! The keys of an input device of the kernel: a USB keypad, a remote control, the keys of a television by CEC.
//!
//! A device that is not there, or goes, is said in `status` and tried again, with growing pauses, for ever.

use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use evdev::{Device, EventStream, EventSummary, KeyCode};
use tokio::sync::mpsc;

use super::gesture::{Effect, Fault, Gesture, Gestures, Input, Settings};
use super::gpio::{self, LineView, Trouble, Wanted};
use super::sleep_until;
use crate::config::{Key, Keypad};
use crate::protocol::control::DeviceState;

/// Why there are no keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum Error {
    #[error("there is no input device {0}: plug it in; `ls /dev/input/by-id` lists those that are there")]
    Missing(String),
    #[error("there is no input device with \"{0}\" in its name: plug it in; `evtest` lists those that are there")]
    NoName(String),
    #[error("no permission for {0}: join the group `input`, as the service does, or install 60-callbox.rules for udev")]
    Denied(String),
    #[error("somebody else has taken {0} for itself: stop that, or write grab = false")]
    Busy(String),
    #[error("the input device {device} does not work: {why}")]
    Failed { device: String, why: String },
}

impl Trouble for Error {
    fn state(&self) -> DeviceState {
        match self {
            Self::Missing(_) | Self::NoName(_) => DeviceState::Missing,
            Self::Denied(_) => DeviceState::Denied,
            Self::Busy(_) => DeviceState::Busy,
            Self::Failed { .. } => DeviceState::Failed,
        }
    }

    fn other(why: String) -> Self {
        Self::Failed { device: String::new(), why }
    }
}

/// Runs until it is aborted.
pub(super) async fn run(keypad: Keypad, mut view: LineView, wanted: mpsc::Sender<Wanted>) {
    loop {
        let (name, grab) = (keypad.device.clone(), keypad.grab);
        let device = gpio::open(&mut view, move || open(&name, grab)).await;
        let why = match device.into_event_stream() {
            Ok(stream) => follow(&keypad, stream, &view, &wanted).await,
            Err(error) => error,
        };
        let error = failed(&keypad.device, &why);
        tokio::time::sleep(view.failed(&error)).await;
    }
}

fn open(name: &str, grab: bool) -> Result<Device, Error> {
    let path = match name.strip_prefix("name:") {
        Some(part) => find(part)?,
        None => PathBuf::from(name),
    };
    let mut device = Device::open(&path).map_err(|error| failed(&path.display().to_string(), &error))?;
    if grab {
        device.grab().map_err(|error| failed(&path.display().to_string(), &error))?;
    }
    Ok(device)
}

/// The first one with this in its name.
fn find(part: &str) -> Result<PathBuf, Error> {
    let named = |device: &Device| device.name().is_some_and(|name| name.to_lowercase().contains(&part.to_lowercase()));
    let mut found: Vec<PathBuf> = evdev::enumerate().filter(|(_, device)| named(device)).map(|(path, _)| path).collect();
    found.sort();
    if let Some(path) = found.into_iter().next() {
        return Ok(path);
    }
    // What may not be opened has no name for us.
    let mut events = std::fs::read_dir("/dev/input").into_iter().flatten().flatten().map(|entry| entry.path());
    let denied = |path: &PathBuf| {
        let event = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("event"));
        let opened = std::fs::File::open(path);
        event && opened.is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
    };
    match events.find(denied) {
        Some(path) => Err(Error::Denied(path.display().to_string())),
        None => Err(Error::NoName(part.to_owned())),
    }
}

fn failed(device: &str, error: &io::Error) -> Error {
    let device = device.to_owned();
    match error.raw_os_error().map(rustix::io::Errno::from_raw_os_error) {
        Some(rustix::io::Errno::NOENT | rustix::io::Errno::NODEV | rustix::io::Errno::NXIO) => Error::Missing(device),
        Some(rustix::io::Errno::ACCESS | rustix::io::Errno::PERM) => Error::Denied(device),
        Some(rustix::io::Errno::BUSY) => Error::Busy(device),
        _ => Error::Failed { device, why: error.to_string() },
    }
}

/// Runs until the device goes: why.
async fn follow(keypad: &Keypad, mut stream: EventStream, view: &LineView, wanted: &mpsc::Sender<Wanted>) -> io::Error {
    let mut gestures = Gestures::new(keypad.keys.iter().map(|key| settings(keypad, key)));
    let held = match stream.device().get_key_state() {
        Ok(held) => held,
        Err(error) => return error,
    };
    for (index, key) in keypad.keys.iter().enumerate() {
        let down = held.contains(KeyCode(key.code));
        gestures.handle(Input::Opened { button: index, down, debounced: true }, Instant::now());
    }
    let mut down = vec![false; keypad.keys.len()];
    loop {
        while let Some(effect) = gestures.poll_effect() {
            if let Effect::Down { button, down: pressed } = effect {
                down[button] = pressed;
                view.on(down.contains(&true));
            }
            act(effect, keypad, view, wanted);
        }
        let due = gestures.poll_timeout().map(|(at, _)| at);
        tokio::select! {
            biased;
            event = stream.next_event() => {
                let event = match event {
                    Ok(event) => event,
                    Err(error) => return error,
                };
                // 2 is a key that is held and repeats itself.
                if let EventSummary::Key(_, code, value @ (0 | 1)) = event.destructure()
                    && let Some(button) = keypad.keys.iter().position(|key| key.code == code.0)
                {
                    gestures.handle(Input::Level { button, down: value == 1 }, Instant::now());
                }
            }
            () = sleep_until(due) => gestures.handle_timeout(Instant::now()),
        }
    }
}

/// Keyboards do not bounce; what means nothing is not waited for.
fn settings(keypad: &Keypad, key: &Key) -> Settings {
    Settings {
        debounce: Duration::ZERO,
        hold: (!key.hold.is_empty()).then_some(keypad.hold_time),
        double: (!key.double_press.is_empty()).then_some(keypad.double_time),
        stuck: keypad.stuck_time,
    }
}

fn act(effect: Effect, keypad: &Keypad, view: &LineView, wanted: &mpsc::Sender<Wanted>) {
    match effect {
        Effect::Gesture { button, gesture } => {
            let key = &keypad.keys[button];
            let actions = match gesture {
                Gesture::Press => &key.press,
                Gesture::Hold => &key.hold,
                Gesture::DoublePress => &key.double_press,
            };
            let event = Wanted { button: key.name.clone(), gesture, actions: actions.clone(), at: Instant::now() };
            if wanted.try_send(event).is_err() {
                tracing::warn!(key = key.name, "nobody takes what the keys say");
            }
        }
        Effect::Down { .. } => {}
        Effect::Fault { button, fault } => {
            let name = &keypad.keys[button].name;
            let text = fault.map(|fault| match fault {
                Fault::Stuck => format!("the key {name} is held for too long: ignored until it is released, it may be stuck"),
                Fault::HeldAtStart => format!("the key {name} was pressed already at the start: ignored until it is released"),
            });
            if let Some(text) = &text {
                tracing::warn!(device = keypad.device, "{text}");
            }
            view.change(|line| {
                if line.state == DeviceState::Running {
                    line.error = text;
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keypad(device: &str) -> Keypad {
        let s = Duration::from_secs;
        Keypad { device: device.into(), grab: true, hold_time: s(1), double_time: s(1), stuck_time: s(30), keys: Vec::new() }
    }

    #[test]
    fn what_stands_in_the_way_of_a_keypad_has_a_name_and_a_way_out() {
        let missing = open("/dev/input/by-id/no-such-keypad", true).map(|_| ()).unwrap_err();
        assert_eq!(missing.state(), DeviceState::Missing);
        assert!(missing.to_string().contains("ls /dev/input/by-id"), "{missing}");
        let error = |errno: rustix::io::Errno| failed("/dev/input/event7", &io::Error::from_raw_os_error(errno.raw_os_error()));
        let denied = error(rustix::io::Errno::ACCESS);
        assert!(denied.state() == DeviceState::Denied && denied.to_string().contains("group `input`"), "{denied}");
        let busy = error(rustix::io::Errno::BUSY);
        assert!(busy.state() == DeviceState::Busy && busy.to_string().contains("grab = false"), "{busy}");
        assert_eq!(error(rustix::io::Errno::NODEV).state(), DeviceState::Missing, "unplugged");
        assert!(keypad("/dev/null").keys.is_empty());
        let no_keypad = open("/dev/null", true).map(|_| ()).unwrap_err();
        assert_eq!(no_keypad.state(), DeviceState::Failed, "{no_keypad}");
    }
}
