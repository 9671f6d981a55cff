//! `callbox run` runs.

use crate::daemon::VERSION;
use crate::daemon::doctor::judge::Finding;
use crate::daemon::doctor::patient::Patient;
use crate::protocol::control::HubState;

pub fn check(patient: &Patient) -> Finding {
    let status = match &patient.daemon {
        Ok(status) => status,
        Err(why) if why.contains("permission") => {
            return Finding::warn(
                why.clone(),
                "run this as root, or as a member of the group of the service: it may hold the devices",
            );
        }
        Err(_) => {
            return Finding::skipped("`callbox run` does not run: the devices are looked at from here")
                .advised("start it with `systemctl start callbox` when all is well");
        }
    };
    let doing = if patient.in_call() { "in a call, which is not disturbed" } else { "in no call" };
    let found = format!("{} runs, {doing}", status.version);
    if status.version != VERSION {
        return Finding::warn(found, format!("this is {VERSION}: `systemctl restart callbox` starts the one that is installed"));
    }
    match (status.hub.state, &status.hub.error) {
        (HubState::Connected, _) => Finding::pass(found),
        (HubState::Connecting | HubState::Disconnected, Some(why)) => {
            Finding::warn(format!("{found}; {why}"), "see the checks of the network below")
        }
        (HubState::Connecting | HubState::Disconnected, None) => {
            Finding::warn(format!("{found}; it is not connected to the hub yet"), "wait a little, and run this again")
        }
    }
}
