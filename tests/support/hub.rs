//! A real hub: `callbox hub` with a few users, in a temporary directory.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use argon2::password_hash::{PasswordHasher, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use tempfile::TempDir;

use super::{Net, Process, Side, callbox, command_in, secs};

/// Everybody's.
pub const PASSWORD: &str = "correct horse";

const USERS: &[(&str, &str)] =
    &[("anna", "Anna Berg"), ("ben", "Ben Holm"), ("carla", "Carla"), ("door-1", "Front door"), ("door-2", "Back door")];

/// A running hub.
pub struct Hub {
    /// `http://127.0.0.1:PORT`
    pub url: String,
    /// Its process.
    pub process: Process,
    directory: TempDir,
    certificate: Option<TempDir>,
    environment: Vec<(String, String)>,
    namespace: Option<String>,
}

impl Hub {
    /// On a free port, with the users anna, ben, carla, door-1 and door-2.
    pub fn start() -> Self {
        Self::with("")
    }

    /// The same, with more lines at the top of `hub.toml`.
    pub fn with(settings: &str) -> Self {
        Self::with_environment(settings, &[])
    }

    /// The same, with variables in its environment.
    pub fn with_environment(settings: &str, environment: &[(&str, &str)]) -> Self {
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self::start_at(configured(settings), environment, "127.0.0.1:0", None)
    }

    /// At one end of a wire.
    pub fn start_in(net: &Net, side: Side) -> Self {
        let address = format!("{}:0", side.address());
        Self::start_at(configured(""), Vec::new(), &address, Some(net.name(side).to_owned()))
    }

    /// With the `hub.toml` that is in this directory.
    pub fn of(directory: TempDir) -> Self {
        Self::start_at(directory, Vec::new(), "127.0.0.1:0", None)
    }

    fn start_at(directory: TempDir, environment: Vec<(String, String)>, address: &str, namespace: Option<String>) -> Self {
        let (process, url) = launch(&directory, address, &environment, namespace.as_deref());
        Self { url, process, directory, certificate: None, environment, namespace }
    }

    /// Its `hub.toml`.
    pub fn config_file(&self) -> std::path::PathBuf {
        self.directory.path().join("hub.toml")
    }

    /// With HTTPS, and a certificate that nobody signed.
    pub fn secure() -> Self {
        let certificate = tempfile::tempdir().unwrap();
        let (cert, key) = (certificate.path().join("cert.pem"), certificate.path().join("key.pem"));
        let mut openssl = Command::new("openssl");
        openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]);
        openssl
            .args(["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout"])
            .arg(&key)
            .arg("-out")
            .arg(&cert);
        let output = openssl.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let mut hub = Self::with(&format!("[tls]\ncertificate = {cert:?}\nkey = {key:?}\n"));
        hub.certificate = Some(certificate);
        hub
    }

    /// `ws://127.0.0.1:PORT`, for the appliance.
    pub fn socket_url(&self) -> String {
        self.url.replacen("http", "ws", 1)
    }

    /// A file with everybody's password.
    pub fn password_file(&self) -> std::path::PathBuf {
        self.directory.path().join("password")
    }

    /// Sends it a signal, for example `STOP`, `CONT`, `TERM`.
    pub fn signal(&self, signal: &str) {
        self.process.signal(signal);
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Hangs: its sockets stay open and nothing answers.
    pub fn freeze(&self) {
        self.process.signal("STOP");
    }

    /// Goes on after `freeze`.
    pub fn thaw(&self) {
        self.process.signal("CONT");
    }

    /// After a `kill`: on the same port, with the same state.
    pub fn restart(&mut self) {
        let address = self.url.rsplit('/').next().unwrap().to_owned();
        (self.process, self.url) = launch(&self.directory, &address, &self.environment, self.namespace.as_deref());
    }

    /// What it printed.
    pub fn output(&self) -> String {
        self.process.output()
    }
}

/// A directory with a `hub.toml` and everybody's password.
fn configured(settings: &str) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("state");
    let hash = cheap_hash();
    let users: String = USERS
        .iter()
        .map(|(id, name)| format!("[[user]]\nid = \"{id}\"\nname = \"{name}\"\npassword-hash = \"{hash}\"\n"))
        .collect();
    let config = format!("listen = \"127.0.0.1:0\"\nstate-directory = {state:?}\n{settings}\n{users}");
    std::fs::write(directory.path().join("hub.toml"), config).unwrap();
    let password = directory.path().join("password");
    std::fs::write(&password, PASSWORD).unwrap();
    std::fs::set_permissions(&password, Permissions::from_mode(0o600)).unwrap();
    directory
}

fn launch(directory: &TempDir, listen: &str, environment: &[(String, String)], namespace: Option<&str>) -> (Process, String) {
    let mut command = command_in(namespace, &callbox());
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    command.arg("hub").arg("--config").arg(directory.path().join("hub.toml")).arg("--listen").arg(listen);
    let mut process = Process::start("hub", &mut command);
    let line = process.wait_for_line("listening on ", secs(15));
    let url = line.split("listening on ").nth(1).unwrap().split_whitespace().next().unwrap().trim_end_matches('/').to_owned();
    (process, url)
}

/// The real algorithm with the least work: the tests are not about guessing passwords.
fn cheap_hash() -> String {
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(Params::MIN_M_COST, 1, 1, None).unwrap());
    let salt = SaltString::encode_b64(b"not so random").unwrap();
    argon2.hash_password(PASSWORD.as_bytes(), &salt).unwrap().to_string()
}
