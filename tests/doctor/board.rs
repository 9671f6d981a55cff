//! A board to be looked at, and what breaks it.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use callbox::protocol::control::{CheckResult, Checkup};
use tempfile::TempDir;

/// Without hardware.
pub const DEVICES: &str = "[camera]\nsource = \"test\"\nwidth = 320\nheight = 240\nframerate = 15\n\
     [microphone]\nsource = \"test\"\n[speaker]\nsink = \"none\"\n";

/// A configuration that nothing runs with.
pub struct Board {
    config: PathBuf,
    directory: TempDir,
}

/// What the doctor said of it.
pub struct Seen {
    /// The exit code.
    pub code: i32,
    /// As `--json` has it.
    pub checkup: Checkup,
    /// The same, as it came.
    pub json: String,
    /// What was told meanwhile.
    pub text: String,
}

impl Seen {
    /// One of the checks.
    pub fn check(&self, name: &str) -> &CheckResult {
        self.checkup.checks.iter().find(|check| check.name == name).unwrap_or_else(|| panic!("no {name}: {}", self.text))
    }
}

impl Board {
    /// Signs in as door-1. `{dir}` in the rest is its directory.
    pub fn new(hub: &str, password: &Path, keys: &str, toml: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let dir = directory.path().display().to_string();
        std::fs::create_dir(directory.path().join("state")).unwrap();
        let config = directory.path().join("callbox.toml");
        let text = format!(
            "state-directory = \"{dir}/state\"\n[hub]\nurl = \"{hub}\"\nuser = \"door-1\"\npassword-file = {password:?}\n{keys}\n\
             [control]\nsocket = \"{dir}/control.sock\"\n{}\n",
            toml.replace("{dir}", &dir)
        );
        std::fs::write(&config, text).unwrap();
        Self { config, directory }
    }

    /// With the configuration that is there.
    pub fn of(config: PathBuf) -> Self {
        Self { config, directory: tempfile::tempdir().unwrap() }
    }

    /// A file in its directory.
    pub fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// `callbox doctor --json …`.
    pub fn doctor(&self, args: &[&str]) -> Seen {
        let mut command = Command::new(env!("CARGO_BIN_EXE_callbox"));
        command.args(["doctor", "--json", "--config"]).arg(&self.config).args(args).stdin(Stdio::null());
        let output = command.output().unwrap();
        let (json, text) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr).into_owned());
        let checkup = serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error}: {json}\n{text}"));
        Seen { code: output.status.code().unwrap(), checkup, json, text }
    }
}

/// A file that only its owner reads.
pub fn secret(path: &Path, text: &str) -> PathBuf {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    path.to_owned()
}

/// Stands before a hub, and says that it is another time. Gives its address.
pub fn front(hub: &str, date: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("ws://{}", listener.local_addr().unwrap());
    let hub = hub.rsplit('/').next().unwrap().to_owned();
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let server = TcpStream::connect(&hub).unwrap();
            let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            std::thread::spawn(move || carry(from, to, None));
            std::thread::spawn(move || carry(server, client, Some(date)));
        }
    });
    address
}

fn carry(mut from: TcpStream, mut to: TcpStream, date: Option<&str>) {
    let mut bytes = [0; 16 * 1024];
    while let Ok(count) = from.read(&mut bytes) {
        let part = &mut bytes[..count];
        let header = part.windows(8).position(|window| window.eq_ignore_ascii_case(b"\r\ndate: "));
        if let (Some(date), Some(at)) = (date, header) {
            part[at + 8..at + 8 + date.len()].copy_from_slice(date.as_bytes());
        }
        if count == 0 || to.write_all(part).is_err() {
            break;
        }
    }
    let _ = to.shutdown(std::net::Shutdown::Write);
}

/// A directory with no room left.
pub struct Full(PathBuf);

impl Full {
    /// None where nothing can be mounted.
    pub fn new(path: &Path) -> Option<Self> {
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=256k", "tmpfs"]).arg(path).output().ok()?;
        if !mounted.status.success() {
            return None;
        }
        let full = Self(path.to_owned());
        let mut file = std::fs::File::create(path.join("rest")).unwrap();
        while file.write_all(&[0; 4096]).is_ok() {}
        Some(full)
    }
}

impl Drop for Full {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}
