//! The hub as its driver runs it, without tasks, disk and clock: what is changed is stored at once.

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value, json};

use super::network::LinkId;
use crate::hub::api::{self, Wanted};
use crate::hub::calls::{Caller, Calls, Effect, Input, Limits, Record, Request, SessionId, Types};
use crate::hub::driver::Ask;
use crate::hub::sessions::{self, Newcomer, Outbox, Sessions, Told};
use crate::protocol::hub::{OpenSession, Service, SessionOpened, User};
use crate::protocol::rpc::{self, Error, ErrorKind, Id, Message};
use crate::protocol::{Cid, ParticipantId, UserId};

pub const GRACE: Duration = Duration::from_secs(30);
pub const PLACES: usize = 4;

pub enum Out {
    Text(String, Option<u64>),
    Close,
}

struct Socket {
    outbox: Outbox,
    session: Option<SessionId>,
}

pub struct Hub {
    pub calls: Calls,
    sessions: Sessions,
    sockets: BTreeMap<LinkId, Socket>,
    fresh: u64,
    /// How often what happened, by name.
    pub seen: BTreeMap<String, u64>,
}

fn limits() -> Limits {
    Limits { grace: GRACE, participants: PLACES, followed: 64, calls: 10_000, creations: 100_000, rings: 100_000 }
}

impl Hub {
    pub fn new(now: Instant) -> Self {
        let (calls, sessions) = (Calls::new(limits(), Types::default(), [], now), Sessions::new(GRACE, 20));
        Self { calls, sessions, sockets: BTreeMap::new(), fresh: 0, seen: BTreeMap::new() }
    }

    /// Killed and started again, with what it has stored.
    pub fn restart(&mut self, now: Instant) {
        let stored: Vec<Record> = self.calls.all().iter().filter_map(|cid| self.calls.record(cid)).collect();
        let json = serde_json::to_string(&stored).unwrap();
        let stored: Vec<Record> = serde_json::from_str(&json).unwrap();
        self.calls = Calls::new(limits(), Types::default(), stored, now);
        self.sessions = Sessions::new(GRACE, 20);
        self.sockets.clear();
    }

    pub fn check(&self, now: Instant) {
        self.calls.assert_sound(now, PLACES);
    }

    pub fn linked(&mut self, link: LinkId) {
        self.sockets.insert(link, Socket { outbox: Outbox::default(), session: None });
    }

    pub fn session_of(&self, link: LinkId) -> Option<SessionId> {
        self.sockets.get(&link)?.session
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        [self.calls.poll_timeout(), self.sessions.poll_timeout()].into_iter().flatten().map(|(at, _)| at).min()
    }

    pub fn handle_timeout(&mut self, now: Instant) {
        self.calls.handle_timeout(now);
        for session in self.sessions.expire(now) {
            let _ = self.calls.handle(Input::SessionEnded(session), now);
        }
        self.drain();
    }

    pub fn lost(&mut self, link: LinkId, now: Instant) {
        let Some(socket) = self.sockets.remove(&link) else { return };
        if let Some(session) = socket.session
            && self.sessions.lost(session, &socket.outbox, now)
        {
            let _ = self.calls.handle(Input::SocketLost(session), now);
        }
        self.drain();
    }

    pub fn seen(&mut self, link: LinkId, seq: u64) {
        if let Some(session) = self.session_of(link) {
            self.sessions.seen(session, seq);
        }
    }

    pub fn received(&mut self, link: LinkId, text: &str, now: Instant, wall: SystemTime) {
        let Some(socket) = self.sockets.get(&link) else { return };
        let Ok(Message::Request { id, method, params }) = Message::parse(text) else { panic!("no request: {text}") };
        let outbox = socket.outbox.clone();
        match socket.session {
            None => self.open(link, id, params, outbox, now),
            Some(session) => self.asked(session, id, &method, params, &outbox, now, wall),
        }
        self.drain();
    }

