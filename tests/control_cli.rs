//! The verbs that ask the daemon, run as a person runs them: what they print, and their exit codes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(feature = "appliance")]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use base64::Engine as _;
use callbox::controls::socket::{self, Ask, Handle, What};
use callbox::protocol::control::{HubState, HubStatus, Status};
use callbox::protocol::rpc::{Error, ErrorKind};
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nnot really";

fn callbox(socket: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_callbox"));
    command.args(args).arg("--socket").arg(socket).stdin(Stdio::null());
    command
}

async fn run(socket: &Path, args: &[&str]) -> Output {
    let mut command = callbox(socket, args);
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// A daemon that says yes to everything but leaving.
struct Daemon {
    directory: tempfile::TempDir,
    status: watch::Sender<Status>,
    _handle: Handle,
}

impl Daemon {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let hub = HubStatus { url: "ws://hub".into(), state: HubState::Connected, error: None, retry_in_s: None };
        let (user, version) = ("door-1".parse().unwrap(), "callbox test".into());
        let (status, receiver) = watch::channel(Status::new(user, version, hub));
        let (handle, asks) = socket::start(&directory.path().join("control.sock"), receiver).await.unwrap();
        tokio::spawn(obey(asks));
        Self { directory, status, _handle: handle }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("control.sock")
    }

    fn hub(&self, state: HubState) {
        self.status.send_modify(|status| status.hub.state = state);
    }
}

async fn obey(mut asks: mpsc::Receiver<Ask>) {
    while let Some(ask) = asks.recv().await {
        let outcome = match ask.what {
            What::Command(callbox::protocol::control::Command::Leave) => Err(Error::new(ErrorKind::Conflict, "not in a call")),
            What::Command(_) | What::SpeakerTest => Ok(Value::Null),
            What::Reload => Ok(json!({"taken": true, "changed": ["camera"], "pending": ["video"], "report": null})),
            What::Devices => Ok(json!({"cameras": [], "microphones": [], "speakers": []})),
            What::Snapshot => {
                let png = base64::engine::general_purpose::STANDARD.encode(PNG);
                Ok(json!({"png": png, "width": 1, "height": 1}))
            }
        };
        let _ = ask.reply.send(outcome);
    }
}

/// Ends the process it was given.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn without_a_daemon_every_verb_ends_with_3_and_says_what_to_try() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("nobody.sock");
    for args in [
        &["status"][..],
        &["status", "--json"],
        &["status", "--watch"],
        &["events"],
        &["join", "default:lobby"],
        &["leave"],
        &["call", "reception"],
        &["call", "reception", "--wait"],
        &["answer"],
        &["reject"],
        &["hangup"],
        &["do-not-disturb", "on"],
        &["max-bandwidth", "off"],
        &["mute"],
        &["snapshot", "-"],
        &["reload"],
    ] {
        let output = run(&path, args).await;
        assert_eq!(output.status.code(), Some(3), "{args:?}");
        assert!(output.stdout.is_empty(), "{args:?}");
        let said = text(&output.stderr);
        assert!(said.contains(&format!("cannot reach callbox at {}: is the service running?", path.display())), "{said}");
        assert!(said.contains("systemctl status callbox"), "{said}");
    }
}

#[tokio::test]
async fn a_bad_call_id_is_a_usage_error() {
    let output = run(Path::new("/nonexistent"), &["join", "lobby"]).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("type:id"));
}

#[tokio::test]
async fn what_cannot_be_meant_is_a_usage_error_that_says_what_can() {
    let long = "x".repeat(65);
    for (args, says) in [
        (&["reject", "--reason", &long][..], "64 bytes"),
        (&["max-bandwidth", "512"], "512 kbit/s"),
        (&["max-bandwidth", "10 bit/s"], "off"),
        (&["do-not-disturb", "maybe"], "[possible values: on, off]"),
        (&["call"], "<WHO>"),
    ] {
        let output = run(Path::new("/nonexistent"), args).await;
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(text(&output.stderr).contains(says), "{args:?}: {}", text(&output.stderr));
    }
}

/// A daemon whose calls come to this: an answer, a refusal, or nothing that anybody knows of.
async fn call_that_ends(state: Value) -> Output {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("control.sock");
    let hub = HubStatus { url: "ws://hub".into(), state: HubState::Connected, error: None, retry_in_s: None };
    let (status, receiver) = watch::channel(Status::new("door-1".parse().unwrap(), "callbox test".into(), hub));
    let (_handle, mut asks) = socket::start(&path, receiver).await.unwrap();
    let made = |state: &str, reason: Value| json!({"cid": "default:made-1", "to": "anna", "video": true, "state": state, "callees": [], "reason": reason});
    let daemon = tokio::spawn(async move {
        let ask = asks.recv().await.unwrap();
        let outgoing = made("dialing", Value::Null);
        status.send_modify(|status| status.outgoing = Some(serde_json::from_value(outgoing.clone()).unwrap()));
        ask.reply.send(Ok(outgoing)).unwrap();
        let ringing = made("ringing", Value::Null);
        status.send_modify(|status| status.outgoing = Some(serde_json::from_value(ringing).unwrap()));
        let outgoing = if state.is_string() { made("ended", state.clone()) } else { Value::Null };
        status.send_modify(|status| {
            status.outgoing = serde_json::from_value(outgoing).unwrap();
            status.call = serde_json::from_value(if state.is_object() { state } else { Value::Null }).unwrap();
        });
        status
    });
    let output = run(&path, &["call", "anna", "--wait"]).await;
    drop(daemon.await.unwrap());
    output
}

