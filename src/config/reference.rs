//! The shipped files are the manual: they parse, they name every key, and what they call a default is the default.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::layers::Layers;
use super::reader::Reading;
use super::*;

fn shipped(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("config").join(name)).unwrap()
}

/// A directory with a password in it, as the shipped file wants one.
fn place(text: &str) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let password = directory.path().join("password");
    fs::write(&password, "secret").unwrap();
    fs::set_permissions(&password, fs::Permissions::from_mode(0o600)).unwrap();
    let file = directory.path().join("shipped.toml");
    fs::write(&file, text.replace("/etc/callbox/password", "password")).unwrap();
    (directory, file)
}

/// A default that the file shows: its key and line, and the line that it needs to make sense.
struct Shown {
    line: usize,
    key: String,
    needs: Option<String>,
}

/// `#key = value` is a default; the line before it may say `# With source = "test", …`.
fn defaults(text: &str) -> Vec<Shown> {
    let mut needs = None;
    let mut found = Vec::new();
    for (line, content) in text.lines().enumerate() {
        if let Some(rest) = content.strip_prefix("# With ") {
            needs = rest.split_once(',').map(|(setting, _)| setting.to_owned());
            continue;
        }
        let key = content.strip_prefix('#').and_then(|rest| rest.split_once(" = ")).map(|(key, _)| key);
        match key {
            Some(key) if key.starts_with(|c: char| c.is_ascii_lowercase()) => {
                found.push(Shown { line, key: key.to_owned(), needs: needs.clone() });
            }
            _ if content.is_empty() => needs = None,
            _ => {}
        }
    }
    found
}

/// The file with one default said aloud, and the same without it.
fn with_and_without(text: &str, shown: &Shown) -> [String; 2] {
    [true, false].map(|aloud| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines[shown.line] = if aloud { lines[shown.line][1..].to_owned() } else { String::new() };
        // The key that is needed may be shown as a default itself: here it is said anew, right before.
        if let Some(needs) = &shown.needs {
            lines[shown.line] = format!("{needs}\n{}", lines[shown.line]);
        }
        lines[shown.line] += match shown.needs.as_deref() {
            Some("output = \"snapshots\"") => "\ndirectory = \"snapshots\"",
            Some("[[speed-dial]]") => "\nname = \"desk\"\nuser = \"anna\"",
            Some("[[button]]") => "\nline = \"BELL\"\npress = \"leave\"",
            Some("[[relay]]") => "\nline = \"DOOR\"\nname = \"door\"",
            Some("[[keypad]]") => "\ndevice = \"name:pad\"\npress = { enter = \"answer\" }",
            _ => "",
        };
        lines.join("\n")
    })
}

fn compare<T: PartialEq + std::fmt::Debug>(name: &str, least: usize, load: impl Fn(&Path) -> Result<Loaded<T>, Report>) {
    let text = shipped(name);
    let all = defaults(&text);
    assert!(all.len() >= least, "only {} defaults in {name}", all.len());
    for shown in &all {
        let [aloud, silent] = with_and_without(&text, shown).map(|text| {
            let (directory, file) = place(&text);
            let loaded = load(&file).unwrap_or_else(|report| panic!("{name}, `{}`:\n{report}", shown.key));
            format!("{:?}", loaded.config).replace(&directory.path().display().to_string(), "")
        });
        assert_eq!(aloud, silent, "{name} shows another default of `{}` than the code has", shown.key);
    }
}

/// Every key that the reader asks for occurs as `key = ` in its table, live, as a default or as an example.
fn assert_names_every_key(name: &str, known: &BTreeSet<String>) {
    let mut named = BTreeSet::new();
    let mut table = String::new();
    for line in shipped(name).lines() {
        let line = line.trim_start_matches('#').trim();
        if let Some(header) = line.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            table = header.0.trim_start_matches('[').to_owned();
            named.insert(table.clone());
        } else if let Some((key, _)) = line.split_once(" = ") {
            named.insert(if table.is_empty() { key.to_owned() } else { format!("{table}.{key}") });
        }
    }
    let missing: Vec<_> = known.difference(&named).collect();
    assert!(missing.is_empty(), "{name} says nothing about {missing:?}");
}

#[cfg(feature = "appliance")]
#[test]
fn the_shipped_callbox_toml_is_right_about_every_default() {
    compare("callbox.toml", 20, |file| load_appliance(&Inputs { file: Some(file.to_owned()), ..Inputs::default() }));
}

#[cfg(feature = "hub")]
#[test]
fn the_shipped_hub_toml_is_right_about_every_default() {
    compare("hub.toml", 6, load_hub);
}

#[cfg(feature = "appliance")]
#[test]
fn the_shipped_callbox_toml_names_every_key() {
    let layers = Layers::default();
    let mut reading = Reading::new(&layers.map, Vec::new());
    read_appliance::read(&mut reading, &layers.root, None);
    assert_names_every_key("callbox.toml", &reading.known);
}

#[cfg(feature = "hub")]
#[test]
fn the_shipped_hub_toml_names_every_key() {
    let layers = Layers::default();
    let mut reading = Reading::new(&layers.map, Vec::new());
    read_hub::read(&mut reading, &layers.root);
    assert_names_every_key("hub.toml", &reading.known);
}
