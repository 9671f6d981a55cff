//! What microphone and speaker have in common: the canceller between them, how loud it is, and the clock.
//!
//! ```text
//!   microphone ─► on our clock ─► webrtcdsp ─► Opus            one pipeline
//!                                    ▲ what is played now
//!   voices ─► mixer ─► volume ─► webrtcechoprobe ─► speaker    another one
//! ```
//!
//! Either pipeline can fail and start again without the other: the probe outlives the speaker's pipelines, and the canceller keeps
//! what it learnt about the room. That the two are compared in time needs no common pipeline, only the common clock.

mod branch;
mod canceller;
mod card_volume;
mod follow;
mod meter;

pub use branch::Branch;
pub use canceller::{Canceller, Tap};
pub use card_volume::CardVolume;
pub use follow::{Held, follow_card, follow_voice};
pub use meter::{Meter, measure, watch};

/// How sound is handed from element to element; the canceller takes this and nothing else.
pub const MONO: &str = "audio/x-raw,format=S16LE,layout=interleaved,rate=48000,channels=1";
/// The same on the way to the speaker.
pub const STEREO: &str = "audio/x-raw,format=S16LE,layout=interleaved,rate=48000,channels=2";
/// Samples per second of both.
const RATE: u32 = 48_000;
