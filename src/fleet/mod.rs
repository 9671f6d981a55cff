//! A whole fleet in one test: appliances (the real call core and the real hub client), pages, and the real hub (sessions and calls),
//! on virtual time, over a network that delays, cuts, and parts them, all from one seed.
//!
//! ```text
//!   appliance: call::Core ◄─► signaling::Connection ◄─┐                        ┌─► sessions ◄─► calls
//!   page: asks at random, keeps a replica  ◄──────────┴─ JSON over the network ─┘
//! ```
//!
//! After every step the hub's state must be sound. When the network is good again and everybody has had time, what every client
//! knows must be what the hub knows.
//!
//! `FLEET_SEEDS=N` runs N seeds instead of a few, `FLEET_SEED=S` one again (with `FLEET_TRACE=1` and everything that happens); `make sim SEEDS=N` does the first with optimisation.

mod act;
mod agree;
mod appliance;
mod hub;
mod network;
mod page;
mod random;
mod requests;

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime};

use crate::call::PeerId;
use crate::protocol::UserId;
use appliance::Appliance;
use hub::Hub;
use network::{LinkId, Network};
use page::Page;
use random::Random;

const APPLIANCES: usize = 3;
const PAGES: usize = 6;
/// Steps of each seed at which something is done to the fleet.
const ACTS: usize = 250;
/// For everybody to find out what has happened: longer than a grace time, a ring and the longest pause of a client together.
const PEACE: Duration = Duration::from_secs(600);

/// Something that will happen.
#[derive(Debug)]
enum Happening {
    /// A text reaches the hub.
    ToHub(LinkId, String),
    /// A text reaches the client, which confirms the event that it is.
    ToClient(LinkId, String, Option<u64>),
    /// The hub notices that a link is gone.
    HubLoses(LinkId),
    /// A client notices that its link is gone.
    ClientLoses(LinkId),
    /// The hub learns that an event has arrived.
    Seen(LinkId, u64),
    /// A client's attempt to sign in, or to open a socket, has come to its end.
    Attempted(usize, u64, Attempt),
    /// A pong reaches a client.
    Pong(LinkId),
    /// A media engine has something to say.
    Media(usize, PeerId, appliance::Media),
    /// A page tries to connect again.
    Reconnect(usize, u64),
}

/// What a client attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attempt {
    SignIn,
    Socket,
}

/// What a client wants of the world.
#[derive(Debug)]
enum Want {
    Attempt(u64, Attempt),
    Send(LinkId, String),
    Ping(LinkId),
    Drop(LinkId),
    Media(PeerId, appliance::Media),
    Reconnect(u64, Duration),
}

#[derive(Debug)]
enum Client {
    Appliance(Box<Appliance>),
    Page(Box<Page>),
}

impl Client {
    fn link(&self) -> Option<LinkId> {
        match self {
            Self::Appliance(appliance) => appliance.link,
            Self::Page(page) => page.link,
        }
    }

    fn poll_timeout(&self, now: Instant) -> Option<Instant> {
        match self {
            Self::Appliance(appliance) => appliance.poll_timeout(now),
            Self::Page(_) => None,
        }
    }

    fn wants(&mut self, now: Instant) -> Vec<Want> {
        match self {
            Self::Appliance(appliance) => appliance.wants(now),
            Self::Page(page) => std::mem::take(&mut page.wants),
        }
    }
}

struct Fleet {
    random: Random,
    start: Instant,
    now: Instant,
    queue: BTreeMap<(Instant, u64), Happening>,
    last: u64,
    network: Network,
    hub: Hub,
    clients: Vec<Client>,
    traced: bool,
}

/// The user of a client. Two pages belong to one user each.
fn user_of(client: usize) -> UserId {
    let name = if client < APPLIANCES { format!("door-{client}") } else { format!("user-{}", (client - APPLIANCES) / 2) };
    UserId::new(&name).unwrap()
}

