//! Rings told to a push service: a real HTTP listener that looks at signatures, fails, dawdles or is away.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hmac::{Hmac, Mac};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::client::Client;
use crate::http::{rest, token};
use crate::support::{Hub, eventually, secs};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// What to answer.
#[derive(Debug, Clone, Copy)]
enum Reply {
    Status(u16),
    Never,
}

/// A push service. What it takes is signed as it must be.
struct Receiving {
    news: Receiver<(String, Value)>,
    url: String,
}

fn check(head: &[String], body: &str) -> String {
    let header = |name: &str| {
        let found = head.iter().filter_map(|line| line.split_once(": ")).find(|(found, _)| found.eq_ignore_ascii_case(name));
        found.unwrap_or_else(|| panic!("no {name} in {head:?}")).1.to_owned()
    };
    let signature = header("x-callbox-signature");
    let (at, mac) = signature.strip_prefix("t=").unwrap().split_once(",v1=").unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    assert!(now.abs_diff(at.parse().unwrap()) < 60, "{signature}");
    let mut expected = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    expected.update(format!("{at}.{body}").as_bytes());
    let hex: String = expected.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(mac, hex, "signed with the secret");
    assert_eq!(header("content-type"), "application/json");
    header("x-callbox-id")
}

fn take(stream: impl Read + Write, reply: Reply, news: &Sender<(String, Value)>) {
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        match line.trim_end() {
            "" => break,
            line => head.push(line.to_owned()),
        }
    }
    let length = head.iter().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok()).unwrap();
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let body = String::from_utf8(body).unwrap();
    assert!(head[0].starts_with("POST /hook?x=1 HTTP/1.1"), "{head:?}");
    let id = check(&head, &body);
    match reply {
        Reply::Never => {
            let _ = news.send((id, serde_json::from_str(&body).unwrap()));
            let _ = reader.read_to_end(&mut Vec::new());
        }
        Reply::Status(status) => {
            let answer = format!("HTTP/1.1 {status} Said\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
            let _ = reader.get_mut().write_all(answer.as_bytes()).and_then(|()| reader.get_mut().flush());
            let _ = news.send((id, serde_json::from_str(&body).unwrap()));
        }
    }
}

impl Receiving {
    /// Answers one request after the other so, and all later ones with 204.
    fn start(replies: &'static [Reply]) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").unwrap(), replies, None)
    }

    fn on(listener: TcpListener, replies: &'static [Reply], tls: Option<Arc<ServerConfig>>) -> Self {
        let scheme = if tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{}/hook?x=1", listener.local_addr().unwrap());
        let (sender, news) = channel();
        let mut replies = replies.iter().copied();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, sender) = (stream.unwrap(), sender.clone());
                let reply = replies.next().unwrap_or(Reply::Status(204));
                let tls = tls.clone();
                std::thread::spawn(move || match tls {
                    None => take(stream, reply, &sender),
                    Some(tls) => take(StreamOwned::new(ServerConnection::new(tls).unwrap(), stream), reply, &sender),
                });
            }
        });
        Self { news, url }
    }

    fn next(&self) -> (String, Value) {
        self.news.recv_timeout(secs(30)).expect("nothing was posted")
    }

    fn silent(&self) {
        assert!(self.news.try_recv().is_err());
    }
}

/// A hub that posts to this address.
fn hub(url: &str, more: &str) -> (Hub, tempfile::TempDir) {
    hub_that_believes(url, more, &[])
}

fn hub_that_believes(url: &str, more: &str, environment: &[(&str, &str)]) -> (Hub, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let secret = directory.path().join("secret");
    std::fs::write(&secret, format!("{SECRET}\n")).unwrap();
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
    let settings = format!("[webhook]\nurl = \"{url}\"\nsecret-file = {secret:?}\n{more}\n");
    (Hub::with_environment(&settings, environment), directory)
}

fn ring(hub: &Hub, callee: &str, timeout_ms: u32) -> Value {
    let timeouts = json!({"incoming_call_timeout_ms": timeout_ms, "auto_cancel_timeout_ms": timeout_ms});
    let body = json!({"destination": callee, "data": {"settings_override": {"ring": timeouts}}, "extension": {"door": "front"}});
    let response = rest(hub, &token(hub, "anna"), "POST /v1/calls", &body);
    assert_eq!(response.status, 200, "{}", response.body);
    response.json()
}

#[test]
fn c21_an_offline_callee_is_woken_by_a_signed_webhook_and_told_what_it_missed() {
    let receiving = Receiving::start(&[]);
    let (hub, _secret) = hub(&receiving.url, "");
    let call = ring(&hub, "ben", 1500);
    let (first, news) = receiving.next();
    assert_eq!((&news["type"], &news["user"], &news["by"]), (&json!("call.ring"), &json!("ben"), &json!("anna")));
    assert_eq!((news["id"].as_str(), &news["call"]["cid"]), (Some(first.as_str()), &call["cid"]));
    assert_eq!((&news["call"]["ring"]["extension"]["door"], &news["call"]["ring"]["video"]), (&json!("front"), &json!(true)));
    let (second, news) = receiving.next();
    assert_eq!((&news["type"], &news["user"]), (&json!("call.missed"), &json!("ben")));
    assert_ne!(first, second);
}

