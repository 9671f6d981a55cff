//! The rules of the call core, one by one.
#![allow(clippy::wildcard_enum_match_arm)]

mod presence;
mod rules;

use std::time::{Duration, Instant, SystemTime};

use serde_json::json;

use super::*;
use crate::protocol::UserId;
use crate::protocol::hub::{
    CallData, ClientKind, GetCall, InCall, JoinCall, MuteSelf, Muted, ParticipantState, Participation, SendSignal, Signal, User,
};
use crate::protocol::rpc::ErrorKind;

const GRACE: Duration = Duration::from_secs(30);

struct World {
    calls: Calls,
    now: Instant,
    fresh: u32,
}

fn limits() -> Limits {
    Limits { grace: GRACE, participants: 4, followed: 3, calls: 5 }
}

fn cid() -> Cid {
    "default:lobby".parse().unwrap()
}

fn id(name: &str) -> ParticipantId {
    ParticipantId::new(name).unwrap()
}

fn user(name: &str) -> User {
    User { name: name.to_uppercase(), ..User::new(UserId::new(name).unwrap()) }
}

fn join(call: &str) -> JoinCall {
    JoinCall { kind: "default".into(), id: call.into(), create: true, data: None, participation: None, custom: json!(null) }
}

fn back(participant: &str, generation: Option<u32>) -> Request {
    let participation = Some(Participation { id: id(participant), generation });
    Request::Join(JoinCall { participation, ..join("lobby") })
}

fn get(call: &str) -> GetCall {
    GetCall { kind: "default".into(), id: call.into(), data: None }
}

fn leave() -> Request {
    Request::Leave(InCall { cid: cid() })
}

fn mute(audio: bool) -> Request {
    Request::Mute(MuteSelf { cid: cid(), muted: Muted { audio, video: false }, sharing: None })
}

fn signal(to: &str, signal: Signal) -> Request {
    Request::Signal(SendSignal { cid: cid(), to: id(to), epoch: 65536, signal })
}

impl World {
    fn new() -> Self {
        let now = Instant::now();
        Self { calls: Calls::new(limits(), [], now), now, fresh: 0 }
    }

    /// A user's first session has the number of its first letter, so that tests read well.
    fn ask(&mut self, session: u64, name: &str, request: Request) -> Result<Answer, Refused> {
        self.fresh += 1;
        let by = Caller {
            session: SessionId(session),
            user: user(name),
            kind: ClientKind::Browser,
            fresh: id(&format!("p{}", self.fresh)),
            wall: SystemTime::UNIX_EPOCH,
        };
        self.calls.handle(Input::Asked { by, request: Box::new(request) }, self.now)
    }

    fn join(&mut self, session: u64, name: &str) -> ParticipantId {
        match self.ask(session, name, Request::Join(join("lobby"))).unwrap() {
            Answer::Joined(joined) => joined.participant,
            other => panic!("{other:?}"),
        }
    }

    fn refused(&mut self, session: u64, name: &str, request: Request) -> ErrorKind {
        let before = (self.calls.call(&cid()), self.calls.count());
        let kind = self.ask(session, name, request).unwrap_err().kind();
        assert_eq!((self.calls.call(&cid()), self.calls.count()), before, "a refusal changes nothing");
        assert_eq!(self.told(), [], "a refusal tells nobody");
        kind
    }

    /// Who was told what since the last look, in short.
    fn told(&mut self) -> Vec<(u64, String)> {
        let mut told = Vec::new();
        while let Some(effect) = self.calls.poll_effect() {
            let Effect::Tell { to, body, .. } = effect else { continue };
            let text = match &*body {
                EventBody::ParticipantJoined { participant: p } => format!("{} joined, generation {}", p.id, p.generation),
                EventBody::ParticipantUpdated { participant: p } => format!("{} is {:?}, muted {}", p.id, p.state, p.muted.audio),
                EventBody::ParticipantLeft { participant, reason, .. } => format!("{participant} left: {reason:?}"),
                EventBody::Signal { from, epoch, signal } => format!("{from} signals {epoch} {signal:?}"),
                EventBody::Replaced { participant } => format!("{participant} replaced"),
                other => panic!("{other:?}"),
            };
            told.extend(to.into_iter().map(|session| (session.0, text.clone())));
        }
        told
    }

    fn told_is(&mut self, expected: &[(u64, &str)]) {
        let expected: Vec<_> = expected.iter().map(|(session, text)| (*session, (*text).to_owned())).collect();
        assert_eq!(self.told(), expected);
    }

    fn input(&mut self, input: Input) {
        self.calls.handle(input, self.now).unwrap();
    }

    fn after(&mut self, time: Duration) {
        self.now += time;
        self.calls.handle_timeout(self.now);
    }

    fn participants(&self) -> Vec<(String, u32, ParticipantState)> {
        let call = self.calls.call(&cid()).unwrap();
        call.participants.into_iter().map(|p| (p.id.to_string(), p.generation, p.state)).collect()
    }
}
