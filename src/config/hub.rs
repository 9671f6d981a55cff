//! What `callbox hub` is told: `hub.toml`, checked.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::{Log, Metrics, Secret};
use crate::protocol::hub::{PutCallType, Role};
use crate::protocol::{IceUrl, UserId};

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
    /// How long a sign-in can be refreshed without the password.
    pub refresh_lifetime: Duration,
    /// How many clients one call takes.
    pub max_participants: u32,
    /// How many sessions one user may have at a time.
    pub max_sessions_per_user: u32,
    /// HTTPS; none: plain HTTP, for localhost or behind a proxy.
    pub tls: Option<Tls>,
    /// What is logged.
    pub log: Log,
    /// Where Prometheus asks.
    pub metrics: Metrics,
    /// Who is told of rings by HTTP; none: nobody.
    pub webhook: Option<Webhook>,
    /// What is handed out for networks where a direct path needs help; none: nothing.
    pub turn: Option<Turn>,
    /// Call types besides the built-in ones, and changes to those.
    pub call_types: Vec<PutCallType>,
    /// Keys of integrators, who sign tokens for users of their own.
    pub token_keys: Vec<TokenKey>,
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
            refresh_lifetime: Duration::from_secs(30 * 86_400),
            max_participants: 4,
            max_sessions_per_user: 20,
            tls: None,
            log: Log::default(),
            metrics: Metrics::default(),
            webhook: None,
            turn: None,
            call_types: Vec::new(),
            token_keys: Vec::new(),
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

/// `[turn]`: STUN and TURN servers that clients are told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// Where they are.
    pub urls: Vec<IceUrl>,
    /// The secret that the hub shares with the TURN servers, in this file, without the line end; none: there is only STUN.
    pub secret_file: Option<PathBuf>,
    /// How long credentials are good for.
    pub lifetime: Duration,
}

/// How long TURN credentials are good for unless configured otherwise.
#[cfg(feature = "hub")]
pub const DEFAULT_TURN_LIFETIME: Duration = Duration::from_secs(12 * 3600);

/// `[[user]]`.
#[derive(Debug, Clone, PartialEq)]
pub struct HubUser {
    /// Signs in with this.
    pub id: UserId,
    /// Shown to people; the id unless configured.
    pub name: String,
    /// argon2id in PHC form, as `callbox hub passwd` prints it.
    pub password_hash: Secret,
    /// What the user may do where no call says otherwise; `user` unless configured.
    pub role: Role,
    /// The teams of a multi-tenant hub that the user belongs to.
    pub teams: BTreeSet<String>,
}

/// `[[token-key]]`: whoever has this key says who its users are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenKey {
    /// The `kid` of its tokens.
    pub id: String,
    /// The `iss` of its tokens.
    pub issuer: String,
    /// How it signs, and where the key is.
    pub kind: TokenKeyKind,
    /// The longest lifetime of its tokens.
    pub max_lifetime: Duration,
}

/// How a key of an integrator signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenKeyKind {
    /// HMAC with SHA-256; the secret is in this file, without the line end.
    Hs256(PathBuf),
    /// Ed25519; the public key is in this PEM file.
    Ed25519(PathBuf),
}

/// `[webhook]`: who is told of rings, so that a push service can wake a callee.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Where to post to.
    pub url: String,
    /// The secret that signs, in this file, without the line end.
    pub secret_file: PathBuf,
    /// What is posted.
    pub events: BTreeSet<WebhookEvent>,
}

/// What a webhook can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WebhookEvent {
    /// A user is rung.
    Ring,
    /// A user is told of a call.
    Notify,
    /// A user has missed a ring.
    Missed,
}

impl WebhookEvent {
    /// All of them, as they are written.
    pub const ALL: [(&'static str, Self); 3] = [("ring", Self::Ring), ("notify", Self::Notify), ("missed", Self::Missed)];
}
