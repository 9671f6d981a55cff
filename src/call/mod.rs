//! PURE. The appliance's side of calls: which call it should be in, who rings, who is rung, who else is there, and which peer
//! connections follow. It is in one call at most.
//!
//! ```text
//!   room        joining ──► joined ◄──► reconnecting        refused: again later, doubling up to a minute
//!                 ▲  └─not live──► lobby ──live, or its time──► joining
//!                 └──── ended (a long pause, or news of the call) ◄── ended for everyone
//!                       out (only a person leads back)        ◄── kicked, blocked, replaced
//!
//!   incoming    call.ring ──► ringing ──answer──► answering ──► in the call
//!                    │           └─ rejected, cancelled, missed, answered elsewhere ──► over
//!                    └─ busy, do not disturb: rejected without ringing
//!
//!   outgoing    dialing ──► ringing ──somebody accepts──► in the call
//!                              └─ rejected, missed, cancelled, time is up ──► over
//!
//!   per participant:  absent ─► offering | waiting for the offer ─► connected ─► silent | failed ─► a higher epoch
//! ```
//!
//! A call that was answered is left when nobody else is in it any more; then the appliance goes back to its auto-join call.
//!
//! [`Core`] has four verbs: [`Core::handle`], [`Core::handle_timeout`], [`Core::poll_effect`], [`Core::poll_timeout`]. After each
//! `handle` the caller drains `poll_effect`. Time comes in as an argument; there is no clock, no randomness and no IO in here.

mod clock;
mod configured;
mod core;
mod door;
mod exits;
mod home;
mod ice;
mod incoming;
mod limits;
mod outgoing;
mod owed;
mod peers;
mod recording;
mod room;
mod seats;
mod sharing;
mod status;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::SystemTime;

pub use core::Core;
pub use peers::Peer;

use serde_json::Value;

use crate::config::{CallConfig, CameraSource, Door};
use crate::protocol::control::{Command, PeerConnection};
use crate::protocol::hub::{AnswerDoor, Event, GetCall, IceServers, JoinCall, Muted, Signal};
use crate::protocol::{Cid, ParticipantId, UserId, rpc};

/// How this appliance takes part in calls.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Who this appliance is.
    pub user: UserId,
    /// The participation id this appliance uses in every call; kept across restarts.
    pub participant: ParticipantId,
    /// What the ids of the calls that it makes begin with; another one at each start, so that no id is used twice.
    pub call_ids: String,
    /// What to do without being asked.
    pub call: CallConfig,
    /// What a person said about disturbing before the last restart, as far as it holds.
    pub quiet: Option<bool>,
    /// Whether this appliance has a place for recordings.
    pub records: bool,
    /// The door that others may open.
    pub door: Option<Door>,
    /// What is shared when nothing is named.
    pub share: CameraSource,
}

/// Everything that happens.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::large_enum_variant)] // there is one at a time
pub enum Input {
    /// A person wants something.
    Command(Command),
    /// What time it is; said at the start, and again every minute, for clocks are set.
    Clock {
        /// In the world.
        wall: SystemTime,
        /// Here, the day of the week, counted from Monday.
        day: u8,
        /// Here, in minutes since midnight.
        minute: u16,
    },
    /// Signed in. If not resumed, the hub has to be told again where we are.
    HubOpened {
        /// The session before goes on; missed events follow.
        resumed: bool,
    },
    /// The connection to the hub is gone.
    HubLost,
    /// The last user has gone: what was switched on and off is as the call has it, for the next one.
    NextUser,
    /// The hardware privacy switch is on or off.
    Privacy(bool),
    /// There is another configuration. One that names other calls to be in is given while [`Core::is_idle`], for it may leave the present one.
    Configured {
        /// What to do without being asked.
        call: Box<CallConfig>,
        /// Whether this appliance has a place for recordings.
        records: bool,
    },
    /// The hub tells.
    Hub(Event),
    /// The answer to a request.
    Reply {
        /// From [`Effect::Request`].
        tag: u64,
        /// What the hub said.
        outcome: Result<Value, rpc::Error>,
    },
    /// The media engine made a description or candidate.
    LocalSignal {
        /// Of which peer connection.
        peer: PeerId,
        /// To be sent.
        signal: Signal,
    },
    /// The relay of the door was switched on, or not; after [`Effect::OpenDoor`].
    DoorMoved {
        /// In which call.
        cid: Cid,
        /// Which request it was.
        request: u64,
        /// Why not, for people.
        refused: Option<String>,
    },
    /// This machine has an address less: whatever used it is dead. The connection to the hub is made anew, and
    /// [`Input::HubOpened`] follows.
    AddressLost,
    /// The media engine reports on a peer connection.
    Connection {
        /// Which.
        peer: PeerId,
        /// How it is.
        state: PeerConnection,
        /// Why, for people.
        error: Option<String>,
    },
}

