//! There is room where things are kept, and it can be written to.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::daemon::doctor::judge::{self, Disk, Finding, worst};
use crate::daemon::doctor::patient::{Patient, elsewhere};

/// What is written as a test: more than a file system keeps beside a name.
const PROBE: [u8; 8192] = [0x55; 8192];

pub async fn check(patient: &Patient) -> Finding {
    let config = &patient.config;
    let mut places: Vec<(&'static str, PathBuf, u64)> = vec![("state-directory", config.state_directory.clone(), 0)];
    places.extend(
        config.recording.directory.iter().map(|directory| ("recording.directory", directory.clone(), config.recording.min_free.0)),
    );
    let looked = elsewhere(move || {
        let look = |(key, path, keep_free): (&'static str, PathBuf, u64)| judge::disk(&measure(key, &path, keep_free));
        places.into_iter().map(look).collect::<Vec<_>>()
    });
    match looked.await {
        Ok(findings) => worst(findings, || Finding::skipped("nothing is kept")),
        Err(why) => Finding::fail(why, "run this check again"),
    }
}

fn measure(key: &'static str, path: &Path, keep_free: u64) -> Disk {
    // The daemon makes it: before its first start, its parent says how much room there is.
    let there = path.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/"));
    let stat = rustix::fs::statvfs(there).ok();
    Disk {
        key,
        path: path.display().to_string(),
        free: stat.as_ref().map(|stat| (stat.f_bavail * stat.f_frsize, stat.f_blocks * stat.f_frsize)),
        no_inodes: stat.as_ref().is_some_and(|stat| stat.f_files > 0 && stat.f_favail == 0),
        broken: write_in(there).err(),
        keep_free,
    }
}

/// Writes a file there, so that it is on the disk, and takes it away again.
pub fn write_in(directory: &Path) -> Result<(), String> {
    let path = directory.join(format!(".callbox-doctor-{}", std::process::id()));
    let written = std::fs::OpenOptions::new().write(true).create_new(true).open(&path).and_then(|mut file| {
        file.write_all(&PROBE)?;
        file.sync_all()
    });
    let _ = std::fs::remove_file(&path);
    written.map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_measured_and_left_as_it_was() {
        let directory = tempfile::tempdir().unwrap();
        let disk = measure("state-directory", &directory.path().join("not/yet"), 0);
        assert!(disk.free.is_some_and(|(free, all)| free > 0 && all >= free) && disk.broken.is_none(), "{disk:?}");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
        assert!(write_in(Path::new("/proc")).is_err());
    }
}
