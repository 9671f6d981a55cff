//! Where the hub keeps what must survive a restart: keys, values and revisions, behind a seam small enough for another engine.

mod file;
mod writer;

pub use file::FileStore;
pub use writer::{Outcome, Writer};

/// A value and how often it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Rises with every write of this key; never 0.
    pub revision: u64,
    /// What was written.
    pub value: Vec<u8>,
}

/// A write that only happens if nobody else wrote in between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// What to write to.
    pub key: String,
    /// What to write.
    pub value: Vec<u8>,
    /// The revision that is there; 0 if there is none yet.
    pub expected: u64,
}

/// A store of revisioned values. All calls block.
pub trait Store: Send + 'static {
    /// What a key holds.
    #[cfg_attr(not(test), expect(dead_code, reason = "an engine behind several hubs asks for one call at a time"))]
    fn get(&self, key: &str) -> Result<Option<Entry>, Error>;

    /// Writes all or nothing, and returns after all is on the disk. The new revisions come in the order of the writes.
    fn put_if_revision(&self, writes: &[Write]) -> Result<Vec<u64>, Error>;

    /// Everything whose key begins so, in the order of the keys.
    fn list(&self, prefix: &str) -> Result<Vec<(String, Entry)>, Error>;
}

/// What can go wrong with a store.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Somebody else wrote first.
    #[error("`{key}` is at revision {found}, not {expected}: somebody else wrote to the store")]
    Conflict {
        /// What was to be written.
        key: String,
        /// The revision the writer knew.
        expected: u64,
        /// The revision that is there.
        found: u64,
    },
    /// Another process holds the file.
    #[error("{0} is in use: is another hub running on this state-directory?")]
    InUse(String),
    /// A file of a later version.
    #[error("{path} has format {found}, this hub reads {known}: use the hub that wrote it, or move the file away")]
    Format {
        /// Which file.
        path: String,
        /// What it says.
        found: u64,
        /// What is understood here.
        known: u64,
    },
    /// The file cannot be opened or made.
    #[error("cannot use {path}: {source}")]
    File {
        /// Which.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The engine reports an error, most often a full or failing disk.
    #[error("store: {0}")]
    Engine(#[from] redb::Error),
}
