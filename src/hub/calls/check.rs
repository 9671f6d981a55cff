//! Bounds on what clients hand in.

use serde::Serialize;

use super::Refused;
use crate::protocol::hub::Signal;

/// The longest custom data of a call, a member or a participant, and the longest extension, in bytes of JSON.
pub(super) const MAX_CUSTOM: usize = 4 * 1024;
/// The longest session description.
const MAX_SDP: usize = 32 * 1024;
/// The longest candidate line; the longest seen in the field have about 300 bytes.
const MAX_CANDIDATE: usize = 2 * 1024;
/// The longest reason for a rejection.
const MAX_REASON: usize = 64;
/// The longest reason for a door that stays shut.
const MAX_DOOR_REASON: usize = 256;
/// The longest name of a team.
const MAX_TEAM: usize = 64;
/// Members of one call.
pub(super) const MAX_MEMBERS: usize = 100;
/// Users that are kept out of one call, or have permissions of their own there.
pub(super) const MAX_EXCEPTIONS: usize = 1000;

pub(super) fn custom(what: &'static str, custom: &impl Serialize) -> Result<(), Refused> {
    let size = serde_json::to_vec(custom).map_or(usize::MAX, |json| json.len());
    len(what, size, MAX_CUSTOM)
}

pub(super) fn signal(signal: &Signal) -> Result<(), Refused> {
    match signal {
        Signal::Offer { sdp } | Signal::Answer { sdp } => len("the session description", sdp.len(), MAX_SDP),
        Signal::Candidate { candidate, .. } => len("the candidate", candidate.len(), MAX_CANDIDATE),
        Signal::Restart => Ok(()),
    }
}

pub(super) fn reason(reason: Option<&String>) -> Result<(), Refused> {
    len("`reason`", reason.map_or(0, String::len), MAX_REASON)
}

pub(super) fn door_reason(reason: Option<&String>) -> Result<(), Refused> {
    len("`reason`", reason.map_or(0, String::len), MAX_DOOR_REASON)
}

pub(super) fn team(team: Option<&String>) -> Result<(), Refused> {
    len("`data.team`", team.map_or(0, String::len), MAX_TEAM)
}

/// A date as calls store it.
pub(super) fn date(what: &str, text: &str) -> Result<String, Refused> {
    let date = humantime::parse_rfc3339(text);
    let date = date.map_err(|_| {
        let shown: String = text.chars().take(64).collect();
        Refused::BadValue(format!("`{what}` is `{shown}`: write a date like 2026-01-31T12:00:00Z (RFC 3339, in UTC)"))
    })?;
    Ok(humantime::format_rfc3339_millis(date).to_string())
}

fn len(what: &'static str, len: usize, limit: usize) -> Result<(), Refused> {
    if len > limit { Err(Refused::TooLarge { what, len, limit }) } else { Ok(()) }
}
