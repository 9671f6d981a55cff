//! The technician's page of a real appliance, asked with raw bytes: who may not is refused, and who misbehaves harms only itself.
#![cfg(all(feature = "appliance", feature = "hub"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Instant;

use support::{Appliance, Hub, eventually, secs};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

const DEVICES: &str =
    "[camera]\nsource = \"test\"\nwidth = 320\nheight = 240\n[microphone]\nsource = \"test\"\n[speaker]\nsink = \"none\"\n";
const SECRET: &str = "battery staple";

/// An appliance with a page, and where that is. With a password if `keys` name `{password}`.
fn start(hub: &Hub, keys: &str) -> (Appliance, SocketAddr, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("page-password");
    std::fs::write(&file, format!("{SECRET}\n")).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let keys = keys.replace("{password}", &format!("password-file = {file:?}"));
    let mut door = Appliance::start(hub, "door-1", &format!("{DEVICES}[page]\nlisten = \"127.0.0.1:0\"\n{keys}\n"));
    let line = door.process.wait_for_line("the technician's page is at", secs(30));
    let address = line.split("//").nth(1).unwrap().split('/').next().unwrap().parse().unwrap();
    (door, address, directory)
}

/// From one of the addresses of this machine.
async fn connect(from: &str, to: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(format!("{from}:0").parse().unwrap())?;
    socket.connect(to).await
}

async fn ask_from(from: &str, to: SocketAddr, request: &str) -> std::io::Result<String> {
    let mut stream = connect(from, to).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    tokio::time::timeout(secs(60), stream.read_to_end(&mut answer)).await??;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

async fn ask(to: SocketAddr, request: &str) -> String {
    ask_from("127.0.0.1", to, request).await.unwrap()
}

/// `headers` are lines that end with `\r\n`.
async fn get(to: SocketAddr, path: &str, headers: &str) -> String {
    ask(to, &format!("GET {path} HTTP/1.1\r\nhost: {to}\r\nconnection: close\r\n{headers}\r\n")).await
}

fn posted(to: SocketAddr, path: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: {to}\r\nconnection: close\r\ncontent-type: application/json\r\n{headers}content-length: {length}\r\n\r\n{body}"
    )
}

async fn post(to: SocketAddr, path: &str, headers: &str, body: &str) -> String {
    ask(to, &posted(to, path, headers, body)).await
}

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0)
}

/// The header that a browser would send from now on.
async fn sign_in(to: SocketAddr) -> String {
    let answer = post(to, "/api/login", "", &format!("{{\"password\":{SECRET:?}}}")).await;
    assert_eq!(status(&answer), 200, "{answer}");
    let cookie = answer.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    format!("cookie: {}\r\n", cookie.split(';').next().unwrap())
}

const EVERYTHING: [(&str, &str); 13] = [
    ("GET", "/api/events"),
    ("GET", "/api/status"),
    ("GET", "/api/picture.png"),
    ("GET", "/api/devices"),
    ("GET", "/api/doctor"),
    ("GET", "/api/doctor/report"),
    ("GET", "/api/config"),
    ("GET", "/api/logs"),
    ("POST", "/api/doctor"),
    ("POST", "/api/config/check"),
    ("POST", "/api/config/save"),
    ("POST", "/api/restart"),
    ("POST", "/api/reboot"),
];

#[tokio::test]
async fn without_its_section_there_is_no_page() {
    let hub = Hub::start();
    let mut door = Appliance::start(&hub, "door-1", DEVICES);
    door.process.wait_for_line("ready, control socket", secs(30));
    let threads = std::fs::read_dir(format!("/proc/{}/task", door.process.pid())).unwrap().flatten();
    let names: Vec<String> = threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("comm")).ok()).collect();
    assert!(!names.is_empty() && names.iter().all(|name| name.trim() != "page"), "{names:?}");
    assert!(!door.process.output().contains("technician"));
}

