//! What the page shows and does that only the daemon knows and can.

use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::watch;

use crate::protocol::rpc::Error;

/// A file of the configuration as somebody would have it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// Its path, as [`Works::files`] names it.
    pub file: String,
    /// What shall stand in it.
    pub text: String,
    /// The digest of what stood in it when it was read; not needed to check it.
    #[serde(default)]
    pub digest: String,
}

/// What only the daemon knows. Errors are for people.
pub trait Works: Send + Sync + 'static {
    /// The files of the configuration: `path`, `text`, `digest`, or `error` why they are not shown.
    fn files(&self) -> BoxFuture<'_, Result<Value, Error>>;
    /// What `callbox check --json` would say of it.
    fn check(&self, draft: Draft) -> BoxFuture<'_, Result<Value, Error>>;
    /// Writes it, unless something is wrong with it: `saved`, and `report` as `check` has it.
    fn save(&self, draft: Draft) -> BoxFuture<'_, Result<Value, Error>>;
    /// What was logged after the line with this number: `lines`.
    fn logs(&self, after: u64) -> Value;
    /// Begins to look at everything.
    fn examine(&self) -> Result<(), Error>;
    /// How far that is: `running`, `checks`, and `checkup` when it is done.
    fn examined(&self) -> watch::Receiver<Value>;
    /// What came of it, as one HTML file.
    fn report(&self) -> Option<String>;
    /// Ends callbox.
    fn restart(&self) -> Result<(), Error>;
    /// Reboots the machine.
    fn reboot(&self) -> BoxFuture<'_, Result<(), Error>>;
}
