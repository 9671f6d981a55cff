//! An appliance and a real broker (Debian's mosquitto): what it is told, what it may ask for, and that it comes and goes.
#![cfg(all(feature = "appliance", feature = "hub"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::process::Command;

use callbox::protocol::control::{DeviceState, HubState, RingState, Status};
use serde_json::Value;
use support::{Appliance, Hub, Process, eventually, secs};
use tempfile::TempDir;

/// A broker with one user, and somebody who listens to all of it.
struct Broker {
    process: Process,
    listener: Option<Process>,
    directory: TempDir,
    port: u16,
    tls: bool,
}

impl Broker {
    /// None where there is no mosquitto.
    fn start(tls: bool) -> Option<Self> {
        if Command::new("mosquitto").arg("-h").output().is_err() {
            eprintln!("skipped: there is no mosquitto here; `scripts/install test` brings it");
            return None;
        }
        let directory = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let file = |name: &str| directory.path().join(name).display().to_string();
        let made = Command::new("mosquitto_passwd").args(["-b", "-c", &file("users"), "house", "open sesame"]).output().unwrap();
        assert!(made.status.success(), "{made:?}");
        let mut config = format!("listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {}\nuser root\n", file("users"));
        if tls {
            let mut openssl = Command::new("openssl");
            openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]);
            openssl.args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]);
            openssl.args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout", &file("key.pem"), "-out", &file("cert.pem")]);
            assert!(openssl.output().unwrap().status.success());
            config += &format!("certfile {}\nkeyfile {}\n", file("cert.pem"), file("key.pem"));
        }
        std::fs::write(directory.path().join("mosquitto.conf"), config).unwrap();
        std::fs::write(directory.path().join("password"), "open sesame\n").unwrap();
        std::fs::set_permissions(directory.path().join("password"), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let process = run(&directory);
        let mut broker = Self { process, listener: None, directory, port, tls };
        broker.listen();
        Some(broker)
    }

    fn client(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let port = self.port.to_string();
        command.args(["-h", "localhost", "-p", &port, "-u", "house", "-P", "open sesame", "-V", "mqttv311"]);
        if self.tls {
            command.arg("--cafile").arg(self.directory.path().join("cert.pem"));
        }
        command
    }

    fn listen(&mut self) {
        let mut command = self.client("mosquitto_sub");
        let mut listener = Process::start("listener", command.args(["-t", "#", "-v", "-F", "%r %t %p"]));
        // Until it is there, nothing that is not retained is heard.
        let mark = uuid::Uuid::new_v4().to_string();
        for _ in 0..100 {
            self.say("test", &mark, &[]);
            if listener.output().contains(&mark) {
                self.listener = Some(listener);
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        listener.kill();
        panic!("the broker says nothing: {}", self.process.output());
    }

    fn say(&self, topic: &str, payload: &str, more: &[&str]) {
        let _ = self.client("mosquitto_pub").args(["-t", topic, "-m", payload]).args(more).output().unwrap();
    }

    /// Everything that was published to this topic: payloads.
    fn heard(&self, topic: &str) -> Vec<String> {
        let all = self.listener.as_ref().unwrap().output();
        all.lines()
            .filter_map(|line| line.splitn(3, ' ').collect::<Vec<_>>()[1..].first_chunk::<2>().copied())
            .filter(|[found, _]| *found == topic)
            .map(|[_, payload]| payload.to_owned())
            .collect()
    }

    async fn hears(&self, topic: &str, what: &str, is: impl Fn(&str) -> bool) {
        eventually(secs(30), what, async || match self.heard(topic).last() {
            Some(last) if is(last) => Ok(()),
            other => Err(other.cloned()),
        })
        .await;
    }

    fn config(&self) -> String {
        let dir = self.directory.path().display();
        let scheme = if self.tls { "mqtts" } else { "mqtt" };
        let ca = if self.tls { format!("ca-file = \"{dir}/cert.pem\"\n") } else { String::new() };
        format!(
            "[mqtt]\nurl = \"{scheme}://localhost:{}\"\n{ca}user = \"house\"\npassword-file = \"{dir}/password\"\n\
             discovery = \"homeassistant\"\n",
            self.port
        )
    }
}

fn run(directory: &TempDir) -> Process {
    let mut process = Process::start("mosquitto", Command::new("mosquitto").arg("-c").arg(directory.path().join("mosquitto.conf")));
    process.wait_for_line(" running", secs(20));
    process
}

fn field(json: &str, name: &str) -> Value {
    serde_json::from_str::<Value>(json).unwrap()[name].clone()
}

const PLAIN: &str = "[camera]\nsource = \"none\"\n[microphone]\nsource = \"test\"\n[speaker]\nsink = \"none\"\n\
                     [[relay]]\nline = 2\nchip = \"gpiochip4711\"\nname = \"strike\"\n[door]\nrelay = \"strike\"\n";

async fn shows(door: &Appliance, what: &str, is: impl Fn(&Status) -> bool) {
    eventually(secs(30), what, async || match door.status() {
        Ok(status) if is(&status) => Ok(()),
        other => Err(other),
    })
    .await;
}

fn broker_of(status: &Status) -> (DeviceState, String) {
    let line = status.gpio.others.iter().find(|line| line.name == "broker").unwrap();
    (line.state, line.error.clone().unwrap_or_default())
}

const STATE: &str = "callbox/door-1/state";
const COMMAND: &str = "callbox/door-1/command";

#[tokio::test(flavor = "multi_thread")]
async fn the_broker_hears_of_rings_and_its_words_are_done() {
    let Some(broker) = Broker::start(false) else { return };
    let hub = Hub::start();
    let mut door = Appliance::start(&hub, "door-1", &format!("{PLAIN}{}", broker.config()));
    let desk = Appliance::start(&hub, "door-2", PLAIN);
    broker.hears("callbox/door-1/availability", "it is there", |text| text == "online").await;
    broker.hears(STATE, "nothing goes on", |text| field(text, "state") == "idle" && field(text, "hub") == "connected").await;
    shows(&desk, "the other one is signed in", |status| status.hub.state == HubState::Connected).await;
    assert_eq!(broker.heard("homeassistant/button/callbox-door-1/open_door/config").len(), 1, "found by Home Assistant");
    assert!(door.cli("status", &[]).unwrap().contains("broker  connected"), "{:?}", door.cli("status", &[]));

    desk.cli("call", &["door-1"]).unwrap();
    broker.hears(STATE, "it rings", |text| field(text, "state") == "ringing" && field(text, "with") == "Back door").await;
    let rings = broker.heard("callbox/door-1/ring");
    assert_eq!((rings.len(), field(&rings[0], "by")), (1, Value::from("door-2")), "each ring is told once");
    broker.say(COMMAND, "answer", &[]);
    broker.hears(STATE, "it is answered", |text| field(text, "state") == "in_call" && field(text, "with") == "Back door").await;
    broker.say(COMMAND, "open strike", &[]);
    broker.hears("callbox/door-1/refused", "the relay is asked", |text| text.contains("the relay strike does not work")).await;
    broker.say(COMMAND, "join default:elsewhere", &[]);
    broker.hears("callbox/door-1/refused", "nothing else is done", |text| text.contains("is no command here")).await;
    broker.say(COMMAND, "hangup", &[]);
    broker.hears(STATE, "it is over", |text| field(text, "state") == "idle").await;
    broker.say(COMMAND, "do-not-disturb on", &[]);
    broker.hears(STATE, "it is quiet", |text| field(text, "do_not_disturb") == "on").await;
    assert!(desk.cli("call", &["door-1"]).is_ok());
    shows(&desk, "who calls is rejected", |status| status.outgoing.as_ref().is_some_and(|call| call.reason.is_some())).await;
    assert_eq!(broker.heard("callbox/door-1/ring").len(), 1, "and nobody hears of it");

    door.kill();
    broker.hears("callbox/door-1/availability", "its last will", |text| text == "offline").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_goes_is_tried_again_and_what_it_kept_is_not_done() {
    let Some(mut broker) = Broker::start(false) else { return };
    let hub = Hub::start();
    broker.say(COMMAND, "do-not-disturb on", &["-r"]);
    let door = Appliance::start(&hub, "door-1", &format!("{PLAIN}{}", broker.config()));
    broker.hears("callbox/door-1/availability", "it is there", |text| text == "online").await;
    broker.listener = None;
    broker.process.kill();
    shows(&door, "the broker is missed", |status| broker_of(status).0 == DeviceState::Failed).await;
    broker.process = run(&broker.directory);
    broker.listen();
    broker.hears("callbox/door-1/availability", "it is back", |text| text == "online").await;
    let status = door.status().unwrap();
    assert!(!status.do_not_disturb, "a retained command is an old wish");
}

#[tokio::test(flavor = "multi_thread")]
async fn through_tls_the_certificate_is_checked_and_a_wrong_password_is_named() {
    let Some(broker) = Broker::start(true) else { return };
    let hub = Hub::start();
    let door = Appliance::start(&hub, "door-1", &format!("{PLAIN}{}", broker.config()));
    broker.hears("callbox/door-1/availability", "it is there", |text| text == "online").await;
    drop(door);
    let unknown = broker.config().lines().filter(|line| !line.starts_with("ca-file")).collect::<Vec<_>>().join("\n");
    let door = Appliance::start(&hub, "door-1", &format!("{PLAIN}{unknown}\n"));
    shows(&door, "a certificate that nobody vouches for", |status| broker_of(status).0 == DeviceState::Failed).await;
    drop(door);
    let wrong = broker.config().replace("user = \"house\"", "user = \"thief\"");
    let door = Appliance::start(&hub, "door-1", &format!("{PLAIN}{wrong}"));
    shows(&door, "a wrong password", |status| broker_of(status).1.contains("look at `mqtt.user`")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_broker_harms_nobody_but_itself() {
    let hub = Hub::start();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let attacks: [&[u8]; 7] = [
            b"\x20\x02\x00\x00",
            b"HTTP/1.1 200 OK\r\n\r\n",
            // CONNACK, then a packet of 256 MB; one that lies about its length; one without a topic; acks of what was never sent
            b"\x20\x02\x00\x00\x30\xff\xff\xff\x7f",
            b"\x20\x02\x00\x00\x30\x04\x00\xffab",
            b"\x20\x02\x00\x00\x30\x00",
            b"\x20\x02\x00\x00\x40\x02\xff\xff\x50\x02\xff\xff\x62\x02\xff\xff\x70\x02\xff\xff\x90\x03\xff\xff\x00",
            b"\xff\xff\xff\xff\xff\xff\xff\xff",
        ];
        for (index, stream) in listener.incoming().enumerate() {
            let mut stream: TcpStream = stream.unwrap();
            let _ = stream.write_all(attacks[index % attacks.len()]);
            // A flood of commands; after the first of these it is a good one.
            let topic = COMMAND.as_bytes();
            let word = b"do-not-disturb off";
            let mut flood = vec![0x30, (2 + topic.len() + word.len()) as u8, 0, topic.len() as u8];
            flood.extend([topic, word].concat());
            for _ in 0..10_000 {
                if stream.write_all(&flood).is_err() {
                    break;
                }
            }
        }
    });
    let toml = format!("{PLAIN}[mqtt]\nurl = \"mqtt://127.0.0.1:{port}\"\n");
    let door = Appliance::start(&hub, "door-1", &toml);
    let desk = Appliance::start(&hub, "door-2", PLAIN);
    shows(&desk, "the other one is signed in", |status| status.hub.state == HubState::Connected).await;
    for _ in 0..3 {
        tokio::time::sleep(secs(2)).await;
        shows(&door, "it is there", |status| status.hub.state == HubState::Connected).await;
    }
    desk.cli("call", &["door-1"]).unwrap();
    let rings = |status: &Status| status.ring.as_ref().is_some_and(|ring| ring.state == RingState::Ringing);
    shows(&door, "it can still be called", rings).await;
    let memory = std::fs::read_to_string(format!("/proc/{}/status", door.process.pid())).unwrap();
    let kib = |name: &str| -> u64 {
        memory.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().trim_end_matches(" kB").parse().unwrap()
    };
    assert!(kib("VmRSS:") < 400 * 1024, "{memory}");
}
