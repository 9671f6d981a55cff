//! A display that nobody sees.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::{Process, secs};

/// A running Xvfb.
pub struct Display {
    _server: Process,
    directory: TempDir,
}

impl Display {
    /// 1280x720; none where Xvfb is not installed.
    pub fn start() -> Option<Self> {
        Command::new("Xvfb").arg("-help").output().ok()?;
        let directory = tempfile::tempdir().unwrap();
        let mut command = Command::new("Xvfb");
        // It says which number it took.
        command.args(["-displayfd", "1", "-screen", "0", "1280x720x24", "-nolisten", "tcp", "-noreset", "-ac"]);
        let mut server = Process::start("Xvfb", &mut command);
        let number = (0..100).find_map(|_| {
            std::thread::sleep(secs(1) / 10);
            server.output().lines().find_map(|line| line.trim().parse::<u32>().ok())
        });
        let Some(number) = number else { panic!("{}", server.wait_for_line("a number", secs(1))) };
        let script = directory.path().join("callbox");
        let program = Path::new(env!("CARGO_BIN_EXE_callbox")).display().to_string();
        std::fs::write(&script, format!("#!/bin/sh\nDISPLAY=:{number} exec {program} \"$@\"\n")).unwrap();
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
        Some(Self { _server: server, directory })
    }

    /// `callbox` with this display, for [`super::Appliance::start_as`].
    pub fn callbox(&self) -> PathBuf {
        self.directory.path().join("callbox")
    }
}
