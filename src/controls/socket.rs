//! The control socket: a unix socket that speaks newline-delimited JSON-RPC, for `callbox status`, `join` and the like.
//!
//! `status` and `events` are answered here, from the watched [`Status`]; everything else goes to the daemon as an [`Ask`].
//! Whoever may write to the socket may command the appliance: file permissions (0660) are the access control.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, broadcast, mpsc, oneshot, watch};
use tokio::task::JoinSet;

use crate::protocol::control::{Command, Status};
use crate::protocol::event::Event;
use crate::protocol::rpc::{self, ErrorKind};

mod bind;
mod client;
mod lines;

pub use client::methods;

/// Clients at a time; one more is told so and cut.
const MAX_CLIENTS: usize = 16;

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
    /// Which devices there are.
    Devices,
    /// Whether the speaker can be heard.
    SpeakerTest,
    /// To read the configuration anew.
    Reload,
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
    /// Something that is not ours to replace.
    #[error("{} is there already and is not a socket: remove it, or set another `control.socket`", path.display())]
    NotASocket {
        /// The file.
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

/// Keeps the socket open; dropping it cuts every client and removes the socket.
#[derive(Debug)]
pub struct Handle {
    task: tokio::task::JoinHandle<()>,
    asks: mpsc::Sender<Ask>,
    _place: bind::Place,
}

impl Handle {
    /// The way to the daemon, for another door.
    pub fn asks(&self) -> mpsc::Sender<Ask> {
        self.asks.clone()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Opens the socket at `path`. Must be called within a tokio runtime.
pub async fn start(path: &Path, status: watch::Receiver<Status>) -> Result<(Handle, mpsc::Receiver<Ask>), Error> {
    start_telling(path, status, broadcast::Sender::new(1)).await
}

/// The same, and whoever wants to hears of events by name.
pub async fn start_telling(
    path: &Path,
    status: watch::Receiver<Status>,
    events: broadcast::Sender<Event>,
) -> Result<(Handle, mpsc::Receiver<Ask>), Error> {
    let (place, listener) = bind::bind(path).await?;
    let (asks, receiver) = mpsc::channel(MAX_CLIENTS);
    let task = tokio::spawn(accept(listener, status, events, asks.clone()));
    Ok((Handle { task, asks, _place: place }, receiver))
}

async fn accept(
    listener: UnixListener,
    status: watch::Receiver<Status>,
    events: broadcast::Sender<Event>,
    asks: mpsc::Sender<Ask>,
) {
    let places = Arc::new(Semaphore::new(MAX_CLIENTS));
    let mut clients = JoinSet::new();
    loop {
        while clients.try_join_next().is_some() {}
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of file descriptors, most likely: trying at once would only burn the processor.
                tracing::warn!(%error, "the control socket takes no client at the moment");
                tokio::time::sleep(Duration::from_millis(500)).await;
                continue;
            }
        };
        let Ok(place) = places.clone().try_acquire_owned() else {
            turn_away(&stream);
            continue;
        };
        let (status, events, asks) = (status.clone(), events.clone(), asks.clone());
        clients.spawn(async move {
            client::serve(stream, status, events, asks).await;
            drop(place);
        });
    }
}

fn turn_away(stream: &UnixStream) {
    let error = rpc::Error::new(ErrorKind::Full, format!("the control socket has {MAX_CLIENTS} clients already: close one"));
    let line = format!("{}\n", rpc::Message::unreadable(error).to_json());
    if let Err(error) = stream.try_write(line.as_bytes()) {
        tracing::debug!(%error, "turned a control client away without a word");
    }
}
