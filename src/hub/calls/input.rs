//! What goes into the calls and what comes out.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::SystemTime;

use serde_json::Value;

use super::Refused;
use crate::protocol::hub::{
    AnswerDoor, Call, CallList, CallType, CallTypes, ClientKind, DoorOpened, EventBody, GetCall, InCall, JoinCall, Joined,
    ListCalls, MakeCall, MuteSelf, MuteUsers, NamedType, OfUser, OpenDoor, PutCallType, RingCall, SendDigits, SendSignal, Service,
    SetMaxBandwidth, UpdateCall, UpdateMembers, UpdatePermissions, User, WithExtension, WithReason,
};
use crate::protocol::{Cid, ParticipantId, UserId};

/// One signed-in client, for as long as the hub remembers it. Never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// A client asks for something.
    Asked {
        /// Who.
        by: Caller,
        /// For what.
        request: Box<Request>,
    },
    /// A client signed in, or came back with another token: rings that wait for its user reach it now.
    SessionOpened {
        /// Which.
        session: SessionId,
        /// Who is signed in there.
        user: User,
        /// What it wants to be told of besides the calls that it follows.
        services: BTreeSet<Service>,
    },
    /// The session's socket is gone; the session may be resumed.
    SocketLost(SessionId),
    /// The session was resumed on a new socket.
    SocketBack(SessionId),
    /// The session will not come back.
    SessionEnded(SessionId),
}

/// Who asks, with all that the core may not find out by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Caller {
    /// Which session the request came from; none: over REST.
    pub session: Option<SessionId>,
    /// Who is signed in there.
    pub user: User,
    /// Appliance or browser.
    pub kind: ClientKind,
    /// An id that nobody has yet, for a new participation or a new call.
    pub fresh: ParticipantId,
    /// The wall clock, for dates that people see.
    pub wall: SystemTime,
}

