//! Random operations: whatever clients do, everybody's picture of a call is the hub's, nobody is where they may not be, and every
//! ring ends.
#![allow(clippy::wildcard_enum_match_arm)]

mod ops;
pub(crate) mod replica;
mod sound;

use std::time::SystemTime;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::protocol::UserId;
use crate::protocol::hub::{Call as View, ClientKind, GetCall, ParticipantState};
use ops::{Op, SESSIONS, USERS, op};
use replica::Replica;

const GRACE: Duration = Duration::from_secs(30);
const PLACES: usize = 3;

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

fn limits() -> Limits {
    Limits { grace: GRACE, participants: PLACES, followed: 8, calls: 8, creations: 1000, rings: 1000 }
}

fn user_id(n: u64) -> UserId {
    UserId::new(&format!("user-{n}")).unwrap()
}

/// The user of a session; the first one administers the hub.
fn user(session: u64) -> User {
    let n = session % USERS;
    let role = if n == 0 { hub::Role::admin() } else { hub::Role::user() };
    User { role, ..User::new(user_id(n)) }
}

impl World {
    fn new() -> Self {
        let now = Instant::now();
        let hub = Calls::new(limits(), Types::default(), [], now);
        let mut world = Self { hub, now, replicas: BTreeMap::new(), names: (0..SESSIONS).collect(), next: SESSIONS };
        (0..SESSIONS).for_each(|n| world.open(n));
        world
    }

    fn session(&self, n: u64) -> SessionId {
        SessionId(self.names[n as usize])
    }

    fn open(&mut self, n: u64) {
        let session = self.session(n);
        self.input(Input::SessionOpened { session, user: user(n), services: [Service::Call].into() });
        self.replicas.entry(session).or_default();
    }

