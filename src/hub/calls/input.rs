//! What goes into the calls and what comes out.

use std::sync::Arc;
use std::time::SystemTime;

use serde_json::Value;

use crate::protocol::hub::{Call, ClientKind, EventBody, GetCall, InCall, JoinCall, Joined, MuteSelf, SendSignal, User};
use crate::protocol::{Cid, ParticipantId};

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
    /// Which session the request came from.
    pub session: SessionId,
    /// Who is signed in there.
    pub user: User,
    /// Appliance or browser.
    pub kind: ClientKind,
    /// An id that nobody has yet, for a new participation.
    pub fresh: ParticipantId,
    /// The wall clock, for dates that people see.
    pub wall: SystemTime,
}

/// What a client can ask for.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// `call.get`: a call that exists, and its events from now on (G8, G9).
    Get(GetCall),
    /// `call.get_or_create` (G6, G7).
    GetOrCreate(GetCall),
    /// `call.join` (G10, G11).
    Join(JoinCall),
    /// `call.leave` (G14).
    Leave(InCall),
    /// `call.mute`.
    Mute(MuteSelf),
    /// `call.signal`.
    Signal(SendSignal),
}

impl Request {
    /// The call whose state the answer speaks of; none if it speaks of none, or the name is bad.
    pub fn cid(&self) -> Option<Cid> {
        match self {
            Self::Get(get) | Self::GetOrCreate(get) => Cid::new(&get.kind, &get.id).ok(),
            Self::Join(join) => Cid::new(&join.kind, &join.id).ok(),
            Self::Leave(InCall { cid }) | Self::Mute(MuteSelf { cid, .. }) => Some(cid.clone()),
            Self::Signal(_) => None,
        }
    }
}

/// What a request is answered with.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// To get and get-or-create.
    Call(Box<Call>),
    /// To join.
    Joined(Box<Joined>),
    /// To everything else.
    Done,
}

impl Answer {
    /// The `result` of the JSON-RPC response.
    pub fn into_result(self) -> Result<Value, serde_json::Error> {
        let value = match self {
            Self::Call(call) => serde_json::to_value(call)?,
            Self::Joined(joined) => serde_json::to_value(joined)?,
            Self::Done => Value::Object(serde_json::Map::new()),
        };
        Ok(value)
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
}
