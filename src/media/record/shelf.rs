//! The directory of recordings: names, what is finished, and what has to go.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::time::{Duration, SystemTime};

use gstreamer::glib;

use crate::config::Recording;
use crate::media::plan::retention::{Kept, Limits, surplus};

/// What a finished file is called at its end.
const FINISHED: &str = "mkv";
/// And one that is being written.
const PART: &str = "part";

/// The directory, if it is not there: who talked to whom is nobody else's to see.
fn make(directory: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

/// A file to write: only its owner may read it.
pub fn new_file(directory: &Path, call: &str, who: &str, number: u32) -> io::Result<PathBuf> {
    make(directory)?;
    let stamp = glib::DateTime::now_utc().and_then(|now| now.format("%Y-%m-%dT%H-%M-%SZ")).map_err(io::Error::other)?;
    let name = format!("{stamp}_{}_{}_{number:04}.{FINISHED}.{PART}", plain(call), plain(who));
    let file = directory.join(name);
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file)?;
    Ok(file)
}

/// Only letters, digits and a few signs, and not too many: a name comes from elsewhere.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '@') { c } else { '-' }).take(64).collect()
}

/// What has been written so far survives a power cut.
pub fn sync(file: &Path) -> io::Result<u64> {
    let file = fs::File::open(file)?;
    // Asked before: what is written meanwhile may not be on the disk.
    let length = file.metadata()?.len();
    file.sync_data()?;
    Ok(length)
}

/// Gives a file its final name; one that never got anything goes.
pub fn finish(file: &Path) -> io::Result<()> {
    if fs::metadata(file)?.len() == 0 {
        return fs::remove_file(file);
    }
    fs::File::open(file)?.sync_all()?;
    fs::rename(file, file.with_extension(""))?;
    // A rename is on the disk when its directory is.
    file.parent().map_or(Ok(()), |directory| fs::File::open(directory)?.sync_all())
}

/// Finishes what a crash or a power cut left behind: it can be played up to there. Once in a process, before it writes anything itself.
pub fn recover(directory: &Path) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| finish_all(directory));
}

fn finish_all(directory: &Path) {
    for file in list(directory).into_iter().filter(|file| ends(file, PART)) {
        match finish(&file) {
            Ok(()) => tracing::info!(file = %file.display(), "a recording that was cut off is kept"),
            Err(error) => tracing::warn!(file = %file.display(), "a recording that was cut off cannot be kept: {error}"),
        }
    }
}

fn list(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = entries.filter(|file| ends(file, FINISHED) || ends(file, PART)).collect();
    // The name begins with the time.
    files.sort();
    files
}

fn ends(file: &Path, extension: &str) -> bool {
    file.extension().is_some_and(|found| found == extension)
}

/// Makes the directory, and deletes what has to go. Fails if the disk has too little room all the same.
pub fn tidy(directory: &Path, limits: &Recording) -> io::Result<()> {
    make(directory)?;
    let now = SystemTime::now();
    let finished = list(directory).into_iter().filter(|file| ends(file, FINISHED));
    let files: Vec<(PathBuf, Kept)> = finished
        .filter_map(|file| {
            let metadata = fs::metadata(&file).ok()?;
            let age = metadata.modified().ok().and_then(|at| now.duration_since(at).ok()).unwrap_or(Duration::ZERO);
            Some((file, Kept { age, size: metadata.len() }))
        })
        .collect();
    let kept: Vec<Kept> = files.iter().map(|(_, kept)| *kept).collect();
    let wanted = Limits { keep: limits.keep, max_size: limits.max_size.0, min_free: limits.min_free.0 };
    for (file, _) in files.iter().take(surplus(&kept, wanted, free(directory)?)) {
        tracing::info!(file = %file.display(), "an old recording is deleted to make room");
        fs::remove_file(file)?;
    }
    let left = free(directory)?;
    if left < limits.min_free.0 {
        let text = format!("{} MB are free in {}, and {} must stay free", left / 1_000_000, directory.display(), limits.min_free);
        return Err(io::Error::new(io::ErrorKind::StorageFull, text));
    }
    Ok(())
}

fn free(directory: &Path) -> io::Result<u64> {
    let disk = rustix::fs::statvfs(directory)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Size;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_recording_is_its_owners_alone_and_one_that_was_cut_off_is_kept() {
        let place = tempfile::tempdir().unwrap();
        let directory = place.path().join("recordings");
        let file = new_file(&directory, "default:lobby", "../anna", 7).unwrap();
        assert_eq!(file.parent(), Some(directory.as_path()));
        assert!(file.to_str().unwrap().ends_with("Z_default-lobby_..-anna_0007.mkv.part"), "{}", file.display());
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(&directory).unwrap().permissions().mode() & 0o777, 0o700);
        fs::write(&file, "something").unwrap();
        let empty = new_file(&directory, "default:lobby", "ben", 8).unwrap();
        finish_all(&directory);
        assert!(!file.exists() && !empty.exists());
        assert_eq!(list(&directory), [file.with_extension("")]);
    }

    #[test]
    fn the_oldest_go_when_there_are_too_many_and_too_little_room_is_said() {
        let place = tempfile::tempdir().unwrap();
        for name in ["1.mkv", "2.mkv", "3.mkv", "other.txt"] {
            fs::write(place.path().join(name), [0; 1000]).unwrap();
        }
        let limits = Recording { max_size: Size(2000), min_free: Size(0), ..Recording::default() };
        tidy(place.path(), &limits).unwrap();
        assert_eq!(list(place.path()), [place.path().join("2.mkv"), place.path().join("3.mkv")]);
        let hungry = Recording { max_size: Size(2000), min_free: Size(u64::MAX), ..Recording::default() };
        let error = tidy(place.path(), &hungry).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert!(list(place.path()).is_empty() && place.path().join("other.txt").exists());
    }
}
