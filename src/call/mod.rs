//! PURE. The appliance's side of a call: which call it should be in, who else is there, and which peer connections follow.
//!
//! ```text
//!            join                 joined               hub lost
//!   (none) ───────► joining ─────────────► joined ◄──────────────► reconnecting   (media go on)
//!     ▲                │ refused: again later  │  leave, other call
//!     └────────────────┴───────────────────────┘
//!
//!   per participant:  absent ─► offering | waiting for the offer ─► connected ─► failed ─► (pause) ─► a higher epoch
//! ```
//!
//! [`Core`] has four verbs: [`Core::handle`], [`Core::handle_timeout`], [`Core::poll_effect`], [`Core::poll_timeout`]. After each
//! `handle` the caller drains `poll_effect`. Time comes in as an argument; there is no clock, no randomness and no IO in here.

mod core;
mod peers;
mod switches;
#[cfg(test)]
mod tests;

pub use core::Core;
pub use peers::Peer;

use serde_json::Value;

use crate::protocol::control::{Command, PeerConnection};
use crate::protocol::hub::{Event, JoinCall, Muted, Signal};
use crate::protocol::{Cid, ParticipantId, rpc};

/// How this appliance takes part in calls.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Joined whenever the appliance is in no other call.
    pub auto_join: Option<Cid>,
    /// Create a call that does not exist.
    pub create: bool,
    /// The participation id this appliance uses in every call; kept across restarts.
    pub participant: ParticipantId,
}

/// Everything that happens.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// A person wants something.
    Command(Command),
    /// Signed in. If not resumed, the hub has to be told again where we are.
    HubOpened {
        /// The session before goes on; missed events follow.
        resumed: bool,
    },
    /// The connection to the hub is gone.
    HubLost,
    /// The hardware privacy switch is on or off.
    Privacy(bool),
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
    /// Switch microphone and camera.
    Mute(Muted),
}

/// What the core asks of the hub.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// `call.join`
    Join(JoinCall),
    /// `call.leave`
    Leave(Cid),
    /// `call.mute`
    Mute(Cid, Muted),
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
    /// Nothing to leave or mute.
    #[error("not in a call")]
    NoCall,
    /// The hardware privacy switch is above everything.
    #[error("the privacy switch is on: microphone and camera stay off until somebody switches it off")]
    Private,
}
