//! What is taken down on threads of its own.

use super::Device;
use crate::media::PeerKey;

/// What is being taken down.
#[derive(Debug, Clone)]
pub(in crate::media) enum Leaving {
    /// The key that all connections share, on its way.
    WarmUp,
    /// A device's pipeline.
    Device(Device),
    /// A capture pipeline whose encoder failed.
    Encoder(&'static str),
    /// A peer's pipeline.
    Peer(PeerKey),
    /// A voice or a tone, out of the mixer.
    Voice,
    /// The files of a recording.
    Recorder,
}
