//! STUN and TURN servers for the media engine: the hub's, whose credentials end, and those of the configuration.

use std::collections::BTreeMap;

use crate::config::{Network, Secret};
use crate::media::{Helpers as Ready, Relay};
use crate::protocol::hub::IceServers;
use crate::protocol::{IceKind, IceUrl};
use crate::signaling::{Trust, Tunnel};

/// The hub's addresses beyond these are not looked at: each may take a tunnel.
const MOST: usize = 16;

/// What the configuration names, and the ways through TLS that are open.
pub(super) struct Helpers {
    own: Ready,
    trust: Trust,
    tunnels: BTreeMap<(String, u16), Tunnel>,
}

impl Helpers {
    /// Reads the passwords.
    pub(super) fn new(network: &Network, trust: Trust) -> Self {
        let turn = network.turn_servers.iter().filter_map(|server| match std::fs::read_to_string(&server.password_file) {
            Ok(text) => {
                let password = Secret::new(text.lines().next().unwrap_or_default());
                Some(Relay { url: server.url.clone(), user: server.user.clone(), password })
            }
            Err(error) => {
                tracing::warn!(server = %server.url, "the password of this TURN server cannot be read: {error}");
                None
            }
        });
        let own = Ready { stun: network.stun_servers.clone(), turn: turn.collect() };
        Self { own, trust, tunnels: BTreeMap::new() }
    }

    /// All there are now. Those of the configuration come first: somebody chose them for this place.
    pub(super) fn with(&mut self, hub: &IceServers) -> Ready {
        let mut all = self.own.clone();
        let urls = hub.servers.iter().flat_map(|server| server.urls.iter().map(move |text| (server, text))).take(MOST);
        for (server, url) in urls.filter_map(|(server, text)| Some((server, known(text)?))) {
            match (url.kind, &server.username, &server.credential) {
                (IceKind::Stun, ..) => all.stun.push(url),
                (_, Some(user), Some(credential)) => {
                    all.turn.push(Relay { url, user: user.clone(), password: Secret::new(credential) });
                }
                (_, _, _) => tracing::debug!(%url, "a TURN server without credentials"),
            }
        }
        let relays = std::mem::take(&mut all.turn);
        // What is open through a tunnel goes on without its listener.
        self.tunnels.retain(|(host, port), _| relays.iter().any(|relay| relay.url.host == *host && relay.url.port == *port));
        all.turn = relays.into_iter().filter_map(|relay| self.reachable(relay)).collect();
        all
    }

    /// What is behind TLS is reached through a tunnel.
    fn reachable(&mut self, mut relay: Relay) -> Option<Relay> {
        if relay.url.kind != IceKind::TurnTls {
            return Some(relay);
        }
        let IceUrl { host, port, .. } = relay.url;
        let place = (host.clone(), port);
        if !self.tunnels.contains_key(&place) {
            match Tunnel::open(&host, port, &self.trust) {
                Ok(tunnel) => _ = self.tunnels.insert(place.clone(), tunnel),
                Err(error) => {
                    tracing::warn!(server = host, "no way to this TURN server: {error}");
                    return None;
                }
            }
        }
        let here = self.tunnels.get(&place)?.address();
        relay.url = IceUrl { kind: IceKind::TurnTcp, host: here.ip().to_string(), port: here.port() };
        Some(relay)
    }
}

fn known(text: &str) -> Option<IceUrl> {
    let url = text.parse();
    if let Err(why) = &url {
        tracing::debug!(url = text, "the hub names a server that makes no sense: {why}");
    }
    url.ok()
}
