//! The ways to the peers, and which rung each peer is on.
//!
//! The main picture follows the worst way on it. A way so bad that it would drag all down goes to the second rung, and comes back on
//! trial: while that lasts, the others do not suffer for it. A way that carries not even the smallest picture gets sound only, and a
//! picture again now and then to see whether it is better: without one there is nothing to estimate by.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use super::{Effect, Given, LEAST, Rung, Way, Why};

/// Below this a way may drag the others down...
const DRAG_BELOW: u64 = 400_000;
/// ...if the next one carries so many times as much...
const DRAG_FACTOR: u64 = 2;
/// ...for so long.
const DRAG_PATIENCE: Duration = Duration::from_secs(1);
/// The second rung takes no more than this.
const MOST_LOW: u64 = 200_000;
/// A way that carries this part of the main picture may come back to it.
const RETURN_SHARE: f64 = 0.8;
/// So long it must be so.
const RETURN_PATIENCE: Duration = Duration::from_secs(10);
const TRIAL: Duration = Duration::from_secs(5);

/// An estimate as low as this says: not even this.
const FLOOR: u64 = 70_000;
/// Packets wait so much longer than they had to: a queue is full.
const QUEUE: Duration = Duration::from_millis(300);
/// Nothing is seen of a picture of which so much is lost.
const HOPELESS: f32 = 0.5;
const NOTHING_PATIENCE: Duration = Duration::from_secs(3);
/// So long there is sound only before a picture is tried.
const REST: Duration = Duration::from_secs(10);
const MOST_REST: Duration = Duration::from_secs(80);
/// A picture that was tried for so long was not tried in vain.
const PROVEN: Duration = Duration::from_secs(20);

/// Expected before anything was measured.
pub(super) const FIRST_LOSS: u8 = 5;
/// Repairs for more would leave too little for the sound itself.
const MOST_LOSS: u8 = 30;
/// What was lost is expected to be lost again for so long.
const LOSS_MEMORY: Duration = Duration::from_secs(10);

#[derive(Debug)]
struct Peer {
    way: Way,
    /// What the picture may take, bit/s.
    usable: u64,
    /// What the peer and we allow it at most, bit/s.
    most: u64,
    shortest_delay: Option<Duration>,
    rung: Rung,
    /// Since when it has been about to change its rung.
    turning: Option<Instant>,
    /// Since when it has carried nothing.
    hopeless: Option<Instant>,
    /// When it came to its rung.
    since: Instant,
    on_trial: bool,
    /// It had sound only, and was given a picture again.
    was_tried: bool,
    patience: Duration,
    rest: Duration,
}

#[derive(Debug)]
pub(super) struct Peers<K> {
    all: BTreeMap<K, Peer>,
    loss: Option<(u8, Instant)>,
}

impl Peer {
    fn new(now: Instant) -> Self {
        Self {
            way: Way::default(),
            usable: 0,
            most: 0,
            shortest_delay: None,
            rung: Rung::Main,
            turning: None,
            hopeless: None,
            since: now,
            on_trial: false,
            was_tried: false,
            patience: RETURN_PATIENCE,
            rest: REST,
        }
    }

    /// Whether it has been so for long enough.
    fn turns(&mut self, is_so: bool, patience: Duration, now: Instant) -> bool {
        if !is_so {
            self.turning = None;
        }
        is_so && now.duration_since(*self.turning.get_or_insert(now)) >= patience
    }

    /// Whether the way carries not even the smallest picture.
    fn is_hopeless(&self) -> bool {
        let queued = self.way.delay.zip(self.shortest_delay).is_some_and(|(delay, shortest)| delay > shortest + QUEUE);
        self.way.estimate.is_some_and(|estimate| estimate <= FLOOR) && (queued || self.way.loss >= HOPELESS)
    }

    fn is_on_main(&self) -> bool {
        self.rung == Rung::Main && !self.on_trial
    }

    /// Whether the main picture follows it: not while it is about to leave it.
    fn counts(&self) -> bool {
        self.is_on_main() && self.turning.is_none()
    }

    fn go(&mut self, rung: Rung, now: Instant) {
        (self.rung, self.since, self.on_trial) = (rung, now, false);
        (self.turning, self.hopeless) = (None, None);
    }
}

impl<K: Ord + Clone> Peers<K> {
    pub fn new() -> Self {
        Self { all: BTreeMap::new(), loss: None }
    }

    pub fn report(&mut self, key: K, way: Way, given: &Given, now: Instant) {
        let peer = self.all.entry(key).or_insert_with(|| Peer::new(now));
        peer.shortest_delay = [peer.shortest_delay, way.delay].into_iter().flatten().min();
        peer.most = given.most_picture(way.limit);
        // Before the first estimate the best is hoped for.
        let estimate = way.estimate.unwrap_or(u64::MAX);
        peer.usable = estimate.min(peer.most);
        peer.way = way;
    }

    pub fn forget(&mut self, key: &K) {
        self.all.remove(key);
        if self.all.is_empty() {
            self.loss = None;
        }
    }

