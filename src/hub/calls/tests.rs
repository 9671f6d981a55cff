//! The rules of the call core, one by one.
#![allow(clippy::wildcard_enum_match_arm)]

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
    User { id: UserId::new(name).unwrap(), name: name.to_uppercase() }
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
    Request::Mute(MuteSelf { cid: cid(), muted: Muted { audio, video: false } })
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
                EventBody::ParticipantLeft { participant, reason } => format!("{participant} left: {reason:?}"),
                EventBody::Signal { from, epoch, signal } => format!("{from} signals {epoch} {signal:?}"),
                EventBody::Replaced { participant } => format!("{participant} replaced"),
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

use ParticipantState::{Joined, Reconnecting};

#[test]
fn b11_everybody_who_follows_a_call_is_told_who_joins_and_b17_who_leaves() {
    let mut world = World::new();
    assert_eq!(world.join(1, "anna"), id("p1"));
    world.told_is(&[]);
    world.join(2, "ben");
    world.told_is(&[(1, "p2 joined, generation 1")]);
    world.ask(1, "anna", leave()).unwrap();
    world.told_is(&[(2, "p1 left: Left")]);
    world.ask(2, "ben", leave()).unwrap();
    world.told_is(&[]);
    assert_eq!(world.participants(), [], "the call stays without anybody (G4)");
}

#[test]
fn b12_custom_data_travels_with_the_participant() {
    let mut world = World::new();
    let custom = json!({"seat": 7});
    let request = Request::Join(JoinCall { custom: custom.clone(), ..join("lobby") });
    world.ask(1, "anna", request).unwrap();
    assert_eq!(world.calls.call(&cid()).unwrap().participants[0].custom, custom);
    let big = Request::Join(JoinCall { custom: json!("x".repeat(5000)), ..join("lobby") });
    assert_eq!(world.refused(2, "ben", big), ErrorKind::TooLarge);
}

#[test]
fn g6_get_or_create_creates_once_and_g7_with_data() {
    let mut world = World::new();
    let data = CallData { custom: [("color".to_owned(), json!("blue"))].into() };
    let request = Request::GetOrCreate(GetCall { data: Some(data), ..get("lobby") });
    world.ask(1, "anna", request).unwrap();
    world.ask(2, "ben", Request::GetOrCreate(get("lobby"))).unwrap();
    let call = world.calls.call(&cid()).unwrap();
    assert_eq!((call.created_by.as_str(), call.created_at.as_str()), ("anna", "1970-01-01T00:00:00.000Z"));
    assert_eq!(call.custom["color"], "blue");
    let data = CallData { custom: [("x".to_owned(), json!("y".repeat(5000)))].into() };
    let big = Request::GetOrCreate(GetCall { data: Some(data), ..get("other") });
    assert_eq!(world.refused(1, "anna", big), ErrorKind::TooLarge);
}

#[test]
fn g8_get_loads_only_a_call_that_exists() {
    let mut world = World::new();
    assert_eq!(world.refused(1, "anna", Request::Get(get("lobby"))), ErrorKind::NotFound);
    assert_eq!(world.refused(1, "anna", Request::Get(get("no blanks"))), ErrorKind::InvalidParams);
}

#[test]
fn g9_get_follows_the_call_until_leave() {
    let mut world = World::new();
    world.join(1, "anna");
    world.ask(2, "ben", Request::Get(get("lobby"))).unwrap();
    world.ask(1, "anna", mute(true)).unwrap();
    world.told_is(&[(1, "p1 is Joined, muted true"), (2, "p1 is Joined, muted true")]);
    world.ask(2, "ben", leave()).unwrap();
    world.ask(1, "anna", mute(false)).unwrap();
    world.told_is(&[(1, "p1 is Joined, muted false")]);
}

#[test]
fn g11_join_without_create_joins_only_a_call_that_exists() {
    let mut world = World::new();
    let request = Request::Join(JoinCall { create: false, ..join("lobby") });
    assert_eq!(world.refused(1, "anna", request.clone()), ErrorKind::NotFound);
    world.join(2, "ben");
    world.ask(1, "anna", request).unwrap();
    assert_eq!(world.participants().len(), 2);
}

#[test]
fn c1_a_call_has_a_limited_number_of_places_and_a_participation_keeps_its_own() {
    let mut world = World::new();
    for (session, name) in [(1, "anna"), (2, "ben"), (3, "carl"), (4, "dora")] {
        world.join(session, name);
    }
    world.told();
    assert_eq!(world.refused(5, "emil", Request::Join(join("lobby"))), ErrorKind::Full);
    world.input(Input::SocketLost(SessionId(4)));
    world.told();
    assert_eq!(world.refused(5, "emil", Request::Join(join("lobby"))), ErrorKind::Full);
    world.ask(6, "dora", back("p4", Some(1))).unwrap();
    assert_eq!(world.participants().len(), 4);
}

