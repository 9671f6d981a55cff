//! Why a request was refused, in words for the caller.

use std::time::Duration;

use crate::protocol::hub::{BadSettings, Capability};
use crate::protocol::id::BadId;
use crate::protocol::rpc::{self, Details, ErrorKind};
use crate::protocol::{Cid, ParticipantId, UserId};

/// A request that changed nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A call type or id that cannot be one.
    #[error(transparent)]
    BadId(#[from] BadId),
    /// Settings that do not exist or do not fit.
    #[error(transparent)]
    BadSettings(#[from] BadSettings),
    /// A value that cannot be used.
    #[error("{0}")]
    BadValue(String),
    /// The call does not exist and was not to be created.
    #[error("there is no call {0}: create it with `call.get_or_create`, or join with `create`")]
    NoSuchCall(Cid),
    /// Calls have types, and this is none.
    #[error("there is no call type `{name}`: there are {known}")]
    NoSuchType {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// A call type that cannot go.
    #[error("the call type `{name}` is in use by {calls} calls: it cannot be deleted")]
    TypeInUse {
        /// Which.
        name: String,
        /// By how many.
        calls: usize,
    },
    /// The user's roles do not allow it.
    #[error("you may not do this in {cid}: it needs the capability `{capability}`")]
    Forbidden {
        /// Which call.
        cid: Cid,
        /// What is missing.
        capability: Capability,
    },
    /// Call types belong to administrators.
    #[error("only users with the role `admin` may change call types")]
    NotAdmin,
    /// The call belongs to a team that the user is not part of.
    #[error("{0} belongs to a team that you are not part of")]
    OtherTeam(Cid),
    /// A user with teams must say which one a new call is for (G36).
    #[error("name the team of the new call in `data.team`: {0}")]
    NameATeam(String),
    /// The user is kept out.
    #[error("you are blocked in {0}")]
    Blocked(Cid),
    /// The call was ended for everyone (G16).
    #[error("{0} has ended: only who has the capability `join-ended-call` may still join")]
    Ended(Cid),
    /// The call is in backstage (G34).
    #[error("{cid} is not live yet{}", joinable(.joinable_at.as_deref()))]
    NotLive {
        /// Which call.
        cid: Cid,
        /// From when on it can be joined without being live (G35).
        joinable_at: Option<String>,
    },
    /// Nothing to go live from.
    #[error("{0} has no backstage: it is live whenever somebody is in it")]
    NoBackstage(Cid),
    /// Recording is switched off for this call (G18).
    #[error("{0} may not be recorded: its `recording.mode` is `disabled`")]
    NoRecording(Cid),
    /// Calls that do not ring.
    #[error("{0} does not ring: the timeouts in its settings `ring` are 0")]
    DoesNotRing(Cid),
    /// One ring at a time.
    #[error("{0} is ringing already: cancel that first")]
    RingsAlready(Cid),
    /// Nobody to ring.
    #[error("there is nobody to ring in {0}: it has no members but you")]
    NobodyToRing(Cid),
    /// Nothing to answer or cancel.
    #[error("{0} is not ringing for you")]
    NotRinging(Cid),
    /// Too late: another device, or another callee.
    #[error("{0} was answered elsewhere")]
    AnsweredElsewhere(Cid),
    /// Only users that belong to the call.
    #[error("{user} is not a member of {cid}")]
    NotAMember {
        /// Which call.
        cid: Cid,
        /// Who is none.
        user: UserId,
    },
    /// Nobody with this name is in the call.
    #[error("{user} is not in {cid}")]
    UserNotIn {
        /// Which call.
        cid: Cid,
        /// Who is not.
        user: UserId,
    },
    /// Only participants can do this.
    #[error("you are not in {0}: join it first")]
    NotIn(Cid),
    /// Nobody in the call has a door, or not this one.
    #[error("there is no door to open in {0}: an appliance has one when its configuration says so, in [door]")]
    NoDoor(Cid),
    /// More than one.
    #[error("there is more than one door in {0}: name the participant")]
    WhichDoor(Cid),
    /// The appliance does not open, or nobody knows.
    #[error("the door of {door} stays shut: {why}")]
    DoorStaysShut {
        /// Whose.
        door: ParticipantId,
        /// Why.
        why: String,
    },
    /// Too late, or never asked for.
    #[error("nobody in {0} waits for your door any more: do not open it")]
    NobodyWaitsForDoor(Cid),
    /// What needs a client that stays.
    #[error("this needs a session: open the socket at /v1/socket")]
    NeedsSession,
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
    /// More than allowed.
    #[error("at most {limit} {what} are allowed")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many.
        limit: usize,
    },
    /// A session follows too many calls.
    #[error("this session follows {0} calls already: leave one first")]
    FollowsTooMany(usize),
    /// The hub keeps too many calls.
    #[error("this hub keeps {0} calls already: use an existing one, or ask its operator to make room")]
    TooManyCalls(usize),
    /// Too often.
    #[error("too many {what}: try again in {} ms", .wait.as_millis())]
    TooOften {
        /// Of what.
        what: &'static str,
        /// Until one more is possible.
        wait: Duration,
    },
}

fn joinable(at: Option<&str>) -> String {
    at.map_or_else(String::new, |at| format!(": it can be joined from {at} on"))
}

impl Refused {
    /// The stable name on the wire.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::BadId(_) | Self::BadSettings(_) | Self::BadValue(_) | Self::ToSelf(_) | Self::NameATeam(_) => {
                ErrorKind::InvalidParams
            }
            Self::NoSuchCall(_) | Self::NoSuchType { .. } | Self::NoSuchParticipant { .. } => ErrorKind::NotFound,
            Self::NotAMember { .. } | Self::UserNotIn { .. } | Self::NoDoor(_) => ErrorKind::NotFound,
            Self::WhichDoor(_) => ErrorKind::InvalidParams,
            Self::DoorStaysShut { .. } | Self::NobodyWaitsForDoor(_) => ErrorKind::Conflict,
            Self::NotIn(_) | Self::AlreadyIn { .. } | Self::FollowsTooMany(_) | Self::NeedsSession => ErrorKind::Conflict,
            Self::TypeInUse { .. } | Self::NoBackstage(_) | Self::DoesNotRing(_) | Self::RingsAlready(_) => ErrorKind::Conflict,
            Self::NobodyToRing(_) | Self::NotRinging(_) | Self::AnsweredElsewhere(_) => ErrorKind::Conflict,
            Self::Away(_) | Self::TooManyCalls(_) => ErrorKind::Unavailable,
            Self::NotYours(_) | Self::Forbidden { .. } | Self::NotAdmin | Self::OtherTeam(_) | Self::Blocked(_) => {
                ErrorKind::PermissionDenied
            }
            Self::NoRecording(_) => ErrorKind::PermissionDenied,
            Self::Ended(_) => ErrorKind::CallEnded,
            Self::NotLive { .. } => ErrorKind::NotLive,
            Self::Full { .. } => ErrorKind::Full,
            Self::TooLarge { .. } | Self::TooMany { .. } => ErrorKind::TooLarge,
            Self::TooOften { .. } => ErrorKind::RateLimited,
        }
    }

    fn details(&self) -> Details {
        let none = Details::default();
        #[allow(clippy::wildcard_enum_match_arm)] // most refusals say everything in their message
        match self {
            Self::Forbidden { capability, .. } => Details { capability: Some(*capability), ..none },
            Self::Ended(_) => Details { capability: Some(Capability::JoinEndedCall), ..none },
            Self::NotLive { joinable_at, .. } => {
                Details { capability: Some(Capability::JoinBackstage), joinable_at: joinable_at.clone(), ..none }
            }
            Self::TooOften { wait, .. } => {
                Details { retry_after_ms: Some(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)), ..none }
            }
            _ => none,
        }
    }
}

impl From<Refused> for rpc::Error {
    fn from(refused: Refused) -> Self {
        let error = Self::new(refused.kind(), refused.to_string());
        error.with(refused.details())
    }
}
