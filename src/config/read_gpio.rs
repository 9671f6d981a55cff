//! `[[button]]`, `[[light]]`, `[[relay]]` and `[privacy]`: from the merged tree to [`Gpio`].

use std::time::Duration;

use super::gpio::*;
use super::reader::{At, Reading, Section, tables};
use super::report::Problem;
use super::source::Span;
use super::tree::{Node, Table, Value};
use super::{read_cec, read_keypad, similar};
use crate::protocol::action::{Action, Actions, BadAction, Phase, VERBS};
use crate::protocol::control::Command;

/// What has been named so far: nothing may be named twice.
#[derive(Default)]
struct Taken {
    lines: Vec<(Option<String>, LineId, Span)>,
    relays: Relays,
}

/// The relays that there are, by name.
#[derive(Default)]
pub struct Relays(Vec<(String, Span)>);

/// Reads every table; what is wrong is noted in `reading`.
pub fn read<'a>(reading: &mut Reading<'a>, root: &'a Table) -> Gpio {
    let mut taken = Taken::default();
    // First, because buttons name them.
    let relays = tables(reading, root, "relay", |s| relay(s, &mut taken));
    let buttons = tables(reading, root, "button", |s| button(s, &mut taken));
    let lights = tables(reading, root, "light", |s| light(s, &mut taken));
    let privacy = if root.contains_key("privacy") {
        privacy(&mut reading.section(root, "privacy"), &mut taken)
    } else {
        reading.known.insert("privacy".to_owned());
        privacy(&mut reading.nothing("privacy"), &mut taken)
    };
    let keypads = read_keypad::read(reading, root, &taken.relays);
    let cec = read_cec::read(reading.section(root, "cec"), root.contains_key("cec"));
    Gpio { buttons, lights, relays, privacy, keypads, cec, mqtt: None }
}

fn privacy(s: &mut Section<'_, '_>, taken: &mut Taken) -> Option<Privacy> {
    let (line, bias) = (line(s, taken), bias(s));
    Some(Privacy { line: line?, bias })
}

fn bias(s: &mut Section<'_, '_>) -> Bias {
    const WORDS: [(&str, Bias); 4] =
        [("as-is", Bias::AsIs), ("pull-up", Bias::PullUp), ("pull-down", Bias::PullDown), ("none", Bias::None)];
    s.choice("bias", &WORDS).map_or(Bias::default(), |bias| bias.value)
}

fn button(s: &mut Section<'_, '_>, taken: &mut Taken) -> Option<Button> {
    let line = line(s, taken);
    let bias = bias(s);
    let name = s.text("name").map(|name| name.value.to_owned());
    let debounce = s.duration("debounce", Duration::ZERO..=ms(500)).unwrap_or(DEFAULT_DEBOUNCE);
    let hold_time = s.duration("hold-time", ms(200)..=ms(10_000)).unwrap_or(DEFAULT_HOLD_TIME);
    let double_time = s.duration("double-time", ms(100)..=ms(2_000)).unwrap_or(DEFAULT_DOUBLE_TIME);
    let stuck_time = s.duration("stuck-time", ms(2_000)..=ms(600_000)).unwrap_or(DEFAULT_STUCK_TIME);
    if stuck_time <= hold_time
        && let Some(node) = s.node("stuck-time")
    {
        let problem = Problem::error("`button.stuck-time` must be longer than `button.hold-time`");
        s.note(problem.at(&node.at, "then it would never be a hold"));
    }
    let press = actions(s, "press", "button.press", taken);
    let hold = actions(s, "hold", "button.hold", taken);
    let double_press = actions(s, "double-press", "button.double-press", taken);
    if ["press", "hold", "double-press"].iter().all(|key| s.node(key).is_none()) {
        s.missing("press", "say what it does: press = \"join default:lobby\"");
    }
    let line = line?;
    let name = name.unwrap_or_else(|| line.to_string());
    Some(Button { name, line, bias, debounce, hold_time, double_time, stuck_time, press, hold, double_press })
}

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// One action for all phases, or a table of them.
fn actions(s: &mut Section<'_, '_>, key: &'static str, path: &'static str, taken: &Taken) -> Actions {
    s.reading.known.extend(Phase::ALL.map(|(word, _)| format!("{path}.{word}")));
    let mut found = Actions::default();
    match s.node(key) {
        Some(node) if matches!(node.value, Value::Table(_)) => {
            let mut inner = s.reading.inner(node, path);
            for (word, phase) in Phase::ALL {
                if let Some(action) = action_of(&mut inner, word, taken) {
                    found.0.insert(phase, action);
                }
            }
        }
        Some(_) => {
            if let Some(action) = action_of(s, key, taken) {
                found = Actions::always(&action);
            }
        }
        None => {}
    }
    found
}

