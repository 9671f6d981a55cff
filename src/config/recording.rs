//! `[recording]`: where calls that are recorded are written down, and how much of that is kept.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

#[cfg(feature = "appliance")]
use super::reader::Section;

/// Where and how much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// Where the files go; none: this appliance does not record.
    pub directory: Option<PathBuf>,
    /// A file is not longer than this.
    pub segment: Duration,
    /// Files older than this are deleted.
    pub keep: Duration,
    /// All files together; the oldest go first.
    pub max_size: Size,
    /// What stays free on the disk; the oldest files go first, then no more is recorded.
    pub min_free: Size,
}

impl Default for Recording {
    fn default() -> Self {
        Self {
            directory: None,
            segment: Duration::from_secs(300),
            keep: Duration::from_secs(7 * 86_400),
            max_size: Size(2_000_000_000),
            min_free: Size(256_000_000),
        }
    }
}

/// Bytes; written `"2 GB"` or `"256 MB"`, by thousands as disks are sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            bytes if bytes > 0 && bytes % 1_000_000_000 == 0 => write!(f, "{} GB", bytes / 1_000_000_000),
            bytes => write!(f, "{} MB", bytes as f64 / 1e6),
        }
    }
}

impl FromStr for Size {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let number: f64 = text[..end].parse().map_err(|_| format!("`{text}` is not a size: write for example \"2 GB\""))?;
        let factor = match text[end..].trim() {
            "MB" => 1e6,
            "GB" => 1e9,
            "" => return Err(format!("the unit is missing: write \"{text} MB\" or \"{text} GB\"")),
            other => return Err(format!("`{other}` is not a unit of size: use MB or GB")),
        };
        Ok(Self((number * factor).round() as u64))
    }
}

/// Reads it.
#[cfg(feature = "appliance")]
pub(super) fn read(mut s: Section<'_, '_>) -> Recording {
    let default = Recording::default();
    let directory = s.path("directory");
    if let Some(directory) = &directory {
        super::check::directory(&mut s, "directory", directory);
    }
    Recording {
        directory: directory.map(|directory| directory.value),
        segment: s.duration("segment", Duration::from_secs(2)..=Duration::from_secs(86_400)).unwrap_or(default.segment),
        keep: s.duration("keep", Duration::from_secs(60)..=Duration::from_secs(3650 * 86_400)).unwrap_or(default.keep),
        max_size: s.parse("max-size").map_or(default.max_size, |size| size.value),
        min_free: s.parse("min-free").map_or(default.min_free, |size| size.value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_needs_a_unit_and_prints_as_it_is_written() {
        for (text, bytes) in [("2 GB", 2_000_000_000), ("256 MB", 256_000_000), ("1.5GB", 1_500_000_000), ("0.5 MB", 500_000)] {
            assert_eq!(text.parse(), Ok(Size(bytes)), "{text}");
        }
        assert_eq!((Size(2_000_000_000).to_string(), Size(256_000_000).to_string()), ("2 GB".into(), "256 MB".into()));
        for (text, part) in [("2", "unit is missing"), ("2 GiB", "not a unit"), ("much", "not a size"), ("", "not a size")] {
            assert!(text.parse::<Size>().unwrap_err().contains(part), "{text}");
        }
    }
}
