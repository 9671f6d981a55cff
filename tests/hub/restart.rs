//! The hub goes away and comes back.

use std::time::Duration;

use callbox::protocol::ParticipantId;
use callbox::protocol::hub::{EventBody, ParticipantState};
use callbox::protocol::rpc::Message;
use serde_json::json;

use crate::client::{Client, close_code, participation, receive, try_send};
use crate::http::{get, token};
use crate::support::{Hub, secs};

const LOBBY: &str = "default:lobby";
/// A session may follow 64.
const CALLS: usize = 60;

#[tokio::test]
async fn after_kill_9_the_same_participants_are_there_and_come_back_with_their_generation() {
    let mut hub = Hub::start();
    let (mut anna, mut ben) = (Client::open(&hub, "anna").await, Client::open(&hub, "ben").await);
    let anna_id =
        anna.join_with("lobby", json!({"custom": {"seat": 1}, "data": {"custom": {"color": "red"}}})).await.unwrap().participant;
    let ben_id = ben.join("lobby").await;
    ben.ask("call.mute", json!({"cid": LOBBY, "muted": {"audio": true}})).await.unwrap();
    hub.kill();
    hub.restart();

    let mut anna = Client::resume(&hub, "anna", &anna.opened.session, anna.last_seq).await;
    assert!(!anna.opened.resumed, "sessions do not survive, participations do");
    let joined = anna.join_with("lobby", participation(&anna_id, Some(1))).await.unwrap();
    assert_eq!(joined.call.custom["color"], "red");
    let [first, second] = &joined.call.participants[..] else { panic!("{joined:?}") };
    assert_eq!((&first.id, first.generation, first.state), (&anna_id, 1, ParticipantState::Joined));
    assert_eq!((&second.id, second.generation, second.state), (&ben_id, 1, ParticipantState::Reconnecting));
    assert!(second.muted.audio);

    let mut ben = Client::open(&hub, "ben").await;
    ben.join_with("lobby", participation(&ben_id, Some(1))).await.unwrap();
    assert_eq!(anna.expect_state(&ben_id, ParticipantState::Joined).await.generation, 1);
    assert_eq!(anna.events_so_far().await, [], "nobody left, nobody joined anew");
}

#[tokio::test]
async fn after_a_restart_who_does_not_come_back_has_left_after_a_fresh_grace_time() {
    let mut hub = Hub::with("reconnect-grace = \"2s\"");
    let (mut anna, mut ben) = (Client::open(&hub, "anna").await, Client::open(&hub, "ben").await);
    anna.join("lobby").await;
    let ben_id = ben.join("lobby").await;
    hub.kill();
    hub.restart();
    let mut carla = Client::open(&hub, "carla").await;
    let call = carla.get("lobby").await.unwrap();
    assert!(call.participants.iter().all(|p| p.state == ParticipantState::Reconnecting) && call.participants.len() == 2);
    let left: Vec<_> = [carla.event().await, carla.event().await].into();
    assert!(left.iter().all(|event| matches!(event, EventBody::ParticipantLeft { .. })), "{left:?}");
    assert!(left.iter().any(|event| matches!(event, EventBody::ParticipantLeft { participant, .. } if *participant == ben_id)));
}

/// A change that the hub has acknowledged.
struct Acknowledged {
    call: String,
    participant: ParticipantId,
    /// What custom data was last acknowledged; the next one may have been stored as well.
    color: Option<u32>,
    member: bool,
}