    fn open(&mut self, link: LinkId, request: Id, params: Value, outbox: Outbox, now: Instant) {
        let open: OpenSession = serde_json::from_value(params).unwrap();
        let user = User::new(UserId::new(&open.access_token).unwrap());
        let services = open.services.map(|services| services.into_iter().collect());
        let who = Newcomer { user: user.clone(), kind: open.client.kind, services, until: now + Duration::from_secs(1_000_000) };
        self.fresh += 1;
        let session = self.sessions.open(who, open.resume.as_ref(), format!("secret-{}", self.fresh), outbox).unwrap();
        let how = if session.resumed { "resumed" } else { "opened" };
        *self.seen.entry(how.to_owned()).or_default() += 1;
        if let Some(ended) = session.instead_of {
            let _ = self.calls.handle(Input::SessionEnded(ended), now);
        }
        if let Some(socket) = self.sockets.get_mut(&link) {
            socket.session = Some(session.id);
        }
        let answer = SessionOpened {
            session: session.secret,
            user: user.clone(),
            resumed: session.resumed,
            reconnect_grace_ms: 30_000,
            expires_at: None,
            subscribed: vec![Service::Call],
        };
        self.sessions.answer(session.id, request, Ok(json!(answer)), 0);
        if let Some(resume) = open.resume.filter(|_| session.resumed) {
            self.sessions.replay(session.id, resume.last_seq);
        }
        let services = self.sessions.services(session.id);
        let _ = self.calls.handle(Input::SessionOpened { session: session.id, user, services }, now);
        if session.was_lost {
            let _ = self.calls.handle(Input::SocketBack(session.id), now);
        }
    }

    #[allow(clippy::too_many_arguments)] // one request, and when it came
    fn asked(&mut self, session: SessionId, id: Id, method: &str, params: Value, outbox: &Outbox, now: Instant, wall: SystemTime) {
        let Some(linked) = self.sessions.linked(session, outbox) else { return };
        let (user, kind) = (linked.user.clone(), linked.kind);
        let outcome = match api::read(method, params) {
            Ok(Wanted::Ping) => Ok(json!({})),
            Ok(Wanted::Driver(Ask::Calls(request))) => {
                self.fresh += 1;
                let fresh = ParticipantId::new(&format!("fresh-{}", self.fresh)).unwrap();
                self.handle(Caller { session: Some(session), user, kind, fresh, wall }, *request, now)
            }
            Ok(_) => Err(Error::new(ErrorKind::MethodNotFound, "not in this hub")),
            Err(error) => Err(error),
        };
        self.drain();
        self.sessions.answer(session, id, outcome, 0);
    }

    fn handle(&mut self, by: Caller, request: Request, now: Instant) -> Result<Value, rpc::Error> {
        let answer = self.calls.handle(Input::Asked { by, request: Box::new(request) }, now)?;
        Ok(answer.into_result().unwrap())
    }

    fn drain(&mut self) {
        while let Some(effect) = self.calls.poll_effect() {
            if let Effect::Tell { to, cid, body } = effect {
                let kind = json!(&*body)["type"].as_str().unwrap_or_default().to_owned();
                *self.seen.entry(kind).or_default() += 1;
                let told = Told::new(&cid, &body).unwrap();
                for session in to {
                    self.sessions.tell(session, told.clone());
                }
            }
        }
    }

    /// What is on its way to the clients.
    pub fn out(&mut self) -> Vec<(LinkId, Out)> {
        let mut all = Vec::new();
        let mut closed = Vec::new();
        for (link, socket) in &self.sockets {
            while let Some(out) = socket.outbox.try_next() {
                match out {
                    sessions::Out::Text(text) => all.push((*link, Out::Text(text.text, text.seq))),
                    sessions::Out::Close(_) => {
                        closed.push(*link);
                        all.push((*link, Out::Close));
                        break;
                    }
                }
            }
        }
        for link in closed {
            self.sockets.remove(&link);
        }
        all
    }

    /// What this client should know of this call.
    pub fn view_for(&self, cid: &Cid, session: SessionId) -> Option<crate::protocol::hub::Call> {
        self.calls.seen_by(cid, session)
    }
}
