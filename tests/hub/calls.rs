//! Calls among real clients.

use callbox::protocol::ParticipantId;
use callbox::protocol::hub::{EventBody, LeaveReason, ParticipantState, Signal};
use callbox::protocol::rpc::ErrorKind;
use serde_json::json;

use crate::client::{Client, close_code, participation, signal};
use crate::support::Hub;

const LOBBY: &str = "default:lobby";

#[tokio::test]
async fn b3_b11_b12_b17_b18_participants_are_told_who_joins_with_what_and_who_leaves() {
    let hub = Hub::start();
    let (mut anna, mut ben) = (Client::open(&hub, "anna").await, Client::open(&hub, "ben").await);
    anna.join("lobby").await;
    let joined = ben.join_with("lobby", json!({"custom": {"seat": 3}})).await.unwrap();
    assert_eq!(joined.call.participants.len(), 2, "full state for the newcomer");
    let seen = anna.expect_joined().await;
    assert_eq!((seen.user.name.as_str(), seen.state, &seen.custom["seat"]), ("Ben Holm", ParticipantState::Joined, &json!(3)));
    ben.ask("call.leave", json!({"cid": LOBBY})).await.unwrap();
    assert_eq!(
        anna.event().await,
        EventBody::ParticipantLeft {
            participant: joined.participant,
            reason: LeaveReason::Left,
            extension: serde_json::Value::Null
        }
    );
    assert_eq!(ben.events_so_far().await, []);
}

#[tokio::test]
async fn g8_g10_g11_g12_a_call_that_does_not_exist_is_not_found_and_the_session_goes_on() {
    let hub = Hub::start();
    let mut anna = Client::open(&hub, "anna").await;
    assert_eq!(anna.get("lobby").await.unwrap_err().kind, ErrorKind::NotFound);
    let error = anna.ask("call.join", json!({"type": "default", "id": "lobby"})).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);
    assert!(error.message.contains("default:lobby") && error.message.contains("create"), "{}", error.message);
    assert_eq!(anna.ask("call.leave", json!({"cid": LOBBY})).await.unwrap_err().kind, ErrorKind::NotFound);
    anna.join("lobby").await;
}

#[tokio::test]
async fn g6_g7_g9_g20_get_or_create_creates_with_data_and_follows() {
    let hub = Hub::start();
    let (mut anna, mut ben) = (Client::open(&hub, "anna").await, Client::open(&hub, "ben").await);
    let params = json!({"type": "default", "id": "lobby", "data": {"custom": {"color": "blue"}}});
    let call = anna.ask("call.get_or_create", params).await.unwrap();
    assert_eq!((&call["created_by"], &call["custom"]["color"]), (&json!("anna"), &json!("blue")));
    assert_eq!(ben.get("lobby").await.unwrap().custom["color"], "blue");
    ben.join("lobby").await;
    assert_eq!(anna.expect_joined().await.user.id.as_str(), "ben");
}

#[tokio::test]
async fn descriptions_and_candidates_reach_the_other_participant_and_nobody_else() {
    let hub = Hub::start();
    let mut clients = [Client::open(&hub, "anna").await, Client::open(&hub, "ben").await, Client::open(&hub, "carla").await];
    let mut ids = Vec::new();
    for client in &mut clients {
        ids.push(client.join("lobby").await);
    }
    let [anna, ben, carla] = &mut clients;
    for client in [&mut *anna, &mut *ben, &mut *carla] {
        client.events_so_far().await;
    }
    anna.ask("call.signal", signal(LOBBY, &ids[1], "v=0")).await.unwrap();
    let expected = EventBody::Signal { from: ids[0].clone(), epoch: 65536, signal: Signal::Offer { sdp: "v=0".into() } };
    assert_eq!(ben.event().await, expected);
    assert_eq!(carla.events_so_far().await, []);
    let stranger = ParticipantId::new("stranger").unwrap();
    assert_eq!(anna.ask("call.signal", signal(LOBBY, &stranger, "v=0")).await.unwrap_err().kind, ErrorKind::NotFound);
    let mut dora = Client::open(&hub, "door-1").await;
    dora.join("other").await;
    assert_eq!(dora.ask("call.signal", signal(LOBBY, &ids[1], "v=0")).await.unwrap_err().kind, ErrorKind::Conflict);
    let across = signal("default:other", &ids[1], "v=0");
    assert_eq!(dora.ask("call.signal", across).await.unwrap_err().kind, ErrorKind::NotFound);
    assert_eq!(ben.events_so_far().await, []);
}

#[tokio::test]
async fn c1_a_full_call_refuses_one_more() {
    let hub = Hub::with("max-participants = 2");
    let (mut anna, mut ben, mut carla) =
        (Client::open(&hub, "anna").await, Client::open(&hub, "ben").await, Client::open(&hub, "carla").await);
    anna.join("lobby").await;
    ben.join("lobby").await;
    assert_eq!(carla.join_with("lobby", json!({})).await.unwrap_err().kind, ErrorKind::Full);
    ben.ask("call.leave", json!({"cid": LOBBY})).await.unwrap();
    carla.join("lobby").await;
}

#[tokio::test]
async fn a_participation_moves_to_another_connection_of_its_user_only() {
    let hub = Hub::start();
    let (mut anna, mut ben) = (Client::open(&hub, "anna").await, Client::open(&hub, "ben").await);
    let id = anna.join("lobby").await;
    let error = ben.join_with("lobby", participation(&id, Some(1))).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::PermissionDenied);
    ben.get("lobby").await.unwrap();
    let mut elsewhere = Client::open(&hub, "anna").await;
    let joined = elsewhere.join_with("lobby", participation(&id, None)).await.unwrap();
    assert_eq!((&joined.participant, joined.call.participants[0].generation), (&id, 2), "a new media stack");
    assert_eq!(anna.event().await, EventBody::Replaced { participant: id.clone() });
    assert_eq!(ben.expect_joined().await.generation, 2);
    assert_eq!(anna.ask("call.mute", json!({"cid": LOBBY, "muted": {"audio": true}})).await.unwrap_err().kind, ErrorKind::Conflict);
    elsewhere.ask("call.mute", json!({"cid": LOBBY, "muted": {"audio": true}})).await.unwrap();
    assert!(ben.expect_state(&id, ParticipantState::Joined).await.muted.audio);
}

#[tokio::test]
async fn g4_the_same_ids_again_and_again_by_the_same_client() {
    let hub = Hub::start();
    let mut anna = Client::open(&hub, "anna").await;
    for round in 0..50 {
        let call = format!("call-{}", round % 3);
        anna.join(&call).await;
        anna.ask("call.leave", json!({"cid": format!("default:{call}")})).await.unwrap();
    }
    assert_eq!(anna.get("call-0").await.unwrap().participants, []);
    anna.socket.close(None).await.unwrap();
    assert_eq!(close_code(&mut anna.socket).await, None);
}