#[tokio::test]
async fn nothing_is_told_to_who_has_not_signed_in_and_no_secret_to_anybody() {
    let hub = Hub::start();
    let (door, page, _directory) = start(&hub, "{password}");
    for (method, path) in EVERYTHING {
        for cookie in ["", "cookie: callbox-page=\r\n", &format!("cookie: callbox-page={}\r\n", "0".repeat(64))] {
            let answer = match method {
                "GET" => get(page, path, cookie).await,
                _ => post(page, path, cookie, "{}").await,
            };
            assert_eq!(status(&answer), 401, "{method} {path}: {answer}");
        }
    }
    let session = get(page, "/api/session", "").await;
    assert!(session.contains("\"signed_in\":false") && !session.contains("door-1"), "{session}");
    let cookie = sign_in(page).await;
    for path in ["/api/status", "/api/devices", "/api/config", "/api/logs", "/api/doctor", "/api/session"] {
        let answer = get(page, path, &cookie).await;
        assert_eq!(status(&answer), 200, "{path}: {answer}");
        assert!(!answer.contains(SECRET) && !answer.contains(support::PASSWORD), "{path}: {answer}");
        for header in ["content-security-policy: default-src 'none'", "x-content-type-options: nosniff", "cache-control: no-store"]
        {
            assert!(answer.contains(header), "{path}: {answer}");
        }
    }
    let index = get(page, "/", "").await;
    assert!(status(&index) == 200 && index.contains("script-src 'self'") && index.contains("frame-ancestors 'none'"), "{index}");
    for denied in ["/api/restart", "/api/reboot"] {
        assert_eq!(
            status(&post(page, denied, &cookie, "{}").await),
            403,
            "{denied} is not allowed unless the configuration says so"
        );
    }
    post(page, "/api/logout", &cookie, "{}").await;
    assert_eq!(status(&get(page, "/api/status", &cookie).await), 401);
    assert!(!door.process.output().contains(SECRET));
}

#[tokio::test]
async fn who_guesses_the_password_has_to_wait_and_who_knows_it_has_not() {
    let hub = Hub::start();
    let (_door, page, _directory) = start(&hub, "{password}");
    let guess = posted(page, "/api/login", "", "{\"password\":\"guessed\"}");
    let mut seen = Vec::new();
    for _ in 0..6 {
        seen.push(status(&ask_from("127.0.0.2", page, &guess).await.unwrap()));
    }
    assert_eq!(seen, [401, 401, 401, 401, 401, 429]);
    let right = posted(page, "/api/login", "", &format!("{{\"password\":{SECRET:?}}}"));
    let answer = ask_from("127.0.0.2", page, &right).await.unwrap();
    assert!(status(&answer) == 429 && answer.contains("retry-after: "), "not even the right one: {answer}");
    sign_in(page).await;
}

#[tokio::test]
async fn other_names_and_pages_of_others_are_refused() {
    let hub = Hub::start();
    let (door, page, _directory) = start(&hub, "names = [\"door.example.org\"]\nreboot = \"touch {dir}/rebooted\"");
    let called = async |host: &str| {
        status(&ask(page, &format!("GET /api/status HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n")).await)
    };
    assert_eq!(called("door.example.org").await, 200);
    assert_eq!(called("rebound.example.com").await, 403);
    for foreign in [
        "origin: http://evil.example.org\r\n",
        "origin: null\r\n",
        "sec-fetch-site: cross-site\r\n",
        "sec-fetch-site: same-site\r\n",
    ] {
        for (method, path) in EVERYTHING {
            let answer = match method {
                "GET" => get(page, path, foreign).await,
                _ => post(page, path, foreign, "{}").await,
            };
            assert_eq!(status(&answer), 403, "{foreign}{path}: {answer}");
        }
    }
    let form = format!(
        "POST /api/reboot HTTP/1.1\r\nhost: {page}\r\nconnection: close\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\n{{}}"
    );
    assert_eq!(status(&ask(page, &form).await), 400, "what a form can send");
    assert!(!door.file("rebooted").exists());
    assert_eq!(status(&post(page, "/api/reboot", &format!("origin: http://{page}\r\n"), "{}").await), 200);
    assert!(door.file("rebooted").exists());
}

