//! The rules of the house (`src/lib.rs`), held by reading every source file: who may import whom, which cores are pure, who
//! prints, how long a file may be.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "layering/tokens.rs"]
mod tokens;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use tokens::{Token, paths, tokens as tokens_of, without_tests};

/// Who may import whom. `main` and `lib` are above all.
const MAY_IMPORT: [(&str, &[&str]); 12] = [
    ("protocol", &[]),
    ("config", &["protocol"]),
    ("call", &["protocol", "config"]),
    ("media", &["call", "protocol", "config"]),
    ("signaling", &["call", "protocol", "config"]),
    ("controls", &["call", "protocol", "config"]),
    ("telemetry", &["protocol", "config"]),
    ("hub", &["telemetry", "protocol", "config"]),
    ("daemon", &["media", "signaling", "controls", "telemetry", "call", "protocol", "config"]),
    ("fleet", &[]),
    // Only in tests and under a fuzzer.
    ("hostile", &["hub", "media", "controls", "protocol", "config"]),
    ("cli", &["daemon", "hub", "media", "signaling", "controls", "telemetry", "call", "protocol", "config"]),
];

/// Where no clock, no chance and no outside world may be: time and ids come in as arguments.
const CORES: [&str; 11] = [
    "call",
    "hub/calls",
    "signaling/connection",
    "controls/gesture",
    "controls/cec/wish",
    "controls/mqtt/words",
    "daemon/doctor/judge",
    "daemon/nights",
    "daemon/reset",
    "media/plan",
    "media/rate",
];

/// What is impure, as the beginning of a path.
const OUTSIDE_WORLD: [&[&str]; 14] = [
    &["tokio"],
    &["gst"],
    &["gstreamer"],
    &["rand"],
    &["axum"],
    &["hyper"],
    &["redb"],
    &["std", "fs"],
    &["std", "net"],
    &["std", "env"],
    &["std", "io"],
    &["std", "thread"],
    &["std", "process"],
    &["std", "os"],
];

/// What is impure, as the end of a path.
const CLOCK_AND_CHANCE: [&[&str]; 4] = [&["Instant", "now"], &["SystemTime", "now"], &["Uuid", "new_v4"], &["rand", "random"]];

const LONGEST_FILE: usize = 400;

/// One source file: its path below `src/`, and what it says outside of tests.
struct File {
    name: String,
    tokens: Vec<Token>,
}

impl File {
    fn new(name: &str, text: &str) -> Self {
        Self { name: name.to_owned(), tokens: without_tests(tokens_of(text)) }
    }

    /// The module: `media/peer/mod.rs` is `media`, `peer`.
    fn module(&self) -> Vec<&str> {
        let mut parts: Vec<&str> = self.name.trim_end_matches(".rs").split('/').collect();
        if parts.last().is_some_and(|last| matches!(*last, "mod" | "lib" | "main")) {
            parts.pop();
        }
        parts
    }

    /// The parts of the house that this file names, however it spells the way there.
    fn imports(&self) -> BTreeSet<String> {
        let depth = self.module().len();
        let top = |path: Vec<String>| match path.first()?.as_str() {
            "crate" | "callbox" => path.get(1).cloned(),
            "super" | "self" => {
                let ups = path.iter().take_while(|name| *name == "super" || *name == "self").count();
                let supers = path.iter().take(ups).filter(|name| *name == "super").count();
                if supers == depth { path.get(ups).cloned() } else { None }
            }
            _ => None,
        };
        let is_part = |name: &String| MAY_IMPORT.iter().any(|(part, _)| part == name);
        paths(&self.tokens).into_iter().filter_map(top).filter(is_part).collect()
    }

    fn is_core(&self) -> bool {
        CORES.iter().any(|core| {
            let rest = self.name.strip_prefix(core);
            rest.is_some_and(|rest| rest == ".rs" || rest.starts_with('/') || rest.starts_with('_'))
        })
    }

