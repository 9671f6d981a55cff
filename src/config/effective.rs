//! What holds in the end, key by key, and who said so: `callbox config show`.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::path::PathBuf;

use serde_json::json;

use super::layers::{ENVIRONMENT, Layers};
use super::manual::{self, Chapter};
use super::source::{SourceMap, Span};
use super::tree::{Node, Table, Value};

/// Keys whose value is nobody's business.
const SECRETS: [&str; 3] = ["password-hash", "password", "secret"];
/// Tables that do nothing unless somebody writes them: their defaults are defaults of nothing.
const OPTIONAL: [&str; 7] = ["cec", "door", "mqtt", "page", "tls", "turn", "webhook"];
/// Origins stand below each other, unless values are longer than this.
const WIDEST: usize = 48;

/// A value as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// `"text"`
    Text(String),
    /// `42`
    Integer(i64),
    /// `true`
    Boolean(bool),
    /// As it was written: nothing here has a use for fractions and dates.
    Raw(String),
    /// `[1, 2]`
    List(Vec<Said>),
    /// `{ a = 1, b = 2 }`, in the order in which it was written
    Table(Vec<(String, Said)>),
}

/// Who said it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody.
    Default,
    /// This file, on this line.
    File(String, usize),
    /// This variable.
    Environment(String),
    /// `--set`.
    CommandLine,
    /// A credential of systemd.
    Credential,
}

/// One key.
#[derive(Debug, Clone, PartialEq)]
struct Entry {
    key: String,
    value: Said,
    origin: Origin,
}

/// One table, or one of a list of tables.
#[derive(Debug)]
struct Group {
    path: String,
    is_list: bool,
    entries: Vec<Entry>,
}

/// The configuration that holds, with everything that nobody said.
#[derive(Debug)]
pub struct Effective {
    groups: Vec<Group>,
}

/// What reading the tree has found out about it.
pub(super) struct Findings {
    pub understood: BTreeMap<usize, Said>,
    pub overruled: std::collections::BTreeSet<usize>,
    pub given: BTreeMap<String, PathBuf>,
}

impl Effective {
    pub(super) fn new(layers: &Layers, findings: &Findings, manual: &str) -> Self {
        let chapters = manual::read(manual);
        let sections: Vec<&str> = chapters.iter().map(|chapter| chapter.path).collect();
        let reader = Collector { map: &layers.map, findings, sections };
        Self { groups: chapters.iter().flat_map(|chapter| reader.chapter(chapter, &layers.root)).collect() }
    }

    /// As TOML that means the same, each with its origin behind it if that is wanted.
    pub fn to_toml(&self, origins: bool) -> String {
        let mut out = String::new();
        for group in &self.groups {
            match (group.path.as_str(), group.is_list) {
                ("", _) => {}
                (path, true) => _ = writeln!(out, "[[{path}]]"),
                (path, false) => _ = writeln!(out, "[{path}]"),
            }
            let lines: Vec<String> = group.entries.iter().map(|entry| format!("{} = {}", entry.key, entry.value)).collect();
            let width = lines.iter().map(|line| line.chars().count()).filter(|width| *width <= WIDEST).max().unwrap_or(0);
            for (line, entry) in lines.iter().zip(&group.entries) {
                _ = match origins {
                    true => writeln!(out, "{line:width$}  # {}", entry.origin),
                    false => writeln!(out, "{line}"),
                };
            }
            out.push('\n');
        }
        out.truncate(out.trim_end().len());
        out
    }

    /// For programs: the same tables; with origins, a list of `key`, `value` and `origin`.
    pub fn to_json(&self, origins: bool) -> serde_json::Value {
        if origins {
            let entries = self.groups.iter().flat_map(|group| {
                group.entries.iter().map(move |entry| {
                    let key = if group.path.is_empty() { entry.key.clone() } else { format!("{}.{}", group.path, entry.key) };
                    json!({"key": key, "value": entry.value.to_json(), "origin": entry.origin.to_json()})
                })
            });
            return entries.collect();
        }
        let mut root = json!({});
        for group in &self.groups {
            let table: serde_json::Map<_, _> =
                group.entries.iter().map(|entry| (entry.key.clone(), entry.value.to_json())).collect();
            let place = group.path.split('.').filter(|part| !part.is_empty()).fold(&mut root, |place, part| &mut place[part]);
            match (place, group.is_list) {
                (serde_json::Value::Array(items), true) => items.push(table.into()),
                (place, true) => *place = json!([table]),
                (serde_json::Value::Object(there), false) => there.extend(table),
                (place, false) => *place = table.into(),
            }
        }
        root
    }
}

struct Collector<'c> {
    map: &'c SourceMap,
    findings: &'c Findings,
    sections: Vec<&'c str>,
}

