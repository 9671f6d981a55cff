//! The command line: every verb and flag, with its help.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

mod calling;
mod config;
#[cfg(feature = "appliance")]
mod doctor;
mod generate;
#[cfg(feature = "hub")]
mod hub;
mod logs;
#[cfg(feature = "appliance")]
mod share;
#[cfg(feature = "appliance")]
mod sound;

pub use calling::*;
pub use config::*;
#[cfg(feature = "appliance")]
pub use doctor::*;
pub use generate::*;
#[cfg(feature = "hub")]
pub use hub::*;
pub use logs::*;
#[cfg(feature = "appliance")]
pub use share::*;
#[cfg(feature = "appliance")]
pub use sound::*;

use crate::config::DEFAULT_SOCKET;
use crate::protocol::Cid;

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  refused or failed
  2  usage: the command line makes no sense
  3  the daemon cannot be reached
  4  the configuration is wrong";

/// A video-call appliance, and the hub it signs in to.
#[derive(Debug, Parser)]
#[command(name = "callbox", version, propagate_version = true, arg_required_else_help = true, after_help = EXIT_CODES)]
#[command(max_term_width = 100, disable_help_subcommand = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Run the appliance: sign in to the hub, join the call, send and show media
    #[cfg(feature = "appliance")]
    #[command(after_help = RUN_EXAMPLES)]
    Run(RunArgs),
    /// Run the hub: the call service and the web page that browsers open
    #[cfg(feature = "hub")]
    #[command(after_help = HUB_EXAMPLES, args_conflicts_with_subcommands = true)]
    Hub(HubArgs),
    /// Say everything that is wrong with the configuration, or `ok`
    #[cfg(feature = "appliance")]
    #[command(after_help = CHECK_EXAMPLES)]
    Check(CheckArgs),
    /// Look at everything that a call needs, and say what to do about it
    #[cfg(feature = "appliance")]
    #[command(after_help = DOCTOR_EXAMPLES)]
    Doctor(DoctorArgs),
    /// Show the configuration that holds in the end
    #[cfg(feature = "appliance")]
    #[command(arg_required_else_help = true)]
    Config(ConfigVerbArgs),
    /// Read the configuration anew, without dropping a call
    #[cfg(feature = "appliance")]
    #[command(after_help = RELOAD_EXAMPLES)]
    Reload(ReloadArgs),
    /// Show hub, call, participants and media of the running appliance
    #[cfg(feature = "appliance")]
    #[command(after_help = STATUS_EXAMPLES)]
    Status(StatusArgs),
    /// Print the state, then every change of it, one per line, until interrupted
    #[cfg(feature = "appliance")]
    #[command(after_help = EVENTS_EXAMPLES)]
    Events(EventsArgs),
    /// Join a call, leaving the present one
    #[cfg(feature = "appliance")]
    #[command(after_help = "Example:\n  callbox join default:lobby")]
    Join(JoinArgs),
    /// Leave the call, or stop calling
    #[cfg(feature = "appliance")]
    Leave(LeaveArgs),
    /// Call somebody by speed-dial name or user id
    #[cfg(feature = "appliance")]
    #[command(after_help = CALL_EXAMPLES)]
    Call(CallArgs),
    /// Answer who calls
    #[cfg(feature = "appliance")]
    #[command(after_help = "Examples:\n  callbox answer\n  callbox answer --muted")]
    Answer(AnswerArgs),
    /// Do not answer who calls, and let the caller know
    #[cfg(feature = "appliance")]
    #[command(after_help = "Examples:\n  callbox reject\n  callbox reject --reason busy")]
    Reject(RejectArgs),
    /// End what is going on: stop calling, leave the call, or reject who calls
    #[cfg(feature = "appliance")]
    Hangup(HangupArgs),
    /// Reject who calls without ringing, or ring again
    #[cfg(feature = "appliance")]
    #[command(after_help = DISTURB_EXAMPLES)]
    DoNotDisturb(DisturbArgs),
    /// Limit what is sent to each participant; pictures give way, sound stays
    #[cfg(feature = "appliance")]
    #[command(after_help = BANDWIDTH_EXAMPLES)]
    MaxBandwidth(BandwidthArgs),
    /// Stop sending sound or picture
    #[cfg(feature = "appliance")]
    #[command(after_help = MUTE_EXAMPLES)]
    Mute(MuteArgs),
    /// Send sound or picture again
    #[cfg(feature = "appliance")]
    #[command(after_help = MUTE_EXAMPLES)]
    Unmute(MuteArgs),
    /// How loud the speaker is, or one participant
    #[cfg(feature = "appliance")]
    #[command(after_help = VOLUME_EXAMPLES)]
    Volume(VolumeArgs),
    /// From where a participant is heard
    #[cfg(feature = "appliance")]
    #[command(after_help = BALANCE_EXAMPLES)]
    Balance(BalanceArgs),
    /// What there is: cameras, sound cards, displays, GPIO lines, encoders and decoders
    #[cfg(feature = "appliance")]
    #[command(after_help = DEVICES_EXAMPLES)]
    Devices(DevicesArgs),
    /// Take another camera, microphone or speaker, also in a call
    #[cfg(feature = "appliance")]
    #[command(after_help = USE_EXAMPLES)]
    Use(UseArgs),
    /// Play a noise and say whether the microphone hears it
    #[cfg(feature = "appliance")]
    SpeakerTest(SpeakerTestArgs),
    /// Begin or end the recording of the call; everybody in it is told
    #[cfg(feature = "appliance")]
    #[command(after_help = RECORD_EXAMPLES)]
    Record(RecordArgs),
    /// Show the others an HDMI input, a second camera, a video or a test picture
    #[cfg(feature = "appliance")]
    #[command(after_help = SHARE_EXAMPLES)]
    Share(ShareArgs),
    /// Switch a relay on for its pulse time: open the door
    #[cfg(feature = "appliance")]
    #[command(after_help = "Example:\n  callbox open door")]
    Open(OpenArgs),
    /// Read the journal of callbox, and explain what it says
    #[command(after_help = LOGS_EXAMPLES)]
    Logs(LogsArgs),
    /// Explain a message of the log or an event; without a name, list them
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain(ExplainArgs),
    /// Save what the screen shows as a PNG, also without a screen
    #[cfg(feature = "appliance")]
    #[command(after_help = "Examples:\n  callbox snapshot door.png\n  callbox snapshot - | display")]
    Snapshot(SnapshotArgs),
    /// Write shell completion or man pages
    #[command(after_help = GENERATE_EXAMPLES, arg_required_else_help = true)]
    Generate(GenerateArgs),
}

