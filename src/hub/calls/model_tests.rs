//! Random operations: whatever clients do, everybody's picture of a call is the hub's.
#![allow(clippy::wildcard_enum_match_arm)]

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime};

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::protocol::hub::{
    Call as View, ClientKind, GetCall, InCall, JoinCall, MuteSelf, Muted, ParticipantState, Participation, SendSignal, Signal, User,
};
use crate::protocol::{ParticipantId, UserId};

const GRACE: Duration = Duration::from_secs(30);
const SESSIONS: u64 = 6;
const PLACES: usize = 3;

#[derive(Debug, Clone)]
enum Op {
    Get(u64, u8),
    Create(u64, u8),
    Join { session: u64, call: u8, create: bool, participation: Option<(u8, Option<u32>)> },
    Leave(u64, u8),
    Mute(u64, u8, bool),
    Signal(u64, u8, u8),
    Lost(u64),
    Back(u64),
    Ended(u64),
    Wait(u8),
    Restart,
}

fn op() -> impl Strategy<Value = Op> {
    let session = 0..SESSIONS;
    let call = 0..2u8;
    let participation = proptest::option::of((0..4u8, proptest::option::of(1..4u32)));
    prop_oneof![
        1 => (session.clone(), call.clone()).prop_map(|(s, c)| Op::Get(s, c)),
        1 => (session.clone(), call.clone()).prop_map(|(s, c)| Op::Create(s, c)),
        4 => (session.clone(), call.clone(), any::<bool>(), participation)
            .prop_map(|(session, call, create, participation)| Op::Join { session, call, create, participation }),
        2 => (session.clone(), call.clone()).prop_map(|(s, c)| Op::Leave(s, c)),
        1 => (session.clone(), call.clone(), any::<bool>()).prop_map(|(s, c, on)| Op::Mute(s, c, on)),
        1 => (session.clone(), call, 0..4u8).prop_map(|(s, c, to)| Op::Signal(s, c, to)),
        2 => session.clone().prop_map(Op::Lost),
        2 => session.clone().prop_map(Op::Back),
        1 => session.prop_map(Op::Ended),
        1 => (1..20u8).prop_map(Op::Wait),
        1 => Just(Op::Restart),
    ]
}

/// What a client knows of its calls, from answers and events alone.
#[derive(Debug, Default)]
struct Replica {
    calls: BTreeMap<Cid, View>,
}

impl Replica {
    fn answered(&mut self, call: View) {
        self.calls.insert(call.cid.clone(), call);
    }

    fn told(&mut self, cid: &Cid, body: &EventBody) {
        let call = self.calls.get_mut(cid).unwrap_or_else(|| panic!("told of {cid} without following it: {body:?}"));
        match body {
            EventBody::ParticipantJoined { participant } => match call.participants.iter_mut().find(|p| p.id == participant.id) {
                Some(known) => *known = participant.clone(),
                None => call.participants.push(participant.clone()),
            },
            EventBody::ParticipantUpdated { participant } => {
                *call.participants.iter_mut().find(|p| p.id == participant.id).unwrap() = participant.clone();
            }
            EventBody::ParticipantLeft { participant, .. } => {
                let before = call.participants.len();
                call.participants.retain(|p| p.id != *participant);
                assert_eq!(call.participants.len() + 1, before, "somebody left who was not there");
            }
            EventBody::Signal { from, .. } => assert!(call.participants.iter().any(|p| p.id == *from)),
            EventBody::Replaced { .. } => {
                self.calls.remove(cid);
            }
            other => panic!("{other:?}"),
        }
    }
}

struct World {
    hub: Calls,
    now: Instant,
    replicas: BTreeMap<SessionId, Replica>,
    /// Sessions are never used again after they ended.
    names: Vec<u64>,
    next: u64,
}

fn cid(call: u8) -> Cid {
    Cid::new("default", &format!("call-{call}")).unwrap()
}

fn participant(n: u8) -> ParticipantId {
    ParticipantId::new(&format!("own-{n}")).unwrap()
}

fn limits() -> Limits {
    Limits { grace: GRACE, participants: PLACES, followed: 8, calls: 8 }
}

impl World {
    fn new() -> Self {
        let now = Instant::now();
        let names = (0..SESSIONS).collect();
        Self { hub: Calls::new(limits(), [], now), now, replicas: BTreeMap::new(), names, next: SESSIONS }
    }

    fn session(&self, n: u64) -> SessionId {
        SessionId(self.names[n as usize])
    }

