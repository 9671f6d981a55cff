//! The order of what a client is sent, and what becomes of a session without a socket.
#![allow(clippy::wildcard_enum_match_arm)]

use proptest::prelude::*;

use super::*;
use crate::protocol::UserId;
use crate::protocol::hub::{EventBody, LeaveReason};
use crate::protocol::rpc::ErrorKind;
use crate::protocol::{Cid, ParticipantId};

const GRACE: Duration = Duration::from_secs(30);
const HOUR: Duration = Duration::from_secs(3600);

fn user(name: &str) -> User {
    User::new(UserId::new(name).unwrap())
}

fn open(sessions: &mut Sessions, resume: Option<(&str, u64)>) -> (Opened, Outbox) {
    let outbox = Outbox::default();
    let resume = resume.map(|(session, last_seq)| Resume { session: session.into(), last_seq });
    let fresh = format!("secret-{}", sessions.last_id);
    (sessions.open(newcomer(Instant::now()), resume.as_ref(), fresh, outbox.clone()).unwrap(), outbox)
}

fn newcomer(now: Instant) -> Newcomer {
    Newcomer { user: user("anna"), kind: ClientKind::Browser, services: None, until: now + HOUR }
}

fn told() -> Told {
    let cid: Cid = "default:lobby".parse().unwrap();
    let participant = ParticipantId::new("p").unwrap();
    Told::new(&cid, &EventBody::ParticipantLeft { participant, reason: LeaveReason::Left, extension: serde_json::Value::Null })
        .unwrap()
}

/// What was sent so far: `answer ID`, `failed ID`, `event SEQ`.
async fn sent(outbox: &Outbox) -> Vec<String> {
    outbox.push("{}".to_owned().into());
    let mut sent = Vec::new();
    loop {
        let Out::Text(Text { text, seq }) = outbox.next().await else { panic!("closed") };
        let Ok(message) = Message::parse(&text) else { return sent };
        sent.push(match (message, seq) {
            (Message::Response { id: Some(Id::Number(id)), outcome: Ok(_) }, None) => format!("answer {id}"),
            (Message::Response { id: Some(Id::Number(id)), outcome: Err(_) }, None) => format!("failed {id}"),
            (Message::Notification { .. }, Some(seq)) => format!("event {seq}"),
            other => panic!("{other:?}"),
        });
    }
}

fn answer(sessions: &mut Sessions, id: SessionId, request: u64, after: u64) {
    sessions.answer(id, Id::Number(request), Ok(serde_json::Value::Null), after);
}

#[tokio::test]
async fn an_answer_waits_for_the_disk_and_everything_after_it_waits_as_well() {
    let mut sessions = Sessions::new(GRACE, 3);
    let (Opened { id, .. }, outbox) = open(&mut sessions, None);
    sessions.tell(id, told());
    answer(&mut sessions, id, 1, 7);
    sessions.tell(id, told());
    answer(&mut sessions, id, 2, 0);
    answer(&mut sessions, id, 3, 8);
    assert_eq!(sent(&outbox).await, ["event 1"]);
    sessions.settled(6, None);
    assert_eq!(sent(&outbox).await, [""; 0]);
    sessions.settled(7, None);
    assert_eq!(sent(&outbox).await, ["answer 1", "event 2", "answer 2"]);
    sessions.settled(8, None);
    assert_eq!(sent(&outbox).await, ["answer 3"]);
    answer(&mut sessions, id, 4, 0);
    assert_eq!(sent(&outbox).await, ["answer 4"]);
}

#[tokio::test]
async fn what_could_not_be_stored_is_answered_with_an_error() {
    let mut sessions = Sessions::new(GRACE, 3);
    let (Opened { id, .. }, outbox) = open(&mut sessions, None);
    answer(&mut sessions, id, 1, 7);
    sessions.tell(id, told());
    answer(&mut sessions, id, 2, 0);
    sessions.settled(7, Some(&rpc::Error::new(ErrorKind::InternalError, "the disk is full")));
    assert_eq!(sent(&outbox).await, ["failed 1", "event 1", "answer 2"]);
}

#[tokio::test]
async fn a_lost_session_keeps_events_but_no_answers() {
    let mut sessions = Sessions::new(GRACE, 3);
    let now = Instant::now();
    let (Opened { id, secret, .. }, outbox) = open(&mut sessions, None);
    sessions.tell(id, told());
    answer(&mut sessions, id, 1, 7);
    assert!(sessions.lost(id, &outbox, now));
    assert!(!sessions.lost(id, &outbox, now), "once");
    sessions.tell(id, told());
    let (again, outbox) = open(&mut sessions, Some((&secret, 1)));
    assert_eq!(again, Opened { id, secret, resumed: true, was_lost: true, instead_of: None });
    answer(&mut sessions, id, 2, 0);
    sessions.replay(id, 1);
    sessions.settled(7, None);
    assert_eq!(sent(&outbox).await, ["answer 2", "event 2"]);
    assert_eq!(sessions.expire(now + 2 * GRACE), []);
}

#[tokio::test]
async fn a_session_that_stays_away_ends_after_the_grace_time() {
    let mut sessions = Sessions::new(GRACE, 3);
    let now = Instant::now();
    let (Opened { id, secret, .. }, outbox) = open(&mut sessions, None);
    sessions.lost(id, &outbox, now);
    assert_eq!(sessions.poll_timeout().unwrap().0, now + GRACE);
    assert_eq!(sessions.expire(now + GRACE / 2), []);
    assert_eq!(sessions.expire(now + GRACE), [id]);
    let (again, _) = open(&mut sessions, Some((&secret, 0)));
    assert!(!again.resumed && again.id != id);
}

