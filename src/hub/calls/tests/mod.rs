//! The rules of the call core, one by one.
#![allow(clippy::wildcard_enum_match_arm)]

mod access;
mod door;
mod live;
mod members;
mod moderate;
mod presence;
mod ring;
mod rules;
mod types;

use std::time::{Duration, Instant, SystemTime};

use serde_json::json;

use super::*;
use crate::protocol::UserId;
use crate::protocol::hub::{
    Call as View, CallData, Capability, ClientKind, EventBody, GetCall, InCall, JoinCall, MuteSelf, Muted, ParticipantState,
    Participation, Role, SendSignal, Signal, User, WithExtension,
};
use crate::protocol::rpc::ErrorKind;

const GRACE: Duration = Duration::from_secs(30);

struct World {
    calls: Calls,
    now: Instant,
    wall: SystemTime,
    fresh: u32,
    /// Users that are not only `user`s without a team.
    users: BTreeMap<String, User>,
}

fn limits() -> Limits {
    Limits { grace: GRACE, participants: 4, followed: 3, calls: 5, creations: 100, rings: 5 }
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
    JoinCall {
        kind: "default".into(),
        id: call.into(),
        create: true,
        data: None,
        participation: None,
        custom: json!(null),
        door: false,
    }
}

fn back(participant: &str, generation: Option<u32>) -> Request {
    let participation = Some(Participation { id: id(participant), generation });
    Request::Join(JoinCall { participation, ..join("lobby") })
}

fn get(call: &str) -> GetCall {
    GetCall { kind: "default".into(), id: call.into(), data: None }
}

fn leave() -> Request {
    Request::Leave(WithExtension { cid: cid(), extension: json!(null) })
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
        Self {
            calls: Calls::new(limits(), Types::default(), [], now),
            now,
            wall: SystemTime::UNIX_EPOCH,
            fresh: 0,
            users: BTreeMap::new(),
        }
    }

    fn user(&self, name: &str) -> User {
        self.users.get(name).cloned().unwrap_or_else(|| user(name))
    }

    fn with_role(&mut self, name: &str, role: &str) {
        self.users.insert(name.into(), User { role: Role::new(role).unwrap(), ..user(name) });
    }

    fn with_teams(&mut self, name: &str, teams: &[&str]) {
        self.users.insert(name.into(), User { teams: teams.iter().map(|team| (*team).to_owned()).collect(), ..user(name) });
    }

    fn open(&mut self, session: u64, name: &str) {
        let user = self.user(name);
        self.input(Input::SessionOpened { session: SessionId(session), user, services: [Service::Call].into() });
    }

    /// A session opens with its first request. Session 0 is none: a request over REST.
    fn ask(&mut self, session: u64, name: &str, request: Request) -> Result<Answer, Refused> {
        self.fresh += 1;
        let session = (session != 0).then_some(SessionId(session));
        if let Some(session) = session.filter(|session| !self.calls.sessions.contains_key(session)) {
            self.open(session.0, name);
        }
        let (user, fresh) = (self.user(name), id(&format!("p{}", self.fresh)));
        let by = Caller { session, user, kind: ClientKind::Browser, fresh, wall: self.wall };
        self.calls.handle(Input::Asked { by, request: Box::new(request) }, self.now)
    }

    /// A call of any type, created with this data.
    fn create(&mut self, name: &str, call: &str, data: serde_json::Value) -> View {
        let cid: Cid = call.parse().unwrap();
        let data = Some(serde_json::from_value(data).unwrap());
        let get = GetCall { kind: cid.kind().into(), id: cid.id().into(), data };
        match self.ask(0, name, Request::GetOrCreate(get)).unwrap() {
            Answer::Call(call) => *call,
            other => panic!("{other:?}"),
        }
    }

    /// What somebody is told when joining this call without creating it.
    fn may_join(&mut self, session: u64, name: &str, call: &str) -> Result<(), Refused> {
        let cid: Cid = call.parse().unwrap();
        let (kind, id) = (cid.kind().into(), cid.id().into());
        let join = JoinCall { kind, id, create: false, ..join("x") };
        self.ask(session, name, Request::Join(join)).map(drop)
    }

    fn view(&self, call: &str) -> View {
        self.calls.call(&call.parse().unwrap()).unwrap()
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

    /// The same, for somebody who is told things by the way.
    fn refused_after(&mut self, session: u64, name: &str, request: Request) -> ErrorKind {
        if !self.calls.sessions.contains_key(&SessionId(session)) {
            self.open(session, name);
        }
        self.told();
        self.refused(session, name, request)
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
                EventBody::Closed { reason } => format!("closed: {reason:?}"),
                EventBody::Updated { by, .. } => format!("updated by {}", by.as_ref().map_or("the type", UserId::as_str)),
                EventBody::Capabilities { own_capabilities } => format!("may {} things", own_capabilities.len()),
                EventBody::LiveStarted { .. } => "live".into(),
                EventBody::LiveStopped { .. } => "backstage".into(),
                EventBody::Ended { by, .. } => format!("ended by {by}"),
                EventBody::SessionStarted { session } => format!("session {} started", session.number),
                EventBody::SessionEnded { session } => format!("session {} ended", session.number),
                EventBody::Ringing { by, .. } => format!("{} rings", by.id),
                EventBody::Accepted { user, ring, .. } => format!("{user} accepted, {:?}", ring.ended),
                EventBody::Rejected { user, reason, ring, .. } => format!("{user} rejected {reason:?}, {:?}", ring.ended),
                EventBody::Missed { user, ring } => format!("{user} missed, {:?}", ring.ended),
                EventBody::Cancelled { by, ring, .. } => {
                    format!("cancelled by {}, {:?}", by.as_ref().map_or("time", UserId::as_str), ring.ended)
                }
                EventBody::Notification { by, .. } => format!("{} notifies", by.id),
                EventBody::Muted { by, audio, video, screen } => format!("muted by {by}: {audio} {video} {screen}"),
                EventBody::Recording { recording, .. } => format!("recording {recording}"),
                EventBody::DoorWanted { request, by } => format!("{by} wants the door, {request}"),
                EventBody::Digits { request, by, digits } => format!("{by} presses {digits}, {request}"),
                EventBody::Door { participant, by, reason, .. } => {
                    format!("door of {participant} for {by}: {}", reason.as_deref().unwrap_or("open"))
                }
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
