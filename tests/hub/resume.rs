//! Dropped sockets: resumed in time nobody leaves; too late they have left.

use callbox::protocol::hub::{EventBody, LeaveReason, ParticipantState, Signal};
use serde_json::json;

use crate::client::{Client, close_code, participation, signal};
use crate::support::Hub;

const LOBBY: &str = "default:lobby";

#[tokio::test]
async fn a_dropped_socket_is_resumed_without_anybody_leaving_and_without_missing_anything() {
    let hub = Hub::start();
    let (mut anna, mut ben) = (Client::open(&hub, "anna").await, Client::open(&hub, "ben").await);
    let anna_id = anna.join("lobby").await;
    let ben_id = ben.join("lobby").await;
    anna.expect_joined().await;
    let session = anna.opened.session.clone();
    let (secret, last_seq) = anna.cut();
    ben.expect_state(&anna_id, ParticipantState::Reconnecting).await;
    // Told to one who is away: kept.
    ben.ask("call.signal", signal(LOBBY, &anna_id, "v=0")).await.unwrap();
    ben.ask("call.mute", json!({"cid": LOBBY, "muted": {"video": true}})).await.unwrap();
    ben.expect_state(&ben_id, ParticipantState::Joined).await;

    let mut anna = Client::resume(&hub, "anna", &secret, last_seq).await;
    assert!(anna.opened.resumed && anna.opened.session == session);
    anna.expect_state(&anna_id, ParticipantState::Reconnecting).await;
    let expected = EventBody::Signal { from: ben_id.clone(), epoch: 65536, signal: Signal::Offer { sdp: "v=0".into() } };
    assert_eq!(anna.event().await, expected);
    assert!(anna.expect_state(&ben_id, ParticipantState::Joined).await.muted.video);
    anna.expect_state(&anna_id, ParticipantState::Joined).await;
    ben.expect_state(&anna_id, ParticipantState::Joined).await;
    ben.ask("call.signal", signal(LOBBY, &anna_id, "v=1")).await.unwrap();
    assert!(matches!(anna.event().await, EventBody::Signal { .. }));
    assert_eq!(ben.events_so_far().await, [], "nobody has left");
}

#[tokio::test]
async fn a_resume_takes_the_session_over_from_a_socket_that_seems_alive() {
    let hub = Hub::start();
    let (mut anna, mut ben) = (Client::open(&hub, "anna").await, Client::open(&hub, "ben").await);
    ben.join("lobby").await;
    anna.join("lobby").await;
    ben.events_so_far().await;
    let session = anna.opened.session.clone();
    let mut again = Client::resume(&hub, "anna", &session, anna.last_seq).await;
    assert!(again.opened.resumed);
    assert_eq!(close_code(&mut anna.socket).await, Some(4001));
    again.ask("call.mute", json!({"cid": LOBBY, "muted": {"audio": true}})).await.unwrap();
    assert_eq!(ben.event().await, again.event().await);
    assert_eq!(ben.events_so_far().await, [], "nobody saw a thing");
}

#[tokio::test]
async fn only_its_own_user_can_resume_a_session_and_only_from_an_event_that_was() {
    let hub = Hub::start();
    let mut anna = Client::open(&hub, "anna").await;
    anna.join("lobby").await;
    let (secret, last_seq) = (anna.opened.session.clone(), anna.last_seq);
    let ben = Client::resume(&hub, "ben", &secret, last_seq).await;
    assert!(!ben.opened.resumed && ben.opened.session != secret && ben.opened.user.id.as_str() == "ben");
    assert!(!Client::resume(&hub, "anna", "no such session", 0).await.opened.resumed);
    assert!(!Client::resume(&hub, "anna", &secret, last_seq + 100).await.opened.resumed);
    anna.get("lobby").await.unwrap();
}

#[tokio::test]
async fn who_does_not_come_back_within_the_grace_time_has_left() {
    let hub = Hub::with("reconnect-grace = \"1s\"");
    let (mut anna, mut ben) = (Client::open(&hub, "anna").await, Client::open(&hub, "ben").await);
    let anna_id = anna.join("lobby").await;
    ben.join("lobby").await;
    let (secret, last_seq) = anna.cut();
    ben.expect_state(&anna_id, ParticipantState::Reconnecting).await;
    assert_eq!(
        ben.event().await,
        EventBody::ParticipantLeft {
            participant: anna_id.clone(),
            reason: LeaveReason::TimedOut,
            extension: serde_json::Value::Null
        }
    );
    let mut anna = Client::resume(&hub, "anna", &secret, last_seq).await;
    assert!(!anna.opened.resumed);
    // Its media stack may still run: the participation goes on under its old name.
    let joined = anna.join_with("lobby", participation(&anna_id, Some(1))).await.unwrap();
    assert_eq!((joined.participant, joined.call.participants.len()), (anna_id, 2));
    assert_eq!(ben.expect_joined().await.generation, 1);
}

#[tokio::test]
async fn a_client_that_lost_its_session_goes_on_with_its_participation() {
    let hub = Hub::start();
    let (mut anna, mut ben) = (Client::open(&hub, "anna").await, Client::open(&hub, "ben").await);
    let anna_id = anna.join("lobby").await;
    ben.join("lobby").await;
    drop(anna.cut());
    ben.expect_state(&anna_id, ParticipantState::Reconnecting).await;
    let mut anna = Client::open(&hub, "anna").await;
    let joined = anna.join_with("lobby", participation(&anna_id, Some(1))).await.unwrap();
    assert_eq!(joined.call.participants.len(), 2);
    assert_eq!(ben.expect_state(&anna_id, ParticipantState::Joined).await.generation, 1, "the others keep their peer connections");
}
