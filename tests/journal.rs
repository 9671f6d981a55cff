//! The journal: a real systemd-journald in a mount namespace of its own, a real appliance whose stderr goes there, and
//! `callbox logs`. Where one of them cannot be had (no root, no systemd), nothing is proven, and the test says so.
#![cfg(feature = "appliance")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, missing_docs)]

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

const JOURNALD: &str = "/usr/lib/systemd/systemd-journald";

/// What a process sees whose stderr is the journal: `JOURNAL_STREAM` names it. Nobody answers at the hub's address.
const SCRIPT: &str = r#"
set -eu
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/journal /run/log/journal
"$JOURNALD" & journald=$!
trap 'kill $journald' EXIT
for n in $(seq 100); do test -S /run/systemd/journal/socket && break; sleep 0.1; done
mkfifo "$DIR/stderr"
cat "$DIR/stderr" > "$DIR/stderr.txt" & exec 9> "$DIR/stderr"
JOURNAL_STREAM=$(stat -L -c %d:%i "$DIR/stderr") "$CALLBOX" run --config "$DIR/callbox.toml" > "$DIR/stdout" 2>&9 & callbox=$!
exec 9>&-
for n in $(seq 200); do journalctl -q -o cat -t callbox EVENT=hub.lost 2>/dev/null | grep -q . && break; sleep 0.1; done
kill -TERM $callbox
wait $callbox || true
journalctl --sync || true
"$CALLBOX" logs --explain > "$DIR/logs"
journalctl -q -o json -t callbox > "$DIR/journal"
journalctl -q -o json MESSAGE_ID=438e0a4b5a38460db1fc1fc23b7ff38b > "$DIR/lost"
"#;

fn unshared(script: &str, directory: &Path) -> Output {
    let mut command = Command::new("unshare");
    command.args(["--mount", "bash", "-c", script]).env("DIR", directory).env("JOURNALD", JOURNALD);
    command.env("CALLBOX", env!("CARGO_BIN_EXE_callbox")).output().unwrap()
}

fn possible() -> bool {
    let possible = Path::new(JOURNALD).exists() && unshared("mount -t tmpfs tmpfs /run", Path::new("/")).status.success();
    if !possible {
        eprintln!("nothing is proven: no systemd-journald here, or no right to mount");
    }
    possible
}

fn configured() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let password = directory.path().join("password");
    std::fs::write(&password, "secret").unwrap();
    std::fs::set_permissions(&password, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let config = "state-directory = \"state\"\n[hub]\nurl = \"ws://127.0.0.1:9\"\nuser = \"door-1\"\npassword-file = \"password\"\n\
         [control]\nsocket = \"control.sock\"\n[camera]\nsource = \"none\"\n[microphone]\nsource = \"none\"\n[speaker]\nsink = \"none\"\n";
    std::fs::write(directory.path().join("callbox.toml"), config).unwrap();
    directory
}

fn entries(file: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(file).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn messages_are_in_the_journal_with_ids_and_fields_and_are_explained() {
    if !possible() {
        return;
    }
    let directory = configured();
    let output = unshared(SCRIPT, directory.path());
    let file = |name: &str| directory.path().join(name);
    let read = |name: &str| std::fs::read_to_string(file(name)).unwrap_or_default();
    assert!(output.status.success(), "{}\n{}", String::from_utf8_lossy(&output.stderr), read("stderr.txt"));
    assert_eq!(read("stderr.txt"), "", "nothing is written twice");
    let lost = entries(&file("lost"));
    assert_eq!(lost.len(), 1, "{lost:?}");
    let field = |name: &str| lost[0][name].as_str().unwrap_or_default().to_owned();
    assert_eq!((field("EVENT"), field("PRIORITY"), field("SYSLOG_IDENTIFIER")), ("hub.lost".into(), "4".into(), "callbox".into()));
    assert_eq!(field("NAME"), "ws://127.0.0.1:9");
    assert!(field("REASON").contains("nobody listens"), "{:?}", lost[0]);
    assert!(
        field("MESSAGE").starts_with("the hub cannot be reached event=hub.lost name=ws://127.0.0.1:9 reason="),
        "{:?}",
        lost[0]
    );
    let ids: Vec<String> =
        entries(&file("journal")).iter().filter_map(|entry| Some(entry["MESSAGE_ID"].as_str()?.to_owned())).collect();
    for (event, id) in
        [("appliance.ready", "ddec7d7f1e5b43e38691befa5d6dcb83"), ("appliance.stopping", "4c0265652f744432b78932ca041f8275")]
    {
        assert!(ids.iter().any(|found| found == id), "{event} is not in the journal: {ids:?}");
    }
    let logs = read("logs");
    assert!(logs.contains("warn  the hub cannot be reached"), "{logs}");
    assert!(
        logs.contains("    The hub cannot be reached (hub.lost)\n    The appliance is not signed in at ws://127.0.0.1:9: "),
        "{logs}"
    );
}

#[test]
fn where_there_is_no_journal_logs_says_so() {
    if !possible() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let output = unshared("mount -t tmpfs tmpfs /run; mount -t tmpfs tmpfs /var/log; \"$CALLBOX\" logs", directory.path());
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.starts_with("error: there is no journal here") && text.contains("stderr"), "{text}");
}

#[test]
fn messages_are_explained_without_a_journal_too() {
    let explain = |what: &[&str]| Command::new(env!("CARGO_BIN_EXE_callbox")).arg("explain").args(what).output().unwrap();
    let by_name = explain(&["camera.lost"]);
    let text = String::from_utf8(by_name.stdout.clone()).unwrap();
    assert!(text.starts_with("camera.lost (10e95cf9f7e34d0a8aee386225bc7015)\nThe camera gives no pictures\n\n"), "{text}");
    assert_eq!(explain(&["10e95cf9-f7e3-4d0a-8aee-386225bc7015"]).stdout, by_name.stdout);
    assert!(String::from_utf8(explain(&[]).stdout).unwrap().lines().count() > 40);
    let unknown = explain(&["no.such"]);
    assert_eq!((unknown.status.code(), unknown.stdout.len()), (Some(1), 0));
}

#[test]
fn systemd_takes_the_catalog() {
    if !possible() {
        return;
    }
    let root = tempfile::tempdir().unwrap();
    let directory = root.path().join("usr/lib/systemd/catalog");
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::create_dir_all(root.path().join("var/lib/systemd/catalog")).unwrap();
    std::fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/systemd/callbox.catalog"), directory.join("callbox.catalog")).unwrap();
    let journalctl = |verb: &str| Command::new("journalctl").arg("--root").arg(root.path()).arg(verb).output().unwrap();
    let updated = journalctl("--update-catalog");
    assert!(updated.status.success(), "{}", String::from_utf8_lossy(&updated.stderr));
    let listed = String::from_utf8(journalctl("--list-catalog").stdout).unwrap();
    assert!(listed.contains("10e95cf9f7e34d0a8aee386225bc7015 callbox (camera.lost): The camera gives no pictures"), "{listed}");
}
