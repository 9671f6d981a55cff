//! Why a request was refused, in words for the caller.

use crate::protocol::id::BadId;
use crate::protocol::rpc::{self, ErrorKind};
use crate::protocol::{Cid, ParticipantId};

/// A request that changed nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A call type or id that cannot be one.
    #[error(transparent)]
    BadId(#[from] BadId),
    /// The call does not exist and was not to be created.
    #[error("there is no call {0}: create it with `call.get_or_create`, or join with `create`")]
    NoSuchCall(Cid),
    /// Only participants can do this.
    #[error("you are not in {0}: join it first")]
    NotIn(Cid),
    /// Nobody in this call has that id.
    #[error("there is no participant {id} in {cid}")]
    NoSuchParticipant {
        /// Which call.
        cid: Cid,
        /// Who is not there.
        id: ParticipantId,
    },
    /// A signal to oneself.
    #[error("a signal goes to another participant, {0} is yourself")]
    ToSelf(ParticipantId),
    /// Somebody whose socket is away, and whose session is not known either.
    #[error("participant {0} is reconnecting: try again when it is back")]
    Away(ParticipantId),
    /// The participation of another user.
    #[error("participation {0} belongs to another user: join without it")]
    NotYours(ParticipantId),
    /// One session takes part once in a call.
    #[error("this session is in {cid} as {id} already: leave first, or open another session")]
    AlreadyIn {
        /// Which call.
        cid: Cid,
        /// As whom.
        id: ParticipantId,
    },
    /// No place left.
    #[error("{cid} is full: it has places for {places} participants")]
    Full {
        /// Which call.
        cid: Cid,
        /// How many it can hold.
        places: usize,
    },
    /// Longer than allowed.
    #[error("{what} is {len} bytes long, at most {limit} are allowed")]
    TooLarge {
        /// What is too long.
        what: &'static str,
        /// How long it is.
        len: usize,
        /// How long it may be.
        limit: usize,
    },
    /// A session follows too many calls.
    #[error("this session follows {0} calls already: leave one first")]
    FollowsTooMany(usize),
    /// The hub keeps too many calls.
    #[error("this hub keeps {0} calls already: use an existing one, or ask its operator to make room")]
    TooManyCalls(usize),
}

impl Refused {
    /// The stable name on the wire.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::BadId(_) | Self::ToSelf(_) => ErrorKind::InvalidParams,
            Self::NoSuchCall(_) | Self::NoSuchParticipant { .. } => ErrorKind::NotFound,
            Self::NotIn(_) | Self::AlreadyIn { .. } | Self::FollowsTooMany(_) => ErrorKind::Conflict,
            Self::Away(_) | Self::TooManyCalls(_) => ErrorKind::Unavailable,
            Self::NotYours(_) => ErrorKind::PermissionDenied,
            Self::Full { .. } => ErrorKind::Full,
            Self::TooLarge { .. } => ErrorKind::TooLarge,
        }
    }
}

impl From<Refused> for rpc::Error {
    fn from(refused: Refused) -> Self {
        Self::new(refused.kind(), refused.to_string())
    }
}
