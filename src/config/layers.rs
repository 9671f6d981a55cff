//! Which texts a configuration is made of: files, drop-ins, environment, command line; later ones override earlier ones.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::report::Problem;
use super::source::SourceMap;
use super::tree::{self, Table};

/// How environment variables begin; `CALLBOX_HUB__URL` is `hub.url`, `CALLBOX_STATE_DIRECTORY` is `state-directory`.
pub const PREFIX: &str = "CALLBOX_";

/// What reports call the environment.
pub const ENVIRONMENT: &str = "environment";

/// What reports call the command line.
const COMMAND_LINE: &str = "command line";

/// The longest file that is read; a configuration of this length is a mistake.
const MAX_FILE: u64 = 1 << 20;

/// Where the system keeps `callbox.toml`: vendor, then administrator.
const SYSTEM_FILES: [&str; 2] = ["/usr/lib/callbox/callbox.toml", "/etc/callbox/callbox.toml"];

/// Where the system keeps drop-ins: administrator, then this boot.
const SYSTEM_DROP_INS: [&str; 2] = ["/etc/callbox/callbox.d", "/run/callbox/callbox.d"];

/// Everything read and merged.
#[derive(Debug, Clone, Default)]
pub struct Layers {
    /// Where everything was said.
    pub map: SourceMap,
    /// What is said in the end.
    pub root: Table,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// What is read in place of what stands in a file.
    pub instead: Option<(PathBuf, String)>,
}

impl Layers {
    /// One file and the drop-ins beside it: `door.toml`, then `door.d/*.toml`.
    pub fn add_named(&mut self, file: &Path) {
        self.add_file(file);
        self.add_directory(&file.with_extension("d"));
    }

    /// The system's files, as far as they are there.
    pub fn add_system(&mut self) {
        for file in SYSTEM_FILES.iter().map(Path::new).filter(|file| file.exists()) {
            self.add_file(file);
        }
        for directory in SYSTEM_DROP_INS {
            self.add_directory(Path::new(directory));
        }
    }

    /// Notes that nothing was said anywhere.
    pub fn forbid_silence(&mut self) {
        if self.map.is_empty() && self.problems.is_empty() {
            let problem = Problem::error(format!("there is no configuration: neither {} is there", SYSTEM_FILES.join(" nor ")));
            self.problems.push(problem.help("write one, or name one with --config FILE"));
        }
    }

    /// `*.toml` in the order of their names.
    fn add_directory(&mut self, directory: &Path) {
        let Ok(entries) = std::fs::read_dir(directory) else { return };
        let mut files: Vec<PathBuf> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
        files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
        files.sort();
        files.iter().for_each(|file| self.add_file(file));
    }

    fn add_file(&mut self, path: &Path) {
        if let Some((_, text)) = self.instead.take_if(|(file, _)| file.as_path() == path) {
            return self.add_text(path, text);
        }
        let (text, flaw) = match read(path) {
            Ok(bytes) => decode(bytes),
            Err(error) => {
                let problem = Problem::error(format!("cannot read {}: {error}", path.display()));
                self.problems.push(problem.help("check the path and its permissions"));
                return;
            }
        };
        let Some(at) = flaw else { return self.add_text(path, text) };
        let start = self.map.add_file(path, text);
        let problem = Problem::error(format!("{} is not UTF-8 text", path.display()));
        let help = "save it as UTF-8: `iconv -f latin1 -t utf-8` does that to a file of an older editor";
        self.problems.push(problem.at(&(start + at..start + at), "the first byte that is not").help(help));
    }

    /// What stands in a file.
    pub fn add_text(&mut self, path: &Path, text: String) {
        let start = self.map.add_file(path, text);
        let layer = tree::parse(&self.map, start, &mut self.problems);
        tree::merge(&mut self.root, layer);
    }

    /// `CALLBOX_…` variables.
    pub fn add_environment(&mut self, variables: impl IntoIterator<Item = (String, String)>) {
        let mut wanted: Vec<_> = variables.into_iter().filter(|(name, _)| name.starts_with(PREFIX)).collect();
        wanted.sort();
        let mut words = Words::default();
        for (name, value) in wanted {
            let path = name[PREFIX.len()..].split("__").map(|part| part.to_ascii_lowercase().replace('_', "-")).collect();
            words.add("", &name, path, &value);
        }
        self.add_words(ENVIRONMENT, words);
    }

    /// `--set KEY=VALUE`.
    pub fn add_settings(&mut self, settings: &[String]) {
        let mut words = Words::default();
        let mut bad = Vec::new();
        for setting in settings {
            match setting.split_once('=') {
                Some((key, value)) => words.add("--set ", key, key.split('.').map(str::to_owned).collect(), value),
                None => bad.push(setting),
            }
        }
        for setting in bad {
            let problem = Problem::error(format!("--set {setting} sets nothing"));
            self.problems.push(problem.help("write --set KEY=VALUE, for example --set camera.source=test"));
        }
        self.add_words(COMMAND_LINE, words);
    }

    fn add_words(&mut self, name: &str, words: Words) {
        if words.entries.is_empty() {
            return;
        }
        let start = self.map.add_text(name, words.text);
        let mut layer = Table::new();
        for word in words.entries {
            let shift = |(from, to): (usize, usize)| from + start..to + start;
            tree::insert_word(&mut layer, &word.path, &word.value, &shift(word.key_at), &shift(word.at));
        }
        tree::merge(&mut self.root, layer);
    }
}

/// Environment or command line, written down as a text that reports can point at.
#[derive(Default)]
struct Words {
    text: String,
    entries: Vec<Word>,
}

struct Word {
    path: Vec<String>,
    value: String,
    key_at: (usize, usize),
    at: (usize, usize),
}

impl Words {
    fn add(&mut self, before: &str, key: &str, path: Vec<String>, value: &str) {
        self.text += before;
        let key_at = (self.text.len(), self.text.len() + key.len());
        self.text += key;
        self.text.push('=');
        let begin = self.text.len();
        self.text.extend(value.chars().map(|c| if c.is_control() { ' ' } else { c }));
        let at = (begin, self.text.len());
        self.text.push('\n');
        self.entries.push(Word { path, value: value.to_owned(), key_at, at });
    }
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(std::io::Error::other("longer than 1 MiB"));
    }
    Ok(bytes)
}

/// The text, and where it stops being UTF-8 if it does.
fn decode(bytes: Vec<u8>) -> (String, Option<usize>) {
    match String::from_utf8(bytes) {
        Ok(text) => (text, None),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            (String::from_utf8_lossy(error.as_bytes()).into_owned(), Some(at))
        }
    }
}
