//! `callbox logs`: the journal, explained by message id. `callbox explain`: the catalog alone.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::verbs::LogsArgs;
use super::{Failure, say};
use crate::protocol::event::EventKind;
use crate::telemetry::catalog::{Entry, entry, filled};

/// Where a journal is, if there is one.
const JOURNALS: [&str; 3] = ["/run/systemd/journal/socket", "/run/log/journal", "/var/log/journal"];
/// An entry of the journal may be long, but not for ever.
const MAX_ENTRY: u64 = 1024 * 1024;

/// `callbox explain`.
pub fn explain(what: Option<&str>) -> Result<(), Failure> {
    let Some(what) = what else {
        for kind in EventKind::ALL {
            say(&format!("{}  {:<22}  {}", kind.message_id(), kind.name(), kind.text()));
        }
        return Ok(());
    };
    let kind: EventKind = what.parse().map_err(Failure::failed)?;
    say(&format!("{} ({})", kind.name(), kind.message_id()));
    if let Some(Entry { subject, text }) = entry(kind) {
        say(&format!("{subject}\n\n{}", filled(text, &|_| None)));
    }
    Ok(())
}

/// `callbox logs`.
pub fn logs(args: &LogsArgs) -> Result<(), Failure> {
    let no_journal = || {
        let text = "there is no journal here (systemd-journald does not run): callbox writes its log to stderr; look at where \
                    whatever started it puts that";
        Failure::failed(text)
    };
    let mut command = Command::new("journalctl");
    command.args(["--no-pager", "--quiet", "--output=json", "--identifier=callbox", "--lines", &args.lines.to_string()]);
    if args.follow {
        command.arg("--follow");
    }
    if let Some(since) = &args.since {
        command.arg("--since").arg(since);
    }
    if let Some(unit) = &args.unit {
        command.arg("--unit").arg(unit);
    }
    if !JOURNALS.iter().any(|place| Path::new(place).exists()) {
        return Err(no_journal());
    }
    let mut journal = command.stdout(Stdio::piped()).spawn().map_err(|_| no_journal())?;
    let Some(output) = journal.stdout.take() else { return Err(no_journal()) };
    let mut lines = BufReader::new(output);
    let mut explained = Vec::new();
    loop {
        let mut line = Vec::new();
        let read = (&mut lines).take(MAX_ENTRY).read_until(b'\n', &mut line);
        if read.map_err(|error| Failure::failed(format!("cannot read the journal: {error}")))? == 0 {
            break;
        }
        if let Ok(message) = serde_json::from_slice::<Value>(&line) {
            show(&message, args.explain, &mut explained);
        }
    }
    let status = journal.wait().map_err(|error| Failure::failed(format!("journalctl: {error}")))?;
    if !status.success() {
        return Err(Failure::failed("journalctl did not show the journal: may you read it? (group systemd-journal)"));
    }
    Ok(())
}

/// One message; each event is explained once.
fn show(message: &Value, explains: bool, explained: &mut Vec<EventKind>) {
    let field = |name: &str| message.get(name).and_then(Value::as_str).map(printable);
    let micros = field("__REALTIME_TIMESTAMP").and_then(|text| text.parse::<u64>().ok()).unwrap_or_default();
    let at = std::time::UNIX_EPOCH + std::time::Duration::from_micros(micros);
    let level = match field("PRIORITY").as_deref() {
        Some("0" | "1" | "2" | "3") => "error ",
        Some("4") => "warn  ",
        Some("7") => "debug ",
        _ => "",
    };
    say(&format!("{} {level}{}", humantime::format_rfc3339_seconds(at), field("MESSAGE").unwrap_or_default()));
    let kind = field("MESSAGE_ID").and_then(|id| id.parse::<EventKind>().ok());
    let Some(kind) = kind.filter(|kind| explains && !explained.contains(kind)) else { return };
    explained.push(kind);
    if let Some(Entry { subject, text }) = entry(kind) {
        say(&format!("    {} ({})", filled(subject, &field), kind.name()));
        for line in filled(text, &field).lines() {
            say(format!("    {line}").trim_end());
        }
    }
}

/// A terminal shall not obey what somebody else wrote.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_does_not_obey_what_somebody_else_wrote() {
        assert_eq!(printable("a\x1b[31m"), "a [31m");
    }
}
