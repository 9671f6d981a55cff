//! Signed-in clients, which outlive their sockets: who they are, what they were told, where to send the next thing.
//!
//! ```text
//!   open ──► linked to a socket ──socket lost, token expired──► lost ──grace time──► ended
//!                     ▲──────────── resume ──────────────────────┘
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
use crate::protocol::UserId;
use crate::protocol::hub::{ClientKind, Resume, Service, User};
use crate::protocol::rpc::{self, ErrorKind, Id, Message};

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
    /// What it wants to be told of.
    pub services: BTreeSet<Service>,
    /// When its token is no longer good.
    until: Instant,
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

/// Who opens a session.
#[derive(Debug, Clone)]
pub struct Newcomer {
    /// Who the token says it is.
    pub user: User,
    /// Appliance or browser.
    pub kind: ClientKind,
    /// What it wants to be told of; none: what it was told of before, or everything.
    pub services: Option<BTreeSet<Service>>,
    /// When its token is no longer good.
    pub until: Instant,
}

/// All sessions of a hub.
#[derive(Debug)]
pub struct Sessions {
    grace: Duration,
    /// Of one user.
    most: usize,
    last_id: u64,
    sessions: BTreeMap<SessionId, Session>,
    of_user: HashMap<UserId, BTreeSet<SessionId>>,
    secrets: HashMap<String, SessionId>,
    /// When lost sessions end.
    expiries: BTreeSet<(Instant, SessionId)>,
    /// When the tokens of linked sessions end.
    tokens: BTreeSet<(Instant, SessionId)>,
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
    /// A lost session of the same user that had to end to make room.
    pub instead_of: Option<SessionId>,
}

impl Sessions {
    /// No sessions yet; a lost one is kept for the grace time, and one user has at most so many.
    pub fn new(grace: Duration, most: usize) -> Self {
        Self {
            grace,
            most,
            last_id: 0,
            sessions: BTreeMap::new(),
            of_user: HashMap::new(),
            secrets: HashMap::new(),
            expiries: BTreeSet::new(),
            tokens: BTreeSet::new(),
            waiting: BTreeSet::new(),
        }
    }

    /// Resumes the session that is asked for, if it is the user's and nothing is lost, or begins a new one under a fresh secret.
    /// Send the answer with [`Self::answer`], then call [`Self::replay`].
    pub fn open(&mut self, who: Newcomer, resume: Option<&Resume>, fresh: String, outbox: Outbox) -> Result<Opened, rpc::Error> {
        if let Some(resume) = resume
            && let Some(id) = self.secrets.get(&resume.session)
            && let Some(session) = self.sessions.get_mut(id)
            && session.user.id == who.user.id
            && session.kind == who.kind
            && session.replay.since(resume.last_seq).is_some()
        {
            let id = *id;
            session.user = who.user;
            session.services = who.services.unwrap_or_else(|| std::mem::take(&mut session.services));
            session.replay.seen(resume.last_seq);
            session.held.clear();
            self.waiting.remove(&id);
            self.tokens.remove(&(session.until, id));
            self.tokens.insert((who.until, id));
            session.until = who.until;
            let was_lost = match std::mem::replace(&mut session.link, Link::Open(outbox)) {
                Link::Open(old) => {
                    old.close(Close::Resumed);
                    false
                }
                Link::Lost { until } => self.expiries.remove(&(until, id)),
            };
            return Ok(Opened { id, secret: session.secret.clone(), resumed: true, was_lost, instead_of: None });
        }
        let instead_of = self.make_room(&who.user.id)?;
        self.last_id += 1;
        let id = SessionId(self.last_id);
        let Newcomer { user, kind, services, until } = who;
        self.of_user.entry(user.id.clone()).or_default().insert(id);
        self.tokens.insert((until, id));
        let services = services.unwrap_or_else(|| BTreeSet::from([Service::Call]));
        let (replay, held, link) = (Replay::default(), VecDeque::new(), Link::Open(outbox));
        self.sessions.insert(id, Session { user, kind, services, until, secret: fresh.clone(), replay, held, link });
        self.secrets.insert(fresh.clone(), id);
        Ok(Opened { id, secret: fresh, resumed: false, was_lost: false, instead_of })
    }

