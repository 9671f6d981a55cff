//! `[call]` and `[[speed-dial]]`: from the merged tree to [`CallConfig`].

use std::collections::BTreeSet;
use std::time::Duration;

use super::reader::{At, Reading, Section, tables};
use super::report::Problem;
use super::source::Span;
use super::tree::{Node, Table, Value};
use super::{read_schedule, *};
use crate::protocol::UserId;
use crate::protocol::hub::AnswerMode;
use crate::protocol::id::check_name;

/// Reads both; what is wrong is noted in `reading`.
pub fn read<'a>(reading: &mut Reading<'a>, root: &'a Table) -> CallConfig {
    let mut taken = Vec::new();
    let speed_dial = tables(reading, root, "speed-dial", |s| speed_dial(s, &mut taken));
    nobody_but_itself(reading, root, &speed_dial);
    let schedules = read_schedule::read(reading, root);
    let mut s = reading.section(root, "call");
    let default = CallConfig::default();
    let seconds = |bounds: std::ops::RangeInclusive<u64>| Duration::from_secs(*bounds.start())..=Duration::from_secs(*bounds.end());
    const BUSY: [(&str, WhenBusy); 2] = [("reject", WhenBusy::Reject), ("ring", WhenBusy::Ring)];
    CallConfig {
        auto_join: s.parse("auto-join").map(|cid| cid.value),
        create: s.boolean("create").unwrap_or(default.create),
        team: name(&mut s, "team", "a team").map(|team| team.value),
        auto_answer: auto_answer(&mut s).unwrap_or(default.auto_answer),
        answer_delay: s.duration("answer-delay", seconds(0..=60)).unwrap_or(default.answer_delay),
        answer_muted: s.boolean("answer-muted").unwrap_or(default.answer_muted),
        do_not_disturb: do_not_disturb(&mut s).unwrap_or(default.do_not_disturb),
        when_busy: s.choice("when-busy", &BUSY).map_or(default.when_busy, |found| found.value),
        max_bandwidth: s.bitrate("max-bandwidth", Bitrate(64_000)..=Bitrate(50_000_000)),
        tones: s.boolean("tones").unwrap_or(default.tones),
        reset_after: s.duration("reset-after", seconds(0..=3600)),
        speed_dial,
        schedules,
    }
}

/// One word of letters, digits, `-` and `_`.
fn name(s: &mut Section<'_, '_>, key: &'static str, what: &'static str) -> Option<At<String>> {
    let text = s.text(key)?;
    match check_name(what, text.value, "-_") {
        Ok(()) => Some(At { value: text.value.to_owned(), at: text.at, key_at: text.key_at }),
        Err(why) => {
            s.bad(key, &text.at, why);
            None
        }
    }
}

fn auto_answer(s: &mut Section<'_, '_>) -> Option<AutoAnswer> {
    const WORDS: [(&str, AutoAnswer); 2] = [("off", AutoAnswer::Off), ("always", AutoAnswer::Always)];
    match s.node("auto-answer").map(|node| &node.value)? {
        Value::List(_) => Some(AutoAnswer::Users(users(s, "auto-answer")?.into_iter().collect::<BTreeSet<_>>())),
        Value::Word(word) if WORDS.iter().all(|(known, _)| known != word) => {
            Some(AutoAnswer::Users(users(s, "auto-answer")?.into_iter().collect()))
        }
        Value::Text(text) if WORDS.iter().all(|(known, _)| known != text) => {
            let at = s.node("auto-answer").map(|node| node.at.clone())?;
            let problem = Problem::error(format!("`{}` cannot be \"{text}\"", s.name("auto-answer"))).at(&at, "");
            s.note(problem.help("use \"off\", \"always\", or a list of users: auto-answer = [\"anna\"]"));
            None
        }
        Value::Text(text) | Value::Word(text) => {
            WORDS.into_iter().find(|(known, _)| known == text).map(|(_, auto_answer)| auto_answer)
        }
        other @ (Value::Table(_) | Value::Integer(_) | Value::Float | Value::Boolean(_) | Value::Datetime) => {
            let (kind, at) = (other.kind(), s.node("auto-answer").map(|node| node.at.clone())?);
            let name = s.name("auto-answer");
            let problem = Problem::error(format!("`{name}` must be \"off\", \"always\" or a list of users, not {kind}"));
            s.note(problem.at(&at, "").help("write auto-answer = \"always\", or auto-answer = [\"anna\"]"));
            None
        }
    }
}

