//! Being called and calling, as [`Status`](super::Status) shows it.

use serde::{Deserialize, Serialize};

use crate::protocol::hub::Callee;
use crate::protocol::{Cid, UserId};

/// Somebody calls this appliance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RingStatus {
    /// The call that answering joins.
    pub cid: Cid,
    /// The caller.
    pub by: UserId,
    /// The caller, shown to people.
    pub name: String,
    /// Whether it is a video call.
    pub video: bool,
    /// Since when, RFC 3339, by the hub's clock.
    pub since: String,
    /// Where we are with it.
    pub state: RingState,
    /// Why it is over, for people; shown for a while.
    pub reason: Option<String>,
}

/// Where the appliance is with a ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RingState {
    /// Waits for `answer` or `reject`.
    Ringing,
    /// Answered here, not in the call yet.
    Answering,
    /// Over, for whatever reason.
    Ended,
}

/// This appliance calls somebody.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutgoingStatus {
    /// The call that it is.
    pub cid: Cid,
    /// As it was asked for: a speed-dial name, or a user id.
    pub to: String,
    /// Whether it is a video call.
    pub video: bool,
    /// Where we are with it.
    pub state: OutgoingState,
    /// Who is rung, and how far each got.
    pub callees: Vec<Callee>,
    /// Why it is over, for people; shown for a while.
    pub reason: Option<String>,
}

/// Where the appliance is with a call of its own. Once somebody has answered, it is the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutgoingState {
    /// The hub has not said yet that it rings.
    Dialing,
    /// It rings at the other side.
    Ringing,
    /// Over, without an answer.
    Ended,
}