    /// A user who has as many sessions as there may be loses the one that has been away for the longest time.
    fn make_room(&mut self, user: &UserId) -> Result<Option<SessionId>, rpc::Error> {
        let Some(all) = self.of_user.get(user).filter(|all| all.len() >= self.most) else { return Ok(None) };
        let Some((_, oldest)) = self.expiries.iter().find(|(_, id)| all.contains(id)).copied() else {
            let text = format!("{user} has {} sessions, and no more are allowed: close one of them", all.len());
            return Err(rpc::Error::new(ErrorKind::RateLimited, text));
        };
        self.remove(oldest);
        Ok(Some(oldest))
    }

    fn remove(&mut self, id: SessionId) -> Option<Session> {
        let session = self.sessions.remove(&id)?;
        self.secrets.remove(&session.secret);
        self.waiting.remove(&id);
        self.tokens.remove(&(session.until, id));
        if let Link::Lost { until } = session.link {
            self.expiries.remove(&(until, id));
        }
        if let Some(all) = self.of_user.get_mut(&session.user.id) {
            all.remove(&id);
            if all.is_empty() {
                self.of_user.remove(&session.user.id);
            }
        }
        Some(session)
    }

    /// The session goes on with another token of its user.
    pub fn renew(&mut self, id: SessionId, user: User, until: Instant) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.user = user;
        if self.tokens.remove(&(session.until, id)) {
            self.tokens.insert((until, id));
        }
        session.until = until;
    }

    /// What a session wants to be told of.
    pub fn services(&self, id: SessionId) -> BTreeSet<Service> {
        self.sessions.get(&id).map(|session| session.services.clone()).unwrap_or_default()
    }

    /// The session wants to be told of this from now on.
    pub fn subscribe(&mut self, id: SessionId, services: BTreeSet<Service>) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.services = services;
        }
    }

    /// Ends all sessions of a user whose tokens were revoked, and names them.
    pub fn end_of(&mut self, user: &UserId) -> Vec<SessionId> {
        let all: Vec<_> = self.of_user.get(user).into_iter().flatten().copied().collect();
        for id in &all {
            if let Some(Session { link: Link::Open(outbox), .. }) = self.remove(*id) {
                outbox.close(Close::Revoked);
            }
        }
        all
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
        self.lose(id, now);
        true
    }

    fn lose(&mut self, id: SessionId, now: Instant) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let until = now + self.grace;
        if let Link::Open(outbox) = std::mem::replace(&mut session.link, Link::Lost { until }) {
            // Unless it is gone already: then nobody sees why.
            outbox.close(Close::Expired);
        }
        session.held = VecDeque::new();
        self.tokens.remove(&(session.until, id));
        self.waiting.remove(&id);
        self.expiries.insert((until, id));
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

    /// When something happens by itself.
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        let lost = self.expiries.first().map(|(at, _)| (*at, "the grace time of a session ends"));
        let tokens = self.tokens.first().map(|(at, _)| (*at, "the token of a session expires"));
        [lost, tokens].into_iter().flatten().min()
    }

    /// Closes the sockets whose tokens are due, and names their sessions: they are lost now.
    pub fn expire_tokens(&mut self, now: Instant) -> Vec<SessionId> {
        let mut lost = Vec::new();
        while let Some((at, id)) = self.tokens.first().copied()
            && at <= now
        {
            self.tokens.remove(&(at, id));
            self.lose(id, now);
            lost.push(id);
        }
        lost
    }

    /// Ends the lost sessions that are due, and names them.
    pub fn expire(&mut self, now: Instant) -> Vec<SessionId> {
        let mut ended = Vec::new();
        while let Some((at, id)) = self.expiries.first().copied()
            && at <= now
        {
            self.expiries.remove(&(at, id));
            self.remove(id);
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

    /// How many of them have a socket.
    pub fn linked_count(&self) -> usize {
        self.sessions.values().filter(|session| matches!(session.link, Link::Open(_))).count()
    }
}