fn do_not_disturb(s: &mut Section<'_, '_>) -> Option<DoNotDisturb> {
    const KEY: &str = "do-not-disturb";
    let node = s.node(KEY)?;
    let fixed = |on| if on { DoNotDisturb::On } else { DoNotDisturb::Off };
    match &node.value {
        Value::Boolean(on) => Some(fixed(*on)),
        Value::Word(word) if word.parse::<bool>().is_ok() => node.value.as_boolean().map(fixed),
        Value::List(_) | Value::Word(_) => windows(s, KEY).map(DoNotDisturb::During),
        other @ (Value::Table(_) | Value::Text(_) | Value::Integer(_) | Value::Float | Value::Datetime) => {
            let problem = Problem::error(format!("`{}` must be true, false or a list of times, not {}", s.name(KEY), other.kind()));
            s.note(problem.at(&node.at, "").help("write do-not-disturb = [\"22:00-07:00\"]"));
            None
        }
    }
}

/// A list of times of the day; those that cannot be one are noted.
pub(super) fn windows(s: &mut Section<'_, '_>, key: &'static str) -> Option<Vec<Window>> {
    let mut windows = Vec::new();
    for text in s.texts(key)? {
        match text.value.parse() {
            Ok(window) => windows.push(window),
            Err(why) => s.bad(key, &text.at, why),
        }
    }
    Some(windows)
}

/// A list of user ids; those that cannot be one are noted.
fn users(s: &mut Section<'_, '_>, key: &'static str) -> Option<Vec<UserId>> {
    let mut users = Vec::new();
    for text in s.texts(key)? {
        match UserId::new(text.value) {
            Ok(user) if users.contains(&user) => s.bad(key, &text.at, format!("{user} is named twice")),
            Ok(user) => users.push(user),
            Err(why) => s.bad(key, &text.at, why),
        }
    }
    Some(users)
}

/// Whoever calls itself is refused; better said now than at the door.
fn nobody_but_itself<'a>(reading: &mut Reading<'a>, root: &'a Table, dials: &[SpeedDial]) {
    let Some(Value::Table(hub)) = root.get("hub").map(|node| &node.value) else { return };
    let Some(Node { value: Value::Text(me), at, .. }) = hub.get("user") else { return };
    for dial in dials.iter().filter(|dial| dial.users.iter().all(|user| user.as_str() == me)) {
        let problem = Problem::error(format!("the speed-dial \"{}\" calls nobody but this appliance", dial.name));
        reading.problems.push(problem.at(at, "that is this appliance").help("name somebody else in the speed-dial"));
    }
}

fn speed_dial(s: &mut Section<'_, '_>, taken: &mut Vec<(String, Span)>) -> Option<SpeedDial> {
    let name = name(s, "name", "a speed-dial name");
    if name.is_none() && s.node("name").is_none() {
        s.missing("name", "say what it is called: name = \"reception\"");
    }
    if let Some(name) = &name {
        match taken.iter().find(|(other, _)| *other == name.value) {
            Some((_, first)) => {
                let problem = Problem::error(format!("two speed-dials are named \"{}\"", name.value));
                s.note(problem.at(&name.at, "the second").related(first, "the first"));
            }
            None => taken.push((name.value.clone(), name.at.clone())),
        }
    }
    let (one, many) = (s.parse::<UserId>("user"), users(s, "users"));
    let is_there = |s: &mut Section<'_, '_>, key| s.node(key).map(|node| (node.at.clone(), node.key_at.clone()));
    let users = match (is_there(s, "user"), is_there(s, "users")) {
        (Some((_, user)), Some((_, users))) => {
            let problem = Problem::error("`speed-dial.user` and `speed-dial.users` exclude each other");
            s.note(problem.at(&users, "either this").related(&user, "or this").help("put all of them into users"));
            None
        }
        (None, None) => {
            s.missing("user", "say who is called: user = \"anna\", or users = [\"anna\", \"ben\"]");
            None
        }
        (None, Some((at, _))) if many.as_ref().is_some_and(Vec::is_empty) => {
            s.note(Problem::error("`speed-dial.users` is empty").at(&at, "").help("name at least one user"));
            None
        }
        _ => many.or(one.map(|user| vec![user.value])),
    };
    const ANSWER: [(&str, AnswerMode); 2] = [("first", AnswerMode::First), ("each", AnswerMode::Each)];
    let video = s.boolean("video").unwrap_or(true);
    let answer = s.choice("answer", &ANSWER).map_or(AnswerMode::First, |found| found.value);
    Some(SpeedDial { name: name?.value, users: users?, video, answer })
}
