//! What a session is told of besides the calls that it follows (K4 to K7).

use callbox::protocol::hub::EventBody;
use callbox::protocol::rpc::ErrorKind;
use serde_json::{Value, json};

use crate::client::{Client, opening};
use crate::http::token;
use crate::support::Hub;

async fn silent(hub: &Hub, user: &str) -> Client {
    let mut params = opening(&token(hub, user), None);
    params["services"] = json!([]);
    Client::open_with(hub, params).await
}

fn rings(events: &[EventBody]) -> usize {
    events.iter().filter(|event| matches!(event, EventBody::Ringing { .. })).count()
}

#[tokio::test]
async fn k4_a_session_that_subscribes_to_calls_is_told_of_rings_and_one_that_does_not_is_not() {
    let hub = Hub::start();
    let (mut anna, mut ben, mut deaf) =
        (Client::open(&hub, "anna").await, Client::open(&hub, "ben").await, silent(&hub, "ben").await);
    assert_eq!(serde_json::to_value(&ben.opened.subscribed).unwrap(), json!(["call"]), "unless said otherwise");
    assert!(deaf.opened.subscribed.is_empty());
    let call = anna.ask("call.make", json!({"destination": "ben"})).await.unwrap();
    let EventBody::Ringing { call: rung, by } = ben.event().await else { panic!("not rung") };
    assert_eq!((rung.cid.to_string().as_str(), by.id.as_str()), (call["cid"].as_str().unwrap(), "anna"));
    assert_eq!(deaf.events_so_far().await, []);

    // Subscribing while it rings makes it ring here as well.
    let answer = deaf.ask("session.subscribe", json!({"services": ["call"]})).await.unwrap();
    assert_eq!(answer, json!({"subscribed": ["call"]}));
    assert!(matches!(deaf.event().await, EventBody::Ringing { .. }));
}

#[tokio::test]
async fn k5_k7_subscriptions_change_and_can_be_asked_for() {
    let hub = Hub::start();
    let (mut anna, mut ben) = (Client::open(&hub, "anna").await, Client::open(&hub, "ben").await);
    assert_eq!(ben.ask("session.subscriptions", Value::Null).await.unwrap(), json!({"subscribed": ["call"]}));
    let answer = ben.ask("session.unsubscribe", json!({"services": ["call"]})).await.unwrap();
    assert_eq!(answer, json!({"subscribed": []}));
    assert_eq!(ben.ask("session.subscriptions", json!({})).await.unwrap(), json!({"subscribed": []}));
    anna.ask("call.make", json!({"destination": "ben"})).await.unwrap();
    assert_eq!(rings(&ben.events_so_far().await), 0);
    let (secret, seq) = ben.cut();
    let mut ben = Client::resume(&hub, "ben", &secret, seq).await;
    assert!(ben.opened.resumed && ben.opened.subscribed.is_empty(), "a resumed session is told of what it was told of");
    ben.ask("session.subscribe", json!({"services": ["call", "call"]})).await.unwrap();
    assert_eq!(rings(&ben.events_so_far().await), 1);
}

#[tokio::test]
async fn k6_a_subscription_that_cannot_be_is_an_error() {
    let hub = Hub::start();
    let mut anna = Client::open(&hub, "anna").await;
    for params in [json!({"services": ["weather"]}), json!({"services": "call"}), json!({}), Value::Null] {
        let error = anna.ask("session.subscribe", params.clone()).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidParams, "{params}: {}", error.message);
    }
    assert_eq!(anna.ask("session.subscriptions", Value::Null).await.unwrap(), json!({"subscribed": ["call"]}));
}
