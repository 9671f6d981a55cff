//! The hub: the call service that appliances and browsers sign in to, and the page that browsers open.
//!
//! ```text
//!   accept ─► http ─┬─ POST /v1/token ─► signin: passwords, tokens, identities
//!                   ├─ /v1/… ──────────► api: one table ───────────┬─Message──► driver: sessions, calls (pure)
//!                   ├─ /v1/socket ─────► socket: a task per client ┘              │        │            │
//!                   ├─ /healthz                      ▲                            │        │            └─ webhook ─► a push service
//!                   └─ the page                      └──────────outbox────────────┘     persist ─► store
//! ```
//!
//! One task, the [`driver`], owns all sessions and calls. What it answers waits until the change behind it is on the disk.

pub(crate) mod api;
pub mod calls;
pub mod page;

mod accept;
pub(crate) mod driver;
mod error;
mod http;
mod identities;
mod limits;
mod meters;
mod metrics;
mod passwords;
mod persist;
pub(crate) mod sessions;
mod signin;
mod socket;
mod store;
mod tls;
pub(crate) mod tokens;
mod turn;
mod webhook;

use std::fs::DirBuilder;
use std::future::Future;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::watch;
use tracing::{debug, info};

pub use error::Error;
pub use passwords::hash as hash_password;
pub use tokens::{Minted, mint as mint_token};

use crate::config;
use crate::protocol::event::EventKind;
use crate::telemetry::listener;
use calls::{Calls, Limits, Types};
use driver::{Driver, Loaded, Message};
use identities::Identities;
use persist::Persist;
use sessions::Sessions;
use store::{FileStore, Writer};

/// Calls that one session may follow.
const FOLLOWED: usize = 64;
/// Calls that the hub keeps.
const CALLS: usize = 100_000;
/// Calls that a user may create in a minute: an integrator's server creates them in bursts.
const CREATIONS: u32 = 600;
/// Rings and notifications that one user may begin in a minute.
const RINGS: u32 = 30;
/// For sockets to be closed when the hub goes down.
const GOODBYE: Duration = Duration::from_secs(3);

/// Runs the hub until `shutdown` is ready. `listening` is told the URL once the hub can be reached; with port 0 in the
/// configuration that is the only way to learn the port.
pub async fn serve(config: config::Hub, listening: impl FnOnce(&str), shutdown: impl Future<Output = ()>) -> Result<(), Error> {
    let directory = &config.state_directory;
    make_directory(directory)?;
    let tls = config.tls.as_ref().map(tls::acceptor).transpose()?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let users = passwords::Users::new(&config.users)?;
    let key = directory.join("token.key");
    let tokens = tokens::Tokens::open(&key, config.token_lifetime, config.refresh_lifetime, &config.token_keys)?;
    let meters = Arc::<meters::Meters>::default();
    let webhook = config.webhook.as_ref().map(|webhook| webhook::start(webhook, Arc::clone(&meters))).transpose()?;
    let turn = config.turn.as_ref().map(turn::Turn::open).transpose()?;
    let (driver, identities) = load(&config)?;
    let at = config.listen;
    let listener = accept::listen(at).map_err(|source| Error::Listen { address: at, source })?;
    let address = listener.local_addr().map_err(|source| Error::Listen { address: at, source })?;

    let (handle, mut driving) = driver.with_webhook(webhook).with_turn(turn).with_meters(Arc::clone(&meters)).start();
    let (signin, paces) = (signin::SignIn::default(), Mutex::default());
    if let Some(at) = config.metrics.listen {
        let knows = metrics::Knows { driver: handle.clone(), meters: Arc::clone(&meters), started: SystemTime::now() };
        let bound = listener::bind(at).await.map_err(|source| Error::Listen { address: at, source })?;
        tokio::spawn(listener::serve(bound, Arc::new(knows)));
    }
    let app = Arc::new(http::App { users, tokens, identities, signin, paces, driver: handle.clone(), meters: Arc::clone(&meters) });
    let (stop, stopped) = watch::channel(false);
    let serving = tokio::spawn(accept::serve(listener, tls, http::router(app), meters, stopped));
    info!(message_id = EventKind::ServiceStarted.message_id(), %address, users = config.users.len(), "listening");
    listening(&url(scheme, address));

    tokio::select! {
        () = shutdown => {}
        // Without it nothing works: whoever supervises us starts a new hub.
        _ = &mut driving => return Err(Error::Driver),
    }
    info!(message_id = EventKind::ServiceStopping.message_id(), "going down");
    let _ = stop.send(true);
    let _ = handle.send(Message::Shutdown).await;
    let _ = driving.await;
    if tokio::time::timeout(GOODBYE, serving).await.is_err() {
        debug!("some sockets were not closed in time");
    }
    Ok(())
}

fn url(scheme: &str, address: SocketAddr) -> String {
    format!("{scheme}://{address}")
}

fn make_directory(path: &Path) -> Result<(), Error> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|source| Error::StateDirectory { path: path.to_owned(), source })?;
    Ok(())
}

/// Everything as the last hub left it, and what keeps it.
fn load(config: &config::Hub) -> Result<(Driver, Arc<Identities>), Error> {
    let store = FileStore::open(&config.state_directory.join("hub.redb"))?;
    let mut types = Types::default();
    for call_type in &config.call_types {
        let bad = |e: calls::Refused| Error::CallType { name: call_type.name.clone(), reason: e.to_string() };
        types.configure(call_type.clone()).map_err(bad)?;
    }
    let Loaded { calls, types, identities, revisions } = driver::load(&store, types)?;
    let identities = Arc::new(Identities::new(identities));
    let grace = config.reconnect_grace;
    let participants = usize::try_from(config.max_participants).unwrap_or(usize::MAX);
    let limits = Limits { grace, participants, followed: FOLLOWED, calls: CALLS, creations: CREATIONS, rings: RINGS };
    let calls = Calls::new(limits, types, calls, Instant::now());
    let writer = Writer::start(store).map_err(|source| Error::System { what: "cannot start the store's thread", source })?;
    let most = usize::try_from(config.max_sessions_per_user).unwrap_or(usize::MAX);
    let (sessions, persist) = (Sessions::new(grace, most), Persist::new(writer, revisions));
    Ok((Driver::new(calls, sessions, Arc::clone(&identities), persist, grace), identities))
}
