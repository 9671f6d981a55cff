//! There is a display.

use std::path::Path;

use super::disk::write_in;
use crate::config::ScreenOutput;
use crate::daemon::doctor::judge::{self, Display, Finding};
use crate::daemon::doctor::patient::{Patient, elsewhere};
use crate::media::inventory;
use crate::protocol::control::DeviceState;

pub async fn check(patient: &Patient) -> Finding {
    let output = patient.config.screen.output.clone();
    if output == ScreenOutput::None {
        return Finding::skipped("`screen.output` is \"none\"");
    }
    let of_daemon = patient.daemon.as_ref().ok().map(|status| status.media.screen.clone());
    if let Some(screen) = of_daemon.filter(|screen| screen.state != DeviceState::Disabled && screen.state != DeviceState::Idle)
        && let Some(why) = screen.error
    {
        return Finding::fail(
            format!("`callbox run` says: {why}"),
            "check the cable, and that no desktop has the display (`systemctl isolate multi-user.target`)",
        );
    }
    match output {
        ScreenOutput::Kms => elsewhere(|| kms(Path::new("/sys/class/drm"), Path::new("/dev/dri")))
            .await
            .unwrap_or_else(|why| Finding::fail(why, "see `dmesg`")),
        ScreenOutput::Window => match ["WAYLAND_DISPLAY", "DISPLAY"].into_iter().find(|name| std::env::var_os(name).is_some()) {
            Some(name) => Finding::pass(format!("a window of the desktop ({name} is set)")),
            None if patient.daemon.is_ok() => Finding::pass("`callbox run` has its window"),
            None => Finding::fail(
                "there is no desktop for a window",
                "start `callbox run` within one, or set `screen.output` to \"kms\"",
            ),
        },
        ScreenOutput::Snapshots { directory, .. } => {
            let path = directory.display().to_string();
            match elsewhere(move || write_in(&directory)).await {
                Ok(Ok(())) => Finding::pass(format!("snapshots are written to {path}")),
                Ok(Err(why)) => {
                    Finding::fail(format!("nothing can be written to {path}: {why}"), "check that it exists, and who owns it")
                }
                Err(why) => Finding::fail(why, "see `dmesg`"),
            }
        }
        ScreenOutput::None => Finding::skipped("`screen.output` is \"none\""),
    }
}

fn kms(class: &Path, devices: &Path) -> Finding {
    let entries = std::fs::read_dir(devices).into_iter().flatten().flatten();
    let mut cards = entries
        .map(|entry| entry.path())
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("card")));
    let open = |path: &std::path::PathBuf| std::fs::OpenOptions::new().read(true).write(true).open(path);
    let denied = cards.find(|path| open(path).is_err_and(|error| error.kind() == std::io::ErrorKind::PermissionDenied));
    let found = inventory::displays(class).into_iter().map(|display| Display {
        connected: display.connected,
        mode: display.modes.into_iter().next(),
        connector: display.connector,
    });
    judge::displays(&found.collect::<Vec<_>>(), denied.as_ref().and_then(|path| path.to_str()))
}
