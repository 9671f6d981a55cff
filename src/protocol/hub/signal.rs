//! What two participants tell each other through the hub to connect (RFC 8829).

use serde::{Deserialize, Serialize};

use crate::protocol::{Cid, ParticipantId};

/// `call.signal`: something for one other participant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
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
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
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