    fn is_test(&self) -> bool {
        self.name.ends_with("tests.rs")
            || self.name.contains("tests/")
            || self.name == "config/reference.rs"
            || self.name.starts_with("fleet/")
    }
}

fn wrong_imports(file: &File) -> Vec<String> {
    let module = file.module();
    let Some((part, allowed)) = module.first().and_then(|first| MAY_IMPORT.iter().find(|(part, _)| part == first)) else {
        return Vec::new();
    };
    let wrong = |import: &String| import != part && !allowed.contains(&import.as_str());
    file.imports().into_iter().filter(wrong).map(|import| format!("{} imports {import}", file.name)).collect()
}

fn impurities(file: &File) -> Vec<String> {
    if !file.is_core() {
        return Vec::new();
    }
    let starts = |path: &[String], with: &[&str]| path.len() >= with.len() && path.iter().zip(with).all(|(a, b)| a == b);
    let ends = |path: &[String], with: &[&str]| path.len() >= with.len() && starts(&path[path.len() - with.len()..], with);
    let impure = |path: &Vec<String>| {
        OUTSIDE_WORLD.iter().any(|with| starts(path, with))
            || CLOCK_AND_CHANCE.iter().any(|with| ends(path, with))
            || path[0].starts_with("gstreamer_")
    };
    let mut found: Vec<String> = paths(&file.tokens)
        .into_iter()
        .filter(impure)
        .map(|path| format!("{} is a pure core, but names {}", file.name, path.join("::")))
        .collect();
    // `Instant::elapsed` asks the clock too.
    if file.tokens.windows(2).any(|pair| pair == [Token::Mark('.'), Token::Word("elapsed".into())]) {
        found.push(format!("{} is a pure core, but calls elapsed()", file.name));
    }
    found
}

fn prints(file: &File) -> Vec<String> {
    if file.name.starts_with("cli/") {
        return Vec::new();
    }
    let macros = ["print", "println", "dbg"];
    let called = |pair: &[Token]| matches!(pair, [Token::Word(word), Token::Mark('!')] if macros.contains(&word.as_str()));
    let macro_used = file.tokens.windows(2).any(called);
    // That of a child process is its own.
    let childs = file.tokens.windows(2).filter(|pair| *pair == [Token::Mark('.'), Token::Word("stdout".into())]).count();
    let named = paths(&file.tokens).iter().filter(|path| path.last().is_some_and(|last| last == "stdout")).count();
    let stdout_used = named > childs;
    if macro_used || stdout_used { vec![format!("{} prints to stdout, which is for cli only", file.name)] } else { Vec::new() }
}

fn unsafety(file: &File) -> Vec<String> {
    let found = file.tokens.contains(&Token::Word("unsafe".into()));
    if found { vec![format!("{} says unsafe", file.name)] } else { Vec::new() }
}

