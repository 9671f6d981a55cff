//! A real appliance: `callbox run` with a configuration of its own, in a temporary directory.

use std::path::{Path, PathBuf};
use std::process::Command;

use callbox::protocol::control::Status;
use tempfile::TempDir;

use super::{Hub, Net, Process, Side, callbox, command_in};

/// A running appliance.
pub struct Appliance {
    /// Its daemon.
    pub process: Process,
    program: PathBuf,
    directory: TempDir,
    namespace: Option<String>,
}

impl Appliance {
    /// Signed in as `user`; `toml` holds more tables of `callbox.toml`. It hears nothing and shows nothing unless told so.
    /// `{dir}` in it is the appliance's directory.
    pub fn start(hub: &Hub, user: &str, toml: &str) -> Self {
        Self::start_as(&callbox(), hub, user, toml)
    }

    /// The same, with more keys in `[hub]`.
    pub fn trusting(hub: &Hub, user: &str, keys: &str, toml: &str) -> Self {
        Self::launch_as(&callbox(), None, hub, user, keys, toml)
    }

    /// The same, at one end of a wire.
    pub fn start_in(net: &Net, side: Side, hub: &Hub, user: &str, toml: &str) -> Self {
        Self::launch_as(&callbox(), Some(net.name(side).to_owned()), hub, user, "", toml)
    }

    /// The same, of another build than this one.
    pub fn start_as(program: &Path, hub: &Hub, user: &str, toml: &str) -> Self {
        Self::launch_as(program, None, hub, user, "", toml)
    }

    fn launch_as(program: &Path, namespace: Option<String>, hub: &Hub, user: &str, keys: &str, toml: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let dir = directory.path().display();
        let config = format!(
            "state-directory = \"{dir}/state\"\n\n[hub]\nurl = \"{}\"\nuser = \"{user}\"\npassword-file = \"{}\"\n{keys}\n\
             [control]\nsocket = \"{dir}/control.sock\"\n\n{}\n",
            hub.socket_url(),
            hub.password_file().display(),
            toml.replace("{dir}", &dir.to_string()),
        );
        std::fs::write(directory.path().join("callbox.toml"), config).unwrap();
        let process = launch(program, &directory, namespace.as_deref());
        Self { process, program: program.to_owned(), directory, namespace }
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// After a `kill`, with the same configuration and state.
    pub fn restart(&mut self) {
        self.process = launch(&self.program, &self.directory, self.namespace.as_deref());
    }

    /// A file in its directory.
    pub fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// `callbox VERB --socket … ARGS`: what it printed to stdout, or to stderr if it failed.
    pub fn cli(&self, verb: &str, args: &[&str]) -> Result<String, String> {
        let mut command = Command::new(callbox());
        let output = command.arg(verb).arg("--socket").arg(self.file("control.sock")).args(args).output().unwrap();
        match output.status.success() {
            true => Ok(String::from_utf8(output.stdout).unwrap()),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }

    /// `callbox status --json`.
    pub fn status(&self) -> Result<Status, String> {
        let json = self.cli("status", &["--json"])?;
        serde_json::from_str(&json).map_err(|e| format!("{e} in {json}"))
    }

    /// `callbox snapshot`: what its screen shows, as width, height and RGB bytes.
    pub fn snapshot(&self) -> Result<(u32, u32, Vec<u8>), String> {
        let file = self.file("snapshot.png");
        self.cli("snapshot", &[file.to_str().unwrap()])?;
        let picture = png::Decoder::new(std::io::BufReader::new(std::fs::File::open(&file).unwrap()));
        let mut reader = picture.read_info().map_err(|e| e.to_string())?;
        let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut bytes).map_err(|e| e.to_string())?;
        let channels = info.color_type.samples();
        let rgb = bytes
            .chunks_exact(channels)
            .flat_map(|pixel| [pixel[0], pixel[1.min(channels - 1)], pixel[2.min(channels - 1)]])
            .collect();
        Ok((info.width, info.height, rgb))
    }
}

fn launch(program: &Path, directory: &TempDir, namespace: Option<&str>) -> Process {
    let mut command = command_in(namespace, program);
    command.envs(environment_of_unit()).arg("run").arg("--config").arg(directory.path().join("callbox.toml"));
    Process::start("appliance", &mut command)
}

/// What `systemd/callbox.service` gives it.
fn environment_of_unit() -> Vec<(String, String)> {
    let unit = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/systemd/callbox.service")).unwrap();
    let words = unit.lines().filter_map(|line| line.strip_prefix("Environment=")?.split_once('='));
    words.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