macro_rules! requests {
    ($($(#[$doc:meta])* $variant:ident($params:ident),)*) => {
        /// What a client can ask for.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Request {
            $($(#[$doc])* $variant($params),)*
        }
    };
}

/// `call_type.list` has no params.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

requests! {
    /// `call.get`: a call that exists, and its events from now on (G8, G9).
    Get(GetCall),
    /// `call.get_or_create` (G6, G7).
    GetOrCreate(GetCall),
    /// `call.list`.
    List(ListCalls),
    /// `call.join` (G10, G11).
    Join(JoinCall),
    /// `call.leave` (G14).
    Leave(WithExtension),
    /// `call.mute`.
    Mute(MuteSelf),
    /// `call.signal`.
    Signal(SendSignal),
    /// `call.set_max_bandwidth` (C11).
    SetMaxBandwidth(SetMaxBandwidth),
    /// `call.update` (G17).
    Update(UpdateCall),
    /// `call.update_members` (G28).
    UpdateMembers(UpdateMembers),
    /// `call.update_permissions`.
    UpdatePermissions(UpdatePermissions),
    /// `call.kick`.
    Kick(OfUser),
    /// `call.block`.
    Block(OfUser),
    /// `call.unblock`.
    Unblock(OfUser),
    /// `call.mute_users`.
    MuteUsers(MuteUsers),
    /// `call.make` (K8).
    Make(MakeCall),
    /// `call.ring` (G24).
    Ring(RingCall),
    /// `call.notify` (G25).
    Notify(RingCall),
    /// `call.accept` (K9, C18).
    Accept(WithExtension),
    /// `call.reject` (K10, C23, C24).
    Reject(WithReason),
    /// `call.cancel`.
    Cancel(WithReason),
    /// `call.end` (G15).
    End(WithExtension),
    /// `call.go_live` (G34).
    GoLive(InCall),
    /// `call.stop_live`.
    StopLive(InCall),
    /// `call.start_recording`.
    StartRecording(InCall),
    /// `call.stop_recording`.
    StopRecording(InCall),
    /// `call.open_door`.
    OpenDoor(OpenDoor),
    /// `call.digits`.
    SendDigits(SendDigits),
    /// `call.answer_door`.
    AnswerDoor(AnswerDoor),
    /// `call_type.list`.
    ListTypes(Nothing),
    /// `call_type.get`.
    GetType(NamedType),
    /// `call_type.put`.
    PutType(PutCallType),
    /// `call_type.delete`.
    DeleteType(NamedType),
}

impl Request {
    /// The call whose state the answer speaks of; none if it speaks of none, or the name is bad.
    pub fn cid(&self) -> Option<Cid> {
        let cid = match self {
            Self::Get(get) | Self::GetOrCreate(get) => return Cid::new(&get.kind, &get.id).ok(),
            Self::Join(join) => return Cid::new(&join.kind, &join.id).ok(),
            Self::Leave(x) | Self::Accept(x) | Self::End(x) => &x.cid,
            Self::Reject(x) | Self::Cancel(x) => &x.cid,
            Self::Mute(x) => &x.cid,
            Self::SetMaxBandwidth(x) => &x.cid,
            Self::Update(x) => &x.cid,
            Self::UpdateMembers(x) => &x.cid,
            Self::UpdatePermissions(x) => &x.cid,
            Self::Kick(x) | Self::Block(x) | Self::Unblock(x) => &x.cid,
            Self::MuteUsers(x) => &x.cid,
            Self::Ring(x) | Self::Notify(x) => &x.cid,
            Self::GoLive(x) | Self::StopLive(x) | Self::StartRecording(x) | Self::StopRecording(x) => &x.cid,
            // Doors are no part of the state.
            Self::OpenDoor(_) | Self::SendDigits(_) | Self::AnswerDoor(_) => return None,
            Self::Signal(_) | Self::List(_) | Self::Make(_) => return None,
            Self::ListTypes(_) | Self::GetType(_) | Self::PutType(_) | Self::DeleteType(_) => return None,
        };
        Some(cid.clone())
    }
}

/// What a request is answered with.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// A call as it is now, with what the caller may do there.
    Call(Box<Call>),
    /// To join.
    Joined(Box<Joined>),
    /// To list.
    Calls(CallList),
    /// A call type as it is now.
    Type(Box<CallType>),
    /// To `call_type.list`.
    Types(CallTypes),
    /// Not yet: [`Effect::Answered`] with this number follows.
    Later(u64),
    /// To everything else.
    Done,
}

impl Answer {
    /// The call that the answer speaks of.
    pub fn call(&self) -> Option<&Call> {
        match self {
            Self::Call(call) => Some(call),
            Self::Joined(joined) => Some(&joined.call),
            Self::Calls(_) | Self::Type(_) | Self::Types(_) | Self::Later(_) | Self::Done => None,
        }
    }

    /// The `result` of the JSON-RPC response.
    pub fn into_result(self) -> Result<Value, serde_json::Error> {
        match self {
            Self::Call(call) => serde_json::to_value(call),
            Self::Joined(joined) => serde_json::to_value(joined),
            Self::Calls(calls) => serde_json::to_value(calls),
            Self::Type(call_type) => serde_json::to_value(call_type),
            Self::Types(types) => serde_json::to_value(types),
            Self::Later(_) | Self::Done => Ok(Value::Object(serde_json::Map::new())),
        }
    }
}

/// Something to be done for the world outside.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// These sessions must be told.
    Tell {
        /// Whom, in rising order.
        to: Vec<SessionId>,
        /// In which call.
        cid: Cid,
        /// What happened.
        body: Arc<EventBody>,
    },
    /// What [`super::Calls::record`] says of this call must be stored.
    Changed(Cid),
    /// What [`super::Calls::call_type`] says of this type must be stored; if it says nothing, what is stored must go.
    TypeChanged(String),
    /// Somebody who may be away must hear of a call: for the webhook, behind which a push service may stand (C21).
    Wake(Box<Wake>),
    /// Who was told to wait ([`Answer::Later`]) has an answer.
    Answered {
        /// As told.
        request: u64,
        /// What came of it.
        outcome: Result<DoorOpened, Refused>,
    },
}

/// Why a push service may want to wake a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub enum WakeReason {
    /// It is rung.
    #[serde(rename = "call.ring")]
    Ring,
    /// It is told of a call (G25).
    #[serde(rename = "call.notification")]
    Notification,
    /// It was rung, and did not answer.
    #[serde(rename = "call.missed")]
    Missed,
}

/// One user to be woken.
#[derive(Debug, Clone, PartialEq)]
pub struct Wake {
    /// Who.
    pub user: UserId,
    /// What for.
    pub reason: WakeReason,
    /// The call as it is now.
    pub call: Call,
    /// The caller.
    pub by: UserId,
}
