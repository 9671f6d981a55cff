//! What people read when their configuration is wrong: one recorded report for each broken file in `tests/config/`.
//! `hub-*.toml` is read as a hub's configuration, all others as an appliance's. When reports change on purpose:
//! `INSTA_UPDATE=always cargo test --test config_reports`, then read the difference as somebody would who has to mend the file.
#![cfg(all(feature = "appliance", feature = "hub"))]
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use callbox::config::{
    Appliance, Bias, CameraSource, Inputs, Line, LineId, Loaded, Pattern, Report, Shows, Trust, load_appliance, load_hub,
};
use callbox::protocol::action::{Actions, Phase};
use tempfile::TempDir;

fn corpus() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config");
    let mut files: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn write(directory: &Path, name: &str, text: &str, mode: u32) {
    let path = directory.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A directory with the files that the corpus speaks of.
fn place() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), "password", "secret", 0o600);
    write(directory.path(), "open-password", "secret", 0o644);
    write(directory.path(), "empty-password", "", 0o600);
    write(directory.path(), "blank-password", "\nsecret\n", 0o600);
    write(directory.path(), "ca.pem", "-----BEGIN CERTIFICATE-----\n", 0o644);
    fs::create_dir(directory.path().join("directory")).unwrap();
    write(directory.path(), "secret", "0123456789abcdef0123456789abcdef", 0o600);
    directory
}

fn load(file: &Path) -> Result<Loaded<Appliance>, Report> {
    load_appliance(&Inputs { file: Some(file.to_owned()), ..Inputs::default() })
}

fn report(directory: &TempDir, file: &Path) -> String {
    let is_hub = file.file_name().unwrap().to_string_lossy().starts_with("hub-");
    let warnings = |report: Report| if report.is_empty() { panic!("{} is accepted", file.display()) } else { report };
    let report = match is_hub {
        true => load_hub(file).map(|loaded| warnings(loaded.warnings)),
        false => load(file).map(|loaded| warnings(loaded.warnings)),
    };
    let text = report.unwrap_or_else(|report| report).to_string();
    text.replace(&format!("{}/", directory.path().display()), "")
}

const GOOD: &str = "[hub]\nurl = \"wss://hub.example.org\"\nuser = \"door-1\"\npassword-file = \"password\"\n";

/// Every key of buttons, lights, relays and the privacy switch.
const LINES: &str = r#"
[[button]]
line = "DOORBELL"
bias = "pull-up"
active-low = true
debounce = "30ms"
hold-time = "2s"
double-time = "300ms"
stuck-time = "1min"
hold = "leave"
double-press = "toggle mic"
[button.press]
idle = "join default:lobby"
in-call = "open door"
[[button]]
chip = "gpiochip0"
line = 17
name = "second"
press = "mute camera"
[[light]]
line = "LED0"
shows = ["joining blink", "in-call", "fault pulse"]
[[light]]
line = "LED1"
shows = "camera"
[[relay]]
line = "RELAY0"
name = "door"
pulse = "5s"
[privacy]
line = "SWITCH"
"#;

#[test]
fn every_broken_file_gets_the_recorded_report() {
    let files = corpus();
    assert!(files.len() >= 60);
    for original in files {
        let directory = place();
        let file = directory.path().join(original.file_name().unwrap());
        fs::copy(&original, &file).unwrap();
        insta::assert_snapshot!(original.file_stem().unwrap().to_str().unwrap(), report(&directory, &file));
    }
}

#[test]
fn a_report_shows_no_password() {
    for name in ["password-in-the-file", "password-in-url", "hub-bad-users"] {
        let directory = place();
        let file = directory.path().join(format!("{name}.toml"));
        fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/config/{name}.toml")), &file).unwrap();
        let text = report(&directory, &file);
        assert!(!text.contains("hunter2") && !text.contains("anna:secret"), "{text}");
    }
}