    fn ask(&mut self, n: u64, request: Request) {
        let session = self.session(n);
        self.next += 1;
        // Two sessions of each user.
        let user = User::new(UserId::new(&format!("user-{}", n / 2)).unwrap());
        let fresh = ParticipantId::new(&format!("fresh-{}", self.next)).unwrap();
        let leaves = match &request {
            Request::Leave(InCall { cid }) => Some(cid.clone()),
            _ => None,
        };
        let by = Caller { session, user, kind: ClientKind::Browser, fresh, wall: SystemTime::UNIX_EPOCH };
        let answer = self.hub.handle(Input::Asked { by, request: Box::new(request) }, self.now);
        // Events that came about before the answer reach the client before it.
        self.drain();
        let replica = self.replicas.entry(session).or_default();
        match answer {
            Ok(Answer::Call(call)) => replica.answered(*call),
            Ok(Answer::Joined(joined)) => {
                assert!(joined.call.participants.iter().any(|p| p.id == joined.participant && p.state == ParticipantState::Joined));
                replica.answered(joined.call);
            }
            Ok(Answer::Done) => {
                if let Some(cid) = leaves {
                    replica.calls.remove(&cid);
                }
            }
            Err(_) => {}
        }
    }

    fn drain(&mut self) {
        while let Some(effect) = self.hub.poll_effect() {
            if let Effect::Tell { to, cid, body } = effect {
                for session in to {
                    self.replicas.entry(session).or_default().told(&cid, &body);
                }
            }
        }
    }

    fn input(&mut self, input: Input) {
        self.hub.handle(input, self.now).unwrap();
        self.drain();
    }

    fn restart(&mut self) {
        let records: Vec<_> = (0..2).filter_map(|call| self.hub.record(&cid(call))).collect();
        let json = serde_json::to_string(&records).unwrap();
        self.hub = Calls::new(limits(), serde_json::from_str::<Vec<Record>>(&json).unwrap(), self.now);
        self.replicas.clear();
        for name in &mut self.names {
            self.next += 1;
            *name = self.next;
        }
    }

    fn apply(&mut self, op: Op) {
        let get = |call: u8| GetCall { kind: "default".into(), id: format!("call-{call}"), data: None };
        match op {
            Op::Get(session, call) => self.ask(session, Request::Get(get(call))),
            Op::Create(session, call) => self.ask(session, Request::GetOrCreate(get(call))),
            Op::Join { session, call, create, participation } => {
                let participation = participation.map(|(n, generation)| Participation { id: participant(n), generation });
                let GetCall { kind, id, data } = get(call);
                self.ask(session, Request::Join(JoinCall { kind, id, create, data, participation, custom: Value::Null }));
            }
            Op::Leave(session, call) => self.ask(session, Request::Leave(InCall { cid: cid(call) })),
            Op::Mute(session, call, audio) => {
                self.ask(session, Request::Mute(MuteSelf { cid: cid(call), muted: Muted { audio, video: false }, sharing: None }));
            }
            Op::Signal(session, call, to) => {
                let signal = SendSignal { cid: cid(call), to: participant(to), epoch: 1, signal: Signal::Restart };
                self.ask(session, Request::Signal(signal));
            }
            Op::Lost(session) => self.input(Input::SocketLost(self.session(session))),
            Op::Back(session) => self.input(Input::SocketBack(self.session(session))),
            Op::Ended(session) => {
                let ended = self.session(session);
                self.input(Input::SessionEnded(ended));
                self.replicas.remove(&ended);
                self.next += 1;
                self.names[session as usize] = self.next;
            }
            Op::Wait(seconds) => {
                self.now += Duration::from_secs(seconds.into());
                self.hub.handle_timeout(self.now);
                self.drain();
            }
            Op::Restart => self.restart(),
        }
    }

    fn check(&self) {
        for (session, replica) in &self.replicas {
            for (cid, view) in &replica.calls {
                assert_eq!(Some(view), self.hub.call(cid).as_ref(), "what {session:?} knows of {cid}");
            }
        }
        for call in (0..2).filter_map(|call| self.hub.calls.get(&cid(call))) {
            assert!(call.participants.len() <= PLACES);
            for p in &call.participants {
                assert_eq!(call.participants.iter().filter(|other| other.id == p.id).count(), 1);
                if let Some(session) = p.presence.session() {
                    assert!(call.followers.contains(&session), "a participant follows its call");
                    assert_eq!(call.participants.iter().filter(|other| other.presence.session() == Some(session)).count(), 1);
                }
                if let Presence::Away { until, .. } = p.presence {
                    assert!(until > self.now, "a ghost: {p:?}");
                }
            }
        }
        let away =
            self.hub.calls.values().flat_map(|call| &call.participants).filter(|p| matches!(p.presence, Presence::Away { .. }));
        assert_eq!(away.count(), self.hub.timers.len(), "one timer for each who is away");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn whatever_happens_everybodys_replica_is_the_hubs_state_and_nobody_is_a_ghost(
        ops in proptest::collection::vec(op(), 1..80)
    ) {
        let mut world = World::new();
        for op in ops {
            world.apply(op);
            world.check();
        }
        // Everybody loses their socket: after the grace time the calls are empty.
        for session in world.names.clone() {
            world.input(Input::SocketLost(SessionId(session)));
        }
        world.apply(Op::Wait(30));
        world.check();
        prop_assert!(world.hub.calls.values().all(|call| call.participants.is_empty()));
        prop_assert_eq!(world.hub.poll_timeout(), None);
    }
}