/// Everything to be done.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::large_enum_variant)] // there is one at a time
pub enum Effect {
    /// Ask the hub; exactly one [`Input::Reply`] with this tag must follow.
    Request {
        /// Names the reply.
        tag: u64,
        /// What to ask.
        request: Request,
    },
    /// Open a peer connection and offer.
    Offer(PeerId),
    /// Open a peer connection and answer this offer.
    Answer {
        /// Which.
        peer: PeerId,
        /// The remote offer.
        sdp: String,
    },
    /// Give the peer connection the remote answer.
    RemoteAnswer {
        /// Which.
        peer: PeerId,
        /// The remote answer.
        sdp: String,
    },
    /// Give the peer connection a remote candidate.
    RemoteCandidate {
        /// Which.
        peer: PeerId,
        /// `candidate:…`.
        candidate: String,
        /// Index of the m-line.
        line: u32,
    },
    /// Take the peer connection down.
    Close(PeerId),
    /// Use these servers for connections that begin from now on, and no others of the hub's.
    IceServers(IceServers),
    /// Switch microphone and camera.
    Mute(Muted),
    /// The most that may be sent to each peer, bit/s; none: as configured.
    SetMaxBitrate(Option<u64>),
    /// What the speaker plays besides the others' voices.
    Tone(Option<Tone>),
    /// Write this call down, or none any more.
    Record(Option<Recorded>),
    /// Switch the relay of the door on, for its pulse time; [`Input::DoorMoved`] must follow.
    OpenDoor {
        /// In which call.
        cid: Cid,
        /// Names it in the answer.
        request: u64,
        /// Who wants it.
        by: UserId,
    },
    /// Send this beside the camera's picture, or nothing any more.
    Share(Option<CameraSource>),
}

/// A call that is written down, and by whose names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Which call.
    pub cid: Cid,
    /// Our own participation.
    pub me: ParticipantId,
    /// Who everybody is, ourselves included.
    pub names: BTreeMap<ParticipantId, UserId>,
}

/// What tells people at the appliance how far a ring got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Somebody calls.
    Ringing,
    /// It rings at the other side.
    RingBack,
    /// It is over, and nobody answered.
    Busy,
}

/// What the core asks of the hub.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// `call.get`: follow it.
    Get(GetCall),
    /// `call.get_or_create`, with a ring in it.
    Make(GetCall),
    /// `call.join`
    Join(JoinCall),
    /// `call.leave`
    Leave(Cid),
    /// `call.end`
    End(Cid),
    /// `call.accept`
    Accept(Cid),
    /// `call.reject`, and why.
    Reject(Cid, String),
    /// `call.cancel`
    Cancel(Cid),
    /// `call.mute`, and whether something is shared.
    Mute(Cid, Muted, bool),
    /// `call.set_max_bandwidth`, kbit/s.
    SetMaxBandwidth(Cid, u32),
    /// `call.start_recording`
    StartRecording(Cid),
    /// `call.stop_recording`
    StopRecording(Cid),
    /// `call.answer_door`
    AnswerDoor(AnswerDoor),
    /// `session.ice_servers`
    IceServers,
    /// `call.signal`
    Signal {
        /// Which call.
        cid: Cid,
        /// To whom, in which epoch.
        peer: PeerId,
        /// What.
        signal: Signal,
    },
}

/// One peer connection: the other participant, and the epoch (see [`crate::protocol::hub`]).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PeerId {
    /// The other participant.
    pub participant: ParticipantId,
    /// Rises with every new connection between the two.
    pub epoch: u64,
}

/// Why an input was refused, for whoever sent it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Nothing to leave or end.
    #[error("not in a call")]
    NoCall,
    /// The hardware privacy switch is above everything.
    #[error("the privacy switch is on: microphone and camera stay off until somebody switches it off")]
    Private,
    /// Nothing to answer or reject.
    #[error("nobody is calling")]
    NobodyCalls,
    /// Something goes on that a person has to end first.
    #[error("{0}: `callbox hangup` first")]
    Busy(String),
    /// Neither a speed-dial nor a user.
    #[error("there is no speed-dial `{name}`{known}, and it is no user id either: {why}")]
    NobodyOfThatName {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
        /// Why it cannot be a user id.
        why: String,
    },
    /// Its own user.
    #[error("{0} is this appliance itself: name somebody else")]
    Itself(String),
    /// There is nobody to ask.
    #[error("the hub cannot be reached at the moment: `callbox status` says why")]
    HubAway,
    /// The call does not let us.
    #[error("this call does not let you {0}: somebody who may must grant `{1}`")]
    NotAllowed(&'static str, &'static str),
    /// Neither named nor configured.
    #[error("nothing to share: name it (`callbox share start test`), or set `source` in [share]")]
    NothingToShare,
    /// Not the name of a source.
    #[error("{0}")]
    BadSource(String),
    /// By the settings of the call.
    #[error("nobody may share in this call: its settings say so")]
    SharingDisabled,
    /// Somebody else's appliance may have one.
    #[error("this appliance does not record: name a `directory` in [recording]")]
    NoPlaceForRecordings,
    /// By the settings of the call (G18).
    #[error("this call must not be recorded: its settings say so")]
    RecordingDisabled,
}
