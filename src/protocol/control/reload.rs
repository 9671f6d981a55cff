//! Reading the configuration anew.

use serde::{Deserialize, Serialize};

/// The answer to `reload`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Reloaded {
    /// Whether the new configuration is taken. If not, the last good one goes on.
    pub taken: bool,
    /// The sections that were started anew.
    pub changed: Vec<String>,
    /// What waits until nobody is connected.
    pub pending: Vec<String>,
    /// Everything that is wrong or odd, for people.
    pub report: Option<String>,
}

/// The configuration that runs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ConfigStatus {
    /// What was changed in the files and waits until nobody is connected.
    pub pending: Vec<String>,
    /// Why the files that are there now are not taken, in one line.
    pub error: Option<String>,
}