/// Every file below a directory with one of these endings: its path within, and its text.
fn texts(directory: &str, endings: &[&str]) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
    let mut found = Vec::new();
    let mut todo = vec![root.clone()];
    while let Some(next) = todo.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                todo.push(path);
            } else if path.extension().is_some_and(|ending| endings.iter().any(|wanted| ending == *wanted)) {
                let name = path.strip_prefix(&root).unwrap().display().to_string();
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

fn sources() -> Vec<File> {
    let files: Vec<File> = texts("src", &["rs"]).iter().map(|(name, text)| File::new(name, text)).collect();
    assert!(files.len() > 20, "the sources were not found");
    files
}

fn hold(rule: fn(&File) -> Vec<String>) {
    let broken: Vec<String> = sources().iter().filter(|file| !file.is_test()).flat_map(rule).collect();
    assert!(broken.is_empty(), "\n  {}\n", broken.join("\n  "));
}

#[test]
fn every_part_imports_only_what_lies_below_it() {
    hold(wrong_imports);
}

#[test]
fn every_part_of_the_house_has_its_rule() {
    for file in sources() {
        if let Some(part) = file.module().first() {
            assert!(MAY_IMPORT.iter().any(|(known, _)| known == part), "{} belongs to no known part", file.name);
        }
    }
}

#[test]
fn cores_have_no_clock_no_chance_and_no_outside_world() {
    hold(impurities);
}

#[test]
fn only_the_command_line_prints() {
    hold(prints);
}

#[test]
fn nothing_is_unsafe() {
    hold(unsafety);
}

#[test]
fn no_file_is_longer_than_can_be_read_at_once() {
    let mut long = Vec::new();
    for directory in ["src", "tests"] {
        for (name, text) in texts(directory, &["rs", "js", "css", "html"]) {
            let lines = text.lines().count();
            if lines > LONGEST_FILE {
                long.push(format!("{directory}/{name} has {lines} lines"));
            }
        }
    }
    assert!(long.is_empty(), "at most {LONGEST_FILE} lines:\n  {}\n", long.join("\n  "));
}

#[test]
fn the_rules_see_what_they_forbid() {
    let cases: [(&str, &str, &[&str]); 6] = [
        ("media/peer.rs", "use crate::signaling::Handle;", &["media/peer.rs imports signaling"]),
        ("media/mod.rs", "use super::hub;", &["media/mod.rs imports hub"]),
        ("media/peer/mod.rs", "fn f() { super::super::controls::go() }", &["media/peer/mod.rs imports controls"]),
        ("hub/http.rs", "use crate::{protocol::{Cid, hub}, daemon, config::Hub};", &["hub/http.rs imports daemon"]),
        ("protocol/id.rs", "use crate::config::Log;", &["protocol/id.rs imports config"]),
        ("call/mod.rs", "use crate::{media::{self, Plan}, protocol};", &["call/mod.rs imports media"]),
    ];
    for (name, text, expected) in cases {
        assert_eq!(wrong_imports(&File::new(name, text)), expected, "{text}");
    }
    let impure = [
        "use std::{fs, time::Instant};",
        "let t = std::time::Instant::now();",
        "use std::time::Instant; let t = Instant::now();",
        "let t = start.elapsed();",
        "use tokio::sync::mpsc;",
        "use gst::prelude::*;",
        "use gstreamer_video as gst_video;",
        "use rand::{Rng, rng};",
    ];
    for text in impure {
        for name in ["call/state.rs", "hub/calls.rs", "hub/calls/rules.rs", "signaling/connection.rs", "media/plan/mod.rs"] {
            assert!(!impurities(&File::new(name, text)).is_empty(), "{name}: {text}");
        }
        assert!(impurities(&File::new("media/capture.rs", text)).is_empty());
    }
    assert_eq!(prints(&File::new("hub/http.rs", "fn f() { println!(\"x\"); }")).len(), 1);
    assert_eq!(prints(&File::new("hub/http.rs", "fn f() { std::io::stdout().flush(); }")).len(), 1);
    assert_eq!(unsafety(&File::new("media/x.rs", "fn f() { unsafe { g() } }")).len(), 1);
}

#[test]
fn the_rules_are_not_fooled_by_comments_strings_and_tests() {
    let text = r##"
        //! [`crate::signaling`] is elsewhere.
        /* crate::hub /* nested */ unsafe */
        use crate::protocol::hub;
        const A: &str = "crate::hub::x \" unsafe"; const B: &str = r#"println!("crate::hub")"#;
        const C: char = '"'; const D: char = '\''; fn life<'a>(x: &'a str) -> &'a str { x }
        #[cfg(test)]
        mod tests { use crate::hub; fn f() { println!("x"); unsafe {} } }
    "##;
    let file = File::new("media/plan.rs", text);
    assert_eq!(file.imports(), BTreeSet::from(["protocol".to_owned()]));
    assert!(wrong_imports(&file).is_empty() && prints(&file).is_empty() && unsafety(&file).is_empty());
}
