//! Clients that break the rules: each is answered or dropped, and everybody else goes on.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use callbox::protocol::hub::ParticipantState;
use callbox::protocol::rpc::{ErrorKind, Id, MAX_MESSAGE, Message};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpSocket;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::protocol::frame::Frame as RawFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::{MaybeTlsStream, client_async};

use crate::client::{Client, close_code, connect, opening, receive, send, signal};
use crate::http::{address, get, memory_kib, token};
use crate::support::{Hub, eventually, secs};

#[tokio::test]
async fn what_is_not_json_rpc_is_answered_and_the_session_goes_on() {
    let hub = Hub::start();
    let mut anna = Client::open(&hub, "anna").await;
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    for (text, kind) in [
        ("{", ErrorKind::ParseError),
        ("", ErrorKind::ParseError),
        (deep.as_str(), ErrorKind::ParseError),
        ("[]", ErrorKind::InvalidRequest),
        ("null", ErrorKind::InvalidRequest),
        (r#"{"jsonrpc":"2.0","id":{},"method":"session.ping"}"#, ErrorKind::InvalidRequest),
        (r#"{"jsonrpc":"1.0","id":1,"method":"session.ping"}"#, ErrorKind::InvalidRequest),
    ] {
        anna.socket.send(Frame::text(text)).await.unwrap();
        let (id, outcome) = anna.response().await;
        assert_eq!((id, outcome.unwrap_err().kind), (None, kind), "{:.60}", text);
    }
    assert_eq!(anna.ask("call.explode", Value::Null).await.unwrap_err().kind, ErrorKind::MethodNotFound);
    assert_eq!(anna.ask("call.join", json!({"type": "default"})).await.unwrap_err().kind, ErrorKind::InvalidParams);
    let error = anna.ask("call.join", json!({"type": "default", "id": "x", "creat": true})).await.unwrap_err();
    assert!(error.kind == ErrorKind::InvalidParams && error.message.contains("creat"), "{}", error.message);
    let error = anna.ask("call.get", json!({"type": "default", "id": "no blanks"})).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::InvalidParams);
    let custom = "x".repeat(5000);
    assert_eq!(anna.join_with("lobby", json!({"custom": custom})).await.unwrap_err().kind, ErrorKind::TooLarge);
    anna.socket.send(Frame::text(r#"{"jsonrpc":"2.0","id":"text","method":"session.ping"}"#)).await.unwrap();
    assert_eq!(anna.response().await, (Some(Id::Text("text".into())), Ok(json!({}))));
    anna.socket.send(Frame::text(r#"{"jsonrpc":"2.0","method":"nothing.to.answer"}"#)).await.unwrap();
    anna.join("lobby").await;
}

#[tokio::test]
async fn a_message_over_the_limit_closes_with_1009_and_one_at_the_limit_does_not() {
    let hub = Hub::start();
    let mut anna = Client::open(&hub, "anna").await;
    let mut text = r#"{"jsonrpc":"2.0","id":1,"method":"session.ping"}"#.to_owned();
    text.push_str(&" ".repeat(MAX_MESSAGE - text.len()));
    anna.socket.send(Frame::text(text.clone())).await.unwrap();
    assert!(anna.response().await.1.is_ok());
    text.push(' ');
    anna.socket.send(Frame::text(text)).await.unwrap();
    assert_eq!(close_code(&mut anna.socket).await, Some(1009));

    let mut ben = Client::open(&hub, "ben").await;
    let part = |op, last| Frame::Frame(RawFrame::message(vec![b' '; 40_000], OpCode::Data(op), last));
    ben.socket.send(part(Data::Text, false)).await.unwrap();
    ben.socket.send(part(Data::Continue, true)).await.unwrap();
    assert_eq!(close_code(&mut ben.socket).await, Some(1009), "in fragments");
}

#[tokio::test]
async fn binary_frames_and_broken_text_close_the_socket_with_their_codes() {
    let hub = Hub::start();
    let mut anna = Client::open(&hub, "anna").await;
    anna.socket.send(Frame::binary(vec![1, 2, 3])).await.unwrap();
    assert_eq!(close_code(&mut anna.socket).await, Some(1003));
    let mut ben = Client::open(&hub, "ben").await;
    let frame = RawFrame::message(vec![0xff, 0xfe], OpCode::Data(Data::Text), true);
    ben.socket.send(Frame::Frame(frame)).await.unwrap();
    assert_eq!(close_code(&mut ben.socket).await, Some(1007));
    Client::open(&hub, "anna").await.join("lobby").await;
}

#[tokio::test]
async fn a_socket_on_which_no_session_is_opened_is_closed() {
    let hub = Hub::start();
    let mut idle = connect(&hub).await;
    let mut guesser = connect(&hub).await;
    for _ in 0..3 {
        send(&mut guesser, 1, "session.open", opening("wrong", None)).await;
        assert!(receive(&mut guesser).await.is_ok());
    }
    assert_eq!(close_code(&mut guesser).await, Some(1008));
    assert_eq!(close_code(&mut idle).await, Some(1008));
}

#[tokio::test]
async fn too_many_requests_are_rate_limited_and_far_too_many_close_the_socket() {
    let hub = Hub::start();
    let (mut anna, mut ben) = (Client::open(&hub, "anna").await, Client::open(&hub, "ben").await);
    for id in 0..300 {
        send(&mut anna.socket, id, "session.ping", json!({})).await;
    }
    let mut limited = None;
    for _ in 0..300 {
        if let (_, Err(error)) = anna.response().await {
            limited.get_or_insert(error);
        }
    }
    let error = limited.expect("300 at once are too many");
    assert_eq!(error.kind, ErrorKind::RateLimited);
    assert!(error.message.contains("ms"), "{}", error.message);
    eventually(secs(10), "the limit is forgiven", async || anna.ask("session.ping", json!({})).await).await;
    ben.join("lobby").await;

    let (mut sink, mut stream) = anna.socket.split();
    let flood = async { while sink.send(Frame::Ping(vec![0; 16].into())).await.is_ok() {} };
    let closed = async {
        loop {
            match stream.next().await {
                Some(Ok(Frame::Close(frame))) => return frame.map(|frame| u16::from(frame.code)),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    };
    let (_, code) = tokio::time::timeout(secs(20), async { tokio::join!(flood, closed) }).await.unwrap();
    assert!(matches!(code, Some(1008) | None), "{code:?}");
    ben.ask("session.ping", json!({})).await.unwrap();
}

#[tokio::test]
async fn a_client_that_never_reads_is_dropped_with_bounded_memory() {
    let hub = Hub::start();
    let mut anna = Client::open(&hub, "anna").await;
    anna.join("lobby").await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let stream = socket.connect(address(&hub).parse().unwrap()).await.unwrap();
    let url = format!("{}/v1/socket", hub.socket_url());
    let (mut deaf, _) = client_async(url, MaybeTlsStream::Plain(stream)).await.unwrap();
    send(&mut deaf, 1, "session.open", opening(&token(&hub, "ben"), None)).await;
    send(&mut deaf, 2, "call.join", json!({"type": "default", "id": "lobby"})).await;
    let ben = anna.expect_joined().await.id;
    let before = memory_kib(&hub);
    let sdp = "x".repeat(30_000);
    let mut gone = false;
    for _ in 0..400 {
        match anna.ask("call.signal", signal("default:lobby", &ben, &sdp)).await {
            Err(error) if error.kind == ErrorKind::RateLimited => tokio::time::sleep(Duration::from_millis(50)).await,
            outcome => assert!(outcome.is_ok(), "{outcome:?}"),
        }
        if !anna.events_so_far().await.is_empty() {
            gone = true;
            break;
        }
    }
    assert!(gone, "12 MB went to a client that reads nothing");
    let grown = memory_kib(&hub).saturating_sub(before);
    assert!(grown < 8 * 1024, "{grown} KiB");
    let call = anna.get("lobby").await.unwrap();
    assert_eq!(call.participants[1].state, ParticipantState::Reconnecting);
}

#[test]
fn a_slow_request_head_and_a_silent_connection_are_cut() {
    let hub = Hub::start();
    let begin = Instant::now();
    let mut slow = TcpStream::connect(address(&hub)).unwrap();
    let mut silent = TcpStream::connect(address(&hub)).unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\nHost: hub\r\n").unwrap();
    for stream in [&mut slow, &mut silent] {
        stream.set_read_timeout(Some(secs(20))).unwrap();
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
        assert!(begin.elapsed() < secs(15), "{:?}", begin.elapsed());
    }
    let mut body = TcpStream::connect(address(&hub)).unwrap();
    body.set_read_timeout(Some(secs(20))).unwrap();
    let head = "POST /v1/token HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\
                Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\ngrant_type=";
    body.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    body.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("in time"), "{answer}");
    let huge = get(&hub, "/", &format!("X: {}\r\n", "x".repeat(20_000)));
    assert_eq!(huge.status, 431);
}

#[tokio::test]
async fn running_out_of_file_descriptors_does_not_end_the_hub() {
    let hub = Hub::start();
    let mut anna = Client::open(&hub, "anna").await;
    let pid = hub.process.pid();
    let open = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count();
    let limit = format!("--nofile={}", open + 5);
    let limited = std::process::Command::new("prlimit").args(["--pid", &pid.to_string(), &limit]).status();
    assert!(limited.is_ok_and(|status| status.success()), "prlimit is part of util-linux");
    let crowd: Vec<_> = (0..20).map(|_| TcpStream::connect(address(&hub)).unwrap()).collect();
    eventually(secs(10), "accepting fails", async || {
        let output = hub.output();
        if output.contains("cannot accept connections at the moment") { Ok(()) } else { Err(output) }
    })
    .await;
    anna.ask("session.ping", json!({})).await.unwrap();
    drop(crowd);
    eventually(secs(20), "new clients are served again", async || {
        let (address, token) = (address(&hub).to_owned(), "GET /healthz HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n");
        let mut stream = TcpStream::connect(address).map_err(|e| e.to_string())?;
        stream.set_read_timeout(Some(secs(2))).unwrap();
        stream.write_all(token.as_bytes()).map_err(|e| e.to_string())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).map_err(|e| e.to_string())?;
        if answer.starts_with("HTTP/1.1 200") { Ok(()) } else { Err(answer) }
    })
    .await;
    anna.join("lobby").await;
}

#[tokio::test]
async fn a_response_to_nothing_is_ignored() {
    let hub = Hub::start();
    let mut anna = Client::open(&hub, "anna").await;
    let text = Message::Response { id: Some(Id::Number(1)), outcome: Ok(Value::Null) }.to_json();
    anna.socket.send(Frame::text(text)).await.unwrap();
    anna.join("lobby").await;
}
