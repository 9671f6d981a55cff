//! `[door]`: from the merged tree to [`Door`].

use super::reader::{At, Section};
use super::report::Problem;
use super::similar;
use super::{Door, Relay};
use crate::protocol::hub::are_digits;

/// Reads it; without a relay there is no door.
pub fn read(mut s: Section<'_, '_>, there: bool, relays: &[Relay]) -> Option<Door> {
    let relay = s.text("relay");
    let code = s.text("code");
    if there && s.node("relay").is_none() {
        s.missing("relay", "name the [[relay]] that opens it: relay = \"door\"");
    }
    if let Some(relay) = &relay {
        known(&mut s, relay, relays);
    }
    if let Some(code) = &code
        && !are_digits(code.value)
    {
        s.bad("code", &code.at, "write 1 to 16 of 0123456789*#ABCD, for example \"*1#\"");
    }
    Some(Door { relay: relay?.value.to_owned(), code: code.map(|code| code.value.to_owned()) })
}

fn known(s: &mut Section<'_, '_>, relay: &At<&str>, relays: &[Relay]) {
    if relays.iter().any(|there| there.name == relay.value) {
        return;
    }
    let label = similar::best(relay.value, relays.iter().map(|there| there.name.as_str()));
    let label = label.map(|name| format!("did you mean \"{name}\"?")).unwrap_or_default();
    let problem = Problem::error(format!("`door.relay`: there is no relay named \"{}\"", relay.value)).at(&relay.at, label);
    s.note(if relays.is_empty() { problem.help(format!("write a [[relay]] with name = \"{}\"", relay.value)) } else { problem });
}
