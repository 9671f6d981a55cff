//! What a person said about disturbing, kept across restarts.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use tokio::sync::watch;

/// What was said before; none: nothing, or it is not readable.
pub(super) fn load(directory: &Path) -> Option<bool> {
    match fs::read_to_string(file(directory)).ok()?.trim() {
        "on" => Some(true),
        "off" => Some(false),
        _ => None,
    }
}

/// Writes down whatever is said from now on, off the driver's thread. A directory that cannot be written costs only the memory.
pub(super) fn keep(directory: PathBuf, said: Option<bool>) -> watch::Sender<Option<bool>> {
    let (sender, mut receiver) = watch::channel(said);
    tokio::spawn(async move {
        while receiver.changed().await.is_ok() {
            let (directory, said) = (directory.clone(), *receiver.borrow_and_update());
            let written = tokio::task::spawn_blocking(move || write(&directory, said)).await;
            if let Ok(Err(error)) = written {
                tracing::warn!("do-not-disturb will be forgotten at a restart: {error}");
            }
        }
    });
    sender
}

fn write(directory: &Path, said: Option<bool>) -> std::io::Result<()> {
    let file = file(directory);
    let Some(on) = said else {
        return match fs::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
    };
    fs::create_dir_all(directory)?;
    let part = file.with_extension("part");
    let mut out = fs::File::create(&part)?;
    out.write_all(if on { b"on\n" } else { b"off\n" })?;
    out.sync_all()?;
    fs::rename(&part, &file)
}

fn file(directory: &Path) -> PathBuf {
    directory.join("do-not-disturb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_is_there_after_a_restart_until_the_schedule_says_the_same() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(load(directory.path()), None);
        for said in [Some(true), Some(false), None, None] {
            write(directory.path(), said).unwrap();
            assert_eq!(load(directory.path()), said);
        }
        fs::write(directory.path().join("do-not-disturb"), [0xff, 0]).unwrap();
        assert_eq!(load(directory.path()), None, "torn");
        assert!(write(Path::new("/proc/no-such-directory"), Some(true)).is_err());
    }
}
