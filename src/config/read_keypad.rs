//! `[[keypad]]`: from the merged tree to [`Keypad`].

use std::collections::BTreeMap;
use std::str::FromStr as _;
use std::time::Duration;

use evdev::KeyCode;

use super::read_gpio::{self, Relays};
use super::reader::{At, Reading, Section, tables};
use super::report::Problem;
use super::tree::{Table, Value};
use super::{DEFAULT_DOUBLE_TIME, DEFAULT_HOLD_TIME, DEFAULT_STUCK_TIME, Key, Keypad, similar};
use crate::protocol::action::{Actions, Phase};

const GESTURES: [&str; 3] = ["press", "hold", "double-press"];

/// Reads every table.
pub fn read<'a>(reading: &mut Reading<'a>, root: &'a Table, relays: &Relays) -> Vec<Keypad> {
    tables(reading, root, "keypad", |s| keypad(s, relays))
}

fn keypad(s: &mut Section<'_, '_>, relays: &Relays) -> Option<Keypad> {
    let device = s.text("device");
    if s.node("device").is_none() {
        s.missing("device", "name it: device = \"/dev/input/by-id/…\", or device = \"name:…\" with a part of its name");
    }
    if let Some(device) = &device {
        let named = device.value.strip_prefix("name:").is_some_and(|name| !name.is_empty());
        if !named && !device.value.starts_with('/') {
            s.bad("device", &device.at, "write a path like \"/dev/input/by-id/…\", or \"name:…\" with a part of its name");
        }
    }
    let ms = Duration::from_millis;
    let grab = s.boolean("grab").unwrap_or(true);
    let hold_time = s.duration("hold-time", ms(200)..=ms(10_000)).unwrap_or(DEFAULT_HOLD_TIME);
    let double_time = s.duration("double-time", ms(100)..=ms(2_000)).unwrap_or(DEFAULT_DOUBLE_TIME);
    let stuck_time = s.duration("stuck-time", ms(2_000)..=ms(600_000)).unwrap_or(DEFAULT_STUCK_TIME);
    let mut keys: BTreeMap<u16, Key> = BTreeMap::new();
    for gesture in GESTURES {
        for (name, code, actions) in gestures(s, gesture, relays) {
            let none = Actions::default;
            let key = keys.entry(code).or_insert_with(|| Key { name, code, press: none(), hold: none(), double_press: none() });
            match gesture {
                "press" => key.press = actions,
                "hold" => key.hold = actions,
                _ => key.double_press = actions,
            }
        }
    }
    if GESTURES.iter().all(|key| s.node(key).is_none()) {
        s.missing("press", "say what its keys do: [keypad.press] and below it enter = \"answer\"");
    }
    let keys = keys.into_values().collect();
    Some(Keypad { device: device?.value.to_owned(), grab, hold_time, double_time, stuck_time, keys })
}

/// What the keys do that are named in one of the tables.
fn gestures(s: &mut Section<'_, '_>, key: &'static str, relays: &Relays) -> Vec<(String, u16, Actions)> {
    let Some(node) = s.node(key) else { return Vec::new() };
    let path = s.name(key);
    let Value::Table(table) = &node.value else {
        let problem = Problem::error(format!("`{path}` must be a table of keys, not {}", node.value.kind()));
        s.note(problem.at(&node.at, "").help(format!("write [{path}], and below it enter = \"answer\"")));
        return Vec::new();
    };
    let mut found = Vec::new();
    for (name, node) in table {
        let path = format!("{path}.{name}");
        s.reading.known.insert(path.clone());
        let code = code(s, name, node);
        let mut actions = Actions::default();
        let read = |s: &mut Section<'_, '_>, path: &str, node: &super::tree::Node| match &node.value {
            Value::Text(text) | Value::Word(text) => {
                let text = At { value: text.as_str(), at: node.at.clone(), key_at: node.key_at.clone() };
                read_gpio::action(s, path, &text, relays)
            }
            other @ (Value::Table(_) | Value::List(_) | Value::Integer(_) | Value::Float | Value::Boolean(_) | Value::Datetime) => {
                let problem = Problem::error(format!("`{path}` must be a text, not {}", other.kind()));
                s.note(problem.at(&node.at, "").help("write what it does, for example \"answer\""));
                None
            }
        };
        if let Value::Table(phases) = &node.value {
            for (word, node) in phases {
                let path = format!("{path}.{word}");
                let Some((_, phase)) = Phase::ALL.iter().find(|(known, _)| known == word) else { continue };
                s.reading.known.insert(path.clone());
                actions.0.extend(read(s, &path, node).map(|action| (*phase, action)));
            }
        } else if let Some(action) = read(s, &path, node) {
            actions = Actions::always(&action);
        }
        found.extend(code.map(|code| (name.clone(), code, actions)));
    }
    found
}

/// `enter` is the kernel's `KEY_ENTER`; remote controls have some `BTN_…` as well.
fn code(s: &mut Section<'_, '_>, name: &str, node: &super::tree::Node) -> Option<u16> {
    let upper = name.to_ascii_uppercase();
    let code = [format!("KEY_{upper}"), upper].iter().find_map(|name| KeyCode::from_str(name).ok());
    if code.is_none() {
        const COMMON: [&str; 24] = [
            "0",
            "1",
            "2",
            "3",
            "4",
            "5",
            "6",
            "7",
            "8",
            "9",
            "enter",
            "esc",
            "space",
            "kpenter",
            "kpasterisk",
            "kpdot",
            "ok",
            "select",
            "up",
            "down",
            "volumeup",
            "volumedown",
            "mute",
            "numeric_pound",
        ];
        let label = similar::best(name, COMMON).map(|name| format!("did you mean {name}?")).unwrap_or_default();
        let problem = Problem::error(format!("there is no key `{name}`")).at(&node.key_at, label);
        s.note(problem.help("`evtest` prints the names of keys as they are pressed: KEY_ENTER is enter, KEY_KP1 is kp1"));
    }
    code.map(|code| code.0)
}
