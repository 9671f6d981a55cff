//! The door that others may open: the relay is switched on, and the core told how that went.

use tokio::sync::mpsc;

use super::driver::Driver;
use crate::call::Input;
use crate::controls::gpio::Opener;
use crate::protocol::{Cid, UserId};

/// Answers of relays that the driver has not taken yet.
pub(super) const QUEUE: usize = 16;

impl Driver {
    /// Somebody who may, and who still waits, wants the door open.
    pub(super) fn open_door(&self, cid: Cid, request: u64, by: UserId) {
        tokio::spawn(open(self.relays.clone(), self.door.clone(), self.later.clone(), cid, request, by));
    }
}

async fn open(relays: Opener, door: Option<String>, later: mpsc::Sender<Input>, cid: Cid, request: u64, by: UserId) {
    let outcome = match &door {
        Some(relay) => relays.open(relay).await.map_err(|refused| refused.to_string()),
        None => Err("this appliance has no door to open".to_owned()),
    };
    match &outcome {
        Ok(()) => tracing::info!(%by, %cid, relay = door, "the door is open"),
        Err(why) => tracing::warn!(%by, %cid, relay = door, "the door stays shut: {why}"),
    }
    // The driver is only gone when everything ends.
    let _ = later.send(Input::DoorMoved { cid, request, refused: outcome.err() }).await;
}
