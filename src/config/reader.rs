//! Takes typed values out of the merged tree, and notes every problem on the way instead of stopping at the first.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::effective::Said;
use super::report::Problem;
use super::similar;
use super::source::{SourceMap, Span};
use super::tree::{Node, Table, Value};
use super::value::length;
use super::{Bitrate, LogLevel};

/// A value, and where it was said.
#[derive(Debug, Clone)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Where it is.
    pub at: Span,
    /// Where its key is.
    pub key_at: Span,
}

/// What was found so far.
pub struct Reading<'a> {
    /// Where everything was said.
    pub map: &'a SourceMap,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// Every key that somebody asked for: all others are unknown.
    pub known: BTreeSet<String>,
    /// With syntax errors about, a missing key may only have been misread.
    pub incomplete: bool,
    /// How values were understood that do not say it themselves (relative paths, words of the environment), by where they stand.
    pub understood: BTreeMap<usize, Said>,
    /// Where values stand that a later layer made meaningless.
    pub overruled: BTreeSet<usize>,
    /// What nobody said and holds all the same: file of a systemd credential, by key.
    pub given: BTreeMap<String, PathBuf>,
}

/// One table being read.
pub struct Section<'a, 'r> {
    /// Where notes are made.
    pub reading: &'r mut Reading<'a>,
    path: &'static str,
    table: Option<&'a Table>,
    at: Option<Span>,
    /// Not a table at all: what is missing in it is beside the point.
    broken: bool,
}

impl<'a> Reading<'a> {
    /// Begins.
    pub fn new(map: &'a SourceMap, problems: Vec<Problem>) -> Self {
        let incomplete = !problems.is_empty();
        let (understood, overruled, given) = Default::default();
        Self { map, incomplete, problems, known: BTreeSet::new(), understood, overruled, given }
    }

    /// The keys outside of any table.
    pub fn root<'r>(&'r mut self, root: &'a Table) -> Section<'a, 'r> {
        Section { reading: self, path: "", table: Some(root), at: None, broken: false }
    }

    /// One `[table]`, there or not.
    pub fn section<'r>(&'r mut self, root: &'a Table, path: &'static str) -> Section<'a, 'r> {
        self.known.insert(path.to_owned());
        let Some(node) = root.get(path) else {
            return Section { reading: self, path, table: None, at: None, broken: false };
        };
        self.inner(node, path)
    }

    /// A table that is not there and not missed: reading it only makes its keys known.
    pub fn nothing<'r>(&'r mut self, path: &'static str) -> Section<'a, 'r> {
        Section { reading: self, path, table: None, at: None, broken: true }
    }

    /// A table that was found already.
    pub fn inner<'r>(&'r mut self, node: &'a Node, path: &'static str) -> Section<'a, 'r> {
        let Value::Table(table) = &node.value else {
            self.problems.push(
                Problem::error(format!("`{path}` must be a table, not {}", node.value.kind()))
                    .at(&node.at, "")
                    .help(format!("write [{path}] on a line of its own, and its keys below")),
            );
            return Section { reading: self, path, table: None, at: None, broken: true };
        };
        Section { reading: self, path, table: Some(table), at: Some(node.key_at.clone()), broken: false }
    }

    /// Whether `later` was said in a later layer than `earlier`, and so overrules it.
    pub fn overrules(&self, later: &Span, earlier: &Span) -> bool {
        self.map.layer(later) > self.map.layer(earlier)
    }
}

