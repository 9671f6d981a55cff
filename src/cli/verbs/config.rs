//! The verbs of the configuration.

use clap::{Args, Subcommand};

use super::ConfigArgs;
#[cfg(feature = "appliance")]
use super::SocketArgs;

/// The help below `callbox check`.
pub const CHECK_EXAMPLES: &str = "\
Looks at everything that can be known without the hardware: files, keys, values, passwords that
others may read. Prints all problems at once; `ok` when there are none.

Examples:
  callbox check
  callbox check --config door.toml
  callbox check --json | jq -r '.problems[].title'";

/// The help below `callbox config show`.
pub const SHOW_EXAMPLES: &str = "\
The output is a configuration that means the same. Passwords are in files, whose names are shown.

Examples:
  callbox config show
  callbox config show --origin
  callbox config show --set camera.source=test --origin
  callbox config show --json | jq .camera";

/// The help below `callbox reload`.
pub const RELOAD_EXAMPLES: &str = "\
A file that is wrong is reported, and what was there before goes on. Only what was changed is started
anew; what would disturb a call waits until nobody is connected, and `callbox status` says what waits.
SIGHUP does the same.

Examples:
  callbox reload
  systemctl reload callbox";

/// `callbox check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Where the configuration comes from.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// One JSON object with all problems
    #[arg(long)]
    pub json: bool,
}

/// `callbox config`.
#[derive(Debug, Args)]
pub struct ConfigVerbArgs {
    /// What to do.
    #[command(subcommand)]
    pub verb: ConfigVerb,
}

/// The verbs below `callbox config`.
#[derive(Debug, Subcommand)]
pub enum ConfigVerb {
    /// Print what holds in the end, with all defaults, and who said so
    #[command(after_help = SHOW_EXAMPLES)]
    Show(ShowArgs),
}

/// `callbox config show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Where the configuration comes from.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// How it is shown.
    #[command(flatten)]
    pub how: HowArgs,
}

/// How a configuration is shown.
#[derive(Debug, Clone, Copy, Args)]
pub struct HowArgs {
    /// Say behind each key where it comes from: file and line, environment, --set or default
    #[arg(long)]
    pub origin: bool,
    /// JSON instead of TOML
    #[arg(long)]
    pub json: bool,
}

/// `callbox reload`.
#[cfg(feature = "appliance")]
#[derive(Debug, Args)]
pub struct ReloadArgs {
    /// Where the daemon listens.
    #[command(flatten)]
    pub socket: SocketArgs,
    /// One JSON object, the wire type unchanged
    #[arg(long)]
    pub json: bool,
}
