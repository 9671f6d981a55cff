//! Everything that is wrong with a configuration, at once, each pointing at its line.

use std::fmt::{self, Write as _};

use annotate_snippets::renderer::Renderer;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Snippet};
use serde_json::json;

use super::source::{SourceMap, Span};

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Works, but probably not as meant.
    Warning,
    /// Cannot be used.
    Error,
}

/// One thing that is wrong.
#[derive(Debug, Clone)]
pub struct Problem {
    pub(super) severity: Severity,
    /// The text itself could not be read here, so whatever else is said of this line is hearsay.
    pub(super) syntax: bool,
    /// Whatever is said of the rest of this file is hearsay as well.
    pub(super) blinds: bool,
    /// In no table, as it seems; behind a header that could not be read that is hearsay as well.
    pub(super) stray: bool,
    pub(super) title: String,
    pub(super) at: Option<Span>,
    pub(super) label: String,
    pub(super) related: Vec<(Span, String)>,
    pub(super) help: Vec<String>,
}

impl Problem {
    /// An error that is not yet anywhere.
    pub(super) fn error(title: impl Into<String>) -> Self {
        let (title, label) = (title.into(), String::new());
        Self {
            severity: Severity::Error,
            syntax: false,
            blinds: false,
            stray: false,
            title,
            at: None,
            label,
            related: Vec::new(),
            help: Vec::new(),
        }
    }

    /// A text that is not TOML.
    pub(super) fn syntax(title: impl Into<String>) -> Self {
        Self { syntax: true, ..Self::error(title) }
    }

    /// A warning that is not yet anywhere.
    pub(super) fn warning(title: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(title) }
    }

    /// Where it is, and what is written under the marks.
    pub(super) fn at(self, span: &Span, label: impl Into<String>) -> Self {
        Self { at: Some(span.clone()), label: label.into(), ..self }
    }

    /// Another place that has to do with it.
    pub(super) fn related(mut self, span: &Span, label: impl Into<String>) -> Self {
        self.related.push((span.clone(), label.into()));
        self
    }

    /// The way out.
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }
}

/// Everything that is wrong. `Display` gives plain text; [`Report::render`] can colour it.
#[derive(Debug, Clone, Default)]
pub struct Report {
    map: SourceMap,
    problems: Vec<Problem>,
}

