//! Calling somebody, among real clients: every device rings, one answers, and everybody is told.

use callbox::protocol::hub::{Call, CalleeState, EventBody, Ring, RingEnd};
use callbox::protocol::rpc::ErrorKind;
use serde_json::{Value, json};

use crate::client::Client;
use crate::support::Hub;

/// Calls somebody, with more params.
async fn make(caller: &mut Client, destination: &str, more: Value) -> Call {
    let mut params = json!({"destination": destination});
    params.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    serde_json::from_value(caller.ask("call.make", params).await.unwrap()).unwrap()
}

async fn rung(client: &mut Client) -> (Call, String) {
    loop {
        match client.event().await {
            EventBody::Ringing { call, by } => return (*call, by.id.to_string()),
            EventBody::SessionStarted { .. } | EventBody::ParticipantJoined { .. } => {}
            other => panic!("not rung but {other:?}"),
        }
    }
}

/// The next event about the answer to a ring.
async fn answered(client: &mut Client) -> EventBody {
    loop {
        match client.event().await {
            EventBody::Ringing { .. } | EventBody::SessionStarted { .. } | EventBody::ParticipantJoined { .. } => {}
            other => return other,
        }
    }
}

fn state(ring: &Ring, user: &str) -> CalleeState {
    ring.callees.iter().find(|callee| callee.user.as_str() == user).unwrap().state
}

#[tokio::test]
async fn g5_k8_k9_k17_k20_c6_c7_c15_c16_c19_every_device_rings_one_accepts_and_the_others_stop() {
    let hub = Hub::start();
    let mut anna = Client::open(&hub, "anna").await;
    let (mut phone, mut desk) = (Client::open(&hub, "ben").await, Client::open(&hub, "ben").await);
    let call = make(&mut anna, "ben", json!({"video": false, "extension": {"door": "front"}})).await;
    assert!(uuid::Uuid::parse_str(call.cid.id()).is_ok(), "{}", call.cid);
    for device in [&mut phone, &mut desk] {
        let (seen, by) = rung(device).await;
        let ring = seen.ring.unwrap();
        // C15, C16: extra parameters; G26, C7: audio only; C6: the caller is not among the callees.
        assert_eq!(
            (seen.cid, by.as_str(), ring.video, &ring.extension["door"]),
            (call.cid.clone(), "anna", false, &json!("front"))
        );
        assert_eq!(ring.callees.len(), 1);
    }
    desk.ask("call.accept", json!({"cid": call.cid, "extension": {"from": "desk"}})).await.unwrap();
    for client in [&mut anna, &mut phone] {
        let EventBody::Accepted { user, extension, ring } = answered(client).await else { panic!("C19: nobody was told") };
        assert_eq!((user.as_str(), &extension["from"], ring.ended), ("ben", &json!("desk"), Some(RingEnd::Answered)));
    }
    let error = phone.ask("call.accept", json!({"cid": call.cid})).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict, "the first one has it");
    for client in [&mut anna, &mut desk] {
        client.ask("call.join", json!({"type": "default", "id": call.cid.id()})).await.unwrap();
    }
    assert_eq!(anna.get(call.cid.id()).await.unwrap().participants.len(), 2);
}

#[tokio::test]
async fn k10_c23_a_ring_is_rejected_with_a_reason() {
    let hub = Hub::start();
    let (mut anna, mut ben) = (Client::open(&hub, "anna").await, Client::open(&hub, "ben").await);
    let call = make(&mut anna, "ben", json!({})).await;
    rung(&mut ben).await;
    ben.ask("call.reject", json!({"cid": call.cid, "reason": "busy", "extension": [1, 2]})).await.unwrap();
    let EventBody::Rejected { user, reason, extension, ring } = answered(&mut anna).await else { panic!() };
    assert_eq!((user.as_str(), reason.as_deref(), extension), ("ben", Some("busy"), json!([1, 2])));
    assert_eq!((state(&ring, "ben"), ring.ended), (CalleeState::Rejected, Some(RingEnd::Unanswered)));
}

#[tokio::test]
async fn c17_who_does_not_answer_in_time_has_missed_it() {
    let hub = Hub::start();
    let mut anna = Client::open(&hub, "anna").await;
    let ring = json!({"incoming_call_timeout_ms": 800, "auto_cancel_timeout_ms": 5000});
    make(&mut anna, "ben", json!({"data": {"settings_override": {"ring": ring}}})).await;
    let EventBody::Missed { user, ring } = answered(&mut anna).await else { panic!() };
    assert_eq!((user.as_str(), state(&ring, "ben")), ("ben", CalleeState::Missed));
    let mut ben = Client::open(&hub, "ben").await;
    assert_eq!(ben.events_so_far().await, [], "it is over");
}

