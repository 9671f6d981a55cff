//! Signed-in clients, which outlive their sockets: who they are, what they were told, where to send the next thing.
//!
//! ```text
//!   open ──► linked to a socket ──socket lost──► lost ──grace time──► ended
//!                     ▲──────────── resume ───────┘
//! ```
//!
//! Pure: ids, secrets and time are arguments. What a session is answered waits here until the change behind it is stored;
//! everything that follows waits as well, so that a client sees answers and events in the order in which they came about.

mod outbox;
mod replay;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::{Duration, Instant};

pub use outbox::{Close, Out, Outbox, Text};
pub use replay::{Replay, Told};

use super::calls::SessionId;
use crate::protocol::hub::{ClientKind, Resume, User};
use crate::protocol::rpc::{self, Id, Message};

/// Where a session's socket is.
#[derive(Debug)]
enum Link {
    Open(Outbox),
    Lost { until: Instant },
}

/// A text that waits for a change to be stored.
#[derive(Debug)]
struct Held {
    /// The change; 0 for none.
    after: u64,
    /// The request that it answers; none for an event.
    answers: Option<Id>,
    text: Text,
}

/// One signed-in client.
#[derive(Debug)]
pub struct Session {
    /// Who it is.
    pub user: User,
    /// Appliance or browser.
    pub kind: ClientKind,
    secret: String,
    replay: Replay,
    held: VecDeque<Held>,
    link: Link,
}

impl Session {
    fn send(&mut self, held: Held) {
        if self.held.is_empty() && held.after == 0 {
            if let Link::Open(outbox) = &self.link {
                outbox.push(held.text);
            }
        } else {
            self.held.push_back(held);
        }
    }
}

/// All sessions of a hub.
#[derive(Debug)]
pub struct Sessions {
    grace: Duration,
    last_id: u64,
    sessions: BTreeMap<SessionId, Session>,
    secrets: HashMap<String, SessionId>,
    expiries: BTreeSet<(Instant, SessionId)>,
    /// Sessions with something held.
    waiting: BTreeSet<SessionId>,
}

/// How a session was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// Which.
    pub id: SessionId,
    /// What names it when resuming.
    pub secret: String,
    /// Whether it is an earlier one.
    pub resumed: bool,
    /// Whether its socket was known to be lost.
    pub was_lost: bool,
}

impl Sessions {
    /// No sessions yet; a lost one is kept for the grace time.
    pub fn new(grace: Duration) -> Self {
        Self {
            grace,
            last_id: 0,
            sessions: BTreeMap::new(),
            secrets: HashMap::new(),
            expiries: BTreeSet::new(),
            waiting: BTreeSet::new(),
        }
    }

    /// Resumes the session that is asked for, if it is the user's and nothing is lost, or begins a new one under a fresh secret.
    /// Send the answer with [`Self::answer`], then call [`Self::replay`].
    pub fn open(&mut self, user: User, kind: ClientKind, resume: Option<&Resume>, fresh: String, outbox: Outbox) -> Opened {
        if let Some(resume) = resume
            && let Some(id) = self.secrets.get(&resume.session)
            && let Some(session) = self.sessions.get_mut(id)
            && session.user.id == user.id
            && session.kind == kind
            && session.replay.since(resume.last_seq).is_some()
        {
            let id = *id;
            session.user = user;
            session.replay.seen(resume.last_seq);
            session.held.clear();
            self.waiting.remove(&id);
            let was_lost = match std::mem::replace(&mut session.link, Link::Open(outbox)) {
                Link::Open(old) => {
                    old.close(Close::Resumed);
                    false
                }
                Link::Lost { until } => self.expiries.remove(&(until, id)),
            };
            return Opened { id, secret: session.secret.clone(), resumed: true, was_lost };
        }
        self.last_id += 1;
        let id = SessionId(self.last_id);
        let link = Link::Open(outbox);
        let session = Session { user, kind, secret: fresh.clone(), replay: Replay::default(), held: VecDeque::new(), link };
        self.sessions.insert(id, session);
        self.secrets.insert(fresh.clone(), id);
        Opened { id, secret: fresh, resumed: false, was_lost: false }
    }