impl Fleet {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let start = Instant::now();
        let clients = (0..APPLIANCES + PAGES)
            .map(|n| match n {
                n if n < APPLIANCES => Client::Appliance(Box::new(Appliance::new(n, random.next(), start))),
                n => Client::Page(Box::new(Page::new(n))),
            })
            .collect();
        let queue = BTreeMap::new();
        let (network, hub, traced) = (Network::default(), Hub::new(start), std::env::var_os("FLEET_TRACE").is_some());
        let mut fleet = Self { random, start, now: start, queue, last: 0, network, hub, clients, traced };
        fleet.settle();
        fleet
    }

    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + (self.now - self.start)
    }

    fn later(&mut self, after: Duration, happening: Happening) {
        self.at(self.now + after, happening);
    }

    fn at(&mut self, at: Instant, happening: Happening) {
        self.last += 1;
        self.queue.insert((at, self.last), happening);
    }

    /// Something from the network, mostly fast, sometimes slow.
    fn delay(&mut self) -> Duration {
        let most = if self.random.one_in(20) { 4000 } else { 80 };
        Duration::from_millis(1 + self.random.below(most))
    }

    /// Lets everything happen that is due up to this time.
    fn run_until(&mut self, end: Instant) {
        loop {
            let timers = self.clients.iter().filter_map(|client| client.poll_timeout(self.now)).chain(self.hub.poll_timeout());
            let due = self.queue.keys().next().map(|(at, _)| *at).into_iter().chain(timers).min();
            let Some(due) = due.filter(|due| *due <= end) else { break };
            self.now = self.now.max(due);
            let first = self.queue.first_entry().filter(|entry| entry.key().0 <= self.now).map(|entry| entry.remove());
            match first {
                Some(happening) => self.happen(happening),
                None => self.timers(),
            }
            self.settle();
            self.hub.check(self.now);
        }
        self.now = end;
    }

    fn timers(&mut self) {
        self.hub.handle_timeout(self.now);
        for client in &mut self.clients {
            if let Client::Appliance(appliance) = client {
                appliance.handle_timeout(self.now);
            }
        }
    }

    /// `FLEET_TRACE=1` tells everything that happens; choose by grep.
    fn trace(&self, happening: &Happening) {
        if self.traced {
            let who = |link| self.clients.iter().position(|client| client.link() == Some(link)).map(user_of);
            let whose = match happening {
                Happening::ToHub(link, _) | Happening::ToClient(link, ..) | Happening::HubLoses(link) => who(*link),
                Happening::ClientLoses(link) | Happening::Seen(link, _) | Happening::Pong(link) => who(*link),
                Happening::Attempted(client, ..) | Happening::Media(client, ..) | Happening::Reconnect(client, _) => {
                    Some(user_of(*client))
                }
            };
            eprintln!(
                "{:9.3} {} {happening:?}",
                (self.now - self.start).as_secs_f64(),
                whose.map_or("-".into(), |u| u.to_string())
            );
        }
    }

    fn happen(&mut self, happening: Happening) {
        self.trace(&happening);
        let (now, wall) = (self.now, self.wall());
        match happening {
            Happening::ToHub(link, text) if self.network.is_up(link) => self.hub.received(link, &text, now, wall),
            Happening::ToClient(link, text, seq) if self.network.is_up(link) => {
                match self.client_of(link) {
                    Some(Client::Appliance(appliance)) => appliance.received(text, now),
                    Some(Client::Page(page)) => page.received(&text),
                    None => {}
                }
                if let Some(seq) = seq.filter(|_| self.random.one_in(3)) {
                    self.later(Duration::from_millis(20), Happening::Seen(link, seq));
                }
            }
            Happening::Seen(link, seq) if self.network.is_up(link) => self.hub.seen(link, seq),
            Happening::Pong(link) if self.network.is_up(link) => {
                if let Some(Client::Appliance(appliance)) = self.client_of(link) {
                    appliance.pong(now);
                }
            }
            Happening::ToHub(..) | Happening::ToClient(..) | Happening::Seen(..) | Happening::Pong(_) => {}
            Happening::HubLoses(link) => {
                self.network.cut(link);
                self.hub.lost(link, now);
            }
            Happening::ClientLoses(link) => {
                self.network.cut(link);
                let pause = self.random.next();
                match self.client_of(link) {
                    Some(Client::Appliance(appliance)) => appliance.lost(now),
                    Some(Client::Page(page)) => page.lost(pause),
                    None => {}
                }
            }
            Happening::Attempted(client, number, attempt) => self.attempted(client, number, attempt),
            Happening::Media(client, peer, media) => {
                if let Some(Client::Appliance(appliance)) = self.clients.get_mut(client) {
                    appliance.media(peer, media, now);
                }
            }
            Happening::Reconnect(client, number) => {
                if let Some(Client::Page(page)) = self.clients.get_mut(client) {
                    page.reconnect(number);
                }
            }
        }
    }

    fn client_of(&mut self, link: LinkId) -> Option<&mut Client> {
        self.clients.iter_mut().find(|client| client.link() == Some(link))
    }

    fn attempted(&mut self, client: usize, number: u64, attempt: Attempt) {
        let reachable = self.network.reaches(client, self.now);
        let link = (reachable && attempt == Attempt::Socket).then(|| self.network.open(client, self.now));
        if let Some(link) = link {
            self.hub.linked(link);
        }
        let (now, pause) = (self.now, self.random.next());
        let taken = match self.clients.get_mut(client) {
            Some(Client::Appliance(appliance)) => appliance.attempted(number, attempt, reachable, link, now),
            Some(Client::Page(page)) => page.attempted(number, reachable, link, pause),
            None => false,
        };
        if let Some(link) = link.filter(|_| !taken) {
            self.happen(Happening::HubLoses(link));
        }
    }

    /// What everybody wants after something has happened.
    fn settle(&mut self) {
        let now = self.now;
        for n in 0..self.clients.len() {
            for want in self.clients[n].wants(now) {
                self.want(n, want);
            }
        }
        for (link, out) in self.hub.out() {
            match out {
                hub::Out::Text(text, seq) => {
                    let delay = self.delay();
                    let at = self.network.arrives_at_client(link, now + delay);
                    self.at(at, Happening::ToClient(link, text, seq));
                }
                hub::Out::Close => {
                    let delay = self.delay();
                    self.later(delay, Happening::ClientLoses(link));
                }
            }
        }
    }

    fn want(&mut self, client: usize, want: Want) {
        let delay = self.delay();
        match want {
            Want::Attempt(number, attempt) => self.later(delay, Happening::Attempted(client, number, attempt)),
            Want::Send(link, text) => {
                let at = self.network.arrives_at_hub(link, self.now + delay);
                self.at(at, Happening::ToHub(link, text));
            }
            Want::Ping(link) => self.later(delay, Happening::Pong(link)),
            Want::Drop(link) => {
                self.network.cut(link);
                self.later(delay, Happening::HubLoses(link));
            }
            Want::Media(peer, media) => self.later(delay, Happening::Media(client, peer, media)),
            Want::Reconnect(number, after) => self.later(after, Happening::Reconnect(client, number)),
        }
    }

    /// Returns how often what happened.
    fn run(mut self) -> BTreeMap<String, u64> {
        for _ in 0..ACTS {
            self.act();
            let pause = if self.random.one_in(8) { 8000 } else { 400 };
            let pause = Duration::from_millis(self.random.below(pause));
            self.run_until(self.now + pause);
        }
        self.network.calm();
        self.run_until(self.now + PEACE);
        let here = self.agree();
        self.hub.seen.insert("in a call at the end".into(), here);
        self.hub.seen
    }
}