#[tokio::test]
async fn who_is_slow_or_sends_too_much_harms_only_itself() {
    let hub = Hub::start();
    let (door, page, _directory) = start(&hub, "{password}");
    let cookie = sign_in(page).await;
    let mut slow = Vec::new();
    for half in [
        "",
        "GET / HTTP/1.1\r\nhost: x",
        "POST /api/login HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{",
    ]
    .iter()
    .cycle()
    .take(40)
    {
        let mut stream = connect("127.0.0.2", page).await.unwrap();
        let _ = stream.write_all(half.as_bytes()).await;
        slow.push(stream);
    }
    let begun = Instant::now();
    assert_eq!(status(&get(page, "/api/status", &cookie).await), 200, "there is a place for others");
    assert!(door.status().is_ok() && begun.elapsed() < secs(20));
    for mut stream in slow {
        let mut rest = Vec::new();
        // Either cut off or told so; but it ends.
        let _ = tokio::time::timeout(secs(60), stream.read_to_end(&mut rest)).await.expect("nobody may stay for ever");
    }
    let from = "127.0.0.3";
    let long = format!("GET / HTTP/1.1\r\nhost: {page}\r\nx: {}\r\n\r\n", "x".repeat(256 * 1024));
    let answer = ask_from(from, page, &long).await;
    assert!(answer.as_ref().map_or(true, |answer| answer.is_empty() || status(answer) == 431), "{answer:?}");
    let huge = posted(page, "/api/login", "", &format!("{{\"password\":\"{}\"}}", "x".repeat(1 << 20)));
    let answer = ask_from(from, page, &huge).await;
    assert!(answer.as_ref().map_or(true, |answer| answer.is_empty() || status(answer) == 413), "{answer:?}");
    for bad in ["", "{", "[]", "{\"password\":1}", "{\"password\":\"a\",\"more\":1}", "\u{0}", &"[".repeat(3000)] {
        assert_eq!(status(&ask_from(from, page, &posted(page, "/api/login", "", bad)).await.unwrap()), 400, "{bad:?}");
    }
    for bad in ["nonsense\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\u{16}\u{3}\u{1}", "POST /api/login HTTP/1.1\r\n\r\n"] {
        let _ = ask_from(from, page, bad).await;
    }
    for (path, wrong) in [("/api/logs?after=x", 400), ("/api/nothing", 404), ("/nothing", 404), ("/../etc/passwd", 404)] {
        assert_eq!(status(&get(page, path, &cookie).await), wrong, "{path}");
    }
    assert_eq!(status(&get(page, "/api/status", &cookie).await), 200);
}

#[tokio::test]
async fn a_restart_that_is_allowed_ends_callbox_in_good_order() {
    let hub = Hub::start();
    let (mut door, page, _directory) = start(&hub, "restart = true");
    eventually(secs(30), "signed in", async || {
        let hub = door.status()?.hub;
        if hub.error.is_none() { Ok(()) } else { Err(format!("{hub:?}")) }
    })
    .await;
    assert_eq!(status(&post(page, "/api/restart", "", "{}").await), 200);
    assert!(door.process.wait(secs(20)).success(), "systemd starts it again");
}

#[tokio::test]
async fn with_a_certificate_of_its_own_the_log_says_which() {
    let hub = Hub::start();
    let (mut door, page, _directory) = start(&hub, "{password}\nself-signed = true");
    let line = door.process.wait_for_line("https://", secs(10));
    let print = line.rsplit("sha256 ").next().unwrap().to_owned();
    let output = std::process::Command::new("sh")
        .arg("-c")
        .arg(format!("openssl s_client -connect {page} </dev/null 2>/dev/null | openssl x509 -noout -fingerprint -sha256"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(said.trim().rsplit('=').next(), Some(print.trim()), "{said}");
    let plain = ask_from("127.0.0.1", page, "GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(plain.map_or(true, |answer| !answer.starts_with("HTTP/")), "nothing in the clear");
}
