//! What `callbox doctor` found (`--json` prints a [`Checkup`]).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Everything that was looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Checkup {
    /// `callbox` and its version.
    pub version: String,
    /// When it began, seconds since 1970 as this machine counts them.
    pub began: u64,
    /// How long it took.
    pub took_ms: u64,
    /// The worst of all.
    pub verdict: Verdict,
    /// In the order of `callbox doctor --help`.
    pub checks: Vec<CheckResult>,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckResult {
    /// As `--only` takes it.
    pub name: String,
    /// How it went.
    pub verdict: Verdict,
    /// What was found, one line for people.
    pub found: String,
    /// What to do next, for people; none when there is nothing to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
    /// More of what was found, a line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
    /// What was measured; the unit is the end of the name: `fps`, `level-db`, `free-bytes`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub figures: BTreeMap<String, f64>,
    /// How long it took.
    pub took_ms: u64,
}

/// How a check went, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// All is well.
    Pass,
    /// There was nothing to look at, or it would have disturbed a call.
    Skipped,
    /// It works, and something should be better.
    Warn,
    /// It does not work.
    Fail,
}

impl Verdict {
    /// As the wire writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Skipped => "skipped",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}
