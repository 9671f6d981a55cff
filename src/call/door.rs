//! The door of this appliance: somebody in the call may have it opened. The hub knows who may; before anything opens it is asked
//! whether somebody still waits, so that nothing opens late.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::core::Core;
use super::room::Joining;
use super::{Effect, Request};
use crate::protocol::hub::{AnswerDoor, DoorState, MAX_DIGITS};
use crate::protocol::{Cid, UserId, rpc};

/// A word of the hub that took longer is no longer believed.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two keys of one code.
const BETWEEN_KEYS: Duration = Duration::from_secs(5);
/// Users and requests at a time; a hub that sends more is not a good one.
const MOST: usize = 8;

/// What is under way.
#[derive(Debug, Default)]
pub(super) struct Doors {
    /// Requests that the hub was asked about, by tag.
    asked: BTreeMap<u64, Wanted>,
    /// What each user has dialled, and when.
    dialled: BTreeMap<UserId, (String, Instant)>,
}

/// Somebody wants the door open.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wanted {
    cid: Cid,
    request: u64,
    by: UserId,
    since: Instant,
}

impl Doors {
    /// Whether these keys, with those before, are the code.
    fn dial(&mut self, by: &UserId, digits: &str, code: &str, now: Instant) -> bool {
        self.dialled.retain(|_, (_, at)| now.saturating_duration_since(*at) < BETWEEN_KEYS);
        if self.dialled.len() >= MOST && !self.dialled.contains_key(by) {
            return false;
        }
        let (so_far, at) = self.dialled.entry(by.clone()).or_insert_with(|| (String::new(), now));
        so_far.extend(digits.chars().take(MAX_DIGITS));
        *at = now;
        if so_far.ends_with(code) {
            self.dialled.remove(by);
            return true;
        }
        // No more than a code has counts.
        let keep = so_far.chars().count().saturating_sub(MAX_DIGITS);
        *so_far = so_far.chars().skip(keep).collect();
        false
    }
}

impl Core {
    /// Somebody who may presses keys.
    pub(super) fn digits_came(&mut self, request: u64, by: UserId, digits: &str, now: Instant) {
        let code = self.settings.door.as_ref().and_then(|door| door.code.clone());
        if code.is_some_and(|code| self.doors.dial(&by, digits, &code, now)) {
            self.door_wanted(request, by, now);
        }
    }

    /// Somebody who may wants our door open.
    pub(super) fn door_wanted(&mut self, request: u64, by: UserId, now: Instant) {
        let Some(room) = self.room.as_ref().filter(|room| room.joining == Joining::Done) else {
            return;
        };
        let cid = room.cid.clone();
        if self.settings.door.is_none() {
            return self.say_of_door(cid, request, DoorState::Refused, Some("this appliance has no door to open".into()));
        }
        self.doors.asked.retain(|_, wanted| now.saturating_duration_since(wanted.since) < PATIENCE);
        if self.doors.asked.len() < MOST {
            let wanted = Wanted { cid: cid.clone(), request, by, since: now };
            self.doors.asked.insert(self.next_tag, wanted);
            self.say_of_door(cid, request, DoorState::Opening, None);
        }
    }

    /// Whether this was the hub's word on one that we are about to open.
    pub(super) fn door_reply(&mut self, tag: u64, outcome: &Result<serde_json::Value, rpc::Error>, now: Instant) -> bool {
        let Some(wanted) = self.doors.asked.remove(&tag) else {
            return false;
        };
        if outcome.is_ok() && now.saturating_duration_since(wanted.since) < PATIENCE {
            let Wanted { cid, request, by, .. } = wanted;
            self.effects.push_back(Effect::OpenDoor { cid, request, by });
        }
        true
    }

    /// The relay was switched on, or not.
    pub(super) fn door_moved(&mut self, cid: Cid, request: u64, refused: Option<String>) {
        let state = if refused.is_none() { DoorState::Opened } else { DoorState::Refused };
        let reason = refused.map(|why| shorten(&why));
        self.say_of_door(cid, request, state, reason);
    }

    fn say_of_door(&mut self, cid: Cid, request: u64, state: DoorState, reason: Option<String>) {
        self.request(Request::AnswerDoor(AnswerDoor { cid, request, state, reason }));
    }
}

/// As much as the hub takes.
fn shorten(text: &str) -> String {
    let mut end = text.len().min(256);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}