    /// Moves peers between rungs.
    pub fn settle(&mut self, main: u64, most: u64, now: Instant, effects: &mut VecDeque<Effect<K>>) {
        let before = self.rungs();
        let mut reasons = BTreeMap::new();
        for (key, peer) in &mut self.all {
            peer.most = peer.most.min(most);
            peer.usable = peer.usable.min(most);
            reasons.extend(peer.sound_only_or_back(now).map(|why| (key.clone(), why)));
        }
        let bar = self.bar();
        for (key, peer) in &mut self.all {
            let next = match peer.rung {
                Rung::Main if peer.on_trial => peer.judge_trial(main, now),
                Rung::Main => {
                    let drags = bar.is_some_and(|bar| peer.usable <= bar);
                    peer.turns(drags, DRAG_PATIENCE, now).then_some((Rung::Low, Why::Bandwidth(peer.usable)))
                }
                Rung::Low => {
                    let fits = peer.usable as f64 >= main as f64 * RETURN_SHARE;
                    let patience = peer.patience;
                    peer.turns(fits, patience, now).then_some((Rung::Main, Why::Room))
                }
                Rung::SoundOnly => None,
            };
            if let Some((to, why)) = next {
                peer.go(to, now);
                peer.on_trial = to == Rung::Main;
                reasons.insert(key.clone(), why);
            }
        }
        if !self.all.values().any(Peer::counts) {
            // Nobody is dragged down by them any more.
            for (key, peer) in self.all.iter_mut().filter(|(_, peer)| peer.rung != Rung::SoundOnly) {
                peer.go(Rung::Main, now);
                reasons.entry(key.clone()).or_insert(Why::Room);
            }
        }
        for (key, why) in reasons {
            let Some(to) = self.all.get(&key).map(|peer| peer.rung).filter(|to| before.get(&key) != Some(to)) else {
                continue;
            };
            effects.push_back(Effect::Moved { key, to, why });
        }
    }

    /// Who carries no more than this drags the others down.
    fn bar(&self) -> Option<u64> {
        let mut ways: Vec<u64> = self.all.values().filter(|peer| peer.is_on_main()).map(|peer| peer.usable).collect();
        ways.sort_unstable();
        let gaps = ways.windows(2).filter(|pair| pair[0] < DRAG_BELOW && pair[1] >= pair[0].saturating_mul(DRAG_FACTOR));
        gaps.map(|pair| pair[0]).max()
    }

    /// What the main picture may take; none when nobody says anything of it.
    pub fn main_bitrate(&self) -> Option<u64> {
        self.all.values().filter(|peer| peer.counts()).map(|peer| peer.usable).min()
    }

    /// What the second rung may take, while somebody is on it.
    pub fn low_bitrate(&self) -> Option<u64> {
        let low = self.all.values().filter(|peer| peer.rung == Rung::Low).map(|peer| peer.usable).min();
        low.map(|bitrate| bitrate.clamp(LEAST, MOST_LOW))
    }

    pub fn rungs(&self) -> BTreeMap<K, Rung> {
        self.all.iter().map(|(key, peer)| (key.clone(), peer.rung)).collect()
    }

    /// Per cent, in steps: up at once, down after a while.
    pub fn expected_loss(&mut self, now: Instant) -> u8 {
        if self.all.is_empty() {
            return FIRST_LOSS;
        }
        let worst = self.all.values().map(|peer| peer.way.loss).fold(0.0, f32::max);
        let measured = ((worst * 20.0).ceil() as u8).saturating_mul(5).min(MOST_LOSS);
        match self.loss {
            Some((expected, at)) if measured < expected && now.duration_since(at) < LOSS_MEMORY => expected,
            Some(_) | None => {
                self.loss = Some((measured, now));
                measured
            }
        }
    }
}

impl Peer {
    fn sound_only_or_back(&mut self, now: Instant) -> Option<Why> {
        if self.rung == Rung::SoundOnly {
            if now.duration_since(self.since) < self.rest {
                return None;
            }
            self.go(Rung::Low, now);
            self.was_tried = true;
            // What was measured before says nothing any more.
            self.way = Way { limit: self.way.limit, ..Way::default() };
            self.usable = FLOOR.min(self.most);
            return Some(Why::Room);
        }
        if !self.is_hopeless() {
            self.hopeless = None;
            if now.duration_since(self.since) >= PROVEN {
                (self.rest, self.was_tried) = (REST, false);
            }
            return None;
        }
        if now.duration_since(*self.hopeless.get_or_insert(now)) < NOTHING_PATIENCE {
            return None;
        }
        if self.was_tried {
            self.rest = (self.rest * 2).min(MOST_REST);
        }
        self.go(Rung::SoundOnly, now);
        Some(Why::Nothing)
    }

    fn judge_trial(&mut self, main: u64, now: Instant) -> Option<(Rung, Why)> {
        if self.usable < DRAG_BELOW && self.usable.saturating_mul(DRAG_FACTOR) <= main {
            self.patience = (self.patience * 2).min(MOST_REST);
            return Some((Rung::Low, Why::Bandwidth(self.usable)));
        }
        if now.duration_since(self.since) >= TRIAL {
            (self.on_trial, self.patience) = (false, RETURN_PATIENCE);
        }
        None
    }
}