impl<'a> Section<'a, '_> {
    /// The key as people write it: `camera.width`.
    pub fn name(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// What is there under this key, of whatever type.
    pub fn node(&mut self, key: &'static str) -> Option<&'a Node> {
        let name = self.name(key);
        self.reading.known.insert(name);
        self.table.and_then(|table| table.get(key))
    }

    /// Notes how a word without a type was taken.
    fn understood(&mut self, node: &Node, shown: impl FnOnce() -> Said) {
        if let Value::Word(_) = &node.value {
            self.reading.understood.insert(node.at.start, shown());
        }
    }

    /// Notes a problem.
    pub fn note(&mut self, problem: Problem) {
        self.reading.problems.push(problem);
    }

    /// Notes that a required key is missing.
    pub fn missing(&mut self, key: &str, help: impl Into<String>) {
        let file = |at: &Span| self.reading.map.find(at).is_some_and(|(source, _)| source.is_file);
        let misspelt = |(other, node): (&String, &Node)| file(&node.key_at) && similar::best(other, [key]).is_some();
        if self.broken || self.reading.incomplete || self.table.is_some_and(|table| table.iter().any(misspelt)) {
            return;
        }
        let problem = Problem::error(format!("`{}` is missing", self.name(key)));
        let problem = match self.at.as_ref().filter(|at| file(at)) {
            Some(at) => problem.at(at, "it belongs here"),
            None => problem,
        };
        self.note(problem.help(help));
    }

    fn wrong_type(&mut self, key: &str, node: &Node, wanted: &str, help: impl Into<String>) {
        let name = self.name(key);
        let problem = Problem::error(format!("`{name}` must be {wanted}, not {}", node.value.kind()));
        self.note(problem.at(&node.at, "").help(help));
    }

    /// A text.
    pub fn text(&mut self, key: &'static str) -> Option<At<&'a str>> {
        let node = self.node(key)?;
        let (Value::Text(text) | Value::Word(text)) = &node.value else {
            let help = match (&node.value, self.reading.map.find(&node.at)) {
                (Value::Integer(_) | Value::Float | Value::Boolean(_) | Value::Datetime, Some((source, local))) => {
                    format!("put it in quotes: {key} = \"{}\"", &source.text[local])
                }
                _ => format!("write {key} = \"…\""),
            };
            self.wrong_type(key, node, "a text", help);
            return None;
        };
        self.understood(node, || Said::Text(text.clone()));
        Some(At { value: text, at: node.at.clone(), key_at: node.key_at.clone() })
    }

    /// A text that means something.
    pub fn parse<T: FromStr>(&mut self, key: &'static str) -> Option<At<T>>
    where
        T::Err: Display,
    {
        let text = self.text(key)?;
        match text.value.parse() {
            Ok(value) => Some(At { value, at: text.at, key_at: text.key_at }),
            Err(error) => {
                self.bad(key, &text.at, error);
                None
            }
        }
    }

    /// Notes that a value makes no sense.
    pub fn bad(&mut self, key: &str, at: &Span, why: impl Display) {
        let name = self.name(key);
        self.note(Problem::error(format!("`{name}` makes no sense: {why}")).at(at, ""));
    }

    /// One of several words.
    pub fn choice<T: Copy>(&mut self, key: &'static str, words: &[(&str, T)]) -> Option<At<T>> {
        let node = self.node(key)?;
        let list: Vec<_> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        if !matches!(node.value, Value::Text(_) | Value::Word(_)) {
            self.wrong_type(key, node, "a text", format!("use {}", similar::either(&list)));
            return None;
        }
        let text = self.text(key)?;
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text.value) {
            return Some(At { value: *value, at: text.at, key_at: text.key_at });
        }
        let name = self.name(key);
        let label = match similar::best(text.value, words.iter().map(|(word, _)| *word)) {
            Some(word) => format!("did you mean \"{word}\"?"),
            None => String::new(),
        };
        let problem = Problem::error(format!("`{name}` cannot be \"{}\"", text.value));
        self.note(problem.at(&text.at, label).help(format!("use {}", similar::either(&list))));
        None
    }

    /// A whole number within bounds.
    pub fn integer(&mut self, key: &'static str, bounds: RangeInclusive<u32>) -> Option<At<u32>> {
        let node = self.node(key)?;
        let Some(number) = node.value.as_integer() else {
            self.wrong_type(key, node, "a whole number", example(key, &bounds, node));
            return None;
        };
        let value = number.and_then(|number| u32::try_from(number).ok()).filter(|number| bounds.contains(number));
        let Some(value) = value else {
            let problem = format!("`{}` must be a whole number from {} to {}", self.name(key), bounds.start(), bounds.end());
            self.note(Problem::error(problem).at(&node.at, ""));
            return None;
        };
        self.understood(node, || Said::Integer(i64::from(value)));
        Some(At { value, at: node.at.clone(), key_at: node.key_at.clone() })
    }

    /// `true` or `false`.
    pub fn boolean(&mut self, key: &'static str) -> Option<bool> {
        let node = self.node(key)?;
        let found = node.value.as_boolean();
        if found.is_none() {
            self.wrong_type(key, node, "true or false", format!("write {key} = true or {key} = false, without quotes"));
        }
        if let Some(truth) = found {
            self.understood(node, || Said::Boolean(truth));
        }
        found
    }

    /// A length of time within bounds, written `"45s"`.
    pub fn duration(&mut self, key: &'static str, bounds: RangeInclusive<Duration>) -> Option<Duration> {
        let node = self.node(key)?;
        if matches!(node.value, Value::Integer(_) | Value::Float) {
            let written = self.reading.map.find(&node.at).map_or("", |(source, local)| &source.text[local]);
            let units: Vec<_> = ["ms", "s", "min", "h", "days"].iter().map(|unit| format!("{written}{unit}")).collect();
            let fits = |text: &&String| humantime::parse_duration(text).is_ok_and(|length| bounds.contains(&length));
            let fitting: Vec<_> = units.iter().filter(fits).take(3).map(|text| format!("\"{text}\"")).collect();
            let help = match fitting.is_empty() {
                false => format!("name the unit: {key} = {}", similar::either(&fitting)),
                true => format!("write it with its unit, from \"{}\" to \"{}\"", length(*bounds.start()), length(*bounds.end())),
            };
            self.wrong_type(key, node, "a length of time", help);
            return None;
        }
        if !matches!(node.value, Value::Text(_) | Value::Word(_)) {
            self.wrong_type(key, node, "a length of time", format!("write for example {key} = \"{}\"", length(*bounds.end())));
            return None;
        }
        let text = self.text(key)?;
        match humantime::parse_duration(text.value) {
            Ok(value) if bounds.contains(&value) => return Some(value),
            Ok(_) => {
                let (least, most) = (length(*bounds.start()), length(*bounds.end()));
                let problem = format!("`{}` must be from {least} to {most}", self.name(key));
                self.note(Problem::error(problem).at(&text.at, ""));
            }
            Err(_) => {
                let problem = Problem::error(format!("`{}` must be a length of time", self.name(key)));
                self.note(problem.at(&text.at, "").help("write for example \"60ms\", \"45s\", \"5min\" or \"1h 30min\""));
            }
        }
        None
    }

    /// A bitrate within bounds, written `"2 Mbit/s"`.
    pub fn bitrate(&mut self, key: &'static str, bounds: RangeInclusive<Bitrate>) -> Option<Bitrate> {
        let node = self.node(key)?;
        if matches!(node.value, Value::Integer(_) | Value::Float) {
            let written = self.reading.map.find(&node.at).map_or("", |(source, local)| &source.text[local]);
            let help = format!("name the unit: {key} = \"{written} bit/s\", \"… kbit/s\" or \"… Mbit/s\"");
            self.wrong_type(key, node, "a bitrate", help);
            return None;
        }
        let found = self.parse::<Bitrate>(key)?;
        if bounds.contains(&found.value) {
            return Some(found.value);
        }
        let problem = format!("`{}` must be from {} to {}", self.name(key), bounds.start(), bounds.end());
        self.note(Problem::error(problem).at(&found.at, format!("this is {}", found.value)));
        None
    }

    /// A path; a relative one starts at the directory of the file that says it.
    pub fn path(&mut self, key: &'static str) -> Option<At<PathBuf>> {
        let text = self.text(key)?;
        if text.value.is_empty() {
            let problem = Problem::error(format!("`{}` is empty", self.name(key)));
            self.note(problem.at(&text.at, "").help("name a file, or leave the line out"));
            return None;
        }
        let directory = self.reading.map.find(&text.at).map(|(source, _)| source.directory.clone()).unwrap_or_default();
        let path = directory.join(text.value);
        self.reading.understood.insert(text.at.start, Said::Text(path.display().to_string()));
        Some(At { value: path, at: text.at, key_at: text.key_at })
    }

    /// A list of texts; from environment or command line, separated by commas.
    pub fn texts(&mut self, key: &'static str) -> Option<Vec<At<&'a str>>> {
        let node = self.node(key)?;
        let at = |value, node: &Node| At { value, at: node.at.clone(), key_at: node.key_at.clone() };
        if let Value::Word(word) = &node.value {
            let parts: Vec<_> = word.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
            self.understood(node, || Said::List(parts.iter().map(|part| Said::Text((*part).to_owned())).collect()));
            return Some(parts.into_iter().map(|part| at(part, node)).collect());
        }
        let Value::List(items) = &node.value else {
            self.wrong_type(key, node, "a list of texts", format!("write {key} = [\"…\"]"));
            return None;
        };
        let mut texts = Vec::new();
        for item in items {
            let Value::Text(text) = &item.value else {
                self.wrong_type(key, item, "a list of texts", format!("write {key} = [\"…\", \"…\"]"));
                continue;
            };
            texts.push(at(text, item));
        }
        Some(texts)
    }

    /// Whole numbers, truth values among them, under names of somebody else's choice, in the order they were written.
    #[allow(clippy::type_complexity)] // names with numbers, and where each stands
    pub fn numbers(&mut self, key: &'static str) -> Option<At<Vec<(&'a str, At<i32>)>>> {
        let node = self.node(key)?;
        let Value::Table(table) = &node.value else {
            self.wrong_type(key, node, "a table of numbers", format!("write {key} = {{ name = 1 }}"));
            return None;
        };
        let mut numbers = Vec::new();
        for (name, inner) in table {
            let path = format!("{}.{name}", self.name(key));
            self.reading.known.insert(path.clone());
            let number = inner.value.as_boolean().map(|truth| Some(i64::from(truth))).or_else(|| inner.value.as_integer());
            match number.flatten().and_then(|number| i32::try_from(number).ok()) {
                Some(value) => {
                    numbers.push((name.as_str(), At { value, at: inner.at.clone(), key_at: inner.key_at.clone() }));
                }
                None => self
                    .note(Problem::error(format!("`{path}` must be a whole number of 32 bits, true or false")).at(&inner.at, "")),
            }
        }
        numbers.sort_by_key(|(_, number)| number.at.start);
        Some(At { value: numbers, at: node.at.clone(), key_at: node.key_at.clone() })
    }

    /// `[log] level`, the same in both files.
    pub fn log_level(&mut self) -> Option<LogLevel> {
        self.choice("level", &LogLevel::ALL).map(|level| level.value)
    }
}

fn example(key: &str, bounds: &RangeInclusive<u32>, node: &Node) -> String {
    if let Value::Text(text) = &node.value
        && text.parse::<u32>().is_ok()
    {
        return format!("write {key} = {text}, without quotes");
    }
    format!("write a number from {} to {}", bounds.start(), bounds.end())
}

/// `[[key]]`, any number of times. Where there is none, an empty one is read and forgotten, so that its keys are known.
pub fn tables<'a, T>(
    reading: &mut Reading<'a>,
    root: &'a Table,
    key: &'static str,
    mut read: impl FnMut(&mut Section<'a, '_>) -> Option<T>,
) -> Vec<T> {
    let items: &[Node] = match reading.root(root).node(key) {
        Some(Node { value: Value::List(items), .. }) => items,
        Some(node) => {
            let problem = Problem::error(format!("`{key}` must be a list of tables, not {}", node.value.kind()));
            reading.problems.push(problem.at(&node.at, "").help(format!("write [[{key}]], in double brackets, for each")));
            &[]
        }
        None => &[],
    };
    if items.is_empty() {
        read(&mut reading.nothing(key));
    }
    items.iter().filter_map(|item| read(&mut reading.inner(item, key))).collect()
}