fn action_of(s: &mut Section<'_, '_>, key: &'static str, taken: &Taken) -> Option<Action> {
    let text = s.text(key)?;
    let path = s.name(key);
    action(s, &path, &text, &taken.relays)
}

/// What is done, in the words of the command line; `path` is where it stands.
pub fn action(s: &mut Section<'_, '_>, path: &str, text: &At<&str>, relays: &Relays) -> Option<Action> {
    match text.value.parse::<Action>() {
        Ok(action) => {
            if let Action::Do(Command::Open { relay }) = &action {
                known_relay(s, relay, &text.at, relays);
            }
            Some(action)
        }
        Err(error) => {
            let problem = Problem::error(format!("`{path}` makes no sense: {error}"));
            let label = match &error {
                BadAction::Unknown(name) if name == "callbox" => Some("without `callbox`".to_owned()),
                BadAction::Unknown(name) => {
                    let verb = similar::best(name, VERBS.iter().map(|verb| verb.name));
                    verb.and_then(|name| VERBS.iter().find(|verb| verb.name == name)).map(|verb| format!("did you mean {verb}?"))
                }
                BadAction::Empty | BadAction::Form { .. } | BadAction::Object(_) => None,
            };
            let problem = problem.at(&text.at, label.unwrap_or_default());
            let list = VERBS.iter().map(ToString::to_string).collect::<Vec<_>>();
            s.note(match error {
                BadAction::Empty | BadAction::Unknown(_) => problem.help(format!("use {}", similar::either(&list))),
                BadAction::Form { .. } | BadAction::Object(_) => problem,
            });
            None
        }
    }
}

fn known_relay(s: &mut Section<'_, '_>, name: &str, at: &Span, relays: &Relays) {
    let names: Vec<&str> = relays.0.iter().map(|(name, _)| name.as_str()).collect();
    if names.contains(&name) {
        return;
    }
    let label = similar::best(name, names.iter().copied()).map(|name| format!("did you mean \"open {name}\"?"));
    let problem = Problem::error(format!("there is no relay named \"{name}\"")).at(at, label.unwrap_or_default());
    s.note(if names.is_empty() { problem.help(format!("write a [[relay]] with name = \"{name}\"")) } else { problem });
}

fn light(s: &mut Section<'_, '_>, taken: &mut Taken) -> Option<Light> {
    let line = line(s, taken);
    let name = s.text("name").map(|name| name.value.to_owned());
    let one = matches!(s.node("shows"), Some(Node { value: Value::Text(_), .. }));
    let texts = if one { s.text("shows").map(|text| vec![text]) } else { s.texts("shows") };
    if s.node("shows").is_none() {
        s.missing("shows", "say what it shows: shows = \"in-call\"");
    }
    let shows = texts.unwrap_or_default().iter().filter_map(|text| shown(s, text)).collect();
    let line = line?;
    let name = name.unwrap_or_else(|| line.to_string());
    Some(Light { name, line, shows })
}

/// `WHAT` or `WHAT PATTERN`.
fn shown(s: &mut Section<'_, '_>, text: &At<&str>) -> Option<Shown> {
    let (what, pattern) = text.value.trim().split_once(char::is_whitespace).unwrap_or((text.value.trim(), "steady"));
    let what = word(s, what, &Shows::ALL, "nothing that a light can show", text)?;
    let pattern = word(s, pattern.trim(), &Pattern::ALL, "no pattern", text)?;
    Some(Shown { what, pattern })
}