/// Every run makes the same damage: bytes are dropped, doubled or replaced by what hurts most.
#[test]
fn a_damaged_file_is_read_or_reported_but_never_ends_the_program() {
    let shipped = ["config/callbox.toml", "config/hub.toml"].map(|name| {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap();
        // Without its prose, so that the damage hits something.
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with("# "));
        lines.map(|line| line.trim_start_matches('#')).collect::<Vec<_>>().join("\n").into_bytes()
    });
    let [appliance, hub] = shipped;
    let lines = format!("{GOOD}{LINES}").into_bytes();
    let originals = [appliance, hub, lines];
    let hurtful: [&[u8]; 12] =
        [b"\"", b"'''", b"[", b"]]", b"=", b"\n", b"\r", b"\t", "\u{e9}\u{1F600}".as_bytes(), b"\xff", b"\0", b"{ a.b = ["];
    let directory = place();
    let file = directory.path().join("damaged.toml");
    let mut seed: u64 = 1;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    let mut reported = 0;
    for round in 0..600 {
        let mut bytes = originals[round % 3].clone();
        for _ in 0..=random(3) {
            let at = random(bytes.len());
            let end = (at + random(20)).min(bytes.len());
            let new = match random(3) {
                0 => Vec::new(),
                1 => [&bytes[at..end], &bytes[at..end]].concat(),
                _ => hurtful[random(hurtful.len())].to_vec(),
            };
            bytes.splice(at..end, new);
        }
        fs::write(&file, &bytes).unwrap();
        let report = if round % 3 == 1 { load_hub(&file).err() } else { load(&file).err() };
        if let Some(report) = report {
            assert!(report.has_errors() && !report.render(true).is_empty() && !report.render(false).is_empty());
            reported += 1;
        }
    }
    assert!(reported > 300, "only {reported} of 600 were noticed");
}

#[test]
fn a_drop_in_overrides_and_is_named_when_it_is_wrong() {
    let directory = place();
    let file = directory.path().join("door.toml");
    write(directory.path(), "door.toml", &format!("{GOOD}[camera]\nwidth = 640\nheight = 480\n"), 0o644);
    write(directory.path(), "door.d/10-first.toml", "[camera]\nwidth = 320\n", 0o644);
    write(directory.path(), "door.d/20-second.toml", "[camera]\nwidth = 1920\n", 0o644);
    write(directory.path(), "door.d/notes.txt", "not read", 0o644);
    let loaded = load(&file).unwrap();
    assert_eq!((loaded.config.camera.width, loaded.config.camera.height), (1920, 480));

    write(directory.path(), "door.d/50-site.toml", "# this site\n[camera]\nwidth = 1281\n", 0o644);
    insta::assert_snapshot!("drop-in", report(&directory, &file));
}

#[test]
fn a_later_layer_may_choose_another_source_without_clearing_the_earlier_ones_keys() {
    let directory = place();
    let file = directory.path().join("door.toml");
    write(directory.path(), "door.toml", &format!("{GOOD}ca-file = \"ca.pem\"\n[camera]\ndevice = \"/dev/video2\"\n"), 0o644);
    let pin = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let inputs = Inputs {
        file: Some(file.clone()),
        environment: vec![("CALLBOX_HUB__PIN".into(), pin.into()), ("HOME".into(), "/".into())],
        settings: vec!["camera.source=test".into(), "camera.width=640".into(), "screen.read-test-card=true".into()],
        credentials: None,
    };
    let config = load_appliance(&inputs).unwrap().config;
    assert_eq!(config.camera.source, CameraSource::Test);
    assert_eq!(config.camera.width, 640);
    assert!(config.screen.read_test_card);
    assert_eq!(config.hub.trust, Trust::Pin([0; 32]));
    assert_eq!(load(&file).unwrap().config.hub.trust, Trust::CaFile(directory.path().join("ca.pem")));
}

#[test]
fn environment_and_command_line_are_named_when_they_are_wrong() {
    let directory = place();
    write(directory.path(), "door.toml", GOOD, 0o644);
    let inputs = Inputs {
        file: Some(directory.path().join("door.toml")),
        environment: vec![("CALLBOX_CAMERA__WIDTH".into(), "wide".into()), ("CALLBOX_CAMERA__WIDHT".into(), "640".into())],
        settings: vec!["camera.source=tset".into(), "video.bitrat=1 Mbit/s".into(), "nonsense".into()],
        credentials: None,
    };
    insta::assert_snapshot!("environment-and-command-line", load_appliance(&inputs).unwrap_err().to_string());
}

#[test]
fn a_systemd_credential_stands_in_for_the_password_file() {
    let directory = place();
    write(directory.path(), "door.toml", "[hub]\nurl = \"ws://localhost:8080\"\nuser = \"door-1\"\n", 0o644);
    write(directory.path(), "credentials/callbox-password", "secret", 0o400);
    let credentials = directory.path().join("credentials");
    let inputs =
        Inputs { file: Some(directory.path().join("door.toml")), credentials: Some(credentials.clone()), ..Inputs::default() };
    let config = load_appliance(&inputs).unwrap().config;
    assert_eq!(config.hub.password_file, credentials.join("callbox-password"));
}

