//! The hub client: one task that signs in, keeps a WebSocket open, and comes back by itself when the hub or the network goes away.
//!
//! ```text
//!   daemon ── Handle::request(tag, Request) ──► task ── connection (pure) ──► socket, tls, sign_in ──► hub
//!          ◄─ Event::{State, Opened, Hub, Reply} ──┘
//! ```
//!
//! Every accepted request is answered by exactly one [`Event::Reply`] with its tag, within [`REQUEST_TIMEOUT`], also when the
//! connection drops in between. Nothing is kept for later: a request made while there is no session is answered
//! [`ErrorKind::Unavailable`](crate::protocol::rpc::ErrorKind) at once.

use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::mpsc;

pub use crate::config::Trust;
use crate::protocol::UserId;
use crate::protocol::control::HubState;
use crate::protocol::hub::{
    self, AnswerDoor, ClientInfo, GetCall, InCall, JoinCall, MuteSelf, SendSignal, SessionOpened, SetMaxBandwidth, WithExtension,
    WithReason,
};
use crate::protocol::rpc;

mod address;
mod client;
pub mod connection;
mod dial;
pub mod examine;
mod sign_in;
mod socket;
mod tls;
mod tunnel;

pub use address::{BadAddress, HubAddress};
pub use tunnel::Tunnel;

/// How long a request may take before it is answered with `timeout`.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// Requests that wait for the task; one more is refused.
const QUEUE: usize = 64;

/// Whom to sign in to, as whom, and whom to believe.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the hub is.
    pub url: HubAddress,
    /// Sign-in name.
    pub user: UserId,
    /// Where the password is.
    pub password: PasswordSource,
    /// Which certificate the hub must show (only for `wss`).
    pub trust: Trust,
    /// How this client introduces itself.
    pub client: ClientInfo,
}

/// A file with the password on its first line; read anew at each sign-in, never kept or logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordSource {
    /// The file.
    pub file: PathBuf,
}

/// Something to ask the hub.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// `call.get`; answered by [`hub::Call`].
    Get(GetCall),
    /// `call.get_or_create`; answered by [`hub::Call`].
    GetOrCreate(GetCall),
    /// `call.join`; answered by [`hub::Joined`].
    Join(JoinCall),
    /// `call.leave`.
    Leave(InCall),
    /// `call.end`.
    End(WithExtension),
    /// `call.accept`.
    Accept(WithExtension),
    /// `call.reject`.
    Reject(WithReason),
    /// `call.cancel`.
    Cancel(WithReason),
    /// `call.set_max_bandwidth`.
    SetMaxBandwidth(SetMaxBandwidth),
    /// `call.mute`.
    Mute(MuteSelf),
    /// `call.start_recording`.
    StartRecording(InCall),
    /// `call.stop_recording`.
    StopRecording(InCall),
    /// `call.answer_door`.
    AnswerDoor(AnswerDoor),
    /// `session.ice_servers`; answered by [`hub::IceServers`].
    IceServers,
    /// `call.signal`.
    Signal(SendSignal),
}

/// What the task is asked to do.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // there are few at a time
enum Ask {
    Request { tag: u64, request: Request },
    Addresses { lost: bool },
}

/// Something the hub or the connection to it has to tell.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// How far the connection got; sent when it changes, and at every failed attempt.
    State {
        /// Disconnected, connecting or connected.
        state: HubState,
        /// Why not further, for people.
        error: Option<String>,
        /// Until the next attempt, counted from this event.
        retry_in: Option<Duration>,
    },
    /// There is a session. If `resumed`, the missed events follow and every call is as it was; if not, join again.
    Opened {
        /// Whether an earlier session goes on.
        resumed: bool,
        /// What the hub said.
        opened: SessionOpened,
    },
    /// Something happened in a call. In order, without gaps or repeats within one session.
    Hub(hub::Event),
    /// The answer to a request.
    Reply {
        /// As given with the request.
        tag: u64,
        /// What came of it.
        outcome: Result<serde_json::Value, rpc::Error>,
    },
}

/// Speaks to the task. Dropping it ends the task too, but nobody waits for the goodbye.
#[derive(Debug)]
pub struct Handle {
    asks: mpsc::Sender<Ask>,
    task: tokio::task::JoinHandle<()>,
}

impl Handle {
    /// Hands a request to the task. An error means that it was not taken and no [`Event::Reply`] follows: the queue is full
    /// because the task cannot get rid of its events, or the client is closed.
    pub fn request(&self, tag: u64, request: Request) -> Result<(), rpc::Error> {
        self.asks.try_send(Ask::Request { tag, request }).map_err(|_| {
            rpc::Error::new(rpc::ErrorKind::Unavailable, "the hub client takes no more requests at the moment; try again later")
        })
    }

    /// This machine's addresses have changed: with one less, the connection is made anew; with one more, the next attempt is made
    /// now.
    /// False: the task is too busy to hear it, and will notice a dead connection by itself.
    pub fn addresses_changed(&self, lost: bool) -> bool {
        self.asks.try_send(Ask::Addresses { lost }).is_ok()
    }

    /// Says goodbye to the hub and ends the task; takes two seconds at most.
    pub async fn close(self) {
        let Self { asks, mut task } = self;
        drop(asks);
        if tokio::time::timeout(Duration::from_secs(2), &mut task).await.is_err() {
            task.abort();
        }
    }
}

/// Starts the client. Must be called within a tokio runtime; returns at once.
pub fn start(config: Config) -> (Handle, mpsc::Receiver<Event>) {
    if !config.url.secure() && !config.url.is_this_machine() {
        tracing::warn!("the password goes to the hub unencrypted, for anyone on the way to read: use wss:// in `hub.url`");
    }
    let (asks, queue) = mpsc::channel(QUEUE);
    let (events, receiver) = mpsc::channel(QUEUE);
    (Handle { asks, task: tokio::spawn(client::run(config, queue, events)) }, receiver)
}
