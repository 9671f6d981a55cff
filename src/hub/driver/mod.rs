//! The one task that owns calls and sessions: everything that happens comes in by its queue, everything to be done goes out to
//! sockets, store and webhook.

mod asked;
mod load;
mod message;
#[cfg(test)]
mod tests;
mod waiting;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::sync::{mpsc, oneshot};
use tracing::{debug, error};

use super::calls::{Calls, Effect, Input, SessionId, WakeReason};
use super::identities::Identities;
use super::meters::Meters;
use super::persist::{Item, Persist};
use super::sessions::{Newcomer, Outbox, Sessions, Told};
use super::tokens::Identity;
use super::turn::Turn;
use super::webhook;
use crate::protocol::event::{Event, EventKind};
use crate::protocol::hub::SessionOpened;
use crate::protocol::rpc::{self, ErrorKind, Id};
use crate::telemetry::say;

pub use load::{Loaded, load};
pub use message::{Ask, Door, Figures, Handle, Health, Message, Opening};
use waiting::Waiting;

/// Messages that may wait for the driver; sockets are not read while it is full.
const QUEUE: usize = 1024;
/// Messages that are taken in before timers and store get their turn.
const BURST: usize = 256;
/// How long a socket stays open after its token has expired: a client that renews at the last moment is not cut off.
const TOKEN_GRACE: Duration = Duration::from_secs(3);

/// The driver's state.
#[derive(Debug)]
pub struct Driver {
    calls: Calls,
    sessions: Sessions,
    identities: Arc<Identities>,
    persist: Persist,
    waiting: Waiting,
    /// Who is answered when something else has happened.
    later: BTreeMap<u64, Door>,
    webhook: Option<webhook::Handle>,
    turn: Option<Turn>,
    grace_ms: u64,
    meters: Arc<Meters>,
}

impl Driver {
    /// A driver that goes on from what was stored.
    pub fn new(calls: Calls, sessions: Sessions, identities: Arc<Identities>, persist: Persist, grace: Duration) -> Self {
        let grace_ms = u64::try_from(grace.as_millis()).unwrap_or(u64::MAX);
        Self {
            calls,
            sessions,
            identities,
            persist,
            waiting: Waiting::default(),
            later: BTreeMap::new(),
            webhook: None,
            turn: None,
            grace_ms,
            meters: Arc::default(),
        }
    }

    /// Tells somebody of rings.
    #[must_use]
    pub fn with_webhook(mut self, webhook: Option<webhook::Handle>) -> Self {
        self.webhook = webhook;
        self
    }

    /// Tells clients of STUN and TURN servers.
    #[must_use]
    pub fn with_turn(mut self, turn: Option<Turn>) -> Self {
        self.turn = turn;
        self
    }

    /// Counts here.
    #[must_use]
    pub fn with_meters(mut self, meters: Arc<Meters>) -> Self {
        self.meters = meters;
        self
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
                        self.take(message, queue.len());
                        // The rest of a burst shares one flush of the disk; a burst without end must not put it off for ever.
                        for _ in 0..BURST {
                            let Ok(message) = queue.try_recv() else { break };
                            if matches!(message, Message::Shutdown) {
                                return self.shut_down().await;
                            }
                            self.take(message, queue.len());
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
            for session in self.sessions.expire_tokens(now) {
                let _ = self.calls.handle(Input::SocketLost(session), now);
            }
            for session in self.sessions.expire(now) {
                let _ = self.calls.handle(Input::SessionEnded(session), now);
            }
            self.drain();
            self.flush(now);
        }
        self.shut_down().await;
    }

    async fn shut_down(mut self) {
        self.sessions.close_all();
        self.drain();
        // One attempt for what is left: a disk that is full now will be full in a second.
        self.flush(Instant::now());
        while !self.persist.is_clean() {
            let outcome = self.persist.outcome().await;
            if !self.settle(outcome, Instant::now()) {
                error!("some changes could not be stored before the end");
                break;
            }
            self.flush(Instant::now());
        }
        self.sessions.close_all();
    }

    fn flush(&mut self, now: Instant) {
        let (calls, identities) = (&self.calls, &self.identities);
        let value = |item: &Item| match item {
            Item::Call(cid) => calls.record(cid).map_or(Ok(Vec::new()), |record| serde_json::to_vec(&record)),
            Item::Type(name) => calls.call_type(name).map_or(Ok(Vec::new()), serde_json::to_vec),
            Item::User(user) => identities.record(user).map_or(Ok(Vec::new()), |record| serde_json::to_vec(&record)),
        };
        self.persist.flush(value, now);
    }

