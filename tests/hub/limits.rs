//! How much one user may have and ask for.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use callbox::protocol::rpc::{ErrorKind, Message};
use serde_json::json;

use crate::client::{Client, connect, opening, receive, send};
use crate::http::{address, token};
use crate::support::{Hub, secs};

#[tokio::test]
async fn a_user_has_a_bounded_number_of_sessions_and_one_that_is_away_makes_room() {
    let hub = Hub::with("max-sessions-per-user = 3");
    let token = token(&hub, "anna");
    let first = Client::open_as(&hub, &token).await;
    let _others = [Client::open_as(&hub, &token).await, Client::open_as(&hub, &token).await];
    let mut socket = connect(&hub).await;
    send(&mut socket, 1, "session.open", opening(&token, None)).await;
    let Ok(Message::Response { outcome: Err(error), .. }) = receive(&mut socket).await else { panic!("let in") };
    assert_eq!(error.kind, ErrorKind::RateLimited);
    assert!(error.message.contains("3 sessions"), "{}", error.message);
    Client::open(&hub, "ben").await;
    drop(first);
    crate::support::eventually(secs(10), "there is room", async || {
        let mut socket = connect(&hub).await;
        send(&mut socket, 1, "session.open", opening(&token, None)).await;
        match receive(&mut socket).await {
            Ok(Message::Response { outcome: Ok(_), .. }) => Ok(()),
            other => Err(other),
        }
    })
    .await;
}

#[test]
fn a_user_who_asks_too_often_over_rest_is_told_when_to_come_back_and_others_are_served() {
    let hub = Hub::start();
    let request = |token: &str, connection: &str| {
        format!("GET /v1/calls HTTP/1.1\r\nHost: hub\r\nConnection: {connection}\r\nAuthorization: Bearer {token}\r\n\r\n")
    };
    let (anna, ben) = (token(&hub, "anna"), token(&hub, "ben"));
    let begin = Instant::now();
    let limited = loop {
        assert!(begin.elapsed() < secs(30), "never limited");
        // On one connection, one request after the other without waiting.
        let mut stream = TcpStream::connect(address(&hub)).unwrap();
        let all = [request(&anna, "keep-alive").repeat(400), request(&anna, "close")].concat();
        let mut writer = stream.try_clone().unwrap();
        let writing = std::thread::spawn(move || writer.write_all(all.as_bytes()));
        let mut answers = String::new();
        stream.set_read_timeout(Some(secs(20))).unwrap();
        stream.read_to_string(&mut answers).unwrap();
        writing.join().unwrap().unwrap();
        assert_eq!(answers.matches("HTTP/1.1 ").count(), 401);
        if let Some(at) = answers.find("HTTP/1.1 429") {
            break answers[at..].to_owned();
        }
    };
    let (head, body) = limited.split_once("\r\n\r\n").unwrap();
    assert!(head.to_ascii_lowercase().contains("\r\nretry-after: 1\r\n"), "{head}");
    let body = body.split("HTTP/1.1").next().unwrap();
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["error"]["kind"], "rate_limited");
    assert!(body["error"]["retry_after_ms"].as_u64().is_some_and(|ms| (1..=1000).contains(&ms)), "{body}");
    assert_eq!(crate::http::raw(&hub, &request(&ben, "close")).status, 200);
}

#[tokio::test]
async fn all_connections_of_a_user_share_its_allowance() {
    let hub = Hub::start();
    let token = token(&hub, "anna");
    let mut limited = false;
    let begin = Instant::now();
    while !limited {
        assert!(begin.elapsed() < secs(30), "never limited");
        let mut clients = Vec::new();
        for _ in 0..4 {
            clients.push(Client::open_as(&hub, &token).await);
        }
        // Fewer than one connection alone may ask.
        for client in &mut clients {
            for id in 0..180 {
                send(&mut client.socket, 1000 + id, "session.ping", json!({})).await;
            }
        }
        for client in &mut clients {
            for _ in 0..180 {
                limited |= client.response().await.1.is_err_and(|error| error.kind == ErrorKind::RateLimited);
            }
            client.socket.close(None).await.unwrap();
        }
    }
    Client::open(&hub, "ben").await.join("lobby").await;
}
