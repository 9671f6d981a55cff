//! What the hub tells its clients.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Call, CallSession, Capability, Participant, Ring, Signal, User};
use crate::protocol::{Cid, ParticipantId, UserId};

/// `event`: the hub tells a client; `seq` rises by one with every event of the session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
pub struct Event {
    /// Counts from 1 in each session.
    pub seq: u64,
    /// Which call.
    pub cid: Cid,
    /// What happened.
    #[serde(flatten)]
    pub body: EventBody,
}

/// What happened in a call. Applied in order to the state that an answer gave, the events give the hub's state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(tag = "type")]
pub enum EventBody {
    /// Somebody came in, or came back with a new generation (B11).
    #[serde(rename = "participant.joined")]
    ParticipantJoined {
        /// Who, whole.
        participant: Participant,
    },
    /// Somebody's socket dropped, came back, or something about them changed.
    #[serde(rename = "participant.updated")]
    ParticipantUpdated {
        /// Who, whole; look at `state` and `muted`.
        participant: Participant,
    },
    /// Somebody is gone (B17).
    #[serde(rename = "participant.left")]
    ParticipantLeft {
        /// Who.
        participant: ParticipantId,
        /// Why.
        reason: LeaveReason,
        /// Extra parameters of who left (C25).
        #[serde(default, skip_serializing_if = "Value::is_null")]
        extension: Value,
    },
    /// Something from another participant for you.
    #[serde(rename = "call.signal")]
    Signal {
        /// Who sent it.
        from: ParticipantId,
        /// The peer connection it belongs to.
        epoch: u64,
        /// What it is.
        signal: Signal,
    },
    /// You are no longer in this call: the same participation came in through another connection.
    #[serde(rename = "call.replaced")]
    Replaced {
        /// The participation that was taken over.
        participant: ParticipantId,
    },
    /// You hear no more of this call: you may not see it any longer.
    #[serde(rename = "call.closed")]
    Closed {
        /// Why.
        reason: LeaveReason,
    },
    /// Something that is stored with the call changed: custom data, settings, members, team, start, blocked users, permissions, its type.
    #[serde(rename = "call.updated")]
    Updated {
        /// The call as it is now.
        call: Box<Call>,
        /// Who changed it; none: its type was changed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<UserId>,
    },
    /// Your capabilities in this call changed.
    #[serde(rename = "call.capabilities")]
    Capabilities {
        /// All that you may do now.
        own_capabilities: Vec<Capability>,
    },
    /// The call went live (G34).
    #[serde(rename = "call.live_started")]
    LiveStarted {
        /// The call as it is now.
        call: Box<Call>,
    },
    /// The call went back to backstage.
    #[serde(rename = "call.live_stopped")]
    LiveStopped {
        /// The call as it is now.
        call: Box<Call>,
    },
    /// The call was ended for everyone (G15); who was in has left.
    #[serde(rename = "call.ended")]
    Ended {
        /// Who ended it.
        by: UserId,
        /// When, RFC 3339.
        ended_at: String,
        /// Extra parameters (C25).
        #[serde(default, skip_serializing_if = "Value::is_null")]
        extension: Value,
    },
    /// The first participant came in.
    #[serde(rename = "call.session_started")]
    SessionStarted {
        /// Which session.
        session: CallSession,
    },
    /// The last participant left (B19).
    #[serde(rename = "call.session_ended")]
    SessionEnded {
        /// Which session.
        session: CallSession,
    },
    /// Somebody calls: to the devices of who is rung, and to who follows the call (K20, C16).
    #[serde(rename = "call.ring")]
    Ringing {
        /// The call as it is now, with its `ring`.
        call: Box<Call>,
        /// The caller.
        by: User,
    },
    /// A callee accepted on one device; its other devices stop ringing (C19).
    #[serde(rename = "call.accepted")]
    Accepted {
        /// The callee.
        user: UserId,
        /// Extra parameters of the callee (C18).
        #[serde(default, skip_serializing_if = "Value::is_null")]
        extension: Value,
        /// The ring as it is now.
        ring: Ring,
    },
    /// A callee said no (C23).
    #[serde(rename = "call.rejected")]
    Rejected {
        /// The callee.
        user: UserId,
        /// For example `busy` or `decline`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// Extra parameters of the callee.
        #[serde(default, skip_serializing_if = "Value::is_null")]
        extension: Value,
        /// The ring as it is now.
        ring: Ring,
    },
    /// A callee is offline or did not answer in time (C17).
    #[serde(rename = "call.missed")]
    Missed {
        /// The callee.
        user: UserId,
        /// The ring as it is now.
        ring: Ring,
    },
    /// The ring is over for everybody who had not answered.
    #[serde(rename = "call.cancelled")]
    Cancelled {
        /// Who gave up; none: time ran out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<UserId>,
        /// For example `cancel`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// Extra parameters of the caller.
        #[serde(default, skip_serializing_if = "Value::is_null")]
        extension: Value,
        /// The ring as it is now.
        ring: Ring,
    },
    /// You are told of a call that you are a member of, without ringing (G25).
    #[serde(rename = "call.notification")]
    Notification {
        /// The call as it is now.
        call: Box<Call>,
        /// Who wants you to know.
        by: User,
    },
    /// Somebody switched your microphone, camera or screen off: obey.
    #[serde(rename = "call.muted")]
    Muted {
        /// Who.
        by: UserId,
        /// Microphone off.
        audio: bool,
        /// Camera off.
        video: bool,
        /// Screen off.
        screen: bool,
    },
    /// A recording began or ended (C37).
    #[serde(rename = "call.recording")]
    Recording {
        /// Whether it runs.
        recording: bool,
        /// Who asked; none: by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<UserId>,
    },
    /// Somebody who may wants your door open: answer by `call.answer_door`.
    #[serde(rename = "call.door_wanted")]
    DoorWanted {
        /// Names it in the answer.
        request: u64,
        /// Who.
        by: UserId,
    },
    /// Somebody who may open your door presses keys of a telephone: if they end with your code, answer by `call.answer_door`.
    #[serde(rename = "call.digits")]
    Digits {
        /// Names it in the answer.
        request: u64,
        /// Who.
        by: UserId,
        /// `0123456789*#ABCD`.
        digits: String,
    },
    /// A door was opened, or stays shut although somebody asked.
    #[serde(rename = "call.door")]
    Door {
        /// Whose.
        participant: ParticipantId,
        /// Who asked.
        by: UserId,
        /// Whether it opened.
        opened: bool,
        /// Why not, for people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
}

/// Why somebody left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LeaveReason {
    /// By `call.leave`.
    Left,
    /// The grace time passed without the socket coming back.
    TimedOut,
    /// The call was ended for everyone.
    Ended,
    /// Put out by somebody who may.
    Kicked,
    /// Blocked by somebody who may.
    Blocked,
    /// No longer a member, or no longer allowed in.
    Removed,
    /// The call went back to backstage.
    Backstage,
    /// The others of a rung call are gone: it is over.
    Alone,
}
