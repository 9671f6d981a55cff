//! The one task that owns calls and sessions: everything that happens comes in by its queue, everything to be done goes out to
//! sockets and store.

use std::collections::BTreeMap;
use std::time::{Instant, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::sync::{mpsc, oneshot};
use tracing::{debug, error, info};

use super::calls::{Answer, Caller, Calls, Effect, Input, Request, SessionId};
use super::persist::Persist;
use super::sessions::{Outbox, Sessions, Told};
use crate::protocol::hub::{ClientInfo, Resume, Service, SessionOpened, User};
use crate::protocol::rpc::{self, ErrorKind, Id};
use crate::protocol::{Cid, ParticipantId};

/// Messages that may wait for the driver; sockets are not read while it is full.
const QUEUE: usize = 1024;
/// Messages that are taken in before timers and store get their turn.
const BURST: usize = 256;

/// What a socket's task tells the driver.
#[derive(Debug)]
pub enum Message {
    /// A client has shown a good token.
    Open {
        /// The request to answer.
        request: Id,
        /// Who it is.
        user: User,
        /// What it is.
        client: ClientInfo,
        /// The session it wants to go on with.
        resume: Option<Resume>,
        /// Where to send what it is told.
        outbox: Outbox,
        /// Told which session it is.
        opened: oneshot::Sender<SessionId>,
    },
    /// A client asks for something.
    Asked {
        /// Its session.
        session: SessionId,
        /// Its socket.
        outbox: Outbox,
        /// What to answer; none for a notification.
        request: Option<Id>,
        /// What it wants.
        what: Request,
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
    /// Is the driver alive?
    Health(oneshot::Sender<Health>),
    /// Close every socket, store everything, and end.
    Shutdown,
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

/// The driver's queue.
pub type Handle = mpsc::Sender<Message>;

/// The driver's state.
#[derive(Debug)]
pub struct Driver {
    calls: Calls,
    sessions: Sessions,
    persist: Persist,
    grace_ms: u64,
}

impl Driver {
    /// A driver that goes on from stored calls.
    pub fn new(calls: Calls, sessions: Sessions, persist: Persist, grace: std::time::Duration) -> Self {
        Self { calls, sessions, persist, grace_ms: u64::try_from(grace.as_millis()).unwrap_or(u64::MAX) }
    }

    /// Starts the task. It ends after [`Message::Shutdown`], when everything is stored.
    pub fn start(self) -> (Handle, tokio::task::JoinHandle<()>) {
        let (handle, queue) = mpsc::channel(QUEUE);
        (handle, tokio::spawn(self.run(queue)))
    }

    async fn run(mut self, mut queue: mpsc::Receiver<Message>) {
        loop {
            let deadline =
                [self.calls.poll_timeout(), self.sessions.poll_timeout(), self.persist.poll_timeout()].into_iter().flatten().min();
            let mut settled = None;
            tokio::select! {
                message = queue.recv() => match message {
                    None | Some(Message::Shutdown) => break,
                    Some(message) => {
                        self.take(message);
                        // The rest of a burst shares one flush of the disk; a burst without end must not put it off for ever.
                        for _ in 0..BURST {
                            let Ok(message) = queue.try_recv() else { break };
                            if matches!(message, Message::Shutdown) {
                                return self.shut_down().await;
                            }
                            self.take(message);
                        }
                    }
                },
                outcome = self.persist.outcome() => settled = Some(outcome),
                why = sleep_until(deadline) => debug!("{why}"),
            }
            let now = Instant::now();
            if let Some(outcome) = settled {
                self.settle(outcome, now);
            }
            self.calls.handle_timeout(now);
            for session in self.sessions.expire(now) {
                let _ = self.calls.handle(Input::SessionEnded(session), now);
            }
            self.drain();
            self.persist.flush(&self.calls, now);
        }
        self.shut_down().await;
    }

    async fn shut_down(mut self) {
        self.sessions.close_all();
        self.drain();
        // One attempt for what is left: a disk that is full now will be full in a second.
        self.persist.flush(&self.calls, Instant::now());
        while !self.persist.is_clean() {
            let outcome = self.persist.outcome().await;
            if !self.settle(outcome, Instant::now()) {
                error!("some changes could not be stored before the end");
                break;
            }
            self.persist.flush(&self.calls, Instant::now());
        }
        self.sessions.close_all();
    }

    fn settle(&mut self, outcome: Option<super::store::Outcome>, now: Instant) -> bool {
        let settled = self.persist.settle(outcome, now);
        let failure = rpc::Error::new(ErrorKind::InternalError, "the hub cannot store this change: try again later");
        self.sessions.settled(settled.upto, (!settled.stored).then_some(&failure));
        settled.stored
    }

    fn take(&mut self, message: Message) {
        let now = Instant::now();
        match message {
            Message::Open { request, user, client, resume, outbox, opened } => {
                self.open(request, user, client, resume, outbox, opened, now);
            }
            Message::Asked { session, outbox, request, what } => self.asked(session, &outbox, request, what, now),
            Message::Seen { session, seq } => self.sessions.seen(session, seq),
            Message::Closed { session, outbox } => {
                if self.sessions.lost(session, &outbox, now) {
                    let _ = self.calls.handle(Input::SocketLost(session), now);
                }
            }
            Message::Health(reply) => {
                let (sessions, calls, stored) = (self.sessions.count(), self.calls.count(), self.persist.is_clean());
                let _ = reply.send(Health { sessions, calls, stored });
            }
            Message::Shutdown => {}
        }
        self.drain();
    }

    #[allow(clippy::too_many_arguments)] // the fields of one message
    fn open(
        &mut self,
        request: Id,
        user: User,
        client: ClientInfo,
        resume: Option<Resume>,
        outbox: Outbox,
        opened: oneshot::Sender<SessionId>,
        now: Instant,
    ) {
        let session = self.sessions.open(user.clone(), client.kind, resume.as_ref(), secret(), outbox.clone());
        if opened.send(session.id).is_err() {
            // The socket went away while waiting: the session is lost at once, and may be resumed.
            self.sessions.lost(session.id, &outbox, now);
            if session.resumed && !session.was_lost {
                let _ = self.calls.handle(Input::SocketLost(session.id), now);
            }
            return;
        }
        debug!(session = session.id.0, user = %user.id, client = %client.version, resumed = session.resumed, "session open");
        let caller = user.clone();
        let answer = SessionOpened {
            session: session.secret,
            user,
            resumed: session.resumed,
            reconnect_grace_ms: self.grace_ms,
            expires_at: None,
            subscribed: Vec::new(),
        };
        let outcome = serde_json::to_value(answer).map_err(internal);
        self.sessions.answer(session.id, request, outcome, 0);
        let _ =
            self.calls.handle(Input::SessionOpened { session: session.id, user: caller, services: [Service::Call].into() }, now);
        if let Some(resume) = resume.filter(|_| session.resumed) {
            self.sessions.replay(session.id, resume.last_seq);
        }
        if session.was_lost {
            let _ = self.calls.handle(Input::SocketBack(session.id), now);
        }
    }

    fn asked(&mut self, id: SessionId, outbox: &Outbox, request: Option<Id>, what: Request, now: Instant) {
        let Some(session) = self.sessions.linked(id, outbox) else { return };
        let Ok(fresh) = ParticipantId::new(&uuid::Uuid::new_v4().to_string()) else { return };
        let by = Caller { session: Some(id), user: session.user.clone(), kind: session.kind, fresh, wall: SystemTime::now() };
        let cid = what.cid();
        let outcome = self.calls.handle(Input::Asked { by, request: Box::new(what) }, now).map_err(rpc::Error::from);
        self.drain();
        let Some(request) = request else { return };
        // A refusal has changed nothing; an answer may speak of a change that is not on the disk yet.
        let after = match (&outcome, cid) {
            (Ok(_), Some(cid)) => self.persist.unstored(&cid),
            _ => 0,
        };
        let outcome = outcome.and_then(|answer: Answer| answer.into_result().map_err(internal));
        self.sessions.answer(id, request, outcome, after);
    }

    fn drain(&mut self) {
        while let Some(effect) = self.calls.poll_effect() {
            match effect {
                Effect::Changed(cid) => self.persist.changed(cid),
                // Storing types and posting webhooks come with the API.
                Effect::TypeChanged(name) => debug!(name, "a call type changed"),
                Effect::Wake(wake) => debug!(user = %wake.user, reason = ?wake.reason, "somebody should be woken"),
                Effect::Tell { to, cid, body } => {
                    let Some(told) = Told::new(&cid, &body) else {
                        error!(%cid, "an event cannot be written as JSON");
                        continue;
                    };
                    for session in to {
                        self.sessions.tell(session, told.clone());
                    }
                }
            }
        }
    }
}

async fn sleep_until(deadline: Option<(Instant, &'static str)>) -> &'static str {
    match deadline {
        None => std::future::pending().await,
        Some((at, why)) => {
            tokio::time::sleep_until(at.into()).await;
            why
        }
    }
}

/// 256 bits that nobody can guess.
fn secret() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

fn internal(e: serde_json::Error) -> rpc::Error {
    error!("cannot write an answer as JSON: {e}");
    rpc::Error::new(ErrorKind::InternalError, "the hub cannot write its answer")
}

/// The stored calls and their revisions. A record that cannot be read is left alone and reported.
pub fn load(store: &impl super::store::Store) -> Result<(Vec<super::calls::Record>, BTreeMap<Cid, u64>), super::store::Error> {
    let mut records = Vec::new();
    let mut revisions = BTreeMap::new();
    for (key, entry) in store.list(super::persist::CALLS)? {
        match serde_json::from_slice::<super::calls::Record>(&entry.value) {
            Ok(record) => {
                revisions.insert(record.call.cid.clone(), entry.revision);
                records.push(record);
            }
            Err(e) => error!("cannot read the stored `{key}`, leaving it alone: {e}"),
        }
    }
    info!(calls = records.len(), "calls loaded");
    Ok((records, revisions))
}
