//! `callbox generate`: shell completion and man pages, from the same description as `--help`.

use std::path::Path;

use super::verbs::Generated;
use super::{Failure, help};

/// Writes it.
pub fn generate(what: &Generated) -> Result<(), Failure> {
    match what {
        Generated::Completion { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut help::command(), "callbox", &mut script);
            super::say(String::from_utf8_lossy(&script).trim_end());
            Ok(())
        }
        Generated::Man { directory } => man(directory),
    }
}

fn man(directory: &Path) -> Result<(), Failure> {
    let failed = |e| Failure::failed(format_args!("cannot write to {}: {e}", directory.display()));
    std::fs::create_dir_all(directory).map_err(failed)?;
    clap_mangen::generate_to(help::command(), directory).map_err(failed)
}
