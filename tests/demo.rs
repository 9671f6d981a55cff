//! `make demo` for real, apart from the release build: a hub and an appliance in a call, and a link that leads there.
#![cfg(all(feature = "appliance", feature = "hub"))]
#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// The running script; ended with the test.
struct Demo {
    child: Child,
    output: BufReader<ChildStdout>,
    said: String,
}

impl Demo {
    fn start(variables: &[(&str, &str)]) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/demo");
        let mut command = Command::new(script);
        // DEMO_SECONDS is the last resort: without it a script that hears nothing would run for ever.
        command.env("DEMO_BINARY", env!("CARGO_BIN_EXE_callbox")).env("DEMO_SECONDS", "60").env("PORT", "0");
        command.envs(variables.iter().copied()).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, output, said: String::new() }
    }

    /// The next line that holds this.
    fn line_with(&mut self, wanted: &str) -> String {
        loop {
            let mut line = String::new();
            let length = self.output.read_line(&mut line).unwrap();
            assert!(length > 0, "the demo ended without saying {wanted:?}:\n{}", self.said);
            self.said += &line;
            if line.contains(wanted) {
                return line.trim().to_owned();
            }
        }
    }

    fn signal(&self, name: &str) {
        assert!(Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status().unwrap().success());
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        if self.child.try_wait().unwrap().is_none() {
            self.signal("TERM");
            let _ = self.child.wait();
        }
    }
}

/// Host and port of a URL.
fn authority(url: &str) -> &str {
    url.split_once("://").unwrap().1.split('/').next().unwrap()
}

#[test]
fn the_demo_prints_a_link_that_answers_and_has_the_appliance_in_the_call() {
    let mut demo = Demo::start(&[]);
    let url = demo.line_with("http://");
    assert!(url.contains("/?call=default:demo&join=1#user=guest&password="), "{url}");

    let mut page = TcpStream::connect(authority(&url)).unwrap();
    page.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    write!(page, "GET /?call=default:demo&join=1 HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", authority(&url)).unwrap();
    let mut answer = String::new();
    page.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("<script"), "{answer}");

    demo.line_with("hub connected, call joined");

    demo.signal("TERM");
    let asked = Instant::now();
    assert!(demo.child.wait().unwrap().success());
    assert!(asked.elapsed() < Duration::from_secs(12), "it took {:?} to end", asked.elapsed());
    assert!(TcpStream::connect(authority(&url)).is_err(), "the hub goes on without its demo");
}

#[test]
fn the_demo_for_phones_has_a_certificate_that_the_appliance_trusts() {
    let mut demo = Demo::start(&[("LAN", "1"), ("LAN_ADDRESS", "127.0.0.1")]);
    let url = demo.line_with("https://");
    assert!(url.starts_with("https://127.0.0.1:"), "{url}");
    demo.line_with("█");
    demo.line_with("hub connected, call joined");
}
