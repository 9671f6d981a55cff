//! Calling and being called.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::link::Link;
use super::text::clean;
use super::{print, read};
use crate::cli::Failure;
use crate::cli::verbs::CallArgs;
use crate::protocol::control::{CallState, OutgoingState, OutgoingStatus, Status};

/// How often a call that is waited for is looked at; its end is shown for much longer.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// `callbox call`.
pub fn call(args: &CallArgs) -> Result<(), Failure> {
    let socket = &args.socket.socket;
    let mut link = Link::open(socket)?;
    let value = link.call("call", json!({"to": args.to, "audio_only": args.audio}))?;
    if args.json {
        print(&value.to_string())?;
    }
    if !args.wait {
        return Ok(());
    }
    let made: OutgoingStatus =
        serde_json::from_value(value).map_err(|e| Failure::failed(format!("the daemon speaks another version's language: {e}")))?;
    // Asked again and again: a change that is taken back at once makes no event.
    loop {
        if let Some(outcome) = came_of(&made, &read(&link.call("status", Value::Null)?)?) {
            return outcome;
        }
        std::thread::sleep(LOOK_AGAIN);
    }
}

/// What came of the call, if anything yet.
fn came_of(made: &OutgoingStatus, now: &Status) -> Option<Result<(), Failure>> {
    if now.call.as_ref().is_some_and(|call| call.cid == made.cid && call.state == CallState::Joined) {
        return Some(Ok(()));
    }
    let ended = |why: &str| Some(Err(Failure::failed(clean(why))));
    match now.outgoing.as_ref().filter(|outgoing| outgoing.cid == made.cid) {
        Some(outgoing) if outgoing.state == OutgoingState::Ended => ended(outgoing.reason.as_deref().unwrap_or("nobody answered")),
        Some(_) => None,
        // Answered, and on the way into it.
        None if now.call.as_ref().is_some_and(|call| call.cid == made.cid) => None,
        None => ended("the call is over"),
    }
}

/// `callbox answer`.
pub fn answer(socket: &Path, muted: bool, audio_only: bool) -> Result<(), Failure> {
    Link::open(socket)?.call("answer", json!({"muted": muted, "audio_only": audio_only}))?;
    Ok(())
}

/// `callbox reject`.
pub fn reject(socket: &Path, reason: &str) -> Result<(), Failure> {
    Link::open(socket)?.call("reject", json!({"reason": reason}))?;
    Ok(())
}

/// `callbox hangup`.
pub fn hangup(socket: &Path) -> Result<(), Failure> {
    Link::open(socket)?.call("hangup", Value::Null)?;
    Ok(())
}

/// `callbox do-not-disturb`.
pub fn do_not_disturb(socket: &Path, on: bool) -> Result<(), Failure> {
    Link::open(socket)?.call("do_not_disturb", json!({"on": on}))?;
    Ok(())
}

/// `callbox max-bandwidth`: 0 removes the limit.
pub fn max_bandwidth(socket: &Path, kbits: u32) -> Result<(), Failure> {
    Link::open(socket)?.call("max_bandwidth", json!({"kbits": kbits}))?;
    Ok(())
}

/// `callbox record`.
pub fn record(socket: &Path, on: bool) -> Result<(), Failure> {
    Link::open(socket)?.call("record", json!({"on": on}))?;
    Ok(())
}