/// Creates and joins one call after the other, and changes each, until the hub is gone.
async fn change_until_the_end(mut client: Client, name: String) -> Vec<Acknowledged> {
    let mut acknowledged = Vec::new();
    let mut ask = async |method: &str, params: serde_json::Value| {
        try_send(&mut client.socket, 1, method, params).await.ok()?;
        loop {
            match receive(&mut client.socket).await {
                Ok(Message::Response { outcome: Ok(_), .. }) => return Some(()),
                Ok(Message::Notification { .. }) => {}
                Ok(other) => panic!("{other:?}"),
                Err(_) => return None,
            }
        }
    };
    for n in 0..CALLS as u32 {
        let call = format!("{name}-{n}");
        let cid = format!("default:{call}");
        let participant = ParticipantId::new(&format!("p-{n}")).unwrap();
        let mut params = participation(&participant, Some(n + 1));
        params.as_object_mut().unwrap().extend([
            ("type".to_owned(), json!("default")),
            ("id".to_owned(), json!(call)),
            ("create".to_owned(), json!(true)),
        ]);
        if ask("call.join", params).await.is_none() {
            break;
        }
        acknowledged.push(Acknowledged { call, participant, color: None, member: false });
        let Some(last) = acknowledged.last_mut() else { break };
        if ask("call.update", json!({"cid": cid, "custom": {"color": n}})).await.is_none() {
            break;
        }
        last.color = Some(n);
        if ask("call.update_members", json!({"cid": cid, "update_members": [{"user_id": "carla"}]})).await.is_none() {
            break;
        }
        last.member = true;
    }
    acknowledged
}

/// Everything that was acknowledged to this user is there.
async fn nothing_is_lost(hub: &Hub, reader: &str, user: &str, acknowledged: &[Acknowledged]) {
    for some in acknowledged.chunks(CALLS) {
        let mut client = Client::open_as(hub, reader).await;
        for Acknowledged { call, participant, color, member } in some {
            let found = client.get(call).await.unwrap_or_else(|e| panic!("{call} is lost: {e}"));
            let there = found.participants.iter().any(|p| p.id == *participant && p.user.id.as_str() == user);
            assert!(there, "{call} has lost {participant}");
            assert!(color.is_none_or(|color| found.custom.get("color") == Some(&json!(color))), "{call} has lost {color:?}");
            assert!(!member || found.members.iter().any(|found| found.user_id.as_str() == "carla"), "{call} has lost its member");
        }
    }
}

#[tokio::test]
async fn every_acknowledged_change_survives_kill_9_at_any_of_50_moments() {
    let mut hub = Hub::start();
    let mut total = 0;
    let users = ["anna", "ben", "carla", "door-1"];
    // They outlive the hub that gave them out.
    let tokens = users.map(|user| token(&hub, user));
    // Not random: a moment that loses something can be tried again. The prime visits every part of the range.
    for round in 0..50_u64 {
        let mut changing = Vec::new();
        for client in 0..8 {
            let (user, token) = (users[client % 4], &tokens[client % 4]);
            let socket = Client::open_as(&hub, token).await;
            changing.push((user, tokio::spawn(change_until_the_end(socket, format!("{user}-{round}-{client}")))));
        }
        tokio::time::sleep(Duration::from_micros(round * 73_771 % 200_000)).await;
        hub.kill();
        let mut acknowledged = Vec::new();
        for (user, changed) in changing {
            acknowledged.push((user, changed.await.unwrap()));
        }
        hub.restart();
        for (reader, (user, acknowledged)) in tokens.iter().cycle().zip(acknowledged) {
            total += acknowledged.iter().map(|one| 1 + u32::from(one.color.is_some()) + u32::from(one.member)).sum::<u32>();
            nothing_is_lost(&hub, reader, user, &acknowledged).await;
        }
    }
    eprintln!("{total} changes acknowledged");
    assert!(total > 200, "only {total} changes were acknowledged at all");
}

#[tokio::test]
async fn on_sigterm_clients_are_told_and_the_end_is_orderly() {
    let mut hub = Hub::start();
    let mut anna = Client::open(&hub, "anna").await;
    let id = anna.join("lobby").await;
    hub.process.signal("TERM");
    assert_eq!(close_code(&mut anna.socket).await, Some(1001));
    assert!(hub.process.wait(secs(10)).success());
    hub.restart();
    assert_eq!(get(&hub, "/healthz", "").json()["calls"], 1);
    let call = Client::open(&hub, "ben").await.get("lobby").await.unwrap();
    assert_eq!(call.participants[0].id, id);
}
