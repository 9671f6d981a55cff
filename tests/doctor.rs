//! `callbox doctor` with each thing broken in turn: the right line fails and says what to do, and the others pass.
#![cfg(all(feature = "appliance", feature = "hub"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "doctor/board.rs"]
mod board;
mod support;

use std::collections::BTreeSet;

use board::{Board, DEVICES, Seen};
use callbox::protocol::control::Devices;
use callbox::protocol::control::Verdict::{self, Fail, Pass, Skipped, Warn};
use support::{Appliance, Hub, PASSWORD, Turn, eventually, secs};

/// What needs neither devices nor seconds.
const QUICK: &[&str] = &["--only", "config,service,network,disk,temperature,power"];

/// These and no others fail.
fn only_fails(seen: &Seen, names: &[&str]) {
    let failed: BTreeSet<&str> =
        seen.checkup.checks.iter().filter(|check| check.verdict == Fail).map(|check| check.name.as_str()).collect();
    assert_eq!(failed, names.iter().copied().collect(), "{}", seen.text);
    assert_eq!(seen.code, i32::from(!names.is_empty()), "{}", seen.text);
}

#[test]
fn a_board_where_all_is_well_passes_and_its_report_has_no_secrets() {
    let turn = Turn::secure();
    let hub =
        Hub::with(&turn.hub("\"stun:HOST:PORT\", \"turn:HOST:PORT\", \"turn:HOST:PORT?transport=tcp\", \"turns:HOST:TLS\"", "1h"));
    let ca = format!("ca-file = {:?}\n", turn.certificate());
    let board = Board::new(&hub.socket_url(), &hub.password_file(), &ca, &format!("{DEVICES}[screen]\noutput = \"none\"\n"));
    let (report, picture) = (board.file("report.html"), board.file("seen.png"));
    let seen = board.doctor(&["--report", report.to_str().unwrap(), "--picture", picture.to_str().unwrap()]);
    only_fails(&seen, &[]);
    for name in ["config", "hub", "clock", "sign-in", "stun", "turn-udp", "turn-tcp", "turn-tls", "disk"] {
        assert!(matches!(seen.check(name).verdict, Pass | Warn), "{name}: {}", seen.text);
    }
    for name in ["sign-in", "stun", "turn-udp", "turn-tcp", "turn-tls", "microphone"] {
        assert_eq!(seen.check(name).verdict, Pass, "{name}: {}", seen.text);
    }
    assert_eq!(seen.check("dns").verdict, Skipped);
    assert!(seen.check("camera").figures["fps"] > 3.0, "{}", seen.text);
    assert!(seen.check("encoder").details.iter().any(|line| line.starts_with("chosen because")), "{}", seen.text);
    assert!(seen.check("encoder").figures.contains_key("360p-fps"), "{}", seen.text);
    assert!(std::fs::read(&picture).unwrap().starts_with(b"\x89PNG"));
    assert!(turn.said("ALLOCATE processed, success") >= 3, "{}", turn.process.output());
    let html = std::fs::read_to_string(&report).unwrap();
    assert!(html.contains("data:image/png;base64,") && html.contains("turn-tls"));
    for text in [&html, &seen.text, &seen.json] {
        let page: String = text
            .split("data:image/png;base64,")
            .enumerate()
            .map(|(i, part)| if i == 0 { part } else { part.split('"').nth(1).unwrap_or_default() })
            .collect();
        assert!(!page.contains(PASSWORD) && !page.contains("north by north west"), "a secret: {page}");
        // The hub's credentials: an end in seconds and the user, and 20 bytes in base64.
        assert!(!page.contains(":door-1"), "a TURN user: {page}");
        let coded = |word: &str| word.len() == 28 && word.ends_with('=');
        assert!(!page.split(|c: char| !c.is_ascii_alphanumeric() && !"+/=".contains(c)).any(coded), "a TURN password: {page}");
        assert!(!page.contains("eyJ"), "a token: {page}");
    }
}

#[test]
fn a_wrong_password_is_named_and_all_else_passes() {
    let hub = Hub::start();
    let directory = tempfile::tempdir().unwrap();
    let wrong = board::secret(&directory.path().join("wrong"), "battery staple\n");
    let board = Board::new(&hub.socket_url(), &wrong, "", DEVICES);
    let seen = board.doctor(QUICK);
    only_fails(&seen, &["sign-in"]);
    let check = seen.check("sign-in");
    assert!(check.found.contains("does not let `door-1` in") && check.advice.as_ref().unwrap().contains("passwd"), "{check:?}");
    assert!(!seen.text.contains("battery staple"));
    assert_eq!(seen.check("turn-udp").verdict, Skipped);
}

