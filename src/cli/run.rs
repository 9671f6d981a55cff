//! `callbox run` and `callbox check`: configuration, log, daemon.

use super::verbs::{CheckArgs, ConfigArgs, RunArgs};
use super::{Failure, say};
use crate::config::{self, Appliance, Inputs};

/// Runs the appliance until it is told to stop.
pub fn run(args: RunArgs) -> Result<(), Failure> {
    let _config = load(&args.config)?;
    Err(Failure::failed("not built yet"))
}

/// Says what is wrong with the configuration, or `ok`.
pub fn check(args: CheckArgs) -> Result<(), Failure> {
    load(&args.config)?;
    say("ok");
    Ok(())
}

fn load(args: &ConfigArgs) -> Result<Appliance, Failure> {
    super::configuration(config::load_appliance(&Inputs::of_this_process(args.config.as_deref(), &args.set)))
}
