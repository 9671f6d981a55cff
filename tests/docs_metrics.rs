//! What is written about metrics and events is what there is: the dashboard asks only for metrics and labels that `docs/metrics.md`
//! names, and `docs/events.md` names every event. (`tests/appliance_metrics.rs` holds the former to what is really given.)
#![cfg(all(feature = "appliance", feature = "hub"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use callbox::protocol::event::EventKind;
use serde_json::Value;
use support::{Metric, documented};

fn file(name: &str) -> String {
    std::fs::read_to_string(format!("{}/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// Every text under one of these keys, wherever it is.
fn texts<'a>(value: &'a Value, keys: &[&str], found: &mut Vec<&'a str>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match value.as_str() {
                    Some(text) if keys.contains(&key.as_str()) => found.push(text),
                    _ => texts(value, keys, found),
                }
            }
        }
        Value::Array(all) => all.iter().for_each(|value| texts(value, keys, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The metrics that a query names, each with the labels that it selects by.
fn named(query: &str) -> Vec<(String, BTreeSet<String>)> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    query
        .match_indices("callbox_")
        .filter(|(at, _)| !query[..*at].ends_with(is_word))
        .map(|(at, _)| {
            let rest = &query[at..];
            let (name, rest) = rest.split_at(rest.find(|c| !is_word(c)).unwrap_or(rest.len()));
            let selector = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')).map_or("", |(selector, _)| selector);
            let labels = selector.split(',').filter_map(|part| Some(part.split_once(['=', '!'])?.0.trim().to_owned()));
            (name.to_owned(), labels.collect())
        })
        .collect()
}

fn metric<'a>(metrics: &'a BTreeMap<String, Metric>, name: &str) -> Option<&'a Metric> {
    let plain = || ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
    metrics.get(name).or_else(|| metrics.get(plain()?).filter(|metric| metric.kind == "histogram"))
}

#[test]
fn the_dashboard_asks_for_metrics_that_there_are() {
    let metrics: BTreeMap<String, Metric> = documented().into_values().flatten().collect();
    let dashboard: Value = serde_json::from_str(&file("config/grafana-dashboard.json")).unwrap();
    let mut queries = Vec::new();
    texts(&dashboard, &["expr", "query"], &mut queries);
    let mut asked = BTreeSet::new();
    for query in &queries {
        for (name, labels) in named(query) {
            let found = metric(&metrics, &name).unwrap_or_else(|| panic!("docs/metrics.md does not name {name}: {query}"));
            // Prometheus itself adds this one.
            let unknown: Vec<_> = labels.iter().filter(|label| *label != "instance" && !found.labels.contains(*label)).collect();
            assert!(unknown.is_empty(), "{name} has no {unknown:?}: {query}");
            asked.insert(name);
        }
    }
    assert!(asked.len() > 40, "only {asked:?}");
    let mut legends = Vec::new();
    texts(&dashboard, &["legendFormat"], &mut legends);
    assert_eq!(legends.len(), queries.iter().filter(|query| **query != "prometheus" && !query.starts_with("label_values")).count());
}

#[test]
fn panels_lie_beside_each_other_and_have_numbers_of_their_own() {
    let dashboard: Value = serde_json::from_str(&file("config/grafana-dashboard.json")).unwrap();
    let (mut ids, mut cells) = (BTreeSet::new(), BTreeSet::new());
    for panel in dashboard["panels"].as_array().unwrap() {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{}", panel["title"]);
        let at = |name: &str| panel["gridPos"][name].as_u64().unwrap();
        assert!(at("x") + at("w") <= 24);
        for cell in (at("x")..at("x") + at("w")).flat_map(|x| (at("y")..at("y") + at("h")).map(move |y| (x, y))) {
            assert!(cells.insert(cell), "{} lies over another panel", panel["title"]);
        }
    }
}

#[test]
fn every_event_is_documented_with_its_id() {
    let text = file("docs/events.md");
    let rows: BTreeSet<(String, String)> = text
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` | `"))
        .map(|(name, rest)| (name.to_owned(), rest.split('`').next().unwrap().to_owned()))
        .collect();
    let known = EventKind::ALL.iter().map(|kind| (kind.name().to_owned(), kind.message_id().to_owned())).collect();
    assert_eq!(rows, known, "docs/events.md");
}
