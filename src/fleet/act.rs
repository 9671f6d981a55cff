//! What is done to a fleet, and by its people.

use std::time::Duration;

use super::appliance::Appliance;
use super::{Client, Fleet, Happening};

impl Fleet {
    /// One thing is done to the fleet, or by one of its people.
    pub(super) fn act(&mut self) {
        let client = self.random.below(self.clients.len() as u64) as usize;
        match self.random.below(40) {
            0 => {
                self.hub.restart(self.now);
                for link in self.network.all_up() {
                    let delay = self.delay();
                    self.later(delay, Happening::ClientLoses(link));
                }
            }
            1..=3 => self.cut(client),
            4 => {
                let until = self.now + Duration::from_secs(1 + self.random.below(60));
                self.network.part(client, until);
                self.cut(client);
            }
            5 => {
                let seed = self.random.next();
                if let Some(Client::Appliance(appliance)) = self.clients.get_mut(client) {
                    // The plug was pulled: the hub hears nothing of it.
                    let link = appliance.link;
                    **appliance = Appliance::new(client, seed, self.now);
                    if let Some(link) = link {
                        self.network.cut(link);
                        self.later(Duration::from_secs(20), Happening::HubLoses(link));
                    }
                }
            }
            _ => {
                let now = self.now;
                match self.clients.get_mut(client) {
                    Some(Client::Appliance(appliance)) => appliance.act(&mut self.random, now),
                    Some(Client::Page(page)) => page.act(&mut self.random),
                    None => {}
                }
            }
        }
        self.settle();
        self.hub.check(self.now);
    }

    /// A link breaks; each side notices in its own time, or not before it misses the other.
    fn cut(&mut self, client: usize) {
        let Some(link) = self.clients.get(client).and_then(Client::link) else { return };
        self.network.cut(link);
        for (happening, most) in [(Happening::HubLoses(link), 25_000), (Happening::ClientLoses(link), 5_000)] {
            let after = self.random.below(most);
            self.later(Duration::from_millis(after), happening);
        }
    }
}
