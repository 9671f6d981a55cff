//! All texts that a configuration is made of, laid end to end, so that one span names file, line and column.

use std::ops::Range;
use std::path::{Path, PathBuf};

/// A range of bytes in the whole map.
pub type Span = Range<usize>;

/// Files, the environment and the command line, in the order in which they override each other.
#[derive(Debug, Clone, Default)]
pub struct SourceMap {
    sources: Vec<Source>,
}

/// One text.
#[derive(Debug, Clone)]
pub struct Source {
    /// Shown in reports: a path, `environment` or `command line`.
    pub name: String,
    /// Whether it is a file, and not environment or command line.
    pub is_file: bool,
    /// Relative paths in this text are relative to this.
    pub directory: PathBuf,
    /// All of it.
    pub text: String,
    start: usize,
}

impl SourceMap {
    /// Adds a file; spans within it are to be shifted by the result.
    pub fn add_file(&mut self, path: &Path, text: String) -> usize {
        let directory = path.parent().unwrap_or(Path::new("")).to_owned();
        self.add(path.display().to_string(), true, directory, text)
    }

    /// Adds a text that is not a file.
    pub fn add_text(&mut self, name: &str, text: String) -> usize {
        self.add(name.to_owned(), false, PathBuf::new(), text)
    }

    fn add(&mut self, name: String, is_file: bool, directory: PathBuf, text: String) -> usize {
        // One byte between two texts keeps "the end of this" apart from "the beginning of that".
        let start = self.sources.last().map_or(0, |last| last.start + last.text.len() + 1);
        self.sources.push(Source { name, is_file, directory, text, start });
        start
    }

    /// The text that holds this span, and the span within it.
    pub fn find(&self, span: &Span) -> Option<(&Source, Span)> {
        let source = &self.sources[self.layer(span)?];
        let local = |at: usize| (at - source.start).min(source.text.len());
        Some((source, local(span.start)..local(span.end.max(span.start))))
    }

    /// Which text holds this span, counted in overriding order.
    pub fn layer(&self, span: &Span) -> Option<usize> {
        self.sources.partition_point(|source| source.start <= span.start).checked_sub(1)
    }

    /// The files among them.
    #[cfg(feature = "appliance")]
    pub fn files(&self) -> impl Iterator<Item = PathBuf> {
        self.sources.iter().filter(|source| source.is_file).map(|source| PathBuf::from(&source.name))
    }

    /// Whether there is no text at all.
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }
}

impl Source {
    /// Line and column of a byte, both counted from 1; columns are characters.
    pub fn line_and_column(&self, at: usize) -> (usize, usize) {
        let before = &self.text[..self.text.floor_char_boundary(at)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }

    /// The line that holds a byte.
    pub fn line(&self, at: usize) -> &str {
        let at = self.text.floor_char_boundary(at);
        let start = self.text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let end = self.text[at..].find('\n').map_or(self.text.len(), |newline| at + newline);
        &self.text[start..end]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_finds_its_file_line_and_column() {
        let mut map = SourceMap::default();
        assert_eq!(map.add_file(Path::new("/etc/a.toml"), "x = 1".into()), 0);
        let start = map.add_file(Path::new("/etc/b.toml"), "# é\nyy = 2".into());
        let (source, local) = map.find(&(start + 10..start + 11)).unwrap();
        assert_eq!((source.name.as_str(), local.clone()), ("/etc/b.toml", 10..11));
        assert_eq!(source.line_and_column(local.start), (2, 6));
        assert_eq!(source.line(local.start), "yy = 2");
        assert_eq!(map.layer(&(5..5)), Some(0));
        assert_eq!(map.layer(&(start..start)), Some(1));
    }
}
