//! `callbox run` and `callbox check`: configuration, log, daemon.

use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::time::Instant;

use super::verbs::{CheckArgs, ConfigArgs, RunArgs};
use super::{Failure, say};
use crate::config::{self, Appliance, CameraSource, Inputs};
use crate::protocol::event::EventKind;
use crate::{daemon, telemetry};

/// Runs the appliance until it is told to stop.
pub fn run(args: RunArgs) -> Result<(), Failure> {
    let config = load(&args.config)?;
    telemetry::init(config.log.level);
    if matches!(config.camera.source, CameraSource::V4l2 { .. }) {
        drain_cameras();
    }
    let started = Instant::now();
    let socket = config.control.socket.clone();
    // One thread drives everything; media have threads of their own.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| Failure::failed(e.to_string()))?;
    let ready = || {
        let message_id = EventKind::ApplianceReady.message_id();
        tracing::info!(message_id, after_ms = started.elapsed().as_millis() as u64, "ready");
        say(&format!("ready, control socket {}", socket.display()));
    };
    runtime.block_on(daemon::run(config, ready)).map_err(|e| Failure::failed(e.to_string()))
}

/// `v4l2src` keeps a camera's buffers and its device open whenever it stops (seen with 1.22), unless the environment tells it
/// otherwise. A process cannot safely change its own, so it starts itself once more, as the same process.
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
pub fn check(args: CheckArgs) -> Result<(), Failure> {
    load(&args.config)?;
    say("ok");
    Ok(())
}

fn load(args: &ConfigArgs) -> Result<Appliance, Failure> {
    super::configuration(config::load_appliance(&Inputs::of_this_process(args.config.as_deref(), &args.set)))
}