#[cfg(feature = "appliance")]
const RUN_EXAMPLES: &str = "\
Without --config, these are laid over each other:
  /usr/lib/callbox/callbox.toml < /etc/callbox/callbox.toml < /etc/callbox/callbox.d/*.toml
  < /run/callbox/callbox.d/*.toml
With --config FILE.toml: that file, then FILE.d/*.toml beside it.
Then, in both cases, the environment (CALLBOX_HUB__URL is hub.url), then --set.

Examples:
  callbox run
  callbox run --config door.toml
  callbox run --config door.toml --set camera.source=test --set call.auto-join=default:lobby
  CALLBOX_LOG__LEVEL=debug callbox run";

#[cfg(feature = "appliance")]
const STATUS_EXAMPLES: &str = "\
Examples:
  callbox status
  callbox status --watch
  callbox status --json | jq '.call.participants[].video'";

#[cfg(feature = "appliance")]
const MUTE_EXAMPLES: &str = "\
Without a name: the microphone.

Examples:
  callbox mute
  callbox mute video
  callbox unmute audio video";

#[cfg(feature = "hub")]
const HUB_EXAMPLES: &str = "\
Examples:
  callbox hub passwd                      make a password hash for hub.toml
  callbox hub check --config hub.toml     say what is wrong with it, or `ok`
  callbox hub --config hub.toml
  callbox hub --config hub.toml --listen 127.0.0.1:0";

/// Where the configuration comes from.
#[derive(Debug, Clone, Default, Args)]
pub struct ConfigArgs {
    /// Read this file, and the drop-ins beside it, instead of the system's
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Set one key, over everything else; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

/// `callbox run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Where the configuration comes from.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// Where the daemon listens.
#[derive(Debug, Clone, Args)]
pub struct SocketArgs {
    /// The daemon's control socket
    #[arg(long, value_name = "PATH", env = "CALLBOX_CONTROL__SOCKET", default_value = DEFAULT_SOCKET)]
    pub socket: PathBuf,
}

/// `callbox status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Where the daemon listens.
    #[command(flatten)]
    pub socket: SocketArgs,
    /// One JSON object, the wire type unchanged
    #[arg(long)]
    pub json: bool,
    /// Go on, and show every change
    #[arg(long, short)]
    pub watch: bool,
}

/// `callbox events`.
#[derive(Debug, Args)]
pub struct EventsArgs {
    /// Where the daemon listens.
    #[command(flatten)]
    pub socket: SocketArgs,
    /// One JSON object per line, the wire type unchanged
    #[arg(long)]
    pub json: bool,
    /// What happens, by name (`call.joined`, `camera.lost`, `rate.step`, …), instead of states
    #[arg(long)]
    pub named: bool,
}

/// `callbox join`.
#[derive(Debug, Args)]
pub struct JoinArgs {
    /// Where the daemon listens.
    #[command(flatten)]
    pub socket: SocketArgs,
    /// The call, `type:id`
    #[arg(value_name = "CALL")]
    pub cid: Cid,
}

/// `callbox leave`.
#[derive(Debug, Args)]
pub struct LeaveArgs {
    /// Where the daemon listens.
    #[command(flatten)]
    pub socket: SocketArgs,
}

/// What can be switched off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum What {
    /// The microphone.
    #[value(aliases = ["microphone", "mic"])]
    Audio,
    /// The camera.
    #[value(alias = "camera")]
    Video,
    /// Both.
    All,
}

/// `callbox mute` and `callbox unmute`.
#[derive(Debug, Args)]
pub struct MuteArgs {
    /// Where the daemon listens.
    #[command(flatten)]
    pub socket: SocketArgs,
    /// Microphone, camera or both
    #[arg(value_name = "WHAT", default_value = "audio")]
    pub what: Vec<What>,
}

impl MuteArgs {
    /// The same for each that is named, none for the others.
    pub fn for_named(&self, what: What, off: bool) -> Option<bool> {
        (self.what.contains(&what) || self.what.contains(&What::All)).then_some(off)
    }
}

/// `callbox open`.
#[derive(Debug, Args)]
pub struct OpenArgs {
    /// Where the daemon listens.
    #[command(flatten)]
    pub socket: SocketArgs,
    /// The relay's name in the configuration
    #[arg(value_name = "RELAY")]
    pub relay: String,
}

/// `callbox snapshot`.
#[derive(Debug, Args)]
pub struct SnapshotArgs {
    /// Where the daemon listens.
    #[command(flatten)]
    pub socket: SocketArgs,
    /// Where to save it; `-` for stdout
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}
