//! `callbox reload`.

use std::path::Path;

use serde_json::Value;

use super::link::Link;
use super::print;
use crate::cli::Failure;
use crate::protocol::control::Reloaded;

/// Reads the configuration anew; one that is wrong is a failure with the whole report.
pub fn reload(socket: &Path, as_json: bool) -> Result<(), Failure> {
    let value = Link::open(socket)?.call("reload", Value::Null)?;
    let reloaded: Reloaded = serde_json::from_value(value.clone())
        .map_err(|e| Failure::failed(format!("the daemon speaks another version's language: {e}")))?;
    if as_json {
        print(&format!("{value:#}"))?;
    }
    let report = reloaded.report.as_deref().unwrap_or_default();
    if !reloaded.taken {
        return Err(Failure::configuration(format!("{report}: the configuration of before goes on")));
    }
    if !report.is_empty() && !as_json {
        eprintln!("{report}");
    }
    if as_json { Ok(()) } else { print(&said(&reloaded)) }
}

fn said(reloaded: &Reloaded) -> String {
    let mut lines = Vec::new();
    if !reloaded.changed.is_empty() {
        lines.push(format!("taken: {}", reloaded.changed.join(", ")));
    }
    if !reloaded.pending.is_empty() {
        lines.push(format!("waits until nobody is connected: {}", reloaded.pending.join(", ")));
    }
    if lines.is_empty() { "nothing has changed".to_owned() } else { lines.join("\n") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_and_what_waits_is_said() {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let of = |changed: &[&str], pending: &[&str]| {
            said(&Reloaded { taken: true, changed: words(changed), pending: words(pending), report: None })
        };
        assert_eq!(of(&[], &[]), "nothing has changed");
        assert_eq!(of(&["camera", "log"], &[]), "taken: camera, log");
        assert_eq!(of(&["log"], &["video"]), "taken: log\nwaits until nobody is connected: video");
    }
}