    /// Sends what the client has missed, after the answer to its `session.open`.
    pub fn replay(&mut self, id: SessionId, last_seq: u64) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        for text in session.replay.since(last_seq).unwrap_or_default() {
            session.send(Held { after: 0, answers: None, text });
        }
    }

    /// A session, if this socket is the one it is linked to.
    pub fn linked(&self, id: SessionId, outbox: &Outbox) -> Option<&Session> {
        self.sessions.get(&id).filter(|session| matches!(&session.link, Link::Open(current) if current.is(outbox)))
    }

    /// The socket is gone. Whether it was the session's.
    pub fn lost(&mut self, id: SessionId, outbox: &Outbox, now: Instant) -> bool {
        if self.linked(id, outbox).is_none() {
            return false;
        }
        let until = now + self.grace;
        if let Some(session) = self.sessions.get_mut(&id) {
            session.link = Link::Lost { until };
            session.held.clear();
        }
        self.waiting.remove(&id);
        self.expiries.insert((until, id));
        true
    }

    /// The client has seen every event up to this one.
    pub fn seen(&mut self, id: SessionId, seq: u64) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.replay.seen(seq);
        }
    }

    /// Answers a request once the given change is stored; 0 for at once.
    pub fn answer(&mut self, id: SessionId, request: Id, outcome: Result<serde_json::Value, rpc::Error>, after: u64) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let text = Message::Response { id: Some(request.clone()), outcome }.to_json();
        session.send(Held { after, answers: Some(request), text: text.into() });
        if !session.held.is_empty() {
            self.waiting.insert(id);
        }
    }

    /// Tells a session what happened.
    pub fn tell(&mut self, id: SessionId, told: Told) {
        if let Some(session) = self.sessions.get_mut(&id) {
            let text = session.replay.push(told);
            match session.link {
                Link::Open(_) => session.send(Held { after: 0, answers: None, text }),
                Link::Lost { .. } => {}
            }
        }
    }

    /// All changes up to this one were stored, or could not be: then their requests have failed.
    pub fn settled(&mut self, upto: u64, failure: Option<&rpc::Error>) {
        for id in std::mem::take(&mut self.waiting) {
            let Some(session) = self.sessions.get_mut(&id) else { continue };
            while session.held.front().is_some_and(|held| held.after <= upto)
                && let Some(mut held) = session.held.pop_front()
            {
                if held.after > 0
                    && let (Some(error), Some(request)) = (failure, held.answers.take())
                {
                    held.text = Message::Response { id: Some(request), outcome: Err(error.clone()) }.to_json().into();
                }
                if let Link::Open(outbox) = &session.link {
                    outbox.push(held.text);
                }
            }
            if session.held.is_empty() {
                session.held = VecDeque::new();
            } else {
                self.waiting.insert(id);
            }
        }
    }

    /// When the next lost session ends.
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        self.expiries.first().map(|(at, _)| (*at, "the grace time of a session ends"))
    }

    /// Ends the lost sessions that are due, and names them.
    pub fn expire(&mut self, now: Instant) -> Vec<SessionId> {
        let mut ended = Vec::new();
        while let Some((at, _)) = self.expiries.first()
            && *at <= now
            && let Some((_, id)) = self.expiries.pop_first()
        {
            if let Some(session) = self.sessions.remove(&id) {
                self.secrets.remove(&session.secret);
            }
            ended.push(id);
        }
        ended
    }

    /// Closes every socket: the hub goes down.
    pub fn close_all(&mut self) {
        for session in self.sessions.values() {
            if let Link::Open(outbox) = &session.link {
                outbox.close(Close::GoingAway);
            }
        }
    }

    /// How many sessions there are, with and without a socket.
    pub fn count(&self) -> usize {
        self.sessions.len()
    }
}