#[test]
fn g25_members_are_notified_by_the_webhook_and_what_is_not_wanted_is_not_posted() {
    let receiving = Receiving::start(&[]);
    let (hub, _secret) = hub(&receiving.url, "events = [\"notify\"]");
    ring(&hub, "ben", 1000);
    let body = json!({"data": {"members": [{"user_id": "ben"}, {"user_id": "carla"}], "notify": true}});
    assert_eq!(rest(&hub, &token(&hub, "anna"), "POST /v1/calls/default/meeting", &body).status, 200);
    let mut users: Vec<_> = [receiving.next().1, receiving.next().1].iter().map(|news| news["user"].clone()).collect();
    users.sort_by_key(Value::to_string);
    assert_eq!(users, ["ben", "carla"]);
    receiving.silent();
}

#[test]
fn a_webhook_that_fails_first_is_posted_again_under_the_same_id() {
    let receiving = Receiving::start(&[Reply::Status(500), Reply::Status(429)]);
    let (hub, _secret) = hub(&receiving.url, "events = [\"ring\"]");
    ring(&hub, "ben", 20_000);
    let all = [receiving.next(), receiving.next(), receiving.next()];
    assert!(all.iter().all(|(id, news)| *id == all[0].0 && *news == all[0].1), "{all:?}");
}

#[tokio::test]
async fn a_webhook_that_is_refused_is_given_up_and_said_so() {
    let receiving = Receiving::start(&[Reply::Status(403)]);
    let (hub, _secret) = hub(&receiving.url, "events = [\"ring\"]");
    ring(&hub, "ben", 20_000);
    receiving.next();
    eventually(secs(10), "the log says so", async || {
        let output = hub.output();
        if output.contains("given up") && output.contains("403") { Ok(()) } else { Err(output) }
    })
    .await;
    receiving.silent();
}

#[tokio::test]
async fn a_webhook_that_is_away_holds_nothing_up_and_is_told_when_it_comes_back() {
    let place = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = place.local_addr().unwrap();
    drop(place);
    let (hub, _secret) = hub(&format!("http://{address}/hook?x=1"), "events = [\"ring\"]");
    let mut ben = Client::open(&hub, "ben").await;
    let call = ring(&hub, "ben", 30_000);
    assert!(matches!(ben.event().await, callbox::protocol::hub::EventBody::Ringing { .. }));
    tokio::time::sleep(Duration::from_millis(700)).await;
    let receiving = Receiving::on(TcpListener::bind(address).unwrap(), &[], None);
    assert_eq!(receiving.next().1["call"]["cid"], call["cid"]);
}

#[test]
fn a_webhook_that_never_answers_does_not_keep_others_waiting() {
    let receiving = Receiving::start(&[Reply::Never]);
    let (hub, _secret) = hub(&receiving.url, "events = [\"ring\"]");
    let calls = [ring(&hub, "ben", 30_000), ring(&hub, "carla", 30_000)];
    let seen = [receiving.next().1, receiving.next().1];
    for call in &calls {
        assert!(seen.iter().any(|news| news["call"]["cid"] == call["cid"]));
    }
}

/// A private CA in `ca.pem`, and what a server needs that it signed.
fn pki(directory: &Path) -> Arc<ServerConfig> {
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    std::fs::write(directory.join("names"), "subjectAltName=IP:127.0.0.1\n").unwrap();
    for args in [
        format!("req -x509 {key} -keyout ca.key -out ca.pem -subj /CN=House-CA -days 2"),
        format!("req {key} -keyout push.key -out push.csr -subj /CN=push"),
        "x509 -req -in push.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out push.pem".to_owned(),
    ] {
        let output = Command::new("openssl").current_dir(directory).args(args.split(' ')).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let chain = CertificateDer::pem_file_iter(directory.join("push.pem")).unwrap().map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(directory.join("push.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap())
}

#[tokio::test]
async fn a_webhook_over_https_goes_only_to_whom_this_machine_believes() {
    let directory = tempfile::tempdir().unwrap();
    let tls = pki(directory.path());
    let receiving = Receiving::on(TcpListener::bind("127.0.0.1:0").unwrap(), &[], Some(tls));
    let ca = directory.path().join("ca.pem");
    let (good, _secret) = hub_that_believes(&receiving.url, "events = [\"ring\"]", &[("SSL_CERT_FILE", ca.to_str().unwrap())]);
    let call = ring(&good, "ben", 30_000);
    assert_eq!(receiving.next().1["call"]["cid"], call["cid"]);

    let (doubting, _secret) = hub(&receiving.url, "events = [\"ring\"]\n[log]\nlevel = \"debug\"");
    ring(&doubting, "ben", 30_000);
    eventually(secs(20), "the certificate is refused", async || {
        let output = doubting.output();
        if output.contains("invalid peer certificate") { Ok(()) } else { Err(output) }
    })
    .await;
    receiving.silent();
}
