//! The control socket against clients of every temper.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(feature = "appliance")]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use callbox::controls::socket::{self, Ask, Error, Handle, What};
use callbox::protocol::control::{Command, HubState, HubStatus, Status};
use callbox::protocol::rpc::{self, ErrorKind, MAX_MESSAGE};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(10);

struct Bench {
    directory: tempfile::TempDir,
    status: watch::Sender<Status>,
    asks: mpsc::Receiver<Ask>,
    handle: Handle,
}

fn example(error: &str) -> Status {
    let hub = HubStatus { url: "ws://hub".into(), state: HubState::Connecting, error: Some(error.into()), retry_in_s: None };
    Status::new("door-1".parse().unwrap(), "callbox test".into(), hub)
}

impl Bench {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (status, receiver) = watch::channel(example("0"));
        let (handle, asks) = socket::start(&path(directory.path()), receiver).await.unwrap();
        Self { directory, status, asks, handle }
    }

    fn path(&self) -> PathBuf {
        path(self.directory.path())
    }

    async fn client(&self) -> Client {
        Client(BufReader::new(UnixStream::connect(self.path()).await.unwrap()))
    }

    fn show(&self, error: &str) {
        self.status.send(example(error)).unwrap();
    }
}

fn path(directory: &Path) -> PathBuf {
    directory.join("run/control.sock")
}

struct Client(BufReader<UnixStream>);

impl Client {
    async fn send(&mut self, line: impl AsRef<[u8]>) {
        self.0.get_mut().write_all(line.as_ref()).await.unwrap();
        self.0.get_mut().write_all(b"\n").await.unwrap();
    }

    /// None at the end.
    async fn read(&mut self) -> Option<Value> {
        let mut line = String::new();
        match timeout(PATIENCE, self.0.read_line(&mut line)).await.expect("the control socket is silent") {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(serde_json::from_str(&line).unwrap()),
        }
    }

    async fn ask(&mut self, request: Value) -> Value {
        self.send(request.to_string()).await;
        self.read().await.expect("the control socket closed")
    }

    async fn status(&mut self) -> Value {
        self.ask(json!({"jsonrpc": "2.0", "id": 1, "method": "status"})).await
    }
}

fn kind(answer: &Value) -> ErrorKind {
    serde_json::from_value(answer["error"]["data"]["kind"].clone()).unwrap_or_else(|_| panic!("no error: {answer}"))
}

#[tokio::test]
async fn status_is_answered_with_the_wire_type() {
    let bench = Bench::new().await;
    let answer = bench.client().await.status().await;
    assert_eq!(serde_json::from_value::<Status>(answer["result"].clone()).unwrap(), example("0"));
}

