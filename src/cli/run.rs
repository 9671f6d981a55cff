//! `callbox run` and `callbox check`: configuration, log, daemon.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use super::verbs::{CheckArgs, ConfigArgs, RunArgs, ShowArgs};
use super::{Failure, say};
use crate::config::{self, Inputs};
use crate::protocol::event::EventKind;
use crate::{daemon, telemetry};

/// Runs the appliance until it is told to stop.
pub fn run(args: RunArgs) -> Result<(), Failure> {
    let inputs = inputs(&args.config);
    let config = super::configuration(config::load_appliance(&inputs))?;
    telemetry::init(config.log.level);
    drain_cameras();
    let started = Instant::now();
    // One thread drives everything; media have threads of their own.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| Failure::failed(e.to_string()))?;
    let ready = |socket: &Path| {
        let message_id = EventKind::ApplianceReady.message_id();
        tracing::info!(message_id, after_ms = started.elapsed().as_millis() as u64, "ready");
        say(&format!("ready, control socket {}", socket.display()));
    };
    runtime.block_on(daemon::run(config, inputs, ready)).map_err(|e| Failure::failed(e.to_string()))
}

/// `v4l2src` keeps a camera's buffers and its device open whenever it stops (seen with 1.22), unless the environment tells it
/// otherwise. A process cannot safely change its own, so it starts itself once more, as the same process. Always: a camera may come
/// later, by `callbox use` or with another configuration.
pub fn drain_cameras() {
    const DRAIN: &str = "GST_V4L2_FORCE_DRAIN";
    if std::env::var_os(DRAIN).is_some() {
        return;
    }
    let mut arguments = std::env::args_os();
    let name = arguments.next().unwrap_or_else(|| "callbox".into());
    let error = match std::env::current_exe() {
        Ok(binary) => Command::new(binary).arg0(name).args(arguments).env(DRAIN, "1").exec(),
        Err(error) => error,
    };
    tracing::warn!(%error, "each time the camera stops some memory will stay behind: set {DRAIN}=1");
}

/// Says what is wrong with the configuration, or `ok`.
pub fn check(args: &CheckArgs) -> Result<(), Failure> {
    super::checked(config::load_appliance(&inputs(&args.config)), args.json)
}

/// Prints the configuration that holds in the end.
pub fn show(args: &ShowArgs) -> Result<(), Failure> {
    super::shown(config::effective_appliance(&inputs(&args.config)), args.how)
}

fn inputs(args: &ConfigArgs) -> Inputs {
    Inputs::of_this_process(args.config.as_deref(), &args.set)
}
