//! The verbs of calling and being called.

use std::str::FromStr;

use clap::{Args, ValueEnum};

use super::SocketArgs;
use crate::config::Bitrate;

/// The help below `callbox call`.
pub const CALL_EXAMPLES: &str = "\
It rings until somebody answers, says no, or `callbox hangup`. When somebody answers, the call is joined.
With --wait, the exit code says what came of it: 0 answered, 1 not.

Examples:
  callbox call reception
  callbox call anna@example.org --audio
  callbox call reception --wait && callbox snapshot visitor.png";

/// The help below `callbox do-not-disturb`.
pub const DISTURB_EXAMPLES: &str = "\
Holds until the schedule in the configuration says the same, or for good if there is none.

Examples:
  callbox do-not-disturb on
  callbox do-not-disturb off";

/// The help below `callbox max-bandwidth`.
pub const BANDWIDTH_EXAMPLES: &str = "\
Holds until it is changed, or until callbox is started again. A lower limit of the call holds as well.

Examples:
  callbox max-bandwidth '512 kbit/s'
  callbox max-bandwidth off";

/// The help below `callbox record`.
pub const RECORD_EXAMPLES: &str = "\
The hub decides, by the settings of the call and by who may. Each appliance in the call that has a `directory` in [recording]
writes down what it sends and what it gets.

Examples:
  callbox record start
  callbox record stop";

/// `callbox call`.
#[derive(Debug, Args)]
pub struct CallArgs {
    /// Where the daemon listens.
    #[command(flatten)]
    pub socket: SocketArgs,
    /// A speed-dial name of the configuration, or a user of the hub
    #[arg(value_name = "WHO")]
    pub to: String,
    /// Without pictures
    #[arg(long)]
    pub audio: bool,
    /// Wait until somebody answers, or until it is over
    #[arg(long, short)]
    pub wait: bool,
    /// Print the call as one JSON object, the wire type unchanged
    #[arg(long)]
    pub json: bool,
}

/// `callbox answer`.
#[derive(Debug, Args)]
pub struct AnswerArgs {
    /// Where the daemon listens.
    #[command(flatten)]
    pub socket: SocketArgs,
    /// With the microphone off
    #[arg(long)]
    pub muted: bool,
    /// With the camera off
    #[arg(long)]
    pub audio: bool,
}

/// `callbox reject`.
#[derive(Debug, Args)]
pub struct RejectArgs {
    /// Where the daemon listens.
    #[command(flatten)]
    pub socket: SocketArgs,
    /// What the caller is told, at most 64 bytes
    #[arg(long, value_name = "WORD", default_value = "decline", value_parser = reason)]
    pub reason: String,
}

fn reason(text: &str) -> Result<String, String> {
    if text.is_empty() || text.len() > 64 {
        return Err("write 1 to 64 bytes, for example busy".to_owned());
    }
    Ok(text.to_owned())
}

/// `callbox hangup`.
#[derive(Debug, Args)]
pub struct HangupArgs {
    /// Where the daemon listens.
    #[command(flatten)]
    pub socket: SocketArgs,
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// It holds.
    On,
    /// It does not.
    Off,
}

/// `callbox do-not-disturb`.
#[derive(Debug, Args)]
pub struct DisturbArgs {
    /// Where the daemon listens.
    #[command(flatten)]
    pub socket: SocketArgs,
    /// Whether who calls is rejected without ringing
    #[arg(value_name = "SWITCH")]
    pub switch: Switch,
}

/// `callbox max-bandwidth`.
#[derive(Debug, Args)]
pub struct BandwidthArgs {
    /// Where the daemon listens.
    #[command(flatten)]
    pub socket: SocketArgs,
    /// For example "512 kbit/s" or "1.5 Mbit/s"; `off` removes the limit
    #[arg(value_name = "RATE", value_parser = kbits)]
    pub kbits: u32,
}

fn kbits(text: &str) -> Result<u32, String> {
    if text == "off" {
        return Ok(0);
    }
    let rate = Bitrate::from_str(text).map_err(|why| why.to_string())?;
    match u32::try_from(rate.kilobits()) {
        Ok(kbits) if kbits > 0 => Ok(kbits),
        _ => Err("write at least \"1 kbit/s\", or off".to_owned()),
    }
}

/// Start or stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Recording {
    /// From now on.
    Start,
    /// No longer.
    Stop,
}

/// `callbox record`.
#[derive(Debug, Args)]
pub struct RecordArgs {
    /// Where the daemon listens.
    #[command(flatten)]
    pub socket: SocketArgs,
    /// Begin or end
    #[arg(value_name = "WHAT")]
    pub what: Recording,
}