#[test]
fn a_dropped_socket_that_comes_back_in_time_is_only_reconnecting() {
    let mut world = World::new();
    world.join(1, "anna");
    world.join(2, "ben");
    world.told();
    world.input(Input::SocketLost(SessionId(2)));
    world.told_is(&[(1, "p2 is Reconnecting, muted false"), (2, "p2 is Reconnecting, muted false")]);
    assert_eq!(world.calls.poll_timeout(), Some((world.now + GRACE, "the grace time of a participant ends")));
    world.after(GRACE - Duration::from_millis(1));
    world.input(Input::SocketBack(SessionId(2)));
    world.told_is(&[(1, "p2 is Joined, muted false"), (2, "p2 is Joined, muted false")]);
    world.after(GRACE);
    world.told_is(&[]);
    assert_eq!(world.calls.poll_timeout(), None);
}

#[test]
fn a_dropped_socket_that_stays_away_has_left_after_the_grace_time() {
    let mut world = World::new();
    world.join(1, "anna");
    world.join(2, "ben");
    world.input(Input::SocketLost(SessionId(2)));
    world.told();
    world.after(GRACE);
    world.told_is(&[(1, "p2 left: TimedOut"), (2, "p2 left: TimedOut")]);
    world.input(Input::SessionEnded(SessionId(2)));
    world.told_is(&[]);
    assert_eq!(world.participants(), [("p1".into(), 1, Joined)]);
}

#[test]
fn a_session_that_ends_takes_its_participants_along() {
    let mut world = World::new();
    world.join(1, "anna");
    world.join(2, "ben");
    world.told();
    world.input(Input::SessionEnded(SessionId(2)));
    world.told_is(&[(1, "p2 left: TimedOut")]);
    assert_eq!(world.calls.poll_timeout(), None);
}

#[test]
fn a_client_with_a_live_media_stack_comes_back_with_its_generation() {
    let mut world = World::new();
    world.join(1, "anna");
    world.join(2, "ben");
    world.ask(2, "ben", mute(true)).unwrap();
    world.input(Input::SocketLost(SessionId(2)));
    world.told();
    world.ask(3, "ben", back("p2", Some(1))).unwrap();
    world.told_is(&[(2, "p2 replaced"), (1, "p2 is Joined, muted true")]);
    world.input(Input::SessionEnded(SessionId(2)));
    world.after(GRACE);
    world.told_is(&[]);
    assert_eq!(world.participants(), [("p1".into(), 1, Joined), ("p2".into(), 1, Joined)]);
}

#[test]
fn a_client_that_restarted_comes_back_with_a_higher_generation() {
    let mut world = World::new();
    world.join(1, "anna");
    world.join(2, "ben");
    world.told();
    world.ask(3, "ben", back("p2", None)).unwrap();
    world.told_is(&[(2, "p2 replaced"), (1, "p2 joined, generation 2")]);
    world.ask(3, "ben", back("p2", Some(7))).unwrap();
    world.told_is(&[(1, "p2 joined, generation 8")]);
    assert_eq!(world.refused(2, "ben", mute(true)), ErrorKind::Conflict, "the old connection is out");
}

#[test]
fn a_participation_that_the_hub_has_lost_is_taken_as_claimed() {
    let mut world = World::new();
    world.ask(1, "anna", back("mine", Some(5))).unwrap();
    world.ask(2, "ben", back("other", None)).unwrap();
    assert_eq!(world.participants(), [("mine".into(), 5, Joined), ("other".into(), 1, Joined)]);
}

#[test]
fn a_generation_never_overflows() {
    let mut world = World::new();
    world.ask(1, "anna", back("mine", Some(u32::MAX))).unwrap();
    world.ask(2, "anna", back("mine", None)).unwrap();
    assert_eq!(world.participants(), [("mine".into(), 1, Joined)]);
}

#[test]
fn another_users_participation_cannot_be_taken() {
    let mut world = World::new();
    world.join(1, "anna");
    assert_eq!(world.refused(2, "ben", back("p1", Some(1))), ErrorKind::PermissionDenied);
}

#[test]
fn joining_twice_is_one_participation() {
    let mut world = World::new();
    assert_eq!(world.join(1, "anna"), id("p1"));
    assert_eq!(world.join(1, "anna"), id("p1"), "without naming it: the client does not know its first answer");
    world.ask(1, "anna", back("p1", Some(2))).unwrap();
    assert_eq!(world.refused(1, "anna", back("p9", None)), ErrorKind::Conflict);
    assert_eq!(world.participants(), [("p1".into(), 2, Joined)]);
}

