//! What `callbox hub` is told: `hub.toml`, checked.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::{Log, Secret};
use crate::protocol::UserId;

/// `hub.toml`.
#[derive(Debug, Clone, PartialEq)]
pub struct Hub {
    /// Address and port; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Where the hub keeps its store.
    pub state_directory: PathBuf,
    /// How long a participant whose socket dropped still counts as in the call.
    pub reconnect_grace: Duration,
    /// How long an access token is good for.
    pub token_lifetime: Duration,
    /// How many clients one call takes.
    pub max_participants: u32,
    /// HTTPS; none: plain HTTP, for localhost or behind a proxy.
    pub tls: Option<Tls>,
    /// What is logged.
    pub log: Log,
    /// Who may sign in.
    pub users: Vec<HubUser>,
}

impl Default for Hub {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            state_directory: "/var/lib/callbox-hub".into(),
            reconnect_grace: Duration::from_secs(30),
            token_lifetime: Duration::from_secs(3600),
            max_participants: 4,
            tls: None,
            log: Log::default(),
            users: Vec::new(),
        }
    }
}

/// `[tls]`: both files, PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The certificate, then its chain.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// `[[user]]`.
#[derive(Debug, Clone, PartialEq)]
pub struct HubUser {
    /// Signs in with this.
    pub id: UserId,
    /// Shown to people; the id unless configured.
    pub name: String,
    /// argon2id in PHC form, as `callbox hub passwd` prints it.
    pub password_hash: Secret,
}
