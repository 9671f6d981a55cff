//! Why the hub could not start or go on.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use super::store;

/// Why the hub could not start or go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is taken, or not ours.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The state directory cannot be made or used.
    #[error("cannot use the state directory {}: {source}", path.display())]
    StateDirectory {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A key that signs or checks tokens, or signs webhooks.
    #[error("cannot use the key {}: {reason}", path.display())]
    TokenKey {
        /// Which file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A token that cannot be made.
    #[error("cannot make the token: {reason}")]
    Token {
        /// Why.
        reason: String,
    },
    /// Where rings are told.
    #[error("cannot use the webhook: {reason}")]
    Webhook {
        /// Why.
        reason: String,
    },
    /// A call type of the configuration.
    #[error("cannot use the call type `{name}` of the configuration: {reason}")]
    CallType {
        /// Which.
        name: String,
        /// Why.
        reason: String,
    },
    /// Certificate or private key.
    #[error("cannot use {}: {reason}", path.display())]
    Tls {
        /// Which file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A configured password hash that is not one.
    #[error("the password hash of `{user}` cannot be read: {reason}; make one with `callbox hub passwd`")]
    PasswordHash {
        /// Whose.
        user: String,
        /// Why.
        reason: String,
    },
    /// A defect: the task that owns everything is gone.
    #[error("the hub's driver has ended unexpectedly: this is a defect, please report the log")]
    Driver,
    /// The operating system refuses something else.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: &'static str,
        /// Why it did not work.
        source: io::Error,
    },
}