#[tokio::test]
async fn c21_who_connects_while_it_rings_is_rung() {
    let hub = Hub::start();
    let mut anna = Client::open(&hub, "anna").await;
    let call = make(&mut anna, "ben", json!({})).await;
    let mut ben = Client::open(&hub, "ben").await;
    assert_eq!(rung(&mut ben).await.0.cid, call.cid);
}

#[tokio::test]
async fn g24_c5_members_are_rung_and_the_caller_gives_up() {
    let hub = Hub::start();
    let (mut anna, mut ben, mut carla) =
        (Client::open(&hub, "anna").await, Client::open(&hub, "ben").await, Client::open(&hub, "carla").await);
    let members = json!([{"user_id": "ben"}, {"user_id": "carla", "role": "moderator"}, {"user_id": "anna"}]);
    let params = json!({"type": "default", "id": "team", "data": {"members": members, "ring": true}});
    anna.ask("call.get_or_create", params).await.unwrap();
    for callee in [&mut ben, &mut carla] {
        assert_eq!(rung(callee).await.0.ring.unwrap().callees.len(), 2, "not the caller");
    }
    let again = anna.ask("call.ring", json!({"cid": "default:team"})).await.unwrap_err();
    assert_eq!(again.kind, ErrorKind::Conflict, "it rings already");
    anna.ask("call.cancel", json!({"cid": "default:team", "reason": "never mind"})).await.unwrap();
    for callee in [&mut ben, &mut carla] {
        let EventBody::Cancelled { by, reason, ring, .. } = answered(callee).await else { panic!() };
        assert_eq!((by.unwrap().as_str(), reason.as_deref(), ring.ended), ("anna", Some("never mind"), Some(RingEnd::Cancelled)));
    }
    let error = ben.ask("call.accept", json!({"cid": "default:team"})).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict, "too late: {}", error.message);
    anna.ask("call.ring", json!({"cid": "default:team", "members": ["carla"]})).await.unwrap();
    assert_eq!(rung(&mut carla).await.0.ring.unwrap().callees.len(), 1);
    let stranger = anna.ask("call.ring", json!({"cid": "default:team", "members": ["nobody"]})).await.unwrap_err();
    assert_ne!(stranger.kind, ErrorKind::InternalError);
}

#[tokio::test]
async fn g25_members_are_told_without_ringing() {
    let hub = Hub::start();
    let (mut anna, mut ben) = (Client::open(&hub, "anna").await, Client::open(&hub, "ben").await);
    let params = json!({"type": "default", "id": "later", "data": {"members": [{"user_id": "ben"}], "notify": true}});
    anna.ask("call.get_or_create", params).await.unwrap();
    let EventBody::Notification { call, by } = ben.event().await else { panic!() };
    assert_eq!((call.cid.to_string().as_str(), by.name.as_str()), ("default:later", "Anna Berg"));
    assert!(call.ring.is_none());
}

#[tokio::test]
async fn b22_k11_k21_c25_either_side_hangs_up_and_the_call_is_over_for_both() {
    let hub = Hub::start();
    let (mut anna, mut ben) = (Client::open(&hub, "anna").await, Client::open(&hub, "ben").await);
    let call = make(&mut anna, "ben", json!({})).await;
    rung(&mut ben).await;
    ben.ask("call.accept", json!({"cid": call.cid})).await.unwrap();
    for client in [&mut anna, &mut ben] {
        client.ask("call.join", json!({"type": "default", "id": call.cid.id()})).await.unwrap();
    }
    anna.events_so_far().await;
    ben.ask("call.leave", json!({"cid": call.cid, "extension": {"bye": true}})).await.unwrap();
    let EventBody::ParticipantLeft { extension, .. } = anna.event().await else { panic!() };
    assert_eq!(extension["bye"], true);
    let left = anna.events_so_far().await;
    assert!(left.iter().any(|event| matches!(event, EventBody::SessionEnded { .. })), "{left:?}");
}

#[tokio::test]
async fn too_many_rings_are_refused_with_a_retry_time() {
    let hub = Hub::start();
    let mut anna = Client::open(&hub, "anna").await;
    let params = json!({"type": "default", "id": "team", "data": {"members": [{"user_id": "ben"}]}});
    anna.ask("call.get_or_create", params).await.unwrap();
    for _ in 0..100 {
        if let Err(error) = anna.ask("call.notify", json!({"cid": "default:team"})).await {
            assert_eq!(error.kind, ErrorKind::RateLimited, "{}", error.message);
            assert!(error.details.unwrap().retry_after_ms.unwrap() <= 60_000);
            return;
        }
    }
    panic!("never refused");
}
