//! The servers that help where there is no direct path: the hub names them with the join, and their credentials end.

use std::time::{Duration, Instant};

use super::core::Core;
use super::room::Joining;
use super::{Effect, Request};
use crate::protocol::hub::IceServers;
use crate::protocol::rpc;

/// After a failure.
const AGAIN: Duration = Duration::from_secs(5);
/// No use in asking more often, whatever the hub says.
const SHORTEST: Duration = Duration::from_secs(5);
/// Nor in believing in a longer time.
const LONGEST: Duration = Duration::from_secs(7 * 86_400);

/// What the hub named last, and when it is to be asked again.
#[derive(Debug, Default)]
pub(super) struct Ice {
    told: IceServers,
    renewal: Renewal,
}

#[derive(Debug, Default, Clone, Copy, PartialEq)]
enum Renewal {
    #[default]
    Never,
    At(Instant),
    Asked(u64),
}

impl Ice {
    /// Takes what the hub named; whether it is news.
    fn take(&mut self, servers: IceServers, now: Instant) -> bool {
        self.renewal = match servers.expires_in {
            // Three quarters of the time: what is asked for late still arrives in time.
            Some(seconds) => Renewal::At(now + (Duration::from_secs(seconds).min(LONGEST) * 3 / 4).max(SHORTEST)),
            None => Renewal::Never,
        };
        let news = self.told != servers;
        self.told = servers;
        news
    }

    pub(super) fn deadline(&self) -> Option<(Instant, &'static str)> {
        match self.renewal {
            Renewal::At(at) => Some((at, "fresh TURN credentials")),
            Renewal::Never | Renewal::Asked(_) => None,
        }
    }
}

impl Core {
    pub(super) fn ice_servers(&mut self, servers: IceServers, now: Instant) {
        if self.ice.take(servers, now) {
            self.effects.push_back(Effect::IceServers(self.ice.told.clone()));
        }
    }

    /// Whether this was the answer to a renewal.
    pub(super) fn ice_reply(&mut self, tag: u64, outcome: &Result<serde_json::Value, rpc::Error>, now: Instant) -> bool {
        if self.ice.renewal != Renewal::Asked(tag) {
            return false;
        }
        match outcome.as_ref().ok().and_then(|value| serde_json::from_value(value.clone()).ok()) {
            Some(servers) => self.ice_servers(servers, now),
            None => self.ice.renewal = Renewal::At(now + AGAIN),
        }
        true
    }

    /// Asks for fresh credentials in time. Who is in no call gets them with the next join.
    pub(super) fn settle_ice(&mut self, now: Instant) {
        if !self.room.as_ref().is_some_and(|room| room.joining == Joining::Done) {
            if matches!(self.ice.renewal, Renewal::At(_)) {
                self.ice.renewal = Renewal::Never;
            }
            return;
        }
        if self.hub_open && matches!(self.ice.renewal, Renewal::At(at) if at <= now) {
            self.ice.renewal = Renewal::Asked(self.next_tag);
            self.request(Request::IceServers);
        }
    }
}
