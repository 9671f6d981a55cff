//! The clock is right.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use super::hub;
use crate::daemon::doctor::judge::{self, Clock, Finding};
use crate::daemon::doctor::patient::{Patient, elsewhere};

/// Written by systemd-timesyncd when it has the time.
const SYNCHRONISED: &str = "/run/systemd/timesync/synchronized";
/// Answers by its exit code.
const ASK: &str = r#"case "$(timedatectl show --property=NTPSynchronized --value)" in yes) exit 0;; no) exit 1;; *) exit 2;; esac"#;

pub async fn check(patient: &Patient) -> Finding {
    let (reached, synchronised) = tokio::join!(hub::reached(patient), elsewhere(synchronised));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64);
    let ahead = reached.ok().and_then(|reached| reached.ahead);
    judge::clock(Clock { now, ahead, synchronised: synchronised.ok().flatten() })
}

/// Whether the kernel's clock is kept by anything: systemd knows it, of chrony as well.
fn synchronised() -> Option<bool> {
    if Path::new(SYNCHRONISED).exists() {
        return Some(true);
    }
    let asked = Command::new("sh").args(["-c", ASK]).stdin(Stdio::null()).stderr(Stdio::null()).status();
    match asked.ok()?.code() {
        Some(0) => Some(true),
        Some(1) => Some(false),
        _ => None,
    }
}
