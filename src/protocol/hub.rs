//! What travels between a client (appliance or page) and the hub, over `wss://HUB/v1/socket`.
//!
//! ```text
//!   client                                   hub
//!     |-- session.open {access_token} ------->|   within 5 s of connecting
//!     |<------------- {session, user, …} -----|
//!     |-- call.join {type, id, create} ------>|
//!     |<-- {call, participant} ---------------|   full state; from here on events with rising `seq`
//!     |<== event participant.joined ==========|
//!     |-- call.signal {to, epoch, …} -------->|   relayed to one participant as an event
//!     |<== event call.signal =================|
//!     x   socket drops: the others see participant.reconnecting for `reconnect_grace_ms`, then participant.left
//!     |-- session.open {…, resume} ---------->|   same session: the events that were missed follow, nobody has left
//! ```
//!
//! # Who offers, and epochs
//!
//! Of two participants one always offers: [`offers`]. The offerer numbers each new peer connection with a rising `epoch`
//! (`generation << 16 | n`). A description or candidate belongs to its epoch: an offer with a higher epoch replaces the peer
//! connection, a lower one is stale and ignored. The answerer asks for a new connection by a [`Signal::Restart`].
//!
//! # Participation
//!
//! A participant's `id` and `generation` name one running media stack. A client that reconnects with a live media stack joins with
//! both and the others keep their peer connections; one that restarted joins with the id alone, the hub raises the generation,
//! and everyone builds fresh peer connections.

//!
//! # Resuming
//!
//! Events are replayed, answers are not: what had no answer when the socket dropped is asked again. All requests can be repeated;
//! only a signal may then arrive twice. After `resumed: false`, join again with the participation to get the whole state.
//!
//! # When the hub closes the socket
//!
//! | code | because | what to do |
//! |---|---|---|
//! | 1001 | the hub goes down | resume after a while, with jitter |
//! | 1003, 1007, 1009 | a binary frame, text that is not UTF-8, a message over [`super::rpc::MAX_MESSAGE`] | a defect of the client |
//! | 1008 | no session was opened within 5 s, or far too many messages came | a defect of the client |
//! | 4001 | the session was resumed on another socket | nothing |
//!
//! A client that is not heard for 25 s, or that does not read what it is sent, is cut off without a code: it may resume. The hub
//! pings every 10 s; browsers answer by themselves. The access token is looked at by `session.open` only.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Cid, ParticipantId, UserId};

/// What a client is; it decides who offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientKind {
    /// `callbox run`.
    Appliance,
    /// A browser with `callbox.js`.
    Browser,
}

/// Whether `me` sends the offer in the peer connection between the two: appliances offer to browsers; among equals the smaller
/// participant id offers. Both sides must compute the same; `page/callbox.js` holds the same rule.
pub fn offers(me: &Participant, other: &Participant) -> bool {
    (me.kind, &me.id) < (other.kind, &other.id)
}

/// `session.open`: the first message on a socket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenSession {
    /// From `POST /v1/token`.
    pub access_token: String,
    /// Who is calling.
    pub client: ClientInfo,
    /// The session of a dropped socket, to go on with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume: Option<Resume>,
}

/// A client introduces itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientInfo {
    /// Appliance or browser.
    pub kind: ClientKind,
    /// Software and version, for logs: `callbox/0.1.0`.
    pub version: String,
}

/// Which session to go on with, and the last event seen in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resume {
    /// The secret session id that `session.open` gave.
    pub session: String,
    /// `seq` of the last event received, 0 if none.
    pub last_seq: u64,
}

/// The answer to `session.open`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionOpened {
    /// Secret; names this session when resuming.
    pub session: String,
    /// Who the token says you are.
    pub user: User,
    /// Whether the session that was asked for goes on. If not, join again (with participation) to get full state.
    pub resumed: bool,
    /// How long the others see `reconnecting` before `left` when the socket drops.
    pub reconnect_grace_ms: u64,
}

/// A user as others see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// Sign-in name.
    pub id: UserId,
    /// Shown to people.
    pub name: String,
}

/// `call.get`, `call.get_or_create`: which call, and what to create it with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GetCall {
    /// Call type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Call id within the type.
    pub id: String,
    /// Only for `call.get_or_create`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<CallData>,
}

