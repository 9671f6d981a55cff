//! The hub client against hubs that are away, wrong or hostile: it says what is the matter, stays alive, and does not run hot.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(feature = "appliance")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use callbox::protocol::hub::InCall;
use callbox::protocol::rpc::{ErrorKind, MAX_MESSAGE};
use callbox::signaling::{Event, Request, Trust};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

mod fake_hub;
use fake_hub::{Door, FakeHub, PATIENCE, http, token};

fn leave() -> Request {
    Request::Leave(InCall { cid: "default:lobby".parse().unwrap() })
}

/// A port that nobody listens on.
async fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

#[tokio::test]
async fn a_hub_that_is_away_is_said_to_be_away_and_requests_are_answered_at_once() {
    let port = free_port().await;
    let mut door = Door::start(&format!("ws://127.0.0.1:{port}"), Trust::System);
    let (error, retry_in) = door.failure().await;
    assert_eq!(error, format!("nobody listens at 127.0.0.1 port {port}: is the hub running?"));
    assert!(retry_in <= Duration::from_secs(2));
    door.handle.request(5, leave()).unwrap();
    loop {
        if let Event::Reply { tag: 5, outcome } = door.next().await {
            assert_eq!(outcome.unwrap_err().kind, ErrorKind::Unavailable);
            break;
        }
    }
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_named() {
    let mut door = Door::start("wss://no-such-hub.invalid", Trust::System);
    let (error, _) = door.failure().await;
    assert!(error.starts_with("cannot find the hub's address: no-such-hub.invalid: "), "{error}");
}

#[tokio::test]
async fn a_hub_that_cuts_every_connection_is_asked_seldom() {
    let hub = FakeHub::plain(|_, socket| async move { drop(socket) }).await;
    let mut door = Door::start(&hub.url(), Trust::System);
    let begun = Instant::now();
    let mut failures = 0;
    while let Ok(Some(event)) = timeout(Duration::from_secs(6).saturating_sub(begun.elapsed()), door.events.recv()).await {
        failures += usize::from(matches!(event, Event::State { error: Some(_), retry_in: Some(_), .. }));
    }
    assert!((2..=12).contains(&failures), "{failures} attempts in 6 s");
    assert!(hub.connections() <= failures + 2, "one sign-in serves all: {} connections", hub.connections());
    assert_eq!(hub.sign_ins.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_wrong_password_is_named_with_its_file_and_tried_again_slowly() {
    let refusal = json!({"error": "invalid_grant", "error_description": "wrong user name or password\u{1b}[31m"}).to_string();
    let hub = FakeHub::start(None, http("400 Bad Request", &refusal), None, |_, _| async {}).await;
    let mut door = Door::start(&hub.url(), Trust::System);
    let (error, retry_in) = door.failure().await;
    let file = door.password.path().display();
    let expected =
        format!("the hub does not let `door-1` in: wrong user name or password[31m (check `hub.user` and the password in {file})");
    assert_eq!(error, expected);
    assert!((30..=60).contains(&retry_in.as_secs()), "{retry_in:?}");
    let sent = hub.sign_ins.lock().unwrap().clone();
    assert_eq!(sent, ["grant_type=password&client_id=callbox&scope=openid&username=door-1&password=correct+horse"]);
}

#[tokio::test]
async fn a_password_file_that_is_not_there_is_named() {
    let password = tempfile::NamedTempFile::new().unwrap();
    let mut door = Door::with_password("ws://127.0.0.1:1", Trust::System, password);
    let (error, retry_in) = door.failure().await;
    assert!(error.ends_with("has no password on its first line") && retry_in.as_secs() >= 30, "{error}");
    let gone = tempfile::NamedTempFile::new().unwrap();
    std::fs::remove_file(gone.path()).unwrap();
    let mut door = Door::with_password("ws://127.0.0.1:1", Trust::System, gone);
    let (error, _) = door.failure().await;
    assert!(error.starts_with("cannot read the password file /"), "{error}");
}

#[tokio::test]
async fn something_else_than_a_hub_is_recognised() {
    let endless = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5000\r\n{}\r\n", "x".repeat(0x5000));
    let huge_head = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(100_000));
    for (sign_in, part) in [
        (http("404 Not Found", "<html>"), "the hub answered 404 Not Found to the sign-in: is `hub.url`"),
        (http("200 OK", "<html>"), "makes no sense"),
        (http("503 Service Unavailable", ""), "503"),
        (endless, "the sign-in at the hub failed: length limit exceeded"),
        (huge_head, "the sign-in at the hub failed"),
        ("SSH-2.0-OpenSSH_9.2\r\n".to_owned(), "the sign-in at the hub failed"),
    ] {
        let hub = FakeHub::start(None, sign_in, None, |_, _| async {}).await;
        let (error, _) = Door::start(&hub.url(), Trust::System).failure().await;
        assert!(error.contains(part), "{part}: {error}");
    }
    let hub = FakeHub::start(None, token(), Some(http("403 Forbidden", "")), |_, _| async {}).await;
    let (error, _) = Door::start(&hub.url(), Trust::System).failure().await;
    assert!(error.starts_with("the hub answered 403 Forbidden to the request for a WebSocket"), "{error}");
}

#[tokio::test]
async fn a_message_over_the_limit_a_binary_one_and_nonsense_end_the_connection_with_a_reason() {
    let nasty = [
        (Message::text("x".repeat(MAX_MESSAGE + 1)), "longer than 65536 bytes"),
        (Message::binary(vec![1, 2, 3]), "binary message"),
        (Message::text("{"), "not JSON"),
        (Message::text(format!("{}{}", "[".repeat(30_000), "]".repeat(30_000))), "not JSON"),
        (Message::Close(None), "closed the connection"),
    ];
    for (message, part) in nasty {
        let hub = FakeHub::plain(move |n, mut socket| {
            let message = message.clone();
            async move {
                let open = socket.open("s", n > 0).await;
                assert_eq!(open.get("resume").is_some(), n > 0);
                if n == 0 {
                    socket.send(message).await;
                }
                socket.stay().await;
            }
        })
        .await;
        let mut door = Door::start(&hub.url(), Trust::System);
        assert!(!door.opened().await);
        let (error, _) = door.failure().await;
        assert!(error.contains(part), "{part}: {error}");
        assert!(door.opened().await, "the session goes on");
    }
}

#[tokio::test]
async fn a_gap_in_the_events_is_answered_with_a_new_session() {
    let opens = Arc::new(Mutex::new(Vec::new()));
    let seen = opens.clone();
    let hub = FakeHub::plain(move |n, mut socket| {
        let seen = seen.clone();
        async move {
            let open = socket.open(&format!("s{n}"), false).await;
            seen.lock().unwrap().push(open.get("resume").cloned());
            socket.event(1).await;
            socket.event(if n == 0 { 3 } else { 2 }).await;
            socket.stay().await;
        }
    })
    .await;
    let mut door = Door::start(&hub.url(), Trust::System);
    assert!(!door.opened().await);
    assert!(matches!(door.next().await, Event::Hub(event) if event.seq == 1));
    assert_eq!(door.failure().await.0, "events 2 to 2 of the hub are missing");
    assert!(!door.opened().await);
    assert!(matches!(door.next().await, Event::Hub(event) if event.seq == 1));
    assert!(matches!(door.next().await, Event::Hub(event) if event.seq == 2));
    assert_eq!(*opens.lock().unwrap(), [None, None]);
}

#[tokio::test]
async fn a_refused_token_means_a_new_sign_in_with_the_password_read_anew() {
    let hub = FakeHub::plain(|n, mut socket| async move {
        if n == 1 {
            let open = socket.read().await.unwrap();
            let error = json!({"code": -32001, "message": "the token is expired", "data": {"kind": "unauthenticated"}});
            socket.send(Message::text(json!({"jsonrpc": "2.0", "id": open["id"], "error": error}).to_string())).await;
        } else {
            let open = socket.open("s", n > 0).await;
            assert_eq!(open["resume"].is_null(), n == 0);
            if n == 0 {
                return;
            }
        }
        socket.stay().await;
    })
    .await;
    let mut door = Door::start(&hub.url(), Trust::System);
    std::fs::write(door.password.path(), "correct horse\n").unwrap();
    assert!(!door.opened().await);
    std::fs::write(door.password.path(), "new & better\n").unwrap();
    assert!(door.opened().await);
    let sign_ins = hub.sign_ins.lock().unwrap().clone();
    assert_eq!(sign_ins.len(), 2);
    assert!(sign_ins[1].ends_with("password=new+%26+better"), "{sign_ins:?}");
}

#[tokio::test]
async fn a_daemon_that_is_slow_to_take_events_loses_none() {
    const EVENTS: u64 = 5000;
    let hub = FakeHub::plain(|_, mut socket| async move {
        socket.open("s", false).await;
        for seq in 1..=EVENTS {
            socket.event(seq).await;
        }
        socket.stay().await;
    })
    .await;
    let mut door = Door::start(&hub.url(), Trust::System);
    assert!(!door.opened().await);
    tokio::time::sleep(Duration::from_millis(500)).await;
    for expected in 1..=EVENTS {
        let Event::Hub(event) = door.next().await else { panic!("before event {expected}") };
        assert_eq!(event.seq, expected);
    }
}

#[tokio::test]
async fn requests_are_answered_by_tag_and_refusals_keep_their_kind() {
    let hub = FakeHub::plain(|_, mut socket| async move {
        socket.open("s", false).await;
        let (first, second) = (socket.read().await.unwrap(), socket.read().await.unwrap());
        let error = json!({"code": -32004, "message": "no such call", "data": {"kind": "not_found"}});
        socket.send(Message::text(json!({"jsonrpc": "2.0", "id": second["id"], "error": error}).to_string())).await;
        socket.answer(&first, json!({"fine": true})).await;
        socket.stay().await;
    })
    .await;
    let mut door = Door::start(&hub.url(), Trust::System);
    door.opened().await;
    door.handle.request(1, leave()).unwrap();
    door.handle.request(2, leave()).unwrap();
    let Event::Reply { tag: 2, outcome: Err(error) } = door.next().await else { panic!() };
    assert_eq!((error.kind, error.message.as_str()), (ErrorKind::NotFound, "no such call"));
    assert_eq!(door.next().await, Event::Reply { tag: 1, outcome: Ok(json!({"fine": true})) });
}

#[tokio::test]
async fn closing_says_goodbye_and_answers_what_is_open() {
    let (goodbye, gone) = (Arc::new(AtomicBool::new(false)), Arc::new(Notify::new()));
    let (seen, ended) = (goodbye.clone(), gone.clone());
    let hub = FakeHub::plain(move |_, mut socket| {
        let (seen, ended) = (seen.clone(), ended.clone());
        async move {
            socket.open("s", false).await;
            seen.store(socket.stay().await, Ordering::SeqCst);
            ended.notify_one();
        }
    })
    .await;
    let mut door = Door::start(&hub.url(), Trust::System);
    door.opened().await;
    let begun = Instant::now();
    door.handle.close().await;
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    timeout(PATIENCE, gone.notified()).await.unwrap();
    assert!(goodbye.load(Ordering::SeqCst));
    assert_eq!(timeout(PATIENCE, door.events.recv()).await.unwrap(), None);
}
