//! `callbox config show`: what is shown means the same as what was read, and says where each value comes from.
#![cfg(all(feature = "appliance", feature = "hub"))]
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use callbox::config::{Appliance, Inputs, effective_appliance, effective_hub, load_appliance, load_hub};
use tempfile::TempDir;

const HUB: &str = "[hub]\nurl = \"wss://hub.example.org\"\nuser = \"door-1\"\npassword-file = \"password\"\n";

/// Every kind of value, and every kind of table.
const EVERYTHING: &str = r#"
[call]
auto-join = "default:lobby"
auto-answer = ["anna", "ben"]
do-not-disturb = ["22:00-07:00"]
[[speed-dial]]
name = "reception"
users = ["anna", "ben"]
video = false
[camera]
source = "v4l2"
width = 640
height = 480
controls = { white_balance_automatic = false, brightness = 128, auto_exposure = 1 }
[screen]
output = "snapshots"
directory = "shots"
self-view = false
[screen.standby]
text = 'Say "hello" \o/'
[network]
stun-servers = ["stun:stun.example.org"]
ports = "50000-50100"
[[turn-server]]
url = "turn:turn.example.org:3478?transport=udp"
user = "door-1"
password-file = "password"
[[button]]
chip = "gpiochip0"
line = 17
double-press = "toggle mic"
[button.press]
idle = "join default:lobby"
in-call = "open door"
[[button]]
line = "SECOND"
hold = "leave"
[[light]]
line = "LED0"
shows = ["joining blink", "in-call"]
[[relay]]
line = "RELAY0"
name = "door"
[privacy]
line = "SWITCH"
"#;

fn place() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("password"), "secret").unwrap();
    fs::set_permissions(directory.path().join("password"), fs::Permissions::from_mode(0o600)).unwrap();
    directory
}

fn write(directory: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = directory.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    path
}

fn load(inputs: &Inputs) -> Appliance {
    load_appliance(inputs).unwrap_or_else(|report| panic!("{report}")).config
}

fn named(file: &Path) -> Inputs {
    Inputs { file: Some(file.to_owned()), ..Inputs::default() }
}

#[test]
fn what_is_shown_means_the_same_wherever_it_is_read() {
    let directory = place();
    let shipped = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("config/callbox.toml")).unwrap();
    let shipped = shipped.replace("/etc/callbox/password", "password");
    for text in [HUB.to_owned(), shipped, format!("{HUB}{EVERYTHING}")] {
        let inputs = named(&write(&directory, "door.toml", &text));
        for origins in [false, true] {
            let shown = effective_appliance(&inputs).unwrap().to_toml(origins);
            let elsewhere = tempfile::tempdir().unwrap();
            let again = load(&named(&write(&elsewhere, "shown.toml", &shown)));
            assert_eq!(again, load(&inputs), "{shown}");
        }
    }
}

#[test]
fn a_value_that_a_later_layer_made_meaningless_is_not_shown() {
    let directory = place();
    let file = write(&directory, "door.toml", &format!("{HUB}[camera]\ndevice = \"/dev/video2\"\n"));
    let inputs = Inputs { settings: vec!["camera.source=test".to_owned()], ..named(&file) };
    let shown = effective_appliance(&inputs).unwrap().to_toml(false);
    assert!(!shown.contains("/dev/video2"), "{shown}");
    assert_eq!(load(&named(&write(&directory, "shown.toml", &shown))), load(&inputs));
}

#[test]
fn every_value_says_where_it_comes_from() {
    let directory = place();
    let file = write(&directory, "door.toml", &format!("{HUB}[camera]\nwidth = 640\nheight = 480\n[speaker]\nsink = \"none\"\n"));
    write(&directory, "door.d/50-site.toml", "# this site\n[camera]\nheight = 360\n");
    let inputs = Inputs {
        environment: vec![("CALLBOX_CAMERA__FRAMERATE".to_owned(), "15".to_owned())],
        settings: vec!["camera.source=test".to_owned(), "screen.names=false".to_owned()],
        ..named(&file)
    };
    let effective = effective_appliance(&inputs).unwrap();
    let here = format!("{}/", directory.path().display());
    let shown = effective.to_toml(true).replace(&here, "");
    // How wide [hub] is depends on where the temporary directory is.
    insta::assert_snapshot!("origins", shown.split_once("[call]").unwrap().1);
    let json = effective.to_json(true);
    let of = |key: &str| json.as_array().unwrap().iter().find(|entry| entry["key"] == key).unwrap().clone();
    assert_eq!(of("camera.height")["origin"]["file"], format!("{here}door.d/50-site.toml"));
    assert_eq!(of("camera.height")["origin"]["line"], 3);
    assert_eq!(of("camera.framerate")["value"], 15);
    assert_eq!(of("camera.framerate")["origin"]["variable"], "CALLBOX_CAMERA__FRAMERATE");
    assert_eq!(of("camera.source")["origin"]["kind"], "command-line");
    assert_eq!(of("log.level")["origin"]["kind"], "default");
    assert_eq!(effective.to_json(false)["camera"]["width"], 640);
}