    fn settle(&mut self, outcome: Option<super::store::Outcome>, now: Instant) -> bool {
        let settled = self.persist.settle(outcome, now);
        if settled.upto > 0 {
            self.meters.stored(settled.took);
            if self.meters.store_fails(!settled.stored) {
                say(&Event::new(if settled.stored { EventKind::StoreBack } else { EventKind::StoreFailed }));
            }
        }
        let failure = rpc::Error::new(ErrorKind::InternalError, "the hub cannot store this change: try again later");
        let failure = (!settled.stored).then_some(&failure);
        self.sessions.settled(settled.upto, failure);
        self.waiting.settled(settled.upto, failure);
        settled.stored
    }

    /// `queue` more wait.
    fn take(&mut self, message: Message, queue: usize) {
        let now = Instant::now();
        match message {
            Message::Open { request, opening, outbox, opened } => self.open(request, *opening, &outbox, opened, now),
            Message::Asked { from, what, method } => self.asked(from, what, method, now),
            Message::Used { user, stored } => {
                self.persist.changed(Item::User(user));
                self.waiting.answer(self.persist.latest(), stored, Ok(serde_json::Value::Null));
            }
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
            Message::Figures(reply) => {
                let (running, participants, ringing) = self.calls.busy();
                let _ = reply.send(Figures {
                    sessions: self.sessions.count(),
                    linked: self.sessions.linked_count(),
                    calls: self.calls.count(),
                    running,
                    participants,
                    ringing,
                    unstored: self.persist.pending(),
                    queue,
                });
            }
            Message::Shutdown => {}
        }
        self.drain();
    }

    fn open(
        &mut self,
        request: Id,
        opening: Opening,
        outbox: &Outbox,
        opened: oneshot::Sender<Result<SessionId, rpc::Error>>,
        now: Instant,
    ) {
        let Opening { identity: Identity { user, times }, client, services, resume } = opening;
        // It may have been revoked since the socket's task looked.
        if self.identities.is_revoked(&user.id, times.issued_at) {
            let _ = opened.send(Err(Identities::revoked()));
            return;
        }
        let until = deadline(times.expires_at, now);
        let services = services.map(|services| services.into_iter().collect());
        let who = Newcomer { user: user.clone(), kind: client.kind, services, until };
        let session = match self.sessions.open(who, resume.as_ref(), secret(), outbox.clone()) {
            Ok(session) => session,
            Err(refused) => {
                let _ = opened.send(Err(refused));
                return;
            }
        };
        if let Some(ended) = session.instead_of {
            let _ = self.calls.handle(Input::SessionEnded(ended), now);
        }
        let services = self.sessions.services(session.id);
        let known = opened.send(Ok(session.id)).is_ok();
        if known {
            debug!(session = session.id.0, user = %user.id, client = %client.version, resumed = session.resumed, "session open");
            let answer = SessionOpened {
                session: session.secret,
                user: user.clone(),
                resumed: session.resumed,
                reconnect_grace_ms: self.grace_ms,
                expires_at: Some(date(times.expires_at)),
                subscribed: services.iter().copied().collect(),
            };
            let outcome = serde_json::to_value(answer).map_err(internal);
            self.sessions.answer(session.id, request, outcome, 0);
            if let Some(resume) = resume.filter(|_| session.resumed) {
                self.sessions.replay(session.id, resume.last_seq);
            }
        }
        let _ = self.calls.handle(Input::SessionOpened { session: session.id, user, services }, now);
        if known && session.was_lost {
            let _ = self.calls.handle(Input::SocketBack(session.id), now);
        }
        if !known {
            // The socket went away while waiting: the session is lost at once, and may be resumed.
            self.sessions.lost(session.id, outbox, now);
            let _ = self.calls.handle(Input::SocketLost(session.id), now);
        }
    }

    fn drain(&mut self) {
        while let Some(effect) = self.calls.poll_effect() {
            match effect {
                Effect::Changed(cid) => self.persist.changed(Item::Call(cid)),
                Effect::TypeChanged(name) => self.persist.changed(Item::Type(name)),
                Effect::Wake(wake) => {
                    if wake.reason == WakeReason::Ring {
                        self.meters.ring();
                    }
                    if let Some(webhook) = &self.webhook {
                        webhook.tell(&wake);
                    }
                }
                Effect::Answered { request, outcome } => self.answered(request, outcome),
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

/// When a token that is good until then is no longer served.
fn deadline(expires_at: SystemTime, now: Instant) -> Instant {
    now + expires_at.duration_since(SystemTime::now()).unwrap_or_default() + TOKEN_GRACE
}

fn date(at: SystemTime) -> String {
    humantime::format_rfc3339_millis(at).to_string()
}

/// 256 bits that nobody can guess.
fn secret() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

fn internal(e: serde_json::Error) -> rpc::Error {
    error!("cannot write an answer as JSON: {e}");
    rpc::Error::new(ErrorKind::InternalError, "the hub cannot write its answer")
}
