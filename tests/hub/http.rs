//! As much HTTP as the tests need, and what it costs the hub.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use crate::support::{Hub, PASSWORD};

/// A response, whole.
pub struct Response {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e} in {} {}", self.head, self.body))
    }
}

/// `127.0.0.1:PORT`
pub fn address(hub: &Hub) -> &str {
    hub.url.rsplit('/').next().unwrap()
}

/// Sends this and reads until the end.
pub fn raw(hub: &Hub, request: &str) -> Response {
    let mut stream = TcpStream::connect(address(hub)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("not a response: {text:?}"));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Response { status, head: head.to_owned(), body: body.to_owned() }
}

pub fn get(hub: &Hub, path: &str, headers: &str) -> Response {
    raw(hub, &format!("GET {path} HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n{headers}\r\n"))
}

pub fn post(hub: &Hub, path: &str, mime: &str, body: &str) -> Response {
    let length = body.len();
    raw(
        hub,
        &format!(
            "POST {path} HTTP/1.1\r\nHost: hub\r\nConnection: close\r\nContent-Type: {mime}\r\nContent-Length: {length}\r\n\r\n{body}"
        ),
    )
}

pub fn sign_in(hub: &Hub, form: &str) -> Response {
    post(hub, "/v1/token", "application/x-www-form-urlencoded", form)
}

/// A good access token.
pub fn token(hub: &Hub, user: &str) -> String {
    let form = format!("grant_type=password&username={user}&password={}", PASSWORD.replace(' ', "+"));
    let response = sign_in(hub, &form);
    assert_eq!(response.status, 200, "{}", response.body);
    response.json()["access_token"].as_str().unwrap().to_owned()
}

/// A REST request, with JSON unless the body is null.
pub fn rest(hub: &Hub, token: &str, request: &str, body: &Value) -> Response {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let length = body.len();
    raw(
        hub,
        &format!(
            "{request} HTTP/1.1\r\nHost: hub\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        ),
    )
}

/// An access token that the operator makes: `USER --role ROLE …`.
pub fn mint(hub: &Hub, args: &str) -> String {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_callbox"));
    command.args(["hub", "token", "--config"]).arg(hub.config_file()).args(args.split_whitespace());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{args}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// What the hub has in memory.
pub fn memory_kib(hub: &Hub) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", hub.process.pid())).unwrap();
    status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap().trim().trim_end_matches(" kB").parse().unwrap()
}