impl Collector<'_> {
    fn chapter(&self, chapter: &Chapter<'_>, root: &Table) -> Vec<Group> {
        let group = |entries| Group { path: chapter.path.to_owned(), is_list: chapter.is_list, entries };
        if chapter.is_list {
            let Some(Value::List(items)) = root.get(chapter.path).map(|node| &node.value) else { return Vec::new() };
            let tables = items.iter().filter_map(|item| if let Value::Table(table) = &item.value { Some(table) } else { None });
            return tables.map(|table| group(self.entries(chapter, Some(table)))).collect();
        }
        let inner = chapter.path.split('.').filter(|part| !part.is_empty()).try_fold(root, |table, part| {
            table.get(part).and_then(|node| if let Value::Table(inner) = &node.value { Some(inner) } else { None })
        });
        if inner.is_none() && OPTIONAL.contains(&chapter.path) {
            return Vec::new();
        }
        let entries = self.entries(chapter, inner);
        if entries.is_empty() { Vec::new() } else { vec![group(entries)] }
    }

    fn entries(&self, chapter: &Chapter<'_>, table: Option<&Table>) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        for key in &chapter.keys {
            let path = if chapter.path.is_empty() { (*key).to_owned() } else { format!("{}.{key}", chapter.path) };
            if self.sections.contains(&path.as_str()) {
                continue;
            }
            let said = table.and_then(|table| table.get(*key)).filter(|node| !self.findings.overruled.contains(&node.at.start));
            let found = match (said, self.findings.given.get(&path)) {
                (Some(node), _) if SECRETS.contains(key) => Some((Said::Text("***".to_owned()), self.origin(&node.key_at))),
                (Some(node), _) => Some((self.shown(node), self.origin(&node.key_at))),
                (None, Some(file)) => Some((Said::Text(file.display().to_string()), Origin::Credential)),
                (None, None) => {
                    let holds = |(key, value): (&str, &str)| entries.iter().any(|e| e.key == key && e.value.to_string() == value);
                    let mut defaults = chapter.defaults.iter().filter(|default| default.key == *key);
                    defaults.find(|default| default.needs.is_none_or(holds)).map(|found| (found.value.clone(), Origin::Default))
                }
            };
            entries.extend(found.map(|(value, origin)| Entry { key: (*key).to_owned(), value, origin }));
        }
        entries
    }

    fn shown(&self, node: &Node) -> Said {
        if let Some(understood) = self.findings.understood.get(&node.at.start) {
            return understood.clone();
        }
        match &node.value {
            Value::Table(table) => {
                let mut inner: Vec<(&String, &Node)> = table.iter().collect();
                inner.sort_by_key(|(_, node)| node.at.start);
                Said::Table(inner.into_iter().map(|(key, node)| (key.clone(), self.shown(node))).collect())
            }
            Value::List(items) => Said::List(items.iter().map(|item| self.shown(item)).collect()),
            Value::Text(text) => Said::Text(text.clone()),
            // Read by looking at it: what else can it be.
            Value::Word(word) => word.parse().map(Said::Boolean).unwrap_or_else(|_| Said::Text(word.clone())),
            Value::Integer(Some(number)) => Said::Integer(*number),
            Value::Boolean(truth) => Said::Boolean(*truth),
            Value::Integer(None) | Value::Float | Value::Datetime => {
                Said::Raw(self.map.find(&node.at).map(|(source, local)| source.text[local].to_owned()).unwrap_or_default())
            }
        }
    }

    fn origin(&self, at: &Span) -> Origin {
        let Some((source, local)) = self.map.find(at) else { return Origin::Default };
        if source.is_file {
            return Origin::File(source.name.clone(), source.line_and_column(local.start).0);
        }
        if source.name == ENVIRONMENT {
            let line = source.line(local.start);
            return Origin::Environment(line.split_once('=').map_or(line, |(name, _)| name).to_owned());
        }
        Origin::CommandLine
    }
}

impl Said {
    fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Text(text) | Self::Raw(text) => json!(text),
            Self::Integer(number) => json!(number),
            Self::Boolean(truth) => json!(truth),
            Self::List(items) => items.iter().map(Self::to_json).collect(),
            Self::Table(entries) => entries.iter().map(|(key, value)| (key.clone(), value.to_json())).collect(),
        }
    }
}

impl From<toml::Value> for Said {
    fn from(value: toml::Value) -> Self {
        match value {
            toml::Value::String(text) => Self::Text(text),
            toml::Value::Integer(number) => Self::Integer(number),
            toml::Value::Boolean(truth) => Self::Boolean(truth),
            toml::Value::Float(_) | toml::Value::Datetime(_) => Self::Raw(value.to_string()),
            toml::Value::Array(items) => Self::List(items.into_iter().map(Self::from).collect()),
            toml::Value::Table(table) => Self::Table(table.into_iter().map(|(key, value)| (key, Self::from(value))).collect()),
        }
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{}", quoted(text)),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Boolean(truth) => write!(f, "{truth}"),
            Self::Raw(text) => f.write_str(text),
            Self::List(items) => {
                let items: Vec<String> = items.iter().map(ToString::to_string).collect();
                write!(f, "[{}]", items.join(", "))
            }
            Self::Table(entries) if entries.is_empty() => f.write_str("{}"),
            Self::Table(entries) => {
                let bare = |key: &str| !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
                let key = |key: &str| if bare(key) { key.to_owned() } else { quoted(key) };
                let entries: Vec<String> = entries.iter().map(|(name, value)| format!("{} = {value}", key(name))).collect();
                write!(f, "{{ {} }}", entries.join(", "))
            }
        }
    }
}

/// On one line, whatever is in it.
fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => _ = write!(out, "\\u{:04X}", u32::from(c)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

impl Origin {
    fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Default => json!({"kind": "default"}),
            Self::File(file, line) => json!({"kind": "file", "file": file, "line": line}),
            Self::Environment(variable) => json!({"kind": "environment", "variable": variable}),
            Self::CommandLine => json!({"kind": "command-line"}),
            Self::Credential => json!({"kind": "credential"}),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(file, line) => write!(f, "{file}:{line}"),
            Self::Environment(variable) => write!(f, "environment {variable}"),
            Self::CommandLine => f.write_str("--set"),
            Self::Credential => f.write_str("systemd credential"),
        }
    }
}
