//! The screen at the other end of the HDMI cable, through the kernel's CEC adapter: on for a call, standby after it.
//!
//! The kernel takes CEC by `ioctl` alone, which is `unsafe` and has no crate that is kept; so `cec-ctl` of v4l-utils is run for each
//! word. The keys of the screen's remote control arrive as an input device of the kernel: a `[[keypad]]`.

use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::gpio::{LineView, Trouble};
use super::sleep_until;
use crate::config;
use crate::protocol::control::{DeviceState, Status};

mod wish;

use wish::{Wish, Word, busy};

/// A word takes a second on the wire; a screen that does not answer, a few.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two looks whether it is done.
const STEP: Duration = Duration::from_millis(50);

/// Why the screen was not told.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("there is no `cec-ctl`: install the package v4l-utils")]
    NoTool,
    #[error("there is no CEC adapter {0}: `ls /dev/cec*` lists those of this board")]
    Missing(String),
    #[error("no permission for {0}: join the group `video`, and let the service have it (DeviceAllow=char-cec)")]
    Denied(String),
    #[error("no screen answers on {0}: is the HDMI cable plugged in, and CEC switched on in the screen's menu?")]
    NoScreen(String),
    #[error("{0}")]
    Failed(String),
}

impl Trouble for Error {
    fn state(&self) -> DeviceState {
        match self {
            Self::NoTool | Self::Missing(_) | Self::NoScreen(_) => DeviceState::Missing,
            Self::Denied(_) => DeviceState::Denied,
            Self::Failed(_) => DeviceState::Failed,
        }
    }

    fn other(why: String) -> Self {
        Self::Failed(why)
    }
}

/// Runs until it is aborted. A word that did not arrive is said again with the next one: a screen is no reason to try for ever.
pub(super) async fn run(config: config::Cec, mut status: watch::Receiver<Status>, mut view: LineView) {
    let mut wish = Wish::new(config.standby.then_some(config.standby_after));
    // Early, so that trouble is known before somebody calls, and the remote control's keys arrive.
    shown(&mut view, introduce(&config).await.map(|_| false));
    loop {
        let word = wish.see(busy(&status.borrow_and_update()), Instant::now());
        match word {
            Some(Word::Show) => shown(&mut view, show(&config).await.map(|()| true)),
            Some(Word::Standby) => shown(&mut view, standby(&config).await.map(|()| false)),
            None => {}
        }
        let changed = tokio::select! {
            changed = status.changed() => changed,
            () = sleep_until(wish.deadline()) => Ok(()),
        };
        if changed.is_err() {
            return;
        }
    }
}

fn shown(view: &mut LineView, outcome: Result<bool, Error>) {
    match outcome {
        Ok(on) => {
            view.running();
            view.on(on);
        }
        Err(error) => _ = view.failed(&error),
    }
}

async fn show(config: &config::Cec) -> Result<(), Error> {
    let address = introduce(config).await?;
    say(config, &["--skip-info", "--to", "0", "--image-view-on"]).await?;
    say(config, &["--skip-info", "--active-source", &format!("phys-addr={address}")]).await?;
    tracing::info!("the screen was switched on");
    Ok(())
}

async fn standby(config: &config::Cec) -> Result<(), Error> {
    say(config, &["--skip-info", "--to", "0", "--standby"]).await?;
    tracing::info!("the screen was sent to standby");
    Ok(())
}

/// Takes a place among the screen's devices; gives its address.
async fn introduce(config: &config::Cec) -> Result<String, Error> {
    let said = say(config, &["--playback", "--osd-name", &config.name]).await?;
    physical_address(&said).ok_or_else(|| Error::NoScreen(config.device.display().to_string()))
}

/// `Physical Address : 1.0.0.0`; without a screen it is f.f.f.f.
fn physical_address(said: &str) -> Option<String> {
    let line = said.lines().find_map(|line| line.trim().strip_prefix("Physical Address"))?;
    let address = line.trim_start_matches([' ', ':', '\t']).trim();
    let digits = |part: &str| part.len() == 1 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let plain = address.split('.').count() == 4 && address.split('.').all(digits);
    (plain && !address.eq_ignore_ascii_case("f.f.f.f")).then(|| address.to_owned())
}

async fn say(config: &config::Cec, words: &[&str]) -> Result<String, Error> {
    let device = config.device.display().to_string();
    if !config.device.exists() {
        return Err(Error::Missing(device));
    }
    let mut command = Command::new("cec-ctl");
    command.arg("--device").arg(&config.device).args(words);
    let ran = tokio::task::spawn_blocking(move || run_for(command, PATIENCE)).await;
    let output = ran.map_err(|ended| Error::Failed(ended.to_string()))??;
    read(&output, &device)
}

/// Runs it to its end, or for so long.
fn run_for(mut command: Command, patience: Duration) -> Result<Output, Error> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let does_not_run = |error: std::io::Error| {
        let missing = error.kind() == std::io::ErrorKind::NotFound;
        if missing { Error::NoTool } else { Error::Failed(format!("cec-ctl does not run: {error}")) }
    };
    let mut child = command.spawn().map_err(does_not_run)?;
    let until = Instant::now() + patience;
    while child.try_wait().map_err(does_not_run)?.is_none() {
        if Instant::now() >= until {
            let _ = child.kill();
            let _ = child.wait();
            return Err(Error::Failed(format!("cec-ctl did not come back within {} s", patience.as_secs())));
        }
        std::thread::sleep(STEP);
    }
    child.wait_with_output().map_err(does_not_run)
}

fn read(output: &Output, device: &str) -> Result<String, Error> {
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let all = format!("{said}\n{}", String::from_utf8_lossy(&output.stderr));
    if all.contains("Permission denied") {
        return Err(Error::Denied(device.to_owned()));
    }
    // cec-ctl ends well although nobody has acknowledged.
    if all.contains("Tx, Not Acknowledged") {
        return Err(Error::NoScreen(device.to_owned()));
    }
    if output.status.success() {
        return Ok(said);
    }
    let last = all.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("no word");
    Err(Error::Failed(format!("cec-ctl on {device}: {}", last.chars().take(200).collect::<String>())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_read_from_what_cec_ctl_says() {
        let said = "Driver Info:\n\tDriver Name                : vivid\n\tPhysical Address           : 1.0.0.0\n\tLogical Address Mask       : 0x0010\n";
        assert_eq!(physical_address(said).as_deref(), Some("1.0.0.0"));
        assert_eq!(physical_address("\tPhysical Address           : f.f.f.f\n"), None);
        assert_eq!(physical_address("\tPhysical Address : 1.0.0.0;reboot\n"), None);
        assert_eq!(physical_address(""), None);
    }
}
