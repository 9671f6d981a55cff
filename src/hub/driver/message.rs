//! What the driver is told.

use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

use super::super::calls::{Request, SessionId};
use super::super::sessions::Outbox;
use super::super::tokens::Identity;
use crate::protocol::UserId;
use crate::protocol::hub::{ClientInfo, Resume, Service, User};
use crate::protocol::rpc::{self, Id};

/// Something for the driver to do.
#[derive(Debug)]
pub enum Message {
    /// A client has shown a good token.
    Open {
        /// The request to answer.
        request: Id,
        /// What it asks for.
        opening: Box<Opening>,
        /// Where to send what it is told.
        outbox: Outbox,
        /// Told which session it is.
        opened: oneshot::Sender<Result<SessionId, rpc::Error>>,
    },
    /// Somebody asks for something.
    Asked {
        /// Who, and where to answer.
        from: Door,
        /// What.
        what: Ask,
        /// As the API calls it.
        method: &'static str,
    },
    /// A refresh token was used.
    Used {
        /// Whose.
        user: UserId,
        /// Told once that is stored.
        stored: oneshot::Sender<Result<Value, rpc::Error>>,
    },
    /// A client has seen all events up to this one.
    Seen {
        /// Its session.
        session: SessionId,
        /// The number of the event.
        seq: u64,
    },
    /// A socket is gone.
    Closed {
        /// Its session.
        session: SessionId,
        /// Which socket.
        outbox: Outbox,
    },
    /// How much is there?
    Figures(oneshot::Sender<Figures>),
    /// Is the driver alive?
    Health(oneshot::Sender<Health>),
    /// Close every socket, store everything, and end.
    Shutdown,
}

/// Who opens a session.
#[derive(Debug)]
pub struct Opening {
    /// What its token says.
    pub identity: Identity,
    /// What it is.
    pub client: ClientInfo,
    /// What it wants to be told of.
    pub services: Option<Vec<Service>>,
    /// The session it wants to go on with.
    pub resume: Option<Resume>,
}

/// By which door somebody asks.
#[derive(Debug)]
pub enum Door {
    /// Over the WebSocket.
    Socket {
        /// The session.
        session: SessionId,
        /// Its socket.
        outbox: Outbox,
        /// What to answer; none for a notification.
        request: Option<Id>,
    },
    /// Over REST.
    Rest {
        /// Who the token says it is.
        user: User,
        /// Where the answer goes.
        reply: oneshot::Sender<Result<Value, rpc::Error>>,
    },
}

/// What can be asked of the driver, by whichever door.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// Everything about calls and call types.
    Calls(Box<Request>),
    /// To be told of more.
    Subscribe(Vec<Service>),
    /// To be told of less.
    Unsubscribe(Vec<Service>),
    /// What the session is told of.
    Subscriptions,
    /// Which STUN and TURN servers there are, with credentials.
    IceServers,
    /// To go on with another token.
    Renew(Box<Identity>),
    /// To make the tokens of a user void.
    Revoke(UserId),
}

/// What `/healthz` tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Health {
    /// Signed-in clients, with and without a socket.
    pub sessions: usize,
    /// Calls that are kept.
    pub calls: usize,
    /// Whether all changes are on the disk.
    pub stored: bool,
}

/// What metrics tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Signed-in clients.
    pub sessions: usize,
    /// Those with a socket.
    pub linked: usize,
    /// Calls that are kept.
    pub calls: usize,
    /// Calls that somebody is in.
    pub running: usize,
    /// Clients in calls.
    pub participants: usize,
    /// Users who are rung.
    pub ringing: usize,
    /// Changes that are not on the disk.
    pub unstored: usize,
    /// Messages that wait.
    pub queue: usize,
}

/// The driver's queue.
pub type Handle = mpsc::Sender<Message>;
