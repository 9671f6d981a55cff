//! The place of the socket in the file system: ours alone, with the right mode, and gone when we are.

use std::fs::{self, DirBuilder, File, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::{UnixListener, UnixStream};

use super::Error;

/// Directories that have to be made: for us and our group.
const DIRECTORY_MODE: u32 = 0o750;
/// Who may connect: we and our group.
const SOCKET_MODE: u32 = 0o660;

/// A bound socket's name; dropping it removes the name, unless somebody else has it by now.
#[derive(Debug)]
pub struct Place {
    path: PathBuf,
    inode: u64,
    /// Held, so that two that start together cannot both take a stale socket for theirs.
    _lock: File,
}

impl Drop for Place {
    fn drop(&mut self) {
        if fs::symlink_metadata(&self.path).is_ok_and(|found| found.ino() == self.inode)
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::debug!(%error, "the control socket stays behind");
        }
    }
}

/// Binds `path`, in place of a socket on which nobody answers any more.
pub async fn bind(path: &Path) -> Result<(Place, UnixListener), Error> {
    let io = |source| Error::Io { path: path.to_owned(), source };
    if let Some(directory) = path.parent()
        && !directory.as_os_str().is_empty()
    {
        DirBuilder::new().recursive(true).mode(DIRECTORY_MODE).create(directory).map_err(io)?;
    }
    let lock = lock(path)?;
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(io(error)),
        Ok(found) if !found.file_type().is_socket() => return Err(Error::NotASocket { path: path.to_owned() }),
        Ok(_) if somebody_answers(path).await => return Err(Error::InUse { path: path.to_owned() }),
        Ok(_) => fs::remove_file(path).map_err(io)?,
    }
    let listener = UnixListener::bind(path).map_err(io)?;
    let inode = fs::symlink_metadata(path).map_err(io)?.ino();
    let place = Place { path: path.to_owned(), inode, _lock: lock };
    fs::set_permissions(path, Permissions::from_mode(SOCKET_MODE)).map_err(io)?;
    Ok((place, listener))
}

/// The lock file stays: removing it would let two processes hold a lock on two files of the same name.
fn lock(path: &Path) -> Result<File, Error> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let io = |source| Error::Io { path: PathBuf::from(&name), source };
    let file = File::options().create(true).truncate(false).write(true).open(&name).map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(error)) => Err(io(error)),
    }
}

/// Only a clear refusal means that nobody does: a full backlog or a missing permission means that somebody is there.
async fn somebody_answers(path: &Path) -> bool {
    match tokio::time::timeout(Duration::from_secs(1), UnixStream::connect(path)).await {
        Ok(Err(error)) => !matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound),
        Ok(Ok(_)) | Err(_) => true,
    }
}
