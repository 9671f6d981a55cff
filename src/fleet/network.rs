//! Links between clients and hub: in order, with delays, until they are cut.

use std::collections::BTreeMap;
use std::time::Instant;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LinkId(u64);

#[derive(Debug)]
struct Link {
    up: bool,
    /// When the last text in each direction arrives: what is sent later does not arrive before.
    to_hub: Instant,
    to_client: Instant,
}

#[derive(Debug, Default)]
pub struct Network {
    links: BTreeMap<LinkId, Link>,
    last: u64,
    /// Clients that reach nothing, and until when.
    parted: BTreeMap<usize, Instant>,
}

impl Network {
    pub fn open(&mut self, _client: usize, now: Instant) -> LinkId {
        self.last += 1;
        self.links.retain(|_, link| link.up);
        self.links.insert(LinkId(self.last), Link { up: true, to_hub: now, to_client: now });
        LinkId(self.last)
    }

    pub fn is_up(&self, link: LinkId) -> bool {
        self.links.get(&link).is_some_and(|link| link.up)
    }

    pub fn all_up(&self) -> Vec<LinkId> {
        self.links.iter().filter(|(_, link)| link.up).map(|(id, _)| *id).collect()
    }

    pub fn cut(&mut self, link: LinkId) {
        if let Some(link) = self.links.get_mut(&link) {
            link.up = false;
        }
    }

    pub fn part(&mut self, client: usize, until: Instant) {
        self.parted.insert(client, until);
    }

    pub fn reaches(&self, client: usize, now: Instant) -> bool {
        self.parted.get(&client).is_none_or(|until| *until <= now)
    }

    pub fn calm(&mut self) {
        self.parted.clear();
    }

    pub fn arrives_at_hub(&mut self, link: LinkId, at: Instant) -> Instant {
        self.links.get_mut(&link).map_or(at, |link| {
            link.to_hub = link.to_hub.max(at);
            link.to_hub
        })
    }

    pub fn arrives_at_client(&mut self, link: LinkId, at: Instant) -> Instant {
        self.links.get_mut(&link).map_or(at, |link| {
            link.to_client = link.to_client.max(at);
            link.to_client
        })
    }
}
