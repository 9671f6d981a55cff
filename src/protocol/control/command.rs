//! What a person can ask of the appliance.

use serde::{Deserialize, Serialize};

use super::DeviceKind;
use crate::protocol::{Cid, UserId};

/// What a person can ask of the appliance, by whichever door.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Join a call, leaving the present one.
    Join {
        /// Which.
        cid: Cid,
    },
    /// Leave the call, or stop calling.
    Leave,
    /// Call somebody; the call is joined when somebody answers.
    Call {
        /// A speed-dial name, or a user id.
        to: String,
        /// Without pictures.
        #[serde(default)]
        audio_only: bool,
    },
    /// Answer who calls.
    Answer {
        /// With the microphone off.
        #[serde(default)]
        muted: bool,
        /// With the camera off.
        #[serde(default)]
        audio_only: bool,
    },
    /// Do not answer who calls, and let the caller know.
    Reject {
        /// For the caller, for example `busy`; `decline` unless said otherwise. At most 64 bytes.
        #[serde(default)]
        reason: Option<String>,
    },
    /// End what is going on: stop calling, leave the call that was answered, reject who calls, or leave.
    Hangup,
    /// Switch microphone or camera off or on; none leaves it as it is.
    Mute {
        /// Microphone off.
        #[serde(default)]
        audio: Option<bool>,
        /// Camera off.
        #[serde(default)]
        video: Option<bool>,
    },
    /// Switch a relay on for its pulse time; one that is on stays so for the rest of that time and no longer.
    Open {
        /// Its name in the configuration, for example `door`.
        relay: String,
    },
    /// Reject who calls without ringing, or ring again. Holds until the schedule of the configuration agrees.
    DoNotDisturb {
        /// Whether nobody may disturb.
        on: bool,
    },
    /// How loud the speaker is, or one participant (B14). Holds until callbox is started again.
    Volume {
        /// Percent: of the speaker at most what the configuration allows, of a participant at most 200.
        #[serde(default)]
        percent: Option<u8>,
        /// Whether the speaker is switched off.
        #[serde(default)]
        silent: Option<bool>,
        /// The participant; none for the speaker.
        #[serde(default)]
        user: Option<UserId>,
    },
    /// From where a participant is heard (B15). Holds until callbox is started again.
    Balance {
        /// The participant.
        user: UserId,
        /// From -100, left, to 100, right.
        balance: i8,
    },
    /// Take another device, also in a call; what is muted stays so (C31, C32, C34). Holds until callbox is started again.
    Use {
        /// What for.
        kind: DeviceKind,
        /// Its id, or a part of its label.
        device: String,
    },
    /// Show the others something beside the camera, or no longer (C33). Refused where the call does not let us.
    Share {
        /// Begin.
        on: bool,
        /// `test`, a video device (`/dev/…`, `name:…`) or the absolute path of a video file; none: as configured.
        #[serde(default)]
        source: Option<String>,
    },
    /// Begin or end the recording of the call (C37). The hub decides; everybody in the call is told.
    Record {
        /// Begin.
        on: bool,
    },
    /// The most that this appliance sends to each participant; pictures give way, sound stays (C11).
    MaxBandwidth {
        /// kbit/s; 0 removes the limit.
        kbits: u32,
    },
}