#[tokio::test]
async fn an_old_socket_says_nothing_for_a_session_that_moved_on() {
    let mut sessions = Sessions::new(GRACE, 3);
    let (Opened { id, secret, .. }, old) = open(&mut sessions, None);
    let (again, new) = open(&mut sessions, Some((&secret, 0)));
    assert_eq!((again.id, again.was_lost), (id, false));
    assert_eq!(old.next().await, Out::Close(Close::Resumed));
    assert!(sessions.linked(id, &old).is_none() && sessions.linked(id, &new).is_some());
    assert!(!sessions.lost(id, &old, Instant::now()));
    sessions.tell(id, told());
    assert_eq!(sent(&new).await, ["event 1"]);
}

#[tokio::test]
async fn a_token_that_expires_closes_the_socket_and_the_session_can_be_resumed_with_another_one() {
    let mut sessions = Sessions::new(GRACE, 3);
    let now = Instant::now();
    let (Opened { id, secret, .. }, outbox) = open(&mut sessions, None);
    let (renewed, _kept) = open(&mut sessions, None);
    sessions.renew(renewed.id, user("anna"), now + 2 * HOUR);
    sessions.tell(id, told());
    let late = now + HOUR + GRACE;
    assert!(sessions.poll_timeout().unwrap().0 <= late);
    assert_eq!(sessions.expire_tokens(late), [id]);
    assert!(matches!(outbox.next().await, Out::Text(_)));
    assert_eq!(outbox.next().await, Out::Close(Close::Expired));
    assert!(sessions.linked(id, &outbox).is_none() && !sessions.lost(id, &outbox, late));
    let (again, _outbox) = open(&mut sessions, Some((&secret, 1)));
    assert!(again.resumed && again.was_lost);
    assert_eq!(sessions.expire(late + HOUR), []);
}

#[tokio::test]
async fn a_user_has_so_many_sessions_and_one_that_is_away_makes_room() {
    let mut sessions = Sessions::new(GRACE, 3);
    let now = Instant::now();
    let all: Vec<_> = (0..3).map(|_| open(&mut sessions, None)).collect();
    let mut another = || sessions.open(newcomer(now), None, "another".into(), Outbox::default());
    assert_eq!(another().unwrap_err().kind, ErrorKind::RateLimited);
    let (lost, outbox) = &all[1];
    sessions.lost(lost.id, outbox, now);
    let mut another = || sessions.open(newcomer(now), None, "another".into(), Outbox::default());
    assert_eq!(another().unwrap().instead_of, Some(lost.id));
    assert_eq!(another().unwrap_err().kind, ErrorKind::RateLimited);
    assert_eq!(sessions.end_of(&user("anna").id).len(), 3);
    assert_eq!(all[0].1.next().await, Out::Close(Close::Revoked));
    assert_eq!((sessions.count(), sessions.poll_timeout()), (0, None));
}

/// What a network does between hub and client.
#[derive(Debug, Clone)]
enum Op {
    /// Something happens in a call.
    Tell,
    /// A request is answered, once the next change is stored.
    Answer,
    /// The store has caught up.
    Settle,
    /// The client reads this many messages.
    Read(u8),
    /// The client answers a ping: it has seen all it has read.
    Pong,
    /// The network drops the socket; the hub notices now.
    Lost,
    /// The client comes back on a new socket; perhaps before the hub noticed that the old one is gone.
    Resume,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        5 => Just(Op::Tell),
        1 => Just(Op::Answer),
        1 => Just(Op::Settle),
        3 => (1..5u8).prop_map(Op::Read),
        1 => Just(Op::Pong),
        1 => Just(Op::Lost),
        1 => Just(Op::Resume),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn whatever_the_network_does_every_event_arrives_once_and_in_order(ops in proptest::collection::vec(op(), 1..120)) {
        let mut sessions = Sessions::new(GRACE, 3);
        let now = Instant::now();
        let (Opened { id, secret, .. }, mut outbox) = open(&mut sessions, None);
        let (mut told_so_far, mut received, mut change) = (0, 0, 0);
        for op in ops.into_iter().chain([Op::Resume, Op::Settle, Op::Read(u8::MAX)]) {
            match op {
                Op::Tell => {
                    sessions.tell(id, told());
                    told_so_far += 1;
                }
                Op::Answer => {
                    change += 1;
                    answer(&mut sessions, id, 1, change);
                }
                Op::Settle => sessions.settled(change, None),
                Op::Read(count) => {
                    for _ in 0..count {
                        let Some(Out::Text(Text { seq, .. })) = outbox.try_next() else { break };
                        if let Some(seq) = seq {
                            received += 1;
                            prop_assert_eq!(seq, received);
                        }
                    }
                }
                Op::Pong => sessions.seen(id, received),
                Op::Lost => {
                    sessions.lost(id, &outbox, now);
                    outbox = Outbox::default();
                }
                Op::Resume => {
                    let again;
                    (again, outbox) = open(&mut sessions, Some((&secret, received)));
                    prop_assert!(again.resumed && again.id == id);
                    sessions.replay(id, received);
                }
            }
        }
        prop_assert_eq!(received, told_so_far);
    }
}