    fn ask(&mut self, n: u64, request: Request) {
        let session = self.session(n);
        self.next += 1;
        let fresh = ParticipantId::new(&format!("fresh-{}", self.next)).unwrap();
        let leaves = match &request {
            Request::Leave(leave) => Some(leave.cid.clone()),
            _ => None,
        };
        let follows = matches!(request, Request::Get(_) | Request::GetOrCreate(_) | Request::Join(_));
        let by = Caller { session: Some(session), user: user(n), kind: ClientKind::Browser, fresh, wall: SystemTime::UNIX_EPOCH };
        let before: Vec<_> = (0..2).map(|call| self.hub.call(&cid(call))).collect();
        let answer = self.hub.handle(Input::Asked { by, request: Box::new(request) }, self.now);
        if answer.is_err() {
            let after: Vec<_> = (0..2).map(|call| self.hub.call(&cid(call))).collect();
            assert_eq!(before, after, "a refusal changes nothing");
            assert_eq!(self.hub.poll_effect(), None, "a refusal tells nobody");
        }
        // Events that came about before the answer reach the client before it.
        self.drain();
        let replica = self.replicas.entry(session).or_default();
        match answer {
            Ok(Answer::Call(call)) if follows || replica.calls.contains_key(&call.cid) => replica.answered(*call),
            Ok(Answer::Joined(joined)) => {
                let me = joined.call.participants.iter().find(|p| p.id == joined.participant).unwrap();
                assert_eq!(me.state, ParticipantState::Joined);
                replica.answered(joined.call);
            }
            _ => {
                if let (Some(cid), Ok(_)) = (leaves, answer) {
                    replica.calls.remove(&cid);
                }
            }
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

    fn wait(&mut self, time: Duration) {
        self.now += time;
        self.hub.handle_timeout(self.now);
        self.drain();
    }

    fn restart(&mut self) {
        let records: Vec<_> = (0..2).filter_map(|call| self.hub.record(&cid(call))).collect();
        let json = serde_json::to_string(&records).unwrap();
        let mut types = Types::default();
        if let Some(changed) = self.hub.call_type("default") {
            types.restore(changed.clone());
        }
        self.hub = Calls::new(limits(), types, serde_json::from_str::<Vec<Record>>(&json).unwrap(), self.now);
        self.replicas.clear();
        for n in 0..SESSIONS {
            self.next += 1;
            self.names[n as usize] = self.next;
            self.open(n);
        }
    }

    fn request(op: &Op) -> Option<(u64, Request)> {
        fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
            serde_json::from_value(value).unwrap()
        }
        let get = |call: u8, data: Value| GetCall { kind: "default".into(), id: format!("call-{call}"), data: read(data) };
        let at = |call: u8| json!({ "cid": cid(call) });
        let of = |call: u8, user: u64| json!({"cid": cid(call), "user_id": user_id(user)});
        let asked = match op {
            Op::Get(s, c) => (s, Request::Get(get(*c, json!(null)))),
            Op::Create { session, call, ring, backstage, first } => {
                let answer = if *first { "first" } else { "each" };
                let settings = json!({"backstage": {"enabled": backstage}, "ring": {"answer": answer}});
                let members = json!([{"user_id": user_id(1)}, {"user_id": user_id(2)}, {"user_id": user_id(3), "role": "host"}]);
                let data = json!({"ring": ring, "members": members, "settings_override": settings});
                (session, Request::GetOrCreate(get(*call, data)))
            }
            Op::Join { session, call, create, participation } => {
                let participation =
                    participation.map(|(n, generation)| json!({"id": format!("own-{n}"), "generation": generation}));
                let join = json!({"type": "default", "id": format!("call-{call}"), "create": create, "participation": participation, "door": session % 2 == 0});
                (session, Request::Join(read(join)))
            }
            Op::Leave(s, c) => (s, Request::Leave(read(at(*c)))),
            Op::Mute(s, c, on) => (s, Request::Mute(read(json!({"cid": cid(*c), "muted": {"audio": on}, "sharing": on})))),
            Op::Signal(s, c, to) => {
                let signal = json!({"cid": cid(*c), "to": format!("own-{to}"), "epoch": 1, "signal": {"type": "restart"}});
                (s, Request::Signal(read(signal)))
            }
            Op::Update(s, c, what) => {
                let change = match what {
                    0 => json!({"cid": cid(*c), "custom": {"n": s}}),
                    1 => json!({"cid": cid(*c), "settings_override": {"recording": {"mode": "auto-on"}}}),
                    2 => json!({"cid": cid(*c), "settings_override": {"recording": {"mode": "disabled"}}}),
                    _ => json!({"cid": cid(*c), "settings_override": {"backstage": {"enabled": s % 2 == 0}}}),
                };
                (s, Request::Update(read(change)))
            }
            Op::Members { session, call, user, add: true } => {
                (session, Request::UpdateMembers(read(json!({"cid": cid(*call), "update_members": [{"user_id": user_id(*user)}]}))))
            }
            Op::Members { session, call, user, add: false } => {
                (session, Request::UpdateMembers(read(json!({"cid": cid(*call), "remove_members": [user_id(*user)]}))))
            }
            Op::Permissions { session, call, user, grant, join } => {
                let what = if *join { "join-call" } else { "read-call" };
                let how = if *grant { "grant" } else { "revoke" };
                (session, Request::UpdatePermissions(read(json!({"cid": cid(*call), "user_id": user_id(*user), how: [what]}))))
            }
            Op::Kick(s, c, u) => (s, Request::Kick(read(of(*c, *u)))),
            Op::Block { session, call, user, block: true } => (session, Request::Block(read(of(*call, *user)))),
            Op::Block { session, call, user, block: false } => (session, Request::Unblock(read(of(*call, *user)))),
            Op::MuteUsers(s, c) => (s, Request::MuteUsers(read(json!({"cid": cid(*c), "audio": true, "video": true})))),
            Op::Ring(s, c) => (s, Request::Ring(read(at(*c)))),
            Op::Accept(s, c) => (s, Request::Accept(read(at(*c)))),
            Op::Reject(s, c) => (s, Request::Reject(read(at(*c)))),
            Op::Cancel(s, c) => (s, Request::Cancel(read(at(*c)))),
            Op::End(s, c) => (s, Request::End(read(at(*c)))),
            Op::Live { session, call, on: true } => (session, Request::GoLive(read(at(*call)))),
            Op::Live { session, call, on: false } => (session, Request::StopLive(read(at(*call)))),
            Op::Record { session, call, on: true } => (session, Request::StartRecording(read(at(*call)))),
            Op::Record { session, call, on: false } => (session, Request::StopRecording(read(at(*call)))),
            Op::Door(s, c) => (s, Request::OpenDoor(read(at(*c)))),
            Op::DoorSays { session, call, request, state } => {
                let state = ["opening", "opened", "refused"][*state as usize];
                (session, Request::AnswerDoor(read(json!({"cid": cid(*call), "request": request, "state": state}))))
            }
            Op::Type { members_only: true } => {
                let grants = json!({"user": ["create-call", "read-call"], "call-member": ["read-call", "join-call", "send-audio"]});
                (&0, Request::PutType(read(json!({"name": "default", "grants": grants}))))
            }
            Op::Type { members_only: false } => (&0, Request::DeleteType(read(json!({"name": "default"})))),
            Op::Lost(_) | Op::Back(_) | Op::Ended(_) | Op::Wait(_) | Op::Restart => return None,
        };
        Some((*asked.0, asked.1))
    }

    fn apply(&mut self, op: &Op) {
        if let Some((session, request)) = Self::request(op) {
            return self.ask(session, request);
        }
        match op {
            Op::Lost(n) => self.input(Input::SocketLost(self.session(*n))),
            Op::Back(n) => self.input(Input::SocketBack(self.session(*n))),
            Op::Ended(n) => {
                let ended = self.session(*n);
                self.input(Input::SessionEnded(ended));
                self.replicas.remove(&ended);
                self.next += 1;
                self.names[*n as usize] = self.next;
                self.open(*n);
            }
            Op::Wait(seconds) => self.wait(Duration::from_secs((*seconds).into())),
            _ => self.restart(),
        }
    }

    fn check(&self) {
        for (session, replica) in &self.replicas {
            for (cid, view) in &replica.calls {
                let call = &self.hub.calls[cid];
                assert!(call.followers.contains(session), "{session:?} believes to follow {cid}");
                let own = self.hub.capabilities(cid, Some(call), &self.hub.sessions[session].user).into_iter().collect();
                assert_eq!(*view, View { own_capabilities: own, ..call.view() }, "what {session:?} knows of {cid}");
            }
        }
        self.hub.assert_sound(self.now, PLACES);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_happens_everybodys_replica_is_the_hubs_state_nobody_is_a_ghost_and_every_ring_ends(
        ops in proptest::collection::vec(op(), 1..80)
    ) {
        let mut world = World::new();
        for op in &ops {
            world.apply(op);
            world.check();
        }
        // Everybody loses their socket: after the grace time the calls are empty and quiet.
        for n in 0..SESSIONS {
            world.input(Input::SocketLost(world.session(n)));
        }
        world.wait(GRACE);
        world.check();
        prop_assert!(world.hub.calls.values().all(|call| call.participants.is_empty()));
        prop_assert_eq!(world.hub.poll_timeout(), None);
    }
}
