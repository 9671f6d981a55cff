//! A real coturn on this machine, which believes whoever knows the secret.

use std::fs::Permissions;
use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream, UdpSocket};
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
    /// This machine's own address: who has no direct path would not use the loopback.
    pub address: IpAddr,
    /// UDP and TCP.
    pub port: u16,
    /// TLS, if it has a certificate.
    pub tls_port: u16,
    /// Its process.
    pub process: Process,
    directory: TempDir,
}

impl Turn {
    /// At a free port of this machine.
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// The same, with more arguments.
    pub fn with(arguments: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), arguments)
    }

    /// The same, with a certificate that is its own authority.
    pub fn secure() -> Self {
        let turn = tempfile::tempdir().unwrap();
        let (certificate, key) = (turn.path().join("cert.pem"), turn.path().join("key.pem"));
        let mut openssl = Command::new("openssl");
        openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]);
        openssl.args(["-subj", "/CN=turn", "-addext", &format!("subjectAltName=IP:{}", own_address())]);
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
        let address = own_address();
        // It cannot choose a port itself, and somebody may take ours in between: then another one is tried.
        for _ in 0..5 {
            let (port, tls_port) = (free_port(address), free_port(address));
            let mut command = Command::new("turnserver");
            command.args(["-n", "--allow-loopback-peers", "--realm=callbox"]);
            command.arg(format!("--listening-ip={address}")).arg(format!("--relay-ip={address}"));
            command.args(["--no-cli", "--no-dtls", "--log-file=stdout", "--simple-log", "--verbose", "--use-auth-secret"]);
            command.arg(format!("--static-auth-secret={SECRET}")).arg(format!("--listening-port={port}"));
            command.arg(format!("--pidfile={}/pid", directory.path().display()));
            if arguments.iter().any(|argument| argument.starts_with("--cert")) {
                command.arg(format!("--tls-listening-port={tls_port}"));
            } else {
                command.arg("--no-tls");
            }
            let process = Process::start("turnserver", command.args(arguments));
            if listens(address, port) {
                return Self { address, port, tls_port, process, directory };
            }
        }
        panic!("coturn finds no port");
    }

    /// Its certificate.
    pub fn certificate(&self) -> PathBuf {
        self.directory.path().join("cert.pem")
    }

    /// `[turn]` of a hub that knows it: `urls` with `HOST`, and `PORT` and `TLS` for the ports.
    pub fn hub(&self, urls: &str, lifetime: &str) -> String {
        let urls = urls
            .replace("HOST", &self.address.to_string())
            .replace("PORT", &self.port.to_string())
            .replace("TLS", &self.tls_port.to_string());
        let secret = self.directory.path().join("secret");
        format!("[turn]\nurls = [{urls}]\nsecret-file = {secret:?}\nlifetime = \"{lifetime}\"\n")
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

fn listens(address: IpAddr, port: u16) -> bool {
    for _ in 0..100 {
        if TcpStream::connect((address, port)).is_ok() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    false
}

fn free_port(address: IpAddr) -> u16 {
    loop {
        let tcp = TcpListener::bind((address, 0)).unwrap();
        let port = tcp.local_addr().unwrap().port();
        if UdpSocket::bind((address, port)).is_ok() {
            return port;
        }
    }
}

/// The one that others reach this machine by; without a network, the loopback.
fn own_address() -> IpAddr {
    let towards = |address: &str| {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
        socket.connect((address, 9)).ok()?;
        socket.local_addr().ok().map(|own| own.ip())
    };
    towards("198.51.100.1").unwrap_or(Ipv4Addr::LOCALHOST.into())
}