#[test]
fn a_hub_that_is_down_fails_where_it_is_asked_and_nowhere_else() {
    let mut hub = Hub::start();
    let board = Board::new(&hub.socket_url(), &hub.password_file(), "", DEVICES);
    hub.kill();
    let seen = board.doctor(&["--only", "network,camera,disk"]);
    only_fails(&seen, &["hub", "sign-in"]);
    assert!(seen.check("hub").found.contains("nobody listens"), "{}", seen.text);
    assert!(seen.check("clock").found.contains("not reached"), "{}", seen.text);
}

#[test]
fn a_turn_server_that_is_down_fails_and_says_so() {
    let mut turn = Turn::start();
    let hub = Hub::with(&turn.hub("\"turn:HOST:PORT\", \"turn:HOST:PORT?transport=tcp\"", "1h"));
    let board = Board::new(&hub.socket_url(), &hub.password_file(), "", DEVICES);
    turn.kill();
    let seen = board.doctor(QUICK);
    only_fails(&seen, &["turn-udp", "turn-tcp"]);
    assert!(seen.check("turn-tcp").advice.as_ref().unwrap().contains("`[turn]` of the hub"), "{}", seen.text);
    assert_eq!(seen.check("sign-in").verdict, Pass);
}

#[test]
fn where_udp_is_not_let_out_tcp_still_gets_through() {
    let turn = Turn::with(&["--no-udp"]);
    let hub = Hub::with(&turn.hub("\"turn:HOST:PORT\", \"turn:HOST:PORT?transport=tcp\"", "1h"));
    let board = Board::new(&hub.socket_url(), &hub.password_file(), "", DEVICES);
    let seen = board.doctor(&["--only", "turn"]);
    only_fails(&seen, &[]);
    assert_eq!((seen.check("turn-udp").verdict, seen.check("turn-tcp").verdict), (Warn, Pass), "{}", seen.text);
    assert!(seen.check("turn-udp").found.contains("another transport works"), "{}", seen.text);
}

#[test]
fn turn_credentials_that_are_not_taken_lead_to_the_two_secrets() {
    let turn = Turn::start();
    let directory = tempfile::tempdir().unwrap();
    let other = board::secret(&directory.path().join("secret"), "another secret than coturn's");
    let settings = format!("[turn]\nurls = [\"turn:{}:{}\"]\nsecret-file = {other:?}\n", turn.address, turn.port);
    let hub = Hub::with(&settings);
    let board = Board::new(&hub.socket_url(), &hub.password_file(), "", DEVICES);
    let seen = board.doctor(QUICK);
    only_fails(&seen, &["turn-udp"]);
    let check = seen.check("turn-udp");
    assert!(check.found.contains("401") && check.advice.as_ref().unwrap().contains("static-auth-secret"), "{check:?}");
}

#[test]
fn a_certificate_that_nobody_signed_is_told_from_a_server_that_is_away() {
    let turn = Turn::secure();
    let hub = Hub::with(&turn.hub("\"turns:HOST:TLS\"", "1h"));
    let board = Board::new(&hub.socket_url(), &hub.password_file(), "", DEVICES);
    let seen = board.doctor(&["--only", "turn-tls"]);
    only_fails(&seen, &["turn-tls"]);
    assert!(seen.check("turn-tls").advice.as_ref().unwrap().contains("certificate"), "{}", seen.text);
}

#[test]
fn a_camera_that_is_not_there_fails_and_the_rest_is_looked_at() {
    let hub = Hub::start();
    let devices = DEVICES.replace("source = \"test\"\nwidth", "source = \"v4l2\"\ndevice = \"/dev/video4711\"\nwidth");
    let board = Board::new(&hub.socket_url(), &hub.password_file(), "", &devices);
    let seen = board.doctor(&["--only", "camera,microphone,sign-in,disk"]);
    only_fails(&seen, &["camera"]);
    let check = seen.check("camera");
    assert!(check.found.contains("/dev/video4711") && check.advice.as_ref().unwrap().contains("callbox devices"), "{check:?}");
}

#[test]
fn a_clock_that_disagrees_with_the_hubs_fails_and_signing_in_does_not() {
    let hub = Hub::start();
    let front = board::front(&hub.url, "Thu, 21 Nov 2019 22:30:00 GMT");
    let board = Board::new(&front, &hub.password_file(), "", DEVICES);
    let seen = board.doctor(QUICK);
    only_fails(&seen, &["clock"]);
    let check = seen.check("clock");
    assert!(check.found.contains("days ahead of the hub's") && check.advice.as_ref().unwrap().contains("timedatectl"), "{check:?}");
}

