//! `callbox logs` and `callbox explain`.

use clap::Args;

pub(super) const LOGS_EXAMPLES: &str = "\
Examples:
  callbox logs
  callbox logs -f --explain
  callbox logs --since '1 hour ago' --explain
  journalctl CALL_CID=default:lobby          what happened in one call";

pub(super) const EXPLAIN_EXAMPLES: &str = "\
Examples:
  callbox explain
  callbox explain camera.lost
  callbox explain 10e95cf9f7e34d0a8aee386225bc7015";

#[cfg(feature = "appliance")]
pub(super) const EVENTS_EXAMPLES: &str = "\
Examples:
  callbox events
  callbox events --named
  callbox events --named --json | jq 'select(.event == \"call.joined\")'";

/// `callbox logs`.
#[derive(Debug, Args)]
pub struct LogsArgs {
    /// Say below each message what it means and what to do
    #[arg(long, short = 'x')]
    pub explain: bool,
    /// Go on, and show what comes
    #[arg(long, short)]
    pub follow: bool,
    /// At most so many messages, the last ones
    #[arg(long, short = 'n', value_name = "COUNT", default_value_t = 200)]
    pub lines: u32,
    /// From then on, as `journalctl` takes it
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Of this unit only, for example callbox-hub.service
    #[arg(long, value_name = "UNIT")]
    pub unit: Option<String>,
}

/// `callbox explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// A message id or the name of an event
    #[arg(value_name = "WHAT")]
    pub what: Option<String>,
}
