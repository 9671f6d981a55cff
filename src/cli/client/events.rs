//! `callbox events --named`: what happens, by name.

use std::path::Path;

use serde_json::{Value, json};

use super::link::Link;
use super::text::clean;
use super::{figures, print};
use crate::cli::Failure;
use crate::protocol::event::Event;

/// Until interrupted.
pub fn named_events(socket: &Path, json: bool) -> Result<(), Failure> {
    let mut link = Link::open(socket)?;
    link.call("events", json!({"named": true}))?;
    link.patient()?;
    loop {
        let value = link.notification("event")?;
        print(&if json { value.to_string() } else { line(&value) })?;
    }
}

/// One that a later daemon knows and we do not is shown as it is.
fn line(value: &Value) -> String {
    let Ok(event) = serde_json::from_value::<Event>(value.clone()) else { return clean(&value.to_string()) };
    let Event { event, cid, participant, user, name, from, to, reason, summary } = event;
    let mut words = vec![event.name().to_owned()];
    let mut add = |key: &str, value: Option<String>| words.extend(value.map(|value| format!("{key}={}", clean(&value))));
    add("call", cid.map(|cid| cid.to_string()));
    add("participant", participant.map(|id| id.to_string()));
    add("user", user.map(|user| user.to_string()));
    add("name", name);
    add("from", from);
    add("to", to);
    let reason = reason.map(|reason| format!(": {}", clean(&reason)));
    let summary = summary.map(|call| format!(": {}", figures::last(&call)[1..].join(", ")));
    format!("{}{}", words.join(" "), reason.or(summary).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line() {
        let step = json!({"event": "rate.step", "from": "720p", "to": "360p", "reason": "the board\nis hot"});
        assert_eq!(line(&step), "rate.step from=720p to=360p: the boardis hot");
        assert_eq!(line(&json!({"event": "later.than.us"})), r#"{"event":"later.than.us"}"#);
    }
}