#[test]
fn signals_go_to_one_other_participant_of_the_same_call() {
    let mut world = World::new();
    world.join(1, "anna");
    world.join(2, "ben");
    world.join(3, "carl");
    world.told();
    world.ask(1, "anna", signal("p2", Signal::Restart)).unwrap();
    world.told_is(&[(2, "p1 signals 65536 Restart")]);
    assert_eq!(world.refused(1, "anna", signal("p1", Signal::Restart)), ErrorKind::InvalidParams);
    assert_eq!(world.refused(1, "anna", signal("p9", Signal::Restart)), ErrorKind::NotFound);
    assert_eq!(world.refused(4, "dora", signal("p1", Signal::Restart)), ErrorKind::Conflict);
    world.ask(4, "dora", Request::Get(get("lobby"))).unwrap();
    assert_eq!(world.refused(4, "dora", signal("p1", Signal::Restart)), ErrorKind::Conflict, "following is not being in");
    let sdp = "x".repeat(33 * 1024);
    assert_eq!(world.refused(1, "anna", signal("p2", Signal::Offer { sdp })), ErrorKind::TooLarge);
    let candidate = "x".repeat(3 * 1024);
    assert_eq!(world.refused(1, "anna", signal("p2", Signal::Candidate { candidate, sdp_m_line_index: 0 })), ErrorKind::TooLarge);
}

#[test]
fn mute_needs_participation_and_repeating_it_tells_nobody() {
    let mut world = World::new();
    assert_eq!(world.refused(1, "anna", mute(true)), ErrorKind::NotFound);
    world.join(1, "anna");
    world.ask(1, "anna", mute(false)).unwrap();
    world.told_is(&[]);
}

#[test]
fn leaving_twice_is_no_error() {
    let mut world = World::new();
    assert_eq!(world.refused(1, "anna", leave()), ErrorKind::NotFound);
    world.join(1, "anna");
    world.ask(1, "anna", leave()).unwrap();
    world.ask(1, "anna", leave()).unwrap();
}

#[test]
fn what_a_session_and_a_hub_keep_is_bounded() {
    let mut world = World::new();
    for call in ["a", "b", "c"] {
        world.ask(1, "anna", Request::GetOrCreate(get(call))).unwrap();
    }
    world.told();
    world.ask(1, "anna", Request::GetOrCreate(get("c"))).unwrap();
    assert_eq!(world.refused(1, "anna", Request::GetOrCreate(get("d"))), ErrorKind::Conflict);
    for call in ["d", "e"] {
        world.ask(2, "ben", Request::GetOrCreate(get(call))).unwrap();
    }
    world.told();
    assert_eq!(world.refused(2, "ben", Request::Join(join("f"))), ErrorKind::Unavailable);
}

#[test]
fn after_a_restart_everybody_is_reconnecting_with_a_fresh_grace_time() {
    let mut world = World::new();
    world.join(1, "anna");
    world.join(2, "ben");
    let json = serde_json::to_string(&world.calls.record(&cid()).unwrap()).unwrap();
    world.now += Duration::from_secs(1000);
    world.calls = Calls::new(limits(), [serde_json::from_str(&json).unwrap()], world.now);
    assert_eq!(world.participants(), [("p1".into(), 1, Reconnecting), ("p2".into(), 1, Reconnecting)]);
    world.after(GRACE - Duration::from_secs(1));
    world.ask(7, "anna", back("p1", Some(1))).unwrap();
    assert_eq!(world.refused(7, "anna", signal("p2", Signal::Restart)), ErrorKind::Unavailable, "nobody knows where ben is");
    world.after(Duration::from_secs(1));
    world.told_is(&[(7, "p2 left: TimedOut")]);
    assert_eq!(world.participants(), [("p1".into(), 1, Joined)]);
}

#[test]
fn every_change_that_must_survive_is_stored() {
    let mut world = World::new();
    let changes =
        |world: &mut World| std::iter::from_fn(|| world.calls.poll_effect()).filter(|e| matches!(e, Effect::Changed(_))).count();
    world.join(1, "anna");
    assert!(changes(&mut world) > 0, "create and join");
    world.ask(1, "anna", mute(true)).unwrap();
    assert_eq!(changes(&mut world), 1, "mute");
    world.input(Input::SocketLost(SessionId(1)));
    world.input(Input::SocketBack(SessionId(1)));
    assert_eq!(changes(&mut world), 0, "sockets are not stored");
    world.input(Input::SocketLost(SessionId(1)));
    world.after(GRACE);
    assert_eq!(changes(&mut world), 1, "timed out");
    world.join(2, "ben");
    changes(&mut world);
    world.ask(2, "ben", leave()).unwrap();
    assert_eq!(changes(&mut world), 1, "leave");
}