#[tokio::test]
async fn k8_a_call_that_is_waited_for_ends_as_the_call_does() {
    let joined = json!({
        "cid": "default:made-1", "state": "joined", "error": null, "participant": "me", "participants": [],
        "muted": {"audio": false, "video": false}
    });
    for (state, code, says) in [
        (joined, 0, ""),
        (json!("anna rejected the call: busy\u{1b}[31m"), 1, "error: anna rejected the call: busy[31m\n"),
        (Value::Null, 1, "error: the call is over\n"),
    ] {
        let output = call_that_ends(state).await;
        assert_eq!((output.status.code(), text(&output.stderr)), (Some(code), says));
    }
}

#[tokio::test]
async fn status_prints_a_page_or_the_wire_type_unchanged() {
    let daemon = Daemon::new().await;
    let page = run(&daemon.path(), &["status"]).await;
    assert_eq!(page.status.code(), Some(0));
    assert!(text(&page.stdout).contains("hub   connected  ws://hub"), "{}", text(&page.stdout));
    let json = run(&daemon.path(), &["status", "--json"]).await;
    let wire: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(wire, serde_json::to_value(&*daemon.status.borrow()).unwrap());
}

#[tokio::test]
async fn what_the_daemon_does_ends_with_0_and_what_it_refuses_with_1() {
    let daemon = Daemon::new().await;
    for args in [
        &["join", "default:lobby"][..],
        &["call", "anna@example.org", "--audio"],
        &["answer", "--muted"],
        &["reject", "--reason", "later"],
        &["hangup"],
        &["do-not-disturb", "off"],
        &["max-bandwidth", "1.5 Mbit/s"],
        &["mute"],
        &["unmute", "camera"],
        &["mute", "all"],
    ] {
        let output = run(&daemon.path(), args).await;
        assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""), "{args:?}");
    }
    let output = run(&daemon.path(), &["leave"]).await;
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(1), "error: not in a call\n"));
}

#[tokio::test]
async fn a_snapshot_goes_to_a_file_or_to_stdout() {
    let daemon = Daemon::new().await;
    let file = daemon.directory.path().join("screen.png");
    let output = run(&daemon.path(), &["snapshot", file.to_str().unwrap()]).await;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(std::fs::read(&file).unwrap(), PNG);
    assert_eq!(run(&daemon.path(), &["snapshot", "-"]).await.stdout, PNG);
    let nowhere = run(&daemon.path(), &["snapshot", "/nonexistent/screen.png"]).await;
    assert_eq!(nowhere.status.code(), Some(1));
    assert!(text(&nowhere.stderr).contains("cannot write /nonexistent/screen.png"));
}

#[tokio::test]
async fn events_are_printed_as_they_happen_and_the_end_of_the_daemon_is_3() {
    let daemon = Daemon::new().await;
    for (args, first, second) in [
        (&["events"][..], "hub connected", "hub disconnected"),
        (&["events", "--json"], "\"state\":\"connected\"", "\"state\":\"disconnected\""),
        (&["status", "--watch"], "hub connected | no call", "hub disconnected | no call"),
        (&["status", "--watch", "--json"], "\"state\":\"connected\"", "\"state\":\"disconnected\""),
    ] {
        daemon.hub(HubState::Connected);
        let mut child = Killed(callbox(&daemon.path(), args).stdout(Stdio::piped()).spawn().unwrap());
        let mut lines = BufReader::new(child.0.stdout.take().unwrap()).lines();
        let find = move |part: &'static str| {
            tokio::task::spawn_blocking(move || {
                assert!(lines.by_ref().any(|line| line.unwrap().contains(part)), "no {part}");
                lines
            })
        };
        let mut lines = find(first).await.unwrap();
        daemon.hub(HubState::Disconnected);
        let found = tokio::task::spawn_blocking(move || lines.any(|line| line.unwrap().contains(second))).await.unwrap();
        assert!(found, "{args:?}: no {second}");
    }
    let mut child = Killed(callbox(&daemon.path(), &["events"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    let mut child = tokio::task::spawn_blocking(move || {
        let mut first = String::new();
        BufReader::new(child.0.stdout.as_mut().unwrap()).read_line(&mut first).unwrap();
        assert_eq!(first, "hub disconnected\n");
        child
    })
    .await
    .unwrap();
    drop(daemon);
    let code = tokio::task::spawn_blocking(move || child.0.wait().unwrap().code()).await.unwrap();
    assert_eq!(code, Some(3));
}

#[tokio::test]
async fn a_reader_that_has_enough_ends_events_quietly() {
    let daemon = Daemon::new().await;
    let mut child = Killed(callbox(&daemon.path(), &["events"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    drop(child.0.stdout.take());
    let status = daemon.status.clone();
    let flapping = tokio::spawn(async move {
        for n in 0_u64.. {
            status.send_modify(|status| {
                status.hub.state = if n % 2 == 0 { HubState::Connecting } else { HubState::Connected };
            });
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    });
    let output = tokio::task::spawn_blocking(move || {
        let code = child.0.wait().unwrap().code();
        (code, std::io::read_to_string(child.0.stderr.take().unwrap()).unwrap())
    });
    assert_eq!(output.await.unwrap(), (Some(0), String::new()));
    flapping.abort();
}