#[test]
fn a_full_disk_fails_and_says_what_to_delete() {
    let hub = Hub::start();
    let board = Board::new(&hub.socket_url(), &hub.password_file(), "", DEVICES);
    let Some(_full) = board::Full::new(&board.file("state")) else {
        eprintln!("SKIPPED: no tmpfs can be mounted here");
        return;
    };
    let seen = board.doctor(QUICK);
    only_fails(&seen, &["disk"]);
    let check = seen.check("disk");
    assert!(check.found.contains("the disk is full") && check.advice.as_ref().unwrap().contains("state-directory"), "{check:?}");
}

#[test]
fn a_line_that_is_not_there_and_a_speaker_without_a_microphone_are_said() {
    let hub = Hub::start();
    let devices = DEVICES.replace("sink = \"none\"", "sink = \"file\"\nfile = \"{dir}/out.wav\"");
    let board = Board::new(
        &hub.socket_url(),
        &hub.password_file(),
        "",
        &format!("{devices}[[button]]\nchip = \"gpiochip4711\"\nline = 3\npress = \"leave\"\n"),
    );
    let seen = board.doctor(&["--only", "gpio,speaker"]);
    only_fails(&seen, &["gpio"]);
    assert!(seen.check("gpio").found.contains("GPIO chip"), "{}", seen.text);
    assert_eq!(seen.check("speaker").verdict, Skipped, "{}", seen.text);
}

#[tokio::test]
async fn a_running_appliance_is_asked_and_its_call_goes_on() {
    let hub = Hub::start();
    let toml = format!("[call]\nauto-join = \"default:lobby\"\n{DEVICES}");
    let (door, _desk) = (Appliance::start(&hub, "door-1", &toml), Appliance::start(&hub, "door-2", &toml));
    let frames = || -> Result<u64, String> {
        let status = door.status()?;
        let other = status.call.as_ref().and_then(|call| call.participants.first()).ok_or("nobody")?;
        if other.video.frames_decoded > 5 { Ok(other.video.frames_decoded) } else { Err(format!("{:?}", other.video)) }
    };
    let before = eventually(secs(40), "they see each other", async || frames()).await;
    let board = Board::of(door.file("callbox.toml"));
    let seen = board.doctor(&["--only", "service,camera,microphone,speaker,encoder,sign-in"]);
    only_fails(&seen, &[]);
    let camera = seen.check("camera");
    assert!(camera.verdict == Pass && camera.found.contains("`callbox run` has test") && camera.figures["fps"] > 3.0, "{camera:?}");
    assert!(seen.check("service").found.contains("in a call"), "{}", seen.text);
    assert_eq!(seen.check("encoder").verdict, Skipped, "{}", seen.text);
    let listed = door.cli("devices", &["--json"]).unwrap();
    let devices: Devices = serde_json::from_str(&listed).unwrap();
    let chosen: Vec<_> = devices.encoders.iter().filter(|codec| codec.chosen).collect();
    let used = door.status().unwrap().media.encoder.element;
    assert!(chosen.len() == 1 && Some(&chosen[0].element) == used.as_ref(), "{listed}");
    assert_eq!(chosen[0].because, "`callbox run` uses it");
    assert!(devices.decoders.iter().any(|codec| codec.chosen), "{listed}");
    assert!(frames().unwrap() > before, "the call went on");
}

#[test]
fn a_configuration_that_cannot_be_used_ends_with_4_and_the_board_is_still_looked_at() {
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("callbox.toml");
    std::fs::write(
        &config,
        "[hub]\nurl = \"ws://127.0.0.1:9\"\nuser = \"door-1\"\npassword = \"correct horse\"\n[camera]\nwidth = 1281\n",
    )
    .unwrap();
    let seen = Board::of(config).doctor(&[]);
    assert_eq!(seen.code, 4, "{}", seen.text);
    let verdict = |name: &str| -> Verdict { seen.check(name).verdict };
    assert_eq!((verdict("config"), verdict("camera"), verdict("sign-in")), (Fail, Skipped, Skipped));
    assert!(verdict("temperature") != Fail);
    assert!(seen.check("config").details.iter().any(|line| line.contains("1281")), "{}", seen.text);
    assert!(seen.check("config").details.iter().any(|line| line.contains("`password` is not a key")), "{}", seen.text);
    assert!(!seen.text.contains("correct horse") && !seen.json.contains("correct horse"), "{}", seen.text);
}

#[test]
fn a_check_that_nobody_knows_is_a_usage_error_that_names_those_there_are() {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_callbox")).args(["doctor", "--only", "cam"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("camera, microphone"));
}
