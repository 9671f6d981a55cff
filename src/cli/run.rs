//! `callbox run` and `callbox check`: configuration, log, daemon.

use std::time::Instant;

use super::verbs::{CheckArgs, ConfigArgs, RunArgs};
use super::{Failure, say};
use crate::config::{self, Appliance, Inputs};
use crate::{daemon, telemetry};

/// Runs the appliance until it is told to stop.
pub fn run(args: RunArgs) -> Result<(), Failure> {
    let config = load(&args.config)?;
    telemetry::init(config.log.level);
    let started = Instant::now();
    let socket = config.control.socket.clone();
    // One thread drives everything; media have threads of their own.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| Failure::failed(e.to_string()))?;
    let ready = || {
        tracing::info!(after_ms = started.elapsed().as_millis() as u64, "ready");
        say(&format!("ready, control socket {}", socket.display()));
    };
    runtime.block_on(daemon::run(config, ready)).map_err(|e| Failure::failed(e.to_string()))
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
