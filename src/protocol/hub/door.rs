//! Opening an appliance's door from afar: the capability `open-door`.
//!
//! ```text
//!   somebody                       hub                              appliance with a door
//!     |-- call.open_door ---------->|   may they? is it there?            |
//!     |                             |== call.door_wanted {request} ======>|   has it a relay for that?
//!     |                             |<-- call.answer_door {opening} ------|   refused if time is up: nothing opens late
//!     |                             |<-- call.answer_door {opened} -------|   the relay is on, for its pulse time
//!     |<------------- {participant}-|== call.door, to everybody =========>|
//! ```

use serde::{Deserialize, Serialize};

use crate::protocol::{Cid, ParticipantId};

/// The longest sequence of digits in one message.
pub const MAX_DIGITS: usize = 16;

/// `call.open_door`: needs `open-door`. Answered when the appliance has opened, or said why not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct OpenDoor {
    /// `type:id`.
    pub cid: Cid,
    /// Whose door; none: the only one in the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub participant: Option<ParticipantId>,
}

/// The answer to `call.open_door`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
pub struct DoorOpened {
    /// Whose door it was.
    pub participant: ParticipantId,
}

/// `call.digits`: keys of a telephone. An appliance with a door opens it when they end with its code; that needs `open-door`, too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SendDigits {
    /// `type:id`.
    pub cid: Cid,
    /// 1 to 16 of `0123456789*#ABCD`.
    pub digits: String,
    /// For whom; none: for the only one with a door.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub participant: Option<ParticipantId>,
}

/// `call.answer_door`: what an appliance does about a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AnswerDoor {
    /// `type:id`.
    pub cid: Cid,
    /// From the event.
    pub request: u64,
    /// How far it is.
    pub state: DoorState,
    /// Why not, for people; at most 256 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// How far an appliance is with a request to open its door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DoorState {
    /// It is about to open. If this is refused, it must not.
    Opening,
    /// It is open.
    Opened,
    /// It stays shut.
    Refused,
}

/// Whether this is something that a telephone has keys for.
pub fn are_digits(text: &str) -> bool {
    (1..=MAX_DIGITS).contains(&text.len()) && text.chars().all(|digit| matches!(digit, '0'..='9' | '*' | '#' | 'A'..='D'))
}
