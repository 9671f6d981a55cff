//! A real coturn on this machine, which believes whoever knows the secret.

use std::fs::Permissions;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::Process;

/// Short, as such secrets sometimes are.
pub const SECRET: &str = "north by north west";

/// A running TURN server.
pub struct Turn {
    /// UDP and TCP.
    pub port: u16,
    /// TLS, if it has a certificate.
    pub tls_port: u16,
    /// Its process.
    pub process: Process,
    directory: TempDir,
}

impl Turn {
    /// At a free port of 127.0.0.1.
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// The same, with more arguments.
    pub fn with(arguments: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), arguments)
    }

    /// The same, with a certificate for 127.0.0.1, which is its own authority.
    pub fn secure() -> Self {
        let turn = tempfile::tempdir().unwrap();
        let (certificate, key) = (turn.path().join("cert.pem"), turn.path().join("key.pem"));
        let mut openssl = Command::new("openssl");
        openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]);
        openssl.args(["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]);
        // An authority could not be a server: rustls tells them apart.
        openssl.args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout"]).arg(&key).arg("-out").arg(&certificate);
        let made = openssl.output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let tls = [format!("--cert={}", certificate.display()), format!("--pkey={}", key.display())];
        Self::start_in(turn, &[&tls[0], &tls[1]])
    }

    fn start_in(directory: TempDir, arguments: &[&str]) -> Self {
        let secret = directory.path().join("secret");
        std::fs::write(&secret, SECRET).unwrap();
        std::fs::set_permissions(&secret, Permissions::from_mode(0o600)).unwrap();
        // It cannot choose a port itself, and somebody may take ours in between: then another one is tried.
        for _ in 0..5 {
            let (port, tls_port) = (free_port(), free_port());
            let mut command = Command::new("turnserver");
            command.args(["-n", "--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1", "--allow-loopback-peers", "--realm=callbox"]);
            command.args(["--no-cli", "--no-dtls", "--log-file=stdout", "--simple-log", "--verbose", "--use-auth-secret"]);
            command.arg(format!("--static-auth-secret={SECRET}")).arg(format!("--listening-port={port}"));
            command.arg(format!("--pidfile={}/pid", directory.path().display()));
            if arguments.iter().any(|argument| argument.starts_with("--cert")) {
                command.arg(format!("--tls-listening-port={tls_port}"));
            } else {
                command.arg("--no-tls");
            }
            let process = Process::start("turnserver", command.args(arguments));
            if listens(port) {
                return Self { port, tls_port, process, directory };
            }
        }
        panic!("coturn finds no port");
    }

    /// Its certificate.
    pub fn certificate(&self) -> PathBuf {
        self.directory.path().join("cert.pem")
    }

    /// `[turn]` of a hub that knows it: `urls` with `PORT` and `TLS` for the ports.
    pub fn hub(&self, urls: &str, lifetime: &str) -> String {
        let urls = urls.replace("PORT", &self.port.to_string()).replace("TLS", &self.tls_port.to_string());
        let secret = self.directory.path().join("secret");
        format!("[turn]\nurls = [{urls}]\nsecret-file = {secret:?}\nlifetime = \"{lifetime}\"\n")
    }

    /// Bytes that were relayed in allocations that are over.
    pub fn relayed(&self) -> u64 {
        let output = self.process.output();
        let lines = output.lines().filter(|line| line.contains(" peer usage: "));
        lines.filter_map(|line| line.split("rb=").nth(1)?.split(',').next()?.parse::<u64>().ok()).sum()
    }

    /// How many lines of its log have this in them.
    pub fn said(&self, what: &str) -> usize {
        self.process.output().lines().filter(|line| line.contains(what)).count()
    }

    /// Stops at once, as if the machine were gone.
    pub fn kill(&mut self) {
        self.process.kill();
    }
}

fn listens(port: u16) -> bool {
    for _ in 0..100 {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    false
}

fn free_port() -> u16 {
    loop {
        let tcp = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = tcp.local_addr().unwrap().port();
        if UdpSocket::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
