//! The hub answers.

use crate::daemon::doctor::judge::{self, Finding};
use crate::daemon::doctor::patient::Patient;
use crate::signaling::examine::{self, Reached};

pub async fn check(patient: &Patient) -> Finding {
    let secure = patient.hub().is_ok_and(|hub| hub.url.secure());
    let plain = patient.hub().is_ok_and(|hub| !hub.url.secure() && !hub.url.is_this_machine());
    let answer = reached(patient).await.map(|reached| (reached.status, reached.took));
    let finding = judge::hub(&patient.config.hub.url, secure, answer);
    if plain && finding.advice.is_none() {
        let found = format!("{}, for anyone on the way to read", finding.found);
        return Finding { found, ..finding }.advised("the password goes there unencrypted: use wss:// in `hub.url`");
    }
    finding
}

/// Asks once, whoever wants to know.
pub async fn reached(patient: &Patient) -> Result<Reached, String> {
    let ask = || async {
        let hub = patient.hub().map_err(|error| format!("`hub.url`: {error}"))?;
        examine::reach(&hub).await
    };
    patient.reached.get_or_init(ask).await.clone()
}
