//! A page: asks at random, keeps a replica of every call it follows, and comes back as the protocol says.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::network::LinkId;
use super::random::Random;
use super::{Attempt, Want, requests, user_of};
use crate::hub::calls::model_tests::replica::Replica;
use crate::protocol::hub::{Call, Event, Joined, SessionOpened};
use crate::protocol::rpc::{Id, Message};
use crate::protocol::{Cid, ParticipantId, UserId};

/// A request whose answer is not here yet; all can be repeated.
#[derive(Debug, Clone)]
struct Asked {
    method: &'static str,
    params: Value,
}

#[derive(Debug)]
pub struct Page {
    pub user: UserId,
    pub link: Option<LinkId>,
    pub wants: Vec<Want>,
    pub replica: Replica,
    /// The session, and the last event seen in it.
    session: Option<(String, u64)>,
    open: bool,
    attempt: u64,
    last_id: u64,
    asked: BTreeMap<u64, Asked>,
    participant: ParticipantId,
}

impl Page {
    pub fn new(number: usize) -> Self {
        Self {
            user: user_of(number),
            link: None,
            wants: vec![Want::Attempt(1, Attempt::Socket)],
            replica: Replica::default(),
            session: None,
            open: false,
            attempt: 1,
            last_id: 0,
            asked: BTreeMap::new(),
            participant: ParticipantId::new(&format!("page-{number}")).unwrap(),
        }
    }

    /// Whether it is signed in, and waits for nothing.
    pub fn is_settled(&self) -> bool {
        self.open && self.asked.is_empty()
    }

    pub fn reconnect(&mut self, number: u64) {
        if number == self.attempt {
            self.wants.push(Want::Attempt(number, Attempt::Socket));
        }
    }

    /// Whether the link was taken.
    pub fn attempted(&mut self, number: u64, reached: bool, link: Option<LinkId>, pause: u64) -> bool {
        if number != self.attempt {
            return false;
        }
        if !reached {
            self.again(pause);
            return false;
        }
        self.link = link;
        let resume = self.session.as_ref().map(|(session, last_seq)| json!({"session": session, "last_seq": last_seq}));
        let client = json!({"kind": "browser", "version": "fleet"});
        self.send(0, "session.open", json!({"access_token": self.user, "client": client, "resume": resume}));
        true
    }

    pub fn lost(&mut self, pause: u64) {
        (self.link, self.open) = (None, false);
        self.again(pause);
    }

    fn again(&mut self, pause: u64) {
        self.attempt += 1;
        self.wants.push(Want::Reconnect(self.attempt, Duration::from_millis(200 + pause % 3000)));
    }

    fn send(&mut self, id: u64, method: &str, params: Value) {
        if let Some(link) = self.link {
            let text = Message::Request { id: Id::Number(id), method: method.into(), params }.to_json();
            self.wants.push(Want::Send(link, text));
        }
    }

    fn ask(&mut self, method: &'static str, params: Value) {
        if self.open {
            self.last_id += 1;
            self.asked.insert(self.last_id, Asked { method, params: params.clone() });
            self.send(self.last_id, method, params);
        }
    }

    pub fn act(&mut self, random: &mut Random) {
        let (method, params) = requests::any(random, &self.participant);
        // What an answer may change twice over is asked for once at a time, as people do.
        if self.asked.is_empty() {
            self.ask(method, params);
        }
    }

    pub fn received(&mut self, text: &str) {
        match Message::parse(text).unwrap() {
            Message::Response { id: Some(Id::Number(0)), outcome } => {
                self.opened(serde_json::from_value(outcome.unwrap()).unwrap())
            }
            Message::Response { id: Some(Id::Number(id)), outcome } => {
                if let (Some(asked), Ok(answer)) = (self.asked.remove(&id), outcome) {
                    self.answered(&asked, answer);
                }
            }
            Message::Notification { params, .. } => {
                let event: Event = serde_json::from_value(params).unwrap();
                let (_, last) = self.session.as_mut().expect("an event before the session");
                assert_eq!(event.seq, *last + 1, "{} missed an event, or got one twice", self.user);
                *last = event.seq;
                if self.replica.calls.contains_key(&event.cid) {
                    self.replica.told(&event.cid, &event.body);
                }
            }
            other => panic!("{other:?}"),
        }
    }

    fn answered(&mut self, asked: &Asked, answer: Value) {
        match asked.method {
            "call.join" => self.replica.answered(serde_json::from_value::<Joined>(answer).unwrap().call),
            "call.leave" => {
                let cid: Cid = serde_json::from_value(asked.params["cid"].clone()).unwrap();
                self.replica.calls.remove(&cid);
            }
            method => {
                let Ok(call) = serde_json::from_value::<Call>(answer) else { return };
                let follows = matches!(method, "call.get" | "call.get_or_create");
                if follows || self.replica.calls.contains_key(&call.cid) {
                    self.replica.answered(call);
                }
            }
        }
    }

    fn opened(&mut self, opened: SessionOpened) {
        self.open = true;
        if opened.resumed {
            // Answers are not replayed: what had none is asked again.
            for (id, asked) in self.asked.clone() {
                self.send(id, asked.method, asked.params);
            }
            return;
        }
        self.session = Some((opened.session, 0));
        self.asked.clear();
        // A new session knows nothing: everything anew, with the participation.
        for (cid, call) in std::mem::take(&mut self.replica.calls) {
            let me = call.participants.iter().find(|p| p.id == self.participant);
            let place = json!({"type": cid.kind(), "id": cid.id()});
            match me {
                Some(me) => {
                    let mut join = place;
                    join["participation"] = json!({"id": self.participant, "generation": me.generation});
                    self.ask("call.join", join);
                }
                None => self.ask("call.get", place),
            }
        }
    }
}
