//! The verbs that ask the running daemon.

use std::path::Path;

use super::Failure;
use crate::protocol::Cid;

/// `callbox status`.
pub fn status(_socket: &Path, _json: bool, _watch: bool) -> Result<(), Failure> {
    Err(Failure::failed("not built yet"))
}

/// `callbox events`.
pub fn events(_socket: &Path, _json: bool) -> Result<(), Failure> {
    Err(Failure::failed("not built yet"))
}

/// `callbox join`.
pub fn join(_socket: &Path, _cid: &Cid) -> Result<(), Failure> {
    Err(Failure::failed("not built yet"))
}

/// `callbox leave`.
pub fn leave(_socket: &Path) -> Result<(), Failure> {
    Err(Failure::failed("not built yet"))
}

/// `callbox mute` and `callbox unmute`: none leaves it as it is.
pub fn mute(_socket: &Path, _audio: Option<bool>, _video: Option<bool>) -> Result<(), Failure> {
    Err(Failure::failed("not built yet"))
}

/// `callbox snapshot`: to the file, or to stdout for `-`.
pub fn snapshot(_socket: &Path, _file: &Path) -> Result<(), Failure> {
    Err(Failure::failed("not built yet"))
}
