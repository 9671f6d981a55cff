//! The last lines of the log, each with what it means if that is known.

use std::time::UNIX_EPOCH;

use serde_json::{Value, json};

use crate::protocol::event::EventKind;
use crate::telemetry::{catalog, recent};

/// The lines after the one with this number.
pub(super) fn after(number: u64) -> Value {
    let lines: Vec<Value> = recent::after(number).iter().map(shown).collect();
    json!({"lines": lines})
}

fn shown(line: &recent::Line) -> Value {
    let field = |wanted: &str| {
        let found = line.fields.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.map(|(_, value)| value.clone())
    };
    let kind = line.message_id.as_deref().and_then(|id| id.parse::<EventKind>().ok());
    let explained = kind
        .and_then(catalog::entry)
        .map(|entry| json!({"subject": catalog::filled(entry.subject, &field), "text": catalog::filled(entry.text, &field)}));
    json!({
        "number": line.number,
        "at_ms": line.at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64),
        "level": line.level.as_str().to_ascii_lowercase(),
        "text": line.text,
        "event": kind.map(EventKind::name),
        "explained": explained,
    })
}
