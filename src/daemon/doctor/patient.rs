//! What is examined: the configuration, and the daemon if it runs. Who asks it is given in from outside.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::{OnceCell, oneshot};

use super::judge::Helper;
use super::secrets::Secrets;
use crate::config::Appliance;
use crate::media::Png;
use crate::protocol::control::{DeviceState, Status};
use crate::protocol::hub::{ClientInfo, ClientKind, IceServers};
use crate::signaling::examine::Reached;
use crate::signaling::{self, BadAddress};

/// Asks the daemon at this socket; blocks. The error is for people.
pub type Ask = Arc<dyn Fn(&Path, &str) -> Result<Value, String> + Send + Sync>;

/// What all checks share.
pub struct Patient {
    /// How it is meant to be.
    pub config: Appliance,
    /// How to ask the daemon.
    pub ask: Ask,
    /// What the daemon said at the beginning, or why it did not.
    pub daemon: Result<Status, String>,
    /// Never told.
    pub secrets: Secrets,
    /// What the hub answers to a stranger.
    pub reached: OnceCell<Result<Reached, String>>,
    /// What came of signing in: servers, and after how many milliseconds.
    pub signed_in: OnceCell<Result<(IceServers, u64), String>>,
    /// What STUN and TURN servers said, by kind.
    pub helpers: [OnceCell<Vec<Helper>>; 4],
    /// What the camera saw.
    pub picture: std::sync::Mutex<Option<Png>>,
}

impl Patient {
    /// Asks the daemon how it is.
    pub async fn new(config: Appliance, ask: Ask) -> Self {
        let daemon = asked(&config, &ask, "status").await;
        let daemon = daemon.and_then(|value| {
            serde_json::from_value(value).map_err(|error| format!("it speaks another version's language: {error}"))
        });
        let secrets = Secrets::default();
        let files = config.network.turn_servers.iter().map(|server| &server.password_file).chain([&config.hub.password_file]);
        for text in files.filter_map(|file| std::fs::read_to_string(file).ok()) {
            secrets.keep(text.lines().next().unwrap_or_default());
        }
        let (reached, signed_in, picture) = (OnceCell::new(), OnceCell::new(), std::sync::Mutex::default());
        Self { config, ask, daemon, secrets, reached, signed_in, helpers: Default::default(), picture }
    }

    /// Asks the daemon.
    pub async fn asked(&self, method: &'static str) -> Result<Value, String> {
        asked(&self.config, &self.ask, method).await
    }

    /// Whether a call goes on that must not be disturbed.
    pub fn in_call(&self) -> bool {
        self.daemon.as_ref().is_ok_and(|status| status.call.is_some() || status.media.encoder.instances > 0)
    }

    /// How to get to the hub.
    pub fn hub(&self) -> Result<signaling::Config, BadAddress> {
        let hub = &self.config.hub;
        Ok(signaling::Config {
            url: hub.url.parse()?,
            user: hub.user.clone(),
            password: signaling::PasswordSource { file: hub.password_file.clone() },
            trust: hub.trust.clone(),
            client: ClientInfo { kind: ClientKind::Appliance, version: format!("{} doctor", super::super::VERSION) },
        })
    }
}

async fn asked(config: &Appliance, ask: &Ask, method: &'static str) -> Result<Value, String> {
    let (socket, ask) = (config.control.socket.clone(), ask.clone());
    elsewhere(move || ask(&socket, method)).await?
}

/// On a thread of its own, which is left behind if it never returns.
pub async fn elsewhere<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, String> {
    let (tell, hear) = oneshot::channel();
    let begun = std::thread::Builder::new().name("doctor".into()).spawn(move || {
        let _ = tell.send(work());
    });
    begun.map_err(|error| format!("no thread for it: {error}"))?;
    hear.await.map_err(|_| "it ended without a result".to_owned())
}

/// What helps with a device in that state. `nodes`: its files begin so; `group` owns them.
pub fn device_advice(state: DeviceState, nodes: &str, group: &str) -> String {
    match state {
        DeviceState::Missing => {
            "is it plugged in? `callbox devices` says what there is, `dmesg | tail` what the kernel saw of it".to_owned()
        }
        DeviceState::Busy => match holders(nodes) {
            holders if holders.is_empty() => format!("another program has it: `fuser -v {nodes}*` says which"),
            holders => format!("stop {}, or let it use another one", holders.join(", ")),
        },
        DeviceState::Denied => format!("join the group that owns {nodes}* (often `{group}`), or run this as root"),
        DeviceState::Idle | DeviceState::Starting | DeviceState::Running | DeviceState::Disabled | DeviceState::Failed => {
            "see `dmesg | tail`; unplug it, plug it in again, and run this check once more".to_owned()
        }
    }
}

/// The processes that have a file open whose path begins so, as far as we may know: `cheese (pid 1234)`.
fn holders(nodes: &str) -> Vec<String> {
    let own = std::process::id();
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let holds = |process: &Path| {
        let files = std::fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
        files
            .filter_map(|file| std::fs::read_link(file.path()).ok())
            .any(|file| file.to_str().is_some_and(|file| file.starts_with(nodes)))
    };
    let name = |process: std::fs::DirEntry| {
        let pid: u32 = process.file_name().to_str()?.parse().ok()?;
        (pid != own && holds(&process.path())).then(|| {
            let name = std::fs::read_to_string(process.path().join("comm")).unwrap_or_default();
            format!("{} (pid {pid})", name.trim())
        })
    };
    processes.filter_map(name).take(4).collect()
}
