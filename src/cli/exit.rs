//! How a verb ends: the exit codes that scripts and units rely on.

use std::fmt;
use std::process::ExitCode;

/// What the exit code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Refused or failed.
    Failed = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// The daemon cannot be reached.
    Unreachable = 3,
    /// The configuration is wrong.
    BadConfig = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a verb did not succeed: an exit code, and a text for stderr.
#[derive(Debug)]
pub struct Failure {
    /// The exit code, never [`Exit::Done`].
    pub exit: Exit,
    /// For people; a whole report when the configuration is wrong.
    pub message: String,
}

impl Failure {
    /// The other side said no, or something broke on the way.
    pub fn failed(message: impl fmt::Display) -> Self {
        Self { exit: Exit::Failed, message: format!("error: {message}") }
    }

    /// The command line makes no sense.
    pub fn usage(message: impl fmt::Display) -> Self {
        Self { exit: Exit::Usage, message: format!("error: {message}") }
    }

    /// Nobody listens on the control socket.
    pub fn unreachable(message: impl fmt::Display) -> Self {
        Self { exit: Exit::Unreachable, message: format!("error: {message}") }
    }

    /// A whole, rendered report; it says `error:` itself.
    pub fn configuration(report: impl fmt::Display) -> Self {
        Self { exit: Exit::BadConfig, message: report.to_string() }
    }
}
