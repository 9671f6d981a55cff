//! The hub lets this appliance in: with its own client, as `callbox run` does it.

use std::time::Instant;

use crate::daemon::doctor::judge::{self, Finding};
use crate::daemon::doctor::patient::Patient;
use crate::protocol::control::HubState;
use crate::protocol::hub::IceServers;
use crate::signaling::{self, Event, Request};

pub async fn check(patient: &Patient) -> Finding {
    let hub = &patient.config.hub;
    let came = signed_in(patient).await.map(|(_, took_ms)| took_ms);
    judge::sign_in(hub.user.as_str(), &hub.password_file.display().to_string(), came)
}

/// Signs in once, whoever wants to know; gives the servers that the hub hands out.
pub async fn signed_in(patient: &Patient) -> Result<(IceServers, u64), String> {
    patient.signed_in.get_or_init(|| sign_in(patient)).await.clone()
}

async fn sign_in(patient: &Patient) -> Result<(IceServers, u64), String> {
    let begun = Instant::now();
    let config = patient.hub().map_err(|error| format!("`hub.url`: {error}"))?;
    let (handle, mut events) = signaling::start(config);
    let mut took_ms = 0;
    let outcome = loop {
        match events.recv().await {
            Some(Event::State { state: HubState::Disconnected, error: Some(error), .. }) => break Err(error),
            Some(Event::Opened { .. }) => {
                took_ms = begun.elapsed().as_millis() as u64;
                if let Err(error) = handle.request(0, Request::IceServers) {
                    break Err(error.message);
                }
            }
            Some(Event::Reply { outcome: Ok(value), .. }) => {
                break serde_json::from_value::<IceServers>(value)
                    .map_err(|error| format!("the hub names its TURN servers in a way that makes no sense: {error}"));
            }
            Some(Event::Reply { outcome: Err(error), .. }) => break Err(error.message),
            Some(Event::State { .. } | Event::Hub(_)) => {}
            None => break Err("the hub client ended".to_owned()),
        }
    };
    handle.close().await;
    if let Ok(servers) = &outcome {
        servers.servers.iter().filter_map(|server| server.credential.as_deref()).for_each(|secret| patient.secrets.keep(secret));
    }
    outcome.map(|servers| (servers, took_ms))
}
