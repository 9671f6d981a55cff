//! `callbox hub`, and the verbs below it.

use super::Failure;
use super::verbs::HubArgs;

/// Runs the hub, or the verb below it.
pub fn run(_args: HubArgs) -> Result<(), Failure> {
    Err(Failure::failed("not built yet"))
}