/// `call.join` (G10, G11).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JoinCall {
    /// Call type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Call id within the type.
    pub id: String,
    /// Create the call if there is none; false joins an existing call only.
    #[serde(default)]
    pub create: bool,
    /// What to create it with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<CallData>,
    /// The participation to go on with (same user, same call).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub participation: Option<Participation>,
    /// Travels with the participant (B3, B12). At most 4 KiB.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub custom: Value,
}

/// A participation to go on with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Participation {
    /// The participant id that an earlier join gave, or one of the client's own making.
    pub id: ParticipantId,
    /// The generation of the media stack that still runs; none after a restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<u32>,
}

/// What a call can be created with; the rest of the seeds' options come with the call model.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallData {
    /// Any data to store with the call (G20). At most 4 KiB.
    #[serde(default)]
    pub custom: BTreeMap<String, Value>,
}

/// A call, whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// `type:id`.
    pub cid: Cid,
    /// Who created it.
    pub created_by: UserId,
    /// When, RFC 3339.
    pub created_at: String,
    /// Data stored with the call.
    pub custom: BTreeMap<String, Value>,
    /// Who is in, in order of joining.
    pub participants: Vec<Participant>,
}

/// One client in a call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Participant {
    /// The participation id.
    pub id: ParticipantId,
    /// Raised whenever the client comes back with a new media stack.
    pub generation: u32,
    /// Whose client it is.
    pub user: User,
    /// Appliance or browser.
    pub kind: ClientKind,
    /// Connected, or within its grace time.
    pub state: ParticipantState,
    /// Whether its microphone and camera are sending.
    #[serde(default)]
    pub muted: Muted,
    /// From `call.join`.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub custom: Value,
}

/// What a participant has switched off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Muted {
    /// Microphone off.
    #[serde(default)]
    pub audio: bool,
    /// Camera off.
    #[serde(default)]
    pub video: bool,
}

/// Whether a participant's socket is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParticipantState {
    /// Its socket is open.
    Joined,
    /// Its socket dropped; the grace time runs.
    Reconnecting,
}

/// The answer to `call.join`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Joined {
    /// The call, with everybody in it including yourself.
    pub call: Call,
    /// Your own participant id.
    pub participant: ParticipantId,
}

/// `call.leave`: a call by its id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InCall {
    /// `type:id`.
    pub cid: Cid,
}

/// `call.mute`: tell the others what is switched off here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MuteSelf {
    /// `type:id`.
    pub cid: Cid,
    /// What is off now.
    pub muted: Muted,
}

/// `call.signal`: something for one other participant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendSignal {
    /// `type:id`.
    pub cid: Cid,
    /// The other participant.
    pub to: ParticipantId,
    /// The peer connection it belongs to.
    pub epoch: u64,
    /// What it is.
    pub signal: Signal,
}

/// Session description or candidate (RFC 8829), or the wish for a new peer connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Signal {
    /// The offerer's description.
    Offer {
        /// SDP, at most 32 KiB.
        sdp: String,
    },
    /// The answerer's description.
    Answer {
        /// SDP, at most 32 KiB.
        sdp: String,
    },
    /// One candidate, as in `RTCIceCandidateInit`.
    Candidate {
        /// `candidate:…`, empty at the end of candidates.
        candidate: String,
        /// Index of the m-line.
        sdp_m_line_index: u32,
    },
    /// Sent by the answerer: this peer connection failed, offer a new one.
    Restart,
}

/// `event`: the hub tells a client; `seq` rises by one with every event of the session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Counts from 1 in each session.
    pub seq: u64,
    /// Which call.
    pub cid: Cid,
    /// What happened.
    #[serde(flatten)]
    pub body: EventBody,
}

/// What happened in a call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
}

/// Why somebody left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeaveReason {
    /// By `call.leave`.
    Left,
    /// The grace time passed without the socket coming back.
    TimedOut,
}

/// `POST /v1/token`, OAuth2 password grant (RFC 6749 section 4.3, K2): the success response.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Token {
    /// For `session.open`.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: String,
    /// Seconds until it expires.
    pub expires_in: u64,
}

/// `POST /v1/token`: the error response (RFC 6749 section 5.2).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TokenError {
    /// `invalid_grant`, `invalid_request`, `unsupported_grant_type`, `slow_down`.
    pub error: String,
    /// For people.
    pub error_description: String,
}