fn word<T: Copy>(s: &mut Section<'_, '_>, word: &str, words: &[(&str, T)], no: &str, text: &At<&str>) -> Option<T> {
    if let Some((_, value)) = words.iter().find(|(name, _)| *name == word) {
        return Some(*value);
    }
    let label = similar::best(word, words.iter().map(|(name, _)| *name)).map(|name| format!("did you mean {name}?"));
    let list: Vec<_> = words.iter().map(|(name, _)| *name).collect();
    let problem = Problem::error(format!("`light.shows` makes no sense: \"{word}\" is {no}"));
    s.note(problem.at(&text.at, label.unwrap_or_default()).help(format!("use {}", similar::either(&list))));
    None
}

fn relay(s: &mut Section<'_, '_>, taken: &mut Taken) -> Option<Relay> {
    let line = line(s, taken);
    let pulse = pulse(s);
    let name = s.text("name");
    if s.node("name").is_none() {
        s.missing("name", "name it: name = \"door\" is what `callbox open door` opens");
    }
    let name = name?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.value.is_empty() || !name.value.chars().all(plain) {
        s.bad("name", &name.at, "it may hold letters, digits, - and _");
    }
    if let Some((_, first)) = taken.relays.0.iter().find(|(other, _)| other == name.value) {
        let problem = Problem::error(format!("the relay \"{}\" is there twice", name.value));
        s.note(problem.at(&name.at, "again here").related(first, "first here").help("rename one of them"));
    }
    taken.relays.0.push((name.value.to_owned(), name.at));
    Some(Relay { name: name.value.to_owned(), line: line?, pulse })
}

/// How long a relay is on: there is no way to say "for ever".
fn pulse(s: &mut Section<'_, '_>) -> Duration {
    const FOR_EVER: [&str; 8] = ["never", "forever", "for ever", "infinite", "always", "on", "off", "none"];
    let node = s.node("pulse");
    let for_ever = node.is_some_and(|node| match &node.value {
        Value::Boolean(_) => true,
        Value::Text(text) | Value::Word(text) => FOR_EVER.contains(&text.as_str()),
        Value::Table(_) | Value::List(_) | Value::Integer(_) | Value::Float | Value::Datetime => false,
    });
    if let Some(Node { at, .. }) = node.filter(|_| for_ever) {
        let problem = Problem::error("a relay cannot stay on: `relay.pulse` must be a length of time");
        s.note(problem.at(at, "").help("write for example \"3s\"; 30s is the longest"));
        return DEFAULT_PULSE;
    }
    s.duration("pulse", ms(50)..=MAX_PULSE).unwrap_or(DEFAULT_PULSE)
}

/// `line`, `chip` and `active-low`, the same for all.
fn line(s: &mut Section<'_, '_>, taken: &mut Taken) -> Option<Line> {
    let chip = match s.node("chip") {
        Some(Node { value: Value::Integer(Some(number)), at, .. }) => {
            let problem = Problem::error(format!("`{}` must be a text, not a whole number", s.name("chip")));
            s.note(problem.at(at, "").help(format!("write chip = \"gpiochip{number}\"")));
            Some(format!("gpiochip{number}"))
        }
        _ => s.text("chip").map(|chip| chip.value.to_owned()),
    };
    let active_low = s.boolean("active-low").unwrap_or(false);
    let Some(node) = s.node("line") else {
        s.missing("line", "name it, line = \"DOORBELL\", or count it, chip = \"gpiochip0\" and line = 17");
        return None;
    };
    let id = if let Value::Integer(_) = &node.value {
        LineId::Number(s.integer("line", 0..=65_535)?.value)
    } else {
        LineId::Name(s.text("line")?.value.to_owned())
    };
    match &id {
        LineId::Name(name) if name.is_empty() => s.bad("line", &node.at, "it is empty"),
        LineId::Number(number) if s.node("chip").is_none() => {
            let problem = Problem::error(format!("`{}` is a number, and which chip's is not said", s.name("line")));
            let help = format!("write chip = \"gpiochip0\" beside line = {number}; `gpioinfo` lists chips and lines");
            s.note(problem.at(&node.at, "").help(help));
        }
        LineId::Name(_) | LineId::Number(_) => {}
    }
    if let Some((_, _, first)) = taken.lines.iter().find(|(other, line, _)| *other == chip && *line == id) {
        let problem = Problem::error("a GPIO line can be used for one thing only");
        s.note(problem.at(&node.at, "again here").related(first, "first here"));
    }
    taken.lines.push((chip.clone(), id.clone(), node.at.clone()));
    Some(Line { chip, id, active_low })
}
