//! `docs/features.md` against the tests that exist: no number of the seed documents without a proof or a reason.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// How many features each document has.
const NUMBERS: [(&str, u32); 6] = [("B", 22), ("G", 44), ("G+", 5), ("K", 24), ("C", 39), ("C+", 2)];

/// Words with which a line says that it has no test of its own, and why.
const REASONS: [&str; 2] = ["not for a device: ", "open: "];

fn sources(directory: &Path, all: &mut String) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, all);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            all.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}

/// The names of functions that stand under `#[test]` or `#[tokio::test]`, or in a `proptest!`.
fn tests() -> BTreeSet<String> {
    let mut text = String::new();
    sources(&Path::new(ROOT).join("src"), &mut text);
    sources(&Path::new(ROOT).join("tests"), &mut text);
    let mut names = BTreeSet::new();
    let mut marked = false;
    for line in text.lines().map(str::trim) {
        marked |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
        let function = line.strip_prefix("async fn ").or_else(|| line.strip_prefix("fn "));
        if let Some(rest) = function
            && std::mem::take(&mut marked)
        {
            names.insert(rest.split('(').next().unwrap().to_owned());
        }
    }
    names
}

/// The table: number to proof.
fn table() -> BTreeMap<String, String> {
    let page = fs::read_to_string(Path::new(ROOT).join("docs/features.md")).unwrap();
    let mut rows = BTreeMap::new();
    for line in page.lines().filter(|line| line.starts_with("| ")).skip(1) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [number, _, proof] = cells[..] else { panic!("not three cells: {line}") };
        assert!(rows.insert(number.to_owned(), proof.to_owned()).is_none(), "{number} comes twice");
    }
    rows
}

fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn every_number_has_a_proof_or_a_reason() {
    let table = table();
    let numbers = NUMBERS.iter().flat_map(|(document, count)| (1..=*count).map(move |n| format!("{document}{n}")));
    let numbers: BTreeSet<String> = numbers.collect();
    let missing: Vec<_> = numbers.iter().filter(|number| !table.contains_key(*number)).collect();
    let unknown: Vec<_> = table.keys().filter(|number| !numbers.contains(*number)).collect();
    assert!(missing.is_empty() && unknown.is_empty(), "missing {missing:?}, unknown {unknown:?}");
    let bare: Vec<_> = table
        .iter()
        .filter(|(_, proof)| quoted(proof).next().is_none() && !REASONS.iter().any(|reason| proof.starts_with(reason)))
        .collect();
    assert!(bare.is_empty(), "neither proof nor reason: {bare:?}");
}

#[test]
fn every_proof_is_a_test_that_exists() {
    let tests = tests();
    let gone: Vec<_> = table()
        .into_iter()
        .flat_map(|(number, proof)| quoted(&proof).map(|name| (number.clone(), name.to_owned())).collect::<Vec<_>>())
        .filter(|(_, name)| !tests.contains(name))
        .collect();
    assert!(gone.is_empty(), "no such tests: {gone:#?}");
}

#[test]
fn what_is_open_is_counted() {
    let open: Vec<String> =
        table().into_iter().filter(|(_, proof)| proof.starts_with("open: ")).map(|(number, _)| number).collect();
    assert_eq!(open, Vec::<String>::new(), "a feature was opened or closed: say so in the closing note too");
}