#[test]
fn a_hub_drop_in_adds_users() {
    let directory = place();
    let user = |id: &str| {
        let hash = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b4dWRWJTmaaJObGRdescudvJCs";
        format!("[[user]]\nid = \"{id}\"\npassword-hash = \"{hash}\"\n")
    };
    write(directory.path(), "hub.toml", &user("anna"), 0o644);
    write(directory.path(), "hub.d/door-2.toml", &user("door-2"), 0o644);
    let config = load_hub(&directory.path().join("hub.toml")).unwrap().config;
    let ids: Vec<_> = config.users.iter().map(|user| user.id.as_str()).collect();
    assert_eq!(ids, ["anna", "door-2"]);

    write(directory.path(), "hub.d/door-3.toml", &user("anna"), 0o644);
    let text = load_hub(&directory.path().join("hub.toml")).unwrap_err().to_string();
    assert!(text.contains("hub.toml") && text.contains("door-3.toml") && text.contains("there twice"), "{text}");
}

#[test]
fn the_program_leaves_with_4_when_the_configuration_is_wrong_and_says_ok_when_it_is_right() {
    let callbox = |arguments: &[&str]| Command::new(env!("CARGO_BIN_EXE_callbox")).args(arguments).output().unwrap();
    let directory = place();
    let path = |name: &str| directory.path().join(name).display().to_string();
    write(directory.path(), "good.toml", GOOD, 0o644);
    write(directory.path(), "bad.toml", &format!("{GOOD}[camera]\nwidth = 1281\n"), 0o644);
    let good = callbox(&["check", "--config", &path("good.toml")]);
    assert_eq!((good.status.code(), String::from_utf8_lossy(&good.stdout).as_ref()), (Some(0), "ok\n"));
    for verb in ["check", "run"] {
        let bad = callbox(&[verb, "--config", &path("bad.toml")]);
        assert_eq!(bad.status.code(), Some(4), "{verb}");
        assert!(String::from_utf8_lossy(&bad.stderr).contains("bad.toml:6:9"), "{bad:?}");
        assert!(bad.stdout.is_empty());
    }
    assert_eq!(callbox(&["check", "--config", &path("nowhere.toml")]).status.code(), Some(4));
    assert_eq!(callbox(&["chek"]).status.code(), Some(2));
    assert_eq!(callbox(&["join", "lobby"]).status.code(), Some(2));
}

#[test]
fn buttons_lights_relays_and_the_privacy_switch_are_read_as_written() {
    let directory = place();
    write(directory.path(), "door.toml", &format!("{GOOD}{LINES}"), 0o644);
    let gpio = load(&directory.path().join("door.toml")).unwrap().config.gpio;
    let [bell, second] = gpio.buttons.as_slice() else { panic!("{gpio:?}") };
    let action = |actions: &Actions, phase| actions.now(phase).cloned().unwrap();
    assert_eq!(bell.line, Line { chip: None, id: LineId::Name("DOORBELL".into()), active_low: true });
    assert_eq!((bell.bias, bell.debounce, bell.stuck_time), (Bias::PullUp, Duration::from_millis(30), Duration::from_secs(60)));
    assert_eq!(action(&bell.press, Phase::Idle), "join default:lobby".parse().unwrap());
    assert_eq!(action(&bell.press, Phase::InCall), "open door".parse().unwrap());
    assert_eq!(action(&bell.hold, Phase::Idle), action(&bell.hold, Phase::InCall));
    assert_eq!(second.line.to_string(), "gpiochip0 17");
    assert!(second.hold.is_empty() && second.double_press.is_empty());
    let shown: Vec<_> = gpio.lights[0].shows.iter().map(|shown| (shown.what, shown.pattern)).collect();
    let expected = [(Shows::Joining, Pattern::Blink), (Shows::InCall, Pattern::Steady), (Shows::Fault, Pattern::Pulse)];
    assert_eq!(shown, expected);
    assert_eq!((gpio.relays[0].name.as_str(), gpio.relays[0].pulse), ("door", Duration::from_secs(5)));
    assert!(gpio.privacy.is_some());
}
