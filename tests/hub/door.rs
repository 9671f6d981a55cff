//! Doors over the wire: who asks over REST or the socket is answered when the appliance has said how it went.

use callbox::protocol::hub::EventBody;
use callbox::protocol::rpc::ErrorKind;
use serde_json::{Value, json};

use crate::client::Client;
use crate::http::{rest, token};
use crate::support::Hub;

/// Anna made the call, and the appliance is in it with its door.
async fn call(hub: &Hub) -> (Client, Client) {
    let mut anna = Client::open(hub, "anna").await;
    anna.join("lobby").await;
    let mut door = Client::open(hub, "door-1").await;
    let join = json!({"type": "default", "id": "lobby", "door": true});
    door.ask("call.join", join).await.unwrap();
    assert!(matches!(anna.event().await, EventBody::ParticipantJoined { participant } if participant.door));
    (anna, door)
}

async fn wanted(door: &mut Client) -> (u64, String) {
    loop {
        if let EventBody::DoorWanted { request, by } = door.event().await {
            return (request, by.to_string());
        }
    }
}

fn says(request: u64, state: &str) -> Value {
    json!({"cid": "default:lobby", "request": request, "state": state, "reason": "it jams"})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_door_is_opened_over_rest_and_the_answer_waits_for_it() {
    let hub = Hub::start();
    let (mut anna, mut door) = call(&hub).await;
    let (asking, with) = (hub.url.clone(), token(&hub, "anna"));
    for (state, status) in [("opened", 200), ("refused", 409)] {
        let (url, with) = (asking.clone(), with.clone());
        let answer = tokio::task::spawn_blocking(move || rest_at(&url, &with));
        let (request, by) = wanted(&mut door).await;
        assert_eq!(by, "anna");
        assert!(!answer.is_finished(), "nobody is told that it opens before it does");
        door.ask("call.answer_door", says(request, "opening")).await.unwrap();
        door.ask("call.answer_door", says(request, state)).await.unwrap();
        let (got, body) = answer.await.unwrap();
        assert_eq!(got, status, "{body}");
        assert!(state == "opened" || body.contains("it jams"), "{body}");
        let told = loop {
            if let EventBody::Door { opened, by, .. } = anna.event().await {
                break (opened, by.to_string());
            }
        };
        assert_eq!(told, (state == "opened", "anna".to_owned()));
    }
    let refused = rest(&hub, &token(&hub, "ben"), "POST /v1/calls/default/lobby/door", &json!({}));
    assert_eq!((refused.status, refused.json()["error"]["capability"].clone()), (403, json!("open-door")));
}

/// On a thread of its own: it waits.
fn rest_at(url: &str, token: &str) -> (u16, String) {
    let output = std::process::Command::new("curl")
        .args(["-s", "-o", "-", "-w", "\n%{http_code}", "-H", &format!("Authorization: Bearer {token}"), "--json", "{}"])
        .arg(format!("{url}/v1/calls/default/lobby/door"))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let (body, status) = text.rsplit_once('\n').unwrap();
    (status.parse().unwrap(), body.to_owned())
}

#[tokio::test]
async fn a_door_that_does_not_answer_is_not_waited_for_for_long_and_may_not_open_then() {
    let hub = Hub::start();
    let (mut anna, mut door) = call(&hub).await;
    let refused = anna.ask("call.open_door", json!({"cid": "default:lobby"})).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Conflict);
    assert!(refused.message.contains("did not answer in time"), "{}", refused.message);
    let (request, _) = wanted(&mut door).await;
    assert_eq!(door.ask("call.answer_door", says(request, "opening")).await.unwrap_err().kind, ErrorKind::Conflict);
}

#[tokio::test]
async fn digits_reach_the_appliance_from_who_may_open_its_door_only() {
    let hub = Hub::start();
    let (_anna, mut door) = call(&hub).await;
    let body = json!({"digits": "*1#"});
    let post = |who: &str| rest(&hub, &token(&hub, who), "POST /v1/calls/default/lobby/digits", &body).status;
    assert_eq!((post("ben"), post("anna")), (403, 200));
    let EventBody::Digits { by, digits, .. } = door.event().await else { panic!() };
    assert_eq!((by.as_str(), digits.as_str()), ("anna", "*1#"));
}
