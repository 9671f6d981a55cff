//! `callbox hub` as a person or a script runs it.

use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::http::{get, memory_kib, sign_in};
use crate::support::{Hub, PASSWORD};

fn callbox(args: &[&str], stdin: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_callbox"));
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn config(directory: &Path, hash: &str) -> String {
    let file = directory.join("hub.toml");
    let state = directory.join("state");
    let text =
        format!("listen = \"127.0.0.1:0\"\nstate-directory = {state:?}\n[[user]]\nid = \"anna\"\npassword-hash = \"{hash}\"\n");
    std::fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

#[test]
fn a_hash_made_by_passwd_lets_its_user_in_and_checking_it_leaves_no_memory_behind() {
    let made = callbox(&["hub", "passwd"], &format!("{PASSWORD}\n"));
    assert_eq!(made.status.code(), Some(0), "{}", String::from_utf8_lossy(&made.stderr));
    let hash = String::from_utf8(made.stdout).unwrap();
    assert!(hash.starts_with("$argon2id$") && hash.lines().count() == 1, "{hash}");
    let directory = tempfile::tempdir().unwrap();
    config(directory.path(), hash.trim());
    let hub = Hub::of(directory);
    let form = |password: &str| format!("grant_type=password&username=anna&password={password}");
    let before = memory_kib(&hub);
    for _ in 0..4 {
        assert_eq!(sign_in(&hub, &form("correct+horse")).status, 200);
        assert_eq!(sign_in(&hub, &form("wrong+horse")).status, 400);
    }
    let grown = memory_kib(&hub).saturating_sub(before);
    assert!(grown < 8 * 1024, "argon2 takes 19 MiB each time, and {grown} KiB of it were not given back");
}

#[test]
fn an_empty_or_endless_password_is_refused() {
    assert_eq!(callbox(&["hub", "passwd"], "\n").status.code(), Some(1));
    assert_eq!(callbox(&["hub", "passwd"], &"x".repeat(5000)).status.code(), Some(1));
}

#[test]
fn what_keeps_the_hub_from_starting_is_said_in_one_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let hub = Hub::start();
    let file = hub.config_file();
    let file = file.to_str().unwrap();
    let second = callbox(&["hub", "--config", file, "--listen", "127.0.0.1:0"], "");
    let text = String::from_utf8_lossy(&second.stderr);
    assert_eq!(second.status.code(), Some(1), "{text}");
    assert!(text.contains("is another hub running on this state-directory?"), "{text}");
    assert_eq!(get(&hub, "/healthz", "").status, 200, "the first one goes on");

    let directory = tempfile::tempdir().unwrap();
    let made = callbox(&["hub", "passwd"], "x\n");
    let file = config(directory.path(), String::from_utf8(made.stdout).unwrap().trim());
    let busy = callbox(&["hub", "--config", &file, "--listen", &address], "");
    let text = String::from_utf8_lossy(&busy.stderr);
    assert_eq!(busy.status.code(), Some(1), "{text}");
    assert!(text.contains(&address), "{text}");
    assert_eq!(callbox(&["hub", "--config", "/nowhere/hub.toml"], "").status.code(), Some(4));
    assert_eq!(callbox(&["hub", "--listen", "nonsense"], "").status.code(), Some(2));
}

#[test]
fn a_token_that_cannot_be_made_is_refused_with_the_reason() {
    let directory = tempfile::tempdir().unwrap();
    let made = callbox(&["hub", "passwd"], "x\n");
    let file = config(directory.path(), String::from_utf8(made.stdout).unwrap().trim());
    let token = |args: &[&str]| callbox(&[&["hub", "token", "--config", &file], args].concat(), "");
    for (args, code, says) in [
        (&["anna"][..], 1, "start the hub once"),
        (&["anna", "--key", "shop"], 1, "[[token-key]]"),
        (&["anna", "--key-file", "x.pem"], 2, "--key"),
        (&["no blanks"], 2, "letters"),
        (&["anna", "--expires", "soon"], 2, "soon"),
        (&["anna", "--role", "a b"], 2, "letters"),
        (&[], 2, "USER"),
    ] {
        let output = token(args);
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), output.stdout.is_empty()), (Some(code), true), "{args:?}: {text}");
        assert!(text.contains(says), "{args:?}: {text}");
    }
    let hub = Hub::of(directory);
    let file = hub.config_file();
    let output = callbox(&["hub", "token", "anna", "--expires", "1year", "--config", file.to_str().unwrap()], "");
    assert!(String::from_utf8_lossy(&output.stderr).contains("too long"), "{output:?}");
}
