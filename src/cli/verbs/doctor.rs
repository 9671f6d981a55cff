//! `callbox doctor`.

use std::path::PathBuf;

use clap::Args;

use super::ConfigArgs;
use crate::daemon::doctor::Names;

/// The help below `callbox doctor`.
pub const DOCTOR_EXAMPLES: &str = "\
Checks: config service dns hub clock sign-in stun turn-udp turn-tcp turn-tls camera microphone
speaker encoder screen gpio disk temperature power; network, turn, sound and board are several.
A running appliance is asked for what it holds, and a call is not disturbed. The check `speaker`
makes a noise. Ends with 1 when a check fails, with 4 when the configuration cannot be used.

Examples:
  callbox doctor
  callbox doctor --report ticket.html
  callbox doctor --only camera,sound --picture seen.png
  callbox doctor --skip speaker --json | jq -r '.checks[] | select(.verdict == \"fail\").advice'";

/// `callbox doctor`.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Where the configuration comes from.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Only these checks
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub only: Vec<Names>,
    /// Not these checks
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub skip: Vec<Names>,
    /// One JSON object, the wire type unchanged; what goes on is told on stderr
    #[arg(long)]
    pub json: bool,
    /// Write everything into one file to attach to a ticket, free of secrets: .html or .txt
    #[arg(long, value_name = "FILE", value_parser = report)]
    pub report: Option<PathBuf>,
    /// Save what the camera sees, as PNG
    #[arg(long, value_name = "FILE")]
    pub picture: Option<PathBuf>,
}

fn report(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("html" | "htm" | "txt") => Ok(path),
        Some(_) | None => Err("the name must end with .html or .txt".to_owned()),
    }
}
