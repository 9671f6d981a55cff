//! The core alone: a hub and a media engine are played by hand, on virtual time.
#![allow(clippy::wildcard_enum_match_arm)]

mod calling;
mod configured;
mod connections;
mod door;
mod home;
mod ice;
mod limits;
mod privacy;
mod random;
mod ringing;
mod rooms;
mod sharing;
mod silence;

use std::time::{Duration, Instant};

use serde_json::json;

use super::*;
use crate::config::CallConfig;
use crate::protocol::UserId;
use crate::protocol::control::CallState;
use crate::protocol::hub::{
    self, AnswerMode, Call, CallType, Callee, CalleeState, ClientKind, EventBody, IceServers, Joined, LeaveReason, Participant,
    ParticipantState, Ring, RingEnd, User,
};
use crate::protocol::rpc::{Details, Error, ErrorKind};

fn id(text: &str) -> ParticipantId {
    ParticipantId::new(text).unwrap()
}

fn user(text: &str) -> UserId {
    UserId::new(text).unwrap()
}

fn cid(text: &str) -> Cid {
    text.parse().unwrap()
}

fn lobby() -> Cid {
    cid("default:lobby")
}

fn participant(name: &str, generation: u32, kind: ClientKind) -> Participant {
    Participant { generation, ..Participant::new(id(name), User::new(user(name)), kind) }
}

fn browser(name: &str) -> Participant {
    participant(name, 1, ClientKind::Browser)
}

/// A call of the built-in type, nobody in it.
fn call(cid: &Cid) -> Call {
    let mut call = Call::new(cid.clone(), user("anna"), "2026-01-01T00:00:00Z".into());
    call.settings = CallType::built_in("default").unwrap().settings;
    call
}

/// A ring by `by`, with the states of the callees.
fn ring(by: &str, callees: &[(&str, CalleeState)]) -> Ring {
    let callees: Vec<_> = callees.iter().map(|(name, state)| Callee { user: user(name), state: *state }).collect();
    let rings = callees.iter().any(|callee| callee.state == CalleeState::Ringing);
    let answered = callees.iter().any(|callee| callee.state == CalleeState::Accepted);
    Ring {
        by: user(by),
        started_at: "2026-01-01T10:00:00Z".into(),
        video: true,
        answer: AnswerMode::First,
        extension: Value::Null,
        callees,
        ended: (!rings).then_some(if answered { RingEnd::Answered } else { RingEnd::Unanswered }),
    }
}

struct Bench {
    core: Core,
    now: Instant,
    /// Which call the joins that are answered are to.
    cid: Cid,
    seq: u64,
}

impl Bench {
    fn with(config: CallConfig) -> Self {
        let settings = Settings {
            user: user("me"),
            participant: id("me"),
            call_ids: "made".into(),
            call: config,
            quiet: None,
            records: true,
            door: None,
            share: CameraSource::None,
        };
        let now = Instant::now();
        Self { core: Core::new(settings, now), now, cid: lobby(), seq: 0 }
    }

    fn new() -> Self {
        Self::with(CallConfig { auto_join: Some(lobby()), ..CallConfig::default() })
    }

    /// Signed in, and in no call.
    fn idle(config: CallConfig) -> Self {
        let mut bench = Self::with(config);
        bench.input(Input::HubOpened { resumed: false });
        bench
    }

    /// In the lobby, with these others.
    fn joined(others: &[Participant]) -> Self {
        Self::joined_with(CallConfig::default(), others)
    }

    fn joined_with(config: CallConfig, others: &[Participant]) -> Self {
        let mut bench = Self::with(CallConfig { auto_join: Some(lobby()), ..config });
        let effects = bench.input(Input::HubOpened { resumed: false });
        bench.answer_join(&effects, 1, others);
        bench
    }

    fn input(&mut self, input: Input) -> Vec<Effect> {
        let _ = self.core.handle(input, self.now);
        self.drain()
    }

    fn command(&mut self, command: Command) -> Result<Vec<Effect>, Refused> {
        self.core.handle(Input::Command(command), self.now)?;
        Ok(self.drain())
    }

    fn drain(&mut self) -> Vec<Effect> {
        std::iter::from_fn(|| self.core.poll_effect()).collect()
    }

    fn wait(&mut self, pause: Duration) -> Vec<Effect> {
        self.now += pause;
        self.core.handle_timeout(self.now);
        self.drain()
    }

    fn timeout(&self) -> Option<(Instant, &'static str)> {
        self.core.poll_timeout(self.now)
    }

    fn answer_join(&mut self, effects: &[Effect], generation: u32, others: &[Participant]) -> Vec<Effect> {
        let call = call(&self.cid);
        self.answer_join_to(effects, generation, others, call)
    }

    fn answer_join_to(&mut self, effects: &[Effect], generation: u32, others: &[Participant], mut call: Call) -> Vec<Effect> {
        let (tag, join) = join_in(effects).expect("a join");
        assert_eq!((join.kind.as_str(), join.id.as_str()), (call.cid.kind(), call.cid.id()));
        call.participants = vec![participant("me", generation, ClientKind::Appliance)];
        call.participants.extend_from_slice(others);
        let joined = Joined { call, participant: id("me"), ice_servers: IceServers::default() };
        self.input(Input::Reply { tag, outcome: Ok(serde_json::to_value(joined).unwrap()) })
    }

    /// The answer to the one request in there that `is` picks.
    fn answer(&mut self, effects: &[Effect], is: impl Fn(&Request) -> bool, outcome: Result<Value, Error>) -> Vec<Effect> {
        let tag = effects.iter().find_map(|effect| match effect {
            Effect::Request { tag, request } if is(request) => Some(*tag),
            _ => None,
        });
        let tag = tag.unwrap_or_else(|| panic!("no such request in {effects:?}"));
        self.input(Input::Reply { tag, outcome })
    }

    fn event(&mut self, body: EventBody) -> Vec<Effect> {
        let cid = self.cid.clone();
        self.event_of(&cid, body)
    }

    fn event_of(&mut self, cid: &Cid, body: EventBody) -> Vec<Effect> {
        self.seq += 1;
        self.input(Input::Hub(Event { seq: self.seq, cid: cid.clone(), body }))
    }

    /// Somebody calls us, and perhaps others.
    fn rings(&mut self, cid: &Cid, by: &str, callees: &[(&str, CalleeState)]) -> Vec<Effect> {
        let mut call = call(cid);
        call.ring = Some(ring(by, callees));
        self.event_of(cid, EventBody::Ringing { call: Box::new(call), by: User::new(user(by)) })
    }

    fn connection(&mut self, peer: &PeerId, state: PeerConnection) -> Vec<Effect> {
        self.input(Input::Connection { peer: peer.clone(), state, error: Some("because".into()) })
    }

    fn only_peer(&self) -> PeerId {
        self.core.peer_ids().next().unwrap()
    }

    fn state(&self) -> Option<CallState> {
        self.core.status().map(|call| call.state)
    }
}

fn join_in(effects: &[Effect]) -> Option<(u64, &JoinCall)> {
    effects.iter().find_map(|effect| match effect {
        Effect::Request { tag, request: Request::Join(join) } => Some((*tag, join)),
        _ => None,
    })
}

fn requests(effects: &[Effect]) -> Vec<&Request> {
    effects.iter().filter_map(|effect| if let Effect::Request { request, .. } = effect { Some(request) } else { None }).collect()
}

fn refusal(kind: ErrorKind, message: &str) -> Result<Value, Error> {
    Err(Error::new(kind, message))
}
