//! What is heard and said here, as [`Status`](super::Status) shows it. Levels are decibels below the loudest that there is, -90 for
//! silence.

use serde::{Deserialize, Serialize};

/// Speaker, microphone, and what is between them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SoundStatus {
    /// Of the speaker, percent; none as the card has it.
    pub volume: Option<u8>,
    /// Whether the speaker is switched off.
    pub silent: bool,
    /// What the speaker plays; none while it does not run.
    pub speaker_level: Option<i32>,
    /// What the microphone gives, after processing; none while it does not run.
    pub microphone_level: Option<i32>,
    /// What is done to the microphone's sound.
    pub processing: ProcessingStatus,
    /// What comes from the speaker back to the microphone; none before the other side has spoken.
    pub echo: Option<EchoStatus>,
}

/// What is done to the microphone's sound.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessingStatus {
    /// The other side does not hear itself.
    pub echo_cancellation: bool,
    /// Steady noise is taken away.
    pub noise_suppression: bool,
    /// Who speaks softly is made louder.
    pub gain_control: bool,
    /// Why not what the configuration wants, for people.
    pub error: Option<String>,
}

/// The way of the other side's voice from the speaker back to the microphone, measured while it speaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EchoStatus {
    /// By how many decibels the microphone hears it less than the speaker plays it.
    pub loss: i32,
    /// How many decibels of that are taken away. While somebody speaks here as well, it is less.
    pub removed: i32,
}

/// How one participant is heard here (B14, B15).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoiceStatus {
    /// How loud it is, before its volume.
    pub level: i32,
    /// Percent; 100 as it comes.
    pub volume: u8,
    /// From -100, left, to 100, right.
    pub balance: i8,
    /// For how many milliseconds it is held back, because its way here takes that long.
    pub held_ms: u32,
}