#[tokio::test]
async fn a_thousand_changes_are_told_in_few_lines_and_the_last_is_the_newest() {
    let bench = Bench::new().await;
    let mut client = bench.client().await;
    let first = client.ask(json!({"jsonrpc": "2.0", "id": "e", "method": "events"})).await;
    assert_eq!(first["result"]["hub"]["error"], "0");
    let begun = Instant::now();
    for n in 1..=1000 {
        bench.show(&n.to_string());
        if n % 10 == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    let mut lines = 0;
    loop {
        let line = client.read().await.unwrap();
        assert_eq!(line["method"], "changed");
        assert_eq!(line["params"].as_object().unwrap().keys().collect::<Vec<_>>(), ["hub"], "only what changed: {line}");
        lines += 1;
        if line["params"]["hub"]["error"] == "1000" {
            break;
        }
    }
    let most = begun.elapsed().as_millis() / 200 + 1;
    assert!(lines <= most, "{lines} lines, at five per second there are {most}");
}

#[tokio::test]
async fn a_slow_reader_gets_the_newest_and_holds_up_nobody() {
    let bench = Bench::new().await;
    let mut slow = bench.client().await;
    slow.send(json!({"jsonrpc": "2.0", "id": 1, "method": "events"}).to_string()).await;
    let big = "x".repeat(400_000);
    for n in 0..4 {
        bench.show(&format!("{n} {big}"));
        tokio::time::sleep(Duration::from_millis(250)).await;
        let answer = timeout(PATIENCE, async { bench.client().await.status().await }).await.unwrap();
        assert!(answer["result"]["hub"]["error"].as_str().unwrap().starts_with(&n.to_string()));
    }
    bench.show("newest");
    let mut lines = 0;
    while slow.read().await.unwrap()["params"]["hub"]["error"] != "newest" {
        lines += 1;
    }
    assert!(lines < 4, "what a slow reader missed is not kept for it: {lines}");
}

#[tokio::test]
async fn a_huge_line_is_refused_and_the_client_cut() {
    let bench = Bench::new().await;
    let mut client = bench.client().await;
    let stream = client.0.get_mut();
    // Not all of it is read, so writing may fail as well.
    for _ in 0..100 {
        if stream.write_all(&[b'x'; 4096]).await.is_err() {
            break;
        }
    }
    assert_eq!(kind(&client.read().await.unwrap()), ErrorKind::TooLarge);
    assert_eq!(client.read().await, None);
    assert!(bench.client().await.status().await.get("result").is_some());
}

#[tokio::test]
async fn nonsense_is_answered_and_the_connection_goes_on() {
    let bench = Bench::new().await;
    let mut client = bench.client().await;
    for (line, expected) in [
        (&b"{"[..], ErrorKind::ParseError),
        (b"\xff\xfe", ErrorKind::ParseError),
        (b"[]", ErrorKind::InvalidRequest),
        (br#"{"jsonrpc":"2.0","id":1,"method":"reboot"}"#, ErrorKind::MethodNotFound),
        (br#"{"jsonrpc":"2.0","id":1,"method":"join"}"#, ErrorKind::InvalidParams),
        (br#"{"jsonrpc":"2.0","id":1,"method":"join","params":{"cid":"lobby"}}"#, ErrorKind::InvalidParams),
        (br#"{"jsonrpc":"2.0","id":1,"method":"join","params":{"cid":"a:b","command":"leave"}}"#, ErrorKind::InvalidParams),
        (br#"{"jsonrpc":"2.0","id":1,"method":"open"}"#, ErrorKind::InvalidParams),
        (br#"{"jsonrpc":"2.0","id":1,"method":"open","params":{"relay":["door"]}}"#, ErrorKind::InvalidParams),
        (br#"{"jsonrpc":"2.0","id":1,"method":"mute","params":{}}"#, ErrorKind::InvalidParams),
        (br#"{"jsonrpc":"2.0","id":1,"method":"mute","params":{"audio":"yes"}}"#, ErrorKind::InvalidParams),
    ] {
        client.send(line).await;
        assert_eq!(kind(&client.read().await.unwrap()), expected, "{}", String::from_utf8_lossy(line));
    }
    client.send(b"\n\r\n").await;
    client.send(br#"{"jsonrpc":"2.0","method":"status"}"#).await;
    assert!(client.status().await.get("result").is_some());
}

#[tokio::test]
async fn a_command_goes_to_the_daemon_and_its_word_comes_back() {
    let mut bench = Bench::new().await;
    let mut client = bench.client().await;
    let daemon = async {
        let ask = bench.asks.recv().await.unwrap();
        assert_eq!(ask.what, What::Command(Command::Join { cid: "default:lobby".parse().unwrap() }));
        ask.reply.send(Ok(json!({"ok": 1}))).unwrap();
        let ask = bench.asks.recv().await.unwrap();
        assert_eq!(ask.what, What::Command(Command::Mute { audio: Some(true), video: None }));
        ask.reply.send(Err(rpc::Error::new(ErrorKind::Conflict, "not in a call"))).unwrap();
        let ask = bench.asks.recv().await.unwrap();
        assert_eq!(ask.what, What::Command(Command::Leave));
        drop(ask);
    };
    let person = async {
        let joined = client.ask(json!({"jsonrpc": "2.0", "id": 1, "method": "join", "params": {"cid": "default:lobby"}})).await;
        assert_eq!(joined["result"], json!({"ok": 1}));
        let muted =
            client.ask(json!({"jsonrpc": "2.0", "id": 2, "method": "mute", "params": {"audio": true, "video": null}})).await;
        assert_eq!((kind(&muted), &muted["error"]["message"]), (ErrorKind::Conflict, &json!("not in a call")));
        let left = client.ask(json!({"jsonrpc": "2.0", "id": 3, "method": "leave"})).await;
        assert_eq!(kind(&left), ErrorKind::Unavailable);
    };
    tokio::join!(daemon, person);
}

#[tokio::test]
async fn a_snapshot_may_be_longer_than_any_request() {
    let mut bench = Bench::new().await;
    let mut client = bench.client().await;
    let png = "A".repeat(100 * MAX_MESSAGE);
    let daemon = async {
        let ask = bench.asks.recv().await.unwrap();
        assert_eq!(ask.what, What::Snapshot);
        ask.reply.send(Ok(json!({"png": png, "width": 1, "height": 1}))).unwrap();
    };
    let ((), answer) = tokio::join!(daemon, client.ask(json!({"jsonrpc": "2.0", "id": 1, "method": "snapshot"})));
    assert_eq!(answer["result"]["png"].as_str().unwrap().len(), png.len());
}

#[tokio::test]
async fn the_seventeenth_client_is_turned_away_until_one_leaves() {
    let bench = Bench::new().await;
    let mut clients = Vec::new();
    for _ in 0..16 {
        let mut client = bench.client().await;
        client.status().await;
        clients.push(client);
    }
    let mut late = bench.client().await;
    assert_eq!(kind(&late.read().await.unwrap()), ErrorKind::Full);
    assert_eq!(late.read().await, None);
    clients.pop();
    let begun = Instant::now();
    loop {
        let mut next = bench.client().await;
        let request = json!({"jsonrpc": "2.0", "id": 1, "method": "status"}).to_string();
        let _ = next.0.get_mut().write_all(format!("{request}\n").as_bytes()).await;
        if next.read().await.is_some_and(|answer| answer.get("result").is_some()) {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "the place is not free");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn the_socket_is_for_owner_and_group_and_goes_with_the_daemon() {
    let bench = Bench::new().await;
    let path = bench.path();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o660);
    assert_eq!(mode(path.parent().unwrap()) & 0o007, 0, "others may not even look");
    let mut client = bench.client().await;
    client.status().await;
    drop(bench.handle);
    assert!(!path.exists());
    assert_eq!(client.read().await, None);
}

#[tokio::test]
async fn a_second_daemon_does_not_take_the_socket_away_from_the_first() {
    let bench = Bench::new().await;
    let (_sender, receiver) = watch::channel(example("second"));
    let error = socket::start(&bench.path(), receiver).await.unwrap_err();
    assert!(matches!(error, Error::InUse { .. }));
    assert!(error.to_string().contains("another callbox runs"), "{error}");
    assert_eq!(bench.client().await.status().await["result"]["hub"]["error"], "0");
}

#[tokio::test]
async fn a_socket_that_a_crash_left_behind_is_replaced_and_a_foreign_file_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("control.sock");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let (_sender, receiver) = watch::channel(example("0"));
    let (handle, _asks) = socket::start(&path, receiver.clone()).await.unwrap();
    drop(handle);

    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    assert!(matches!(socket::start(&path, receiver.clone()).await.unwrap_err(), Error::InUse { .. }));
    drop(listener);
    std::fs::remove_file(&path).unwrap();

    std::fs::write(&path, "precious").unwrap();
    assert!(matches!(socket::start(&path, receiver).await.unwrap_err(), Error::NotASocket { .. }));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
}

#[tokio::test]
async fn a_client_that_sends_requests_and_never_reads_is_only_its_own_problem() {
    let bench = Bench::new().await;
    let mut rude = bench.client().await;
    let line = format!("{}\n", json!({"jsonrpc": "2.0", "id": 1, "method": "status"}));
    let flood = line.repeat(1000);
    // Ends when both directions are full.
    while timeout(Duration::from_millis(300), rude.0.get_mut().write_all(flood.as_bytes())).await.is_ok() {}
    assert!(bench.client().await.status().await.get("result").is_some());
    let mut drained = vec![0; 1024];
    assert!(rude.0.read(&mut drained).await.unwrap() > 0);
}

#[test]
fn every_method_is_in_the_documentation() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/control.md")).unwrap();
    let named: std::collections::BTreeSet<&str> =
        text.lines().filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`')).collect();
    let known: std::collections::BTreeSet<&str> = socket::methods().collect();
    assert_eq!(named, known);
    assert!(text.contains(&format!("which protocol is spoken: {}.", callbox::protocol::control::PROTOCOL)));
}

#[tokio::test]
async fn changes_that_are_merged_make_the_state() {
    let bench = Bench::new().await;
    let mut client = bench.client().await;
    let mut state = client.ask(json!({"jsonrpc": "2.0", "id": 1, "method": "events"})).await["result"].take();
    bench.status.send_modify(|status| {
        status.do_not_disturb = true;
        status.hub.error = None;
    });
    let mut change = client.read().await.unwrap();
    assert_eq!(change["params"], json!({"do_not_disturb": true, "hub": {"error": null}}));
    callbox::protocol::control::patch::apply(&mut state, change["params"].take());
    assert_eq!(serde_json::from_value::<Status>(state).unwrap(), *bench.status.borrow());
    let version = client.ask(json!({"jsonrpc": "2.0", "id": 2, "method": "version"})).await;
    assert_eq!(version["result"], json!({"protocol": 1, "callbox": "callbox test"}));
}
