//! `callbox run` and `callbox check`: configuration, log, daemon.

use super::Failure;
use super::verbs::{CheckArgs, RunArgs};

/// Runs the appliance until it is told to stop.
pub fn run(_args: RunArgs) -> Result<(), Failure> {
    Err(Failure::failed("not built yet"))
}

/// Says what is wrong with the configuration, or `ok`.
pub fn check(_args: CheckArgs) -> Result<(), Failure> {
    Err(Failure::failed("not built yet"))
}