#[test]
fn a_credential_is_shown_as_one() {
    let directory = place();
    let file = write(&directory, "door.toml", "[hub]\nurl = \"wss://hub.example.org\"\nuser = \"door-1\"\n");
    let credential = write(&directory, "credentials/callbox-password", "secret");
    fs::set_permissions(&credential, fs::Permissions::from_mode(0o400)).unwrap();
    let inputs = Inputs { credentials: Some(directory.path().join("credentials")), ..named(&file) };
    let shown = effective_appliance(&inputs).unwrap().to_toml(true);
    assert!(shown.contains("callbox-password\"") && shown.contains("# systemd credential"), "{shown}");
}

#[test]
fn a_hub_is_shown_without_its_hashes() {
    let directory = place();
    let hash = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b4dWRWJTmaaJObGRdescudvJCs";
    let user = |id: &str| format!("[[user]]\nid = \"{id}\"\npassword-hash = \"{hash}\"\n");
    let types =
        "[[call-type]]\nname = \"visit\"\ngrants = { user = [\"read-call\"] }\nsettings = { backstage = { enabled = true } }\n";
    let file = write(&directory, "hub.toml", &format!("listen = \"127.0.0.1:9000\"\n{types}{}{}", user("anna"), user("ben")));
    let shown = effective_hub(&file).unwrap().to_toml(true);
    assert!(!shown.contains("argon2"), "{shown}");
    assert_eq!(shown.matches("password-hash = \"***\"").count(), 2, "{shown}");
    assert!(!shown.contains("[turn]"), "nobody has asked for one: {shown}");
    // With the hashes put back it is the same hub.
    let again = write(&directory, "again.toml", &shown.replace("***", hash));
    assert_eq!(load_hub(&again).unwrap().config, load_hub(&file).unwrap().config);
}

#[test]
fn the_program_shows_and_refuses_as_it_checks() {
    let callbox = |arguments: &[&str]| Command::new(env!("CARGO_BIN_EXE_callbox")).args(arguments).output().unwrap();
    let directory = place();
    let file = write(&directory, "door.toml", HUB).display().to_string();
    let shown = callbox(&["config", "show", "--config", &file, "--set", "log.level=warn", "--origin"]);
    let text = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.status.success() && text.contains("level = \"warn\"  # --set"), "{text}");
    let json = callbox(&["config", "show", "--config", &file, "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["camera"]["framerate"], 30);
    let bad = callbox(&["config", "show", "--config", &file, "--set", "log.level=loud"]);
    assert_eq!(bad.status.code(), Some(4));
    assert!(bad.stdout.is_empty() && String::from_utf8_lossy(&bad.stderr).contains("`log.level` cannot be"), "{bad:?}");

    let bad = callbox(&["check", "--json", "--config", &file, "--set", "camera.widht=640"]);
    assert_eq!(bad.status.code(), Some(4));
    let report: serde_json::Value = serde_json::from_slice(&bad.stdout).unwrap();
    assert_eq!((&report["ok"], &report["problems"][0]["at"]["line"]), (&false.into(), &1.into()), "{report}");
    assert_eq!(report["problems"][0]["at"]["label"], "did you mean `width`?");
}

#[test]
fn completion_and_man_pages_are_written_for_every_verb() {
    let callbox = |arguments: &[&str]| Command::new(env!("CARGO_BIN_EXE_callbox")).args(arguments).output().unwrap();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = callbox(&["generate", "completion", shell]);
        let script = String::from_utf8(script.stdout).unwrap();
        assert!(script.contains("do-not-disturb") && script.contains("max-bandwidth"), "{shell}: {script}");
    }
    assert_eq!(callbox(&["generate", "completion", "tcsh"]).status.code(), Some(2));
    let directory = tempfile::tempdir().unwrap();
    let pages = directory.path().join("man1");
    assert!(callbox(&["generate", "man", pages.to_str().unwrap()]).status.success());
    for (page, part) in [("callbox.1", "Exit codes"), ("callbox-run.1", "callbox run"), ("callbox-hub-passwd.1", "hash")] {
        let text = fs::read_to_string(pages.join(page)).unwrap_or_else(|e| panic!("{page}: {e}"));
        assert!(text.contains(part), "{page}: {text}");
    }
    assert_eq!(callbox(&["generate", "man", "/proc/nowhere"]).status.code(), Some(1));
}
