//! Asks for metrics and health as Prometheus does, and reads the answer.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::Process;

/// Where somebody answers: it says so in its log.
pub fn metrics_address(process: &mut Process) -> String {
    let line = process.wait_for_line("metrics at http://", Duration::from_secs(15));
    line.split("http://").nth(1).unwrap().split('/').next().unwrap().to_owned()
}

/// Status, head and body of `GET path`.
pub fn get(address: &str, path: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5";
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: {accept}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), head.to_owned(), body.to_owned())
}

/// One metric.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Metric {
    pub kind: String,
    pub help: String,
    /// Names of labels in any of its samples.
    pub labels: BTreeSet<String>,
}

/// A page of metrics.
#[derive(Debug, Default)]
pub struct Scraped {
    /// By the name of its samples, histograms by what these begin with.
    pub metrics: BTreeMap<String, Metric>,
    /// `name{labels}` and values.
    pub samples: BTreeMap<String, f64>,
    /// How long it took.
    pub took: Duration,
}

impl Scraped {
    /// Asks, and checks the form of what comes.
    pub fn of(address: &str) -> Self {
        let begun = Instant::now();
        let (status, head, body) = get(address, "/metrics");
        let took = begun.elapsed();
        assert_eq!(status, 200, "{body}");
        assert!(head.to_ascii_lowercase().contains("content-type: application/openmetrics-text"), "{head}");
        assert!(body.ends_with("# EOF\n"));
        let mut scraped = Self { took, ..Self::default() };
        let (mut name, mut help) = (String::new(), String::new());
        for line in body.lines().filter(|line| *line != "# EOF") {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                help = rest.split_once(' ').unwrap().1.to_owned();
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (of, kind) = rest.split_once(' ').unwrap();
                let suffix = match kind {
                    "counter" => "_total",
                    "info" => "_info",
                    _ => "",
                };
                name = format!("{of}{suffix}");
                let metric = Metric { kind: kind.to_owned(), help: help.clone(), labels: BTreeSet::new() };
                assert_eq!(scraped.metrics.insert(name.clone(), metric), None, "{name} comes twice");
            } else {
                let (sample, value) = line.rsplit_once(' ').unwrap();
                assert!(sample.starts_with(&name), "{line} below {name}");
                let labels = sample.split_once('{').map_or("", |(_, labels)| labels.trim_end_matches('}'));
                let metric = scraped.metrics.get_mut(&name).unwrap();
                let names = labels.split("\",").filter_map(|label| label.split_once("=\"")).map(|(label, _)| label.to_owned());
                metric.labels.extend(names.filter(|label| label != "le"));
                let value = value.parse().unwrap_or_else(|_| panic!("{line}"));
                assert_eq!(scraped.samples.insert(sample.to_owned(), value), None, "{sample} comes twice");
            }
        }
        scraped
    }

    /// The value of a sample, written as in the page.
    pub fn value(&self, sample: &str) -> f64 {
        *self.samples.get(sample).unwrap_or_else(|| panic!("no {sample} in {:#?}", self.samples))
    }

    /// The value of a sample that need not be there.
    pub fn find(&self, sample: &str) -> Option<f64> {
        self.samples.get(sample).copied()
    }
}

/// The tables of `docs/metrics.md`: for each heading the metrics below it.
pub fn documented() -> BTreeMap<String, BTreeMap<String, Metric>> {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/metrics.md")).unwrap();
    let mut tables: BTreeMap<String, BTreeMap<String, Metric>> = BTreeMap::new();
    let mut heading = String::new();
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            heading = title.to_owned();
        }
        let Some(row) = line.strip_prefix("| `callbox_") else { continue };
        let cells: Vec<&str> = row.trim_end_matches('|').split('|').map(str::trim).collect();
        let [name, kind, labels, help] = cells[..] else { panic!("four columns: {line}") };
        let labels = labels.split(',').map(|label| label.trim().trim_matches('`').to_owned()).filter(|label| !label.is_empty());
        let metric = Metric { kind: kind.to_owned(), help: help.to_owned(), labels: labels.collect() };
        let name = format!("callbox_{}", name.trim_end_matches('`'));
        assert_eq!(tables.entry(heading.clone()).or_default().insert(name, metric), None, "{line} is there twice");
    }
    tables
}