impl Report {
    pub(super) fn new(map: SourceMap, mut problems: Vec<Problem>) -> Self {
        let line = |problem: &Problem| {
            let (source, local) = map.find(problem.at.as_ref()?)?;
            Some((source.name.clone(), source.line_and_column(local.start).0))
        };
        let broken: Vec<_> = problems.iter().filter(|problem| problem.syntax).filter_map(line).collect();
        problems.retain(|problem| problem.syntax || line(problem).is_none_or(|line| !broken.contains(&line)));
        let blind: Vec<_> = problems.iter().filter(|problem| problem.blinds).filter_map(line).collect();
        let unseen = |(name, line): (String, usize)| blind.iter().any(|(other, above)| *other == name && *above < line);
        problems.retain(|problem| problem.syntax || !line(problem).is_some_and(unseen));
        let behind = |(name, line): (String, usize)| broken.iter().any(|(other, above)| *other == name && *above < line);
        problems.retain(|problem| !problem.stray || !line(problem).is_some_and(behind));
        problems.sort_by_key(|problem| problem.at.as_ref().map_or(usize::MAX, |span| span.start));
        Self { map, problems }
    }

    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }

    /// Whether the configuration cannot be used.
    pub fn has_errors(&self) -> bool {
        self.count(Severity::Error) > 0
    }

    fn count(&self, severity: Severity) -> usize {
        self.problems.iter().filter(|problem| problem.severity == severity).count()
    }

    /// The whole report, coloured for a terminal or plain.
    pub fn render(&self, coloured: bool) -> String {
        let renderer = if coloured { Renderer::styled() } else { Renderer::plain() };
        let mut text = String::new();
        for problem in &self.problems {
            let _ = writeln!(text, "{}\n", renderer.render(&self.groups(problem)));
        }
        let _ = match (self.count(Severity::Error), self.count(Severity::Warning)) {
            (0, warnings) => write!(text, "{}", plural(warnings, "warning")),
            (errors, 0) => write!(text, "{}", plural(errors, "problem")),
            (errors, warnings) => write!(text, "{} and {}", plural(errors, "problem"), plural(warnings, "warning")),
        };
        text
    }

    /// The same for programs, with lines and columns counted from 1.
    pub fn to_json(&self) -> serde_json::Value {
        let place = |span: &Span, label: &str| {
            let (source, local) = self.map.find(span)?;
            let (line, column) = source.line_and_column(local.start);
            Some(json!({"file": source.name, "line": line, "column": column, "label": label}))
        };
        let problems = self.problems.iter().map(|problem| {
            let severity = match problem.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            let related: Vec<_> = problem.related.iter().filter_map(|(span, label)| place(span, label)).collect();
            let at = problem.at.as_ref().and_then(|span| place(span, &problem.label));
            json!({"severity": severity, "title": problem.title, "at": at, "related": related, "help": problem.help})
        });
        json!({"ok": !self.has_errors(), "problems": problems.collect::<Vec<_>>(), "text": self.render(false)})
    }

    /// The worst of it in one line, for a status.
    pub fn summary(&self) -> String {
        let Some(first) = self.problems.iter().find(|problem| problem.severity == Severity::Error).or(self.problems.first()) else {
            return String::new();
        };
        let place = first.at.as_ref().and_then(|span| self.map.find(span)).map(|(source, local)| {
            let (line, column) = source.line_and_column(local.start);
            format!("{}:{line}:{column}: ", source.name)
        });
        let more = match self.problems.len() {
            1 => String::new(),
            all => format!(" (and {} more)", all - 1),
        };
        format!("{}{}{more}", place.unwrap_or_default(), first.title)
    }

    fn groups<'a>(&'a self, problem: &'a Problem) -> Vec<Group<'a>> {
        let level = match problem.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut group = Group::with_title(level.primary_title(problem.title.as_str()));
        if let Some((source, local)) = problem.at.as_ref().and_then(|span| self.map.find(span)) {
            if is_secret(source.line(local.start)) {
                // A password pasted into the wrong place must not end up in the journal.
                let (line, column) = source.line_and_column(local.start);
                group = group.element(Origin::path(source.name.as_str()).line(line).char_column(column));
            } else {
                let label = (!problem.label.is_empty()).then_some(problem.label.as_str());
                let primary = AnnotationKind::Primary.span(widen(&source.text, &local)).label(label);
                let mut snippet = Snippet::source(source.text.as_str()).path(source.name.as_str()).annotation(primary);
                let (near, far): (Vec<_>, Vec<_>) = problem
                    .related
                    .iter()
                    .filter_map(|(span, label)| self.map.find(span).map(|(other, local)| (other, local, label.as_str())))
                    .partition(|(other, _, _)| std::ptr::eq(*other, source));
                for (_, local, label) in near {
                    snippet = snippet.annotation(AnnotationKind::Context.span(widen(&source.text, &local)).label(label));
                }
                group = group.element(snippet);
                for (other, local, label) in far {
                    let context = AnnotationKind::Primary.span(widen(&other.text, &local)).label(label);
                    group = group.element(Snippet::source(other.text.as_str()).path(other.name.as_str()).annotation(context));
                }
            }
        }
        let helps = problem.help.iter().map(|help| Level::HELP.message(help.as_str()));
        vec![group.elements(helps)]
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Report {}

fn plural(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// Whether a line may hold a password or a hash of one (a path to one is no secret). When in doubt, it does.
pub(super) fn is_secret(line: &str) -> bool {
    let line = line.to_ascii_lowercase();
    let suspect = |text: &str| ["password", "passwd", "secret", "argon2"].iter().any(|word| text.contains(word));
    let in_url = line.split_once("://").is_some_and(|(_, rest)| rest.contains('@'));
    match line.split_once('=') {
        Some((key, value)) if !value.contains('=') => in_url || (suspect(key) && !key.contains("file")) || value.contains("argon2"),
        _ => in_url || suspect(&line),
    }
}

/// An empty span would leave nothing to underline: take the character before it, or stay at the beginning.
fn widen(text: &str, span: &Span) -> Span {
    let start = text.floor_char_boundary(span.start);
    let end = text.ceil_char_boundary(span.end);
    if start < end {
        return start..end;
    }
    match text[start..].chars().next() {
        Some(next) if next != '\n' => start..start + next.len_utf8(),
        _ => start..start,
    }
}
