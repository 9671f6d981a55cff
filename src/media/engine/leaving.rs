//! What is taken down on threads of its own.

use super::Device;
use crate::media::PeerKey;

/// What goes on beside the engine, and is waited for at its end: most of it is being taken down.
#[derive(Debug, Clone)]
pub(in crate::media) enum Leaving {
    /// What a first connection needs, on its way: a key, the code of a decoder.
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
