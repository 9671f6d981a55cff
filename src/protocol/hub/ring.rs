//! Calling somebody: who is rung, and what came of it (K8 to K10, C15 to C24).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::protocol::UserId;

/// Whether each callee answers for itself, or the first one for all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AnswerMode {
    /// A group call: everybody who is rung may come in (C35).
    #[default]
    Each,
    /// A door station: the first to accept takes the call, for the others it stops ringing.
    First,
}

/// A ring: of a call, at most one at a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
pub struct Ring {
    /// The caller.
    pub by: UserId,
    /// RFC 3339.
    pub started_at: String,
    /// Whether it is a video call (G26, C7).
    pub video: bool,
    /// Each or first.
    pub answer: AnswerMode,
    /// Extra parameters of the caller (C15).
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub extension: Value,
    /// Who is rung, the caller not among them (C6).
    pub callees: Vec<Callee>,
    /// Set when nobody is rung any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<RingEnd>,
}

/// One user who is rung.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
pub struct Callee {
    /// Who.
    pub user: UserId,
    /// How far it got.
    pub state: CalleeState,
}

/// What came of ringing one user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CalleeState {
    /// Its devices ring, or will as soon as one connects.
    Ringing,
    /// One of its devices answered.
    Accepted,
    /// It said no.
    Rejected,
    /// Offline, or nobody answered (C17).
    Missed,
    /// Somebody else answered for all.
    Elsewhere,
    /// The caller gave up, or the call ended.
    Cancelled,
}

/// Why a ring is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RingEnd {
    /// Everybody has answered, or one for all.
    Answered,
    /// Nobody accepted: all rejected or missed it.
    Unanswered,
    /// By the caller.
    Cancelled,
    /// `settings.ring.auto_cancel_timeout_ms` passed.
    TimedOut,
    /// The call was ended.
    CallEnded,
}