#[test]
fn a_fleet_is_sound_at_every_step_and_agrees_in_the_end_whatever_the_network_does() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let seeds = match (number("FLEET_SEED"), number("FLEET_SEEDS")) {
        (Some(seed), _) => seed..seed + 1,
        (None, many) => 0..many.unwrap_or(40),
    };
    let mut seen = BTreeMap::<String, u64>::new();
    for seed in seeds {
        let outcome = std::panic::catch_unwind(|| Fleet::new(seed).run());
        let Ok(counts) = outcome else { panic!("the fleet of seed {seed} failed: run it again with FLEET_SEED={seed}") };
        counts.into_iter().for_each(|(what, count)| *seen.entry(what).or_default() += count);
    }
    println!("{seen:#?}");
    // A fleet in which nothing happens proves nothing.
    let rare = [
        "resumed",
        "opened",
        "in a call at the end",
        "participant.joined",
        "participant.updated",
        "participant.left",
        "call.replaced",
        "call.closed",
        "call.ring",
        "call.accepted",
        "call.rejected",
        "call.missed",
        "call.cancelled",
        "call.ended",
        "call.live_started",
        "call.signal",
        "call.capabilities",
        "call.updated",
        "call.muted",
        "call.session_ended",
    ];
    for what in rare.into_iter().filter(|_| std::env::var("FLEET_SEED").is_err()) {
        assert!(seen.get(what).is_some_and(|count| *count > 0), "{what} never happened: {seen:?}");
    }
}
