//! Figures of a call, as [`Status`](super::Status) shows them: renewed once a second, in a call only.

use serde::{Deserialize, Serialize};

use crate::protocol::Cid;

/// How packets travel between two participants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Path {
    /// From address to address.
    Direct,
    /// The same, through a NAT on at least one side.
    Reflexive,
    /// By way of a TURN server.
    Relayed,
}

/// One peer connection.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PeerStats {
    /// How packets travel; none before ICE has chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<Path>,
    /// To the other side and back, milliseconds; none before its first report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round_trip_ms: Option<f64>,
    /// What goes there.
    pub sent: SentStats,
    /// What comes from there.
    pub received: ReceivedStats,
}

/// What goes to one participant.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SentStats {
    /// Sound in the last second, bit/s.
    pub audio_bitrate: u64,
    /// Pictures in the last second, bit/s.
    pub video_bitrate: u64,
    /// Encoded pictures that went out.
    pub frames: u64,
    /// Encoded pictures that did not: there was no room, or a keyframe was waited for.
    pub frames_dropped: u64,
    /// How often the other side asked for packets again that it missed.
    #[serde(default)]
    pub asked_again: u64,
    /// How often it asked for a picture that stands alone: it joined, or lost one for good.
    #[serde(default)]
    pub keyframes_asked: u64,
    /// The part of the packets that did not arrive, 0 to 1, as the other side says; the worse of sound and pictures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss: Option<f64>,
    /// How unevenly packets arrive there, milliseconds; the worse of sound and pictures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jitter_ms: Option<f64>,
}

/// What comes from one participant.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ReceivedStats {
    /// Sound in the last second, bit/s.
    pub audio_bitrate: u64,
    /// Pictures in the last second, bit/s.
    pub video_bitrate: u64,
    /// Packets since this peer connection began.
    pub packets: u64,
    /// Packets that never came, since this peer connection began.
    pub packets_lost: u64,
    /// The part of the packets of the last seconds that never came, 0 to 1.
    pub loss: f64,
    /// How often we asked for packets again.
    #[serde(default)]
    pub asked_again: u64,
    /// How often we asked for a picture that stands alone.
    #[serde(default)]
    pub keyframes_asked: u64,
    /// How unevenly packets arrive, milliseconds; the worse of sound and pictures.
    pub jitter_ms: f64,
    /// How often the picture stood still: for three times as long as usual, and by 150 ms more than usual.
    pub freezes: u64,
    /// For how long in all, milliseconds.
    pub frozen_ms: u64,
    /// How long a picture takes from the network to the decoder, milliseconds: the jitter buffer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buffer_ms: Option<f64>,
    /// How long decoding takes, milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decode_ms: Option<f64>,
}

/// A call from the join to its end: in the log, and in [`Status`](super::Status) until the next one ends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallSummary {
    /// Which.
    pub cid: Cid,
    /// How long it lasted here.
    pub seconds: u64,
    /// The most others at a time.
    pub participants: u32,
    /// Peer connections that were made.
    pub connections: u32,
    /// Milliseconds from the wish to join to the first remote picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_picture_ms: Option<u64>,
    /// Pictures that our encoder made.
    pub frames_encoded: u64,
    /// Encoded pictures that went out, to all others together.
    pub frames_sent: u64,
    /// Encoded pictures that did not.
    pub frames_dropped: u64,
    /// Pictures of all others that were decoded.
    pub frames_decoded: u64,
    /// Pictures that our camera gave.
    #[serde(default)]
    pub frames_captured: u64,
    /// Pictures of all others that were painted on the display; 0 without one.
    #[serde(default)]
    pub frames_rendered: u64,
    /// Milliseconds in the encoder, at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encode_ms: Option<f64>,
    /// Milliseconds in the decoder, the worst that was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worst_decode_ms: Option<f64>,
    /// The most uneven that packets of somebody came, milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worst_jitter_ms: Option<f64>,
    /// The most that was sent in a second, to all others together, bit/s.
    #[serde(default)]
    pub most_sent: u64,
    /// The most that came in a second, from all others together, bit/s.
    #[serde(default)]
    pub most_received: u64,
    /// How often the picture that is sent changed its step.
    #[serde(default)]
    pub rate_steps: u32,
    /// By how many decibels the others heard themselves less than the speaker played them, at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub echo_loss: Option<i32>,
    /// How often a picture of the others stood still.
    pub freezes: u64,
    /// For how long in all, milliseconds.
    pub frozen_ms: u64,
    /// Packets of all others.
    pub packets: u64,
    /// Those that never came.
    pub packets_lost: u64,
    /// The longest way there and back that was seen, milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worst_round_trip_ms: Option<f64>,
    /// The highest loss on the way to the others that they reported, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worst_loss: Option<f64>,
}
