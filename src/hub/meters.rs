//! What the hub counts, for metrics: written wherever it happens, read when somebody asks.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::protocol::rpc::ErrorKind;
use crate::telemetry::sheet::Spread;

/// Seconds: upper bounds of the times that the store took.
const BOUNDS: [f64; 8] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0];
/// Of a request that names no method there is.
pub const UNKNOWN: &str = "unknown";

/// What became of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Post {
    /// Taken by the receiver.
    Done,
    /// Tried again.
    Again,
    /// Given up.
    Failed,
}

/// What became of a sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignedIn {
    /// A token was given.
    Good,
    /// The request was refused.
    Refused,
}

/// All counters.
#[derive(Debug, Default)]
pub struct Meters {
    connections: AtomicU64,
    turned_away: AtomicU64,
    sockets: AtomicU64,
    signed_in: [AtomicU64; 2],
    posts: [AtomicU64; 3],
    posts_pending: AtomicU64,
    rings: AtomicU64,
    store_failing: AtomicBool,
    store_failures: AtomicU64,
    store: Mutex<Spread>,
    requests: Mutex<BTreeMap<(&'static str, i32), Answers>>,
}

/// Answers of one kind to one method.
#[derive(Debug, Clone, Copy)]
pub struct Answers {
    /// None for those that were granted.
    pub refused: Option<ErrorKind>,
    /// How many.
    pub count: u64,
}

/// Counts as long as it is kept.
#[derive(Debug)]
pub struct Present<'a>(&'a AtomicU64);

impl Drop for Present<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<'a> Present<'a> {
    fn new(count: &'a AtomicU64) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Meters {
    /// A connection begins.
    pub fn come(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    /// A connection is over.
    pub fn go(&self) {
        self.connections.fetch_sub(1, Ordering::Relaxed);
    }

    /// Connections, and those for which there was no place.
    pub fn connections(&self) -> (u64, u64) {
        (self.connections.load(Ordering::Relaxed), self.turned_away.load(Ordering::Relaxed))
    }

    /// There was no place for a connection.
    pub fn turn_away(&self) {
        self.turned_away.fetch_add(1, Ordering::Relaxed);
    }

    /// A WebSocket, as long as it lasts.
    pub fn socket(&self) -> Present<'_> {
        Present::new(&self.sockets)
    }

    /// WebSockets.
    pub fn sockets(&self) -> u64 {
        self.sockets.load(Ordering::Relaxed)
    }

    /// Somebody asked for a token.
    pub fn sign_in(&self, how: SignedIn) {
        self.signed_in[how as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// So many did, with that outcome.
    pub fn sign_ins(&self, how: SignedIn) -> u64 {
        self.signed_in[how as usize].load(Ordering::Relaxed)
    }

    /// A webhook is to be posted.
    pub fn post_waits(&self) {
        self.posts_pending.fetch_add(1, Ordering::Relaxed);
    }

    /// It was, or it was given up.
    pub fn post_ends(&self, how: Post) {
        self.posts_pending.fetch_sub(1, Ordering::Relaxed);
        self.post(how);
    }

    /// Webhooks that are to be posted.
    pub fn posts_pending(&self) -> u64 {
        self.posts_pending.load(Ordering::Relaxed)
    }

    /// Something came of a post.
    pub fn post(&self, how: Post) {
        self.posts[how as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Posts with that outcome.
    pub fn posts(&self, how: Post) -> u64 {
        self.posts[how as usize].load(Ordering::Relaxed)
    }

    /// Somebody is rung.
    pub fn ring(&self) {
        self.rings.fetch_add(1, Ordering::Relaxed);
    }

    /// How often somebody was rung.
    pub fn rings(&self) -> u64 {
        self.rings.load(Ordering::Relaxed)
    }

    /// A request was granted or refused.
    pub fn request(&self, method: &'static str, refused: Option<ErrorKind>) {
        let mut requests = lock(&self.requests);
        let answers = requests.entry((method, refused.map_or(0, ErrorKind::code))).or_insert(Answers { refused, count: 0 });
        answers.count += 1;
    }

    /// All requests so far.
    pub fn requests(&self) -> Vec<(&'static str, Answers)> {
        lock(&self.requests).iter().map(|((method, _), answers)| (*method, *answers)).collect()
    }

    /// The store took so long to write.
    pub fn stored(&self, took: Duration) {
        let seconds = took.as_secs_f64();
        let mut store = lock(&self.store);
        if store.buckets.is_empty() {
            store.buckets = BOUNDS.map(|bound| (bound, 0)).to_vec();
        }
        if let Some((_, within)) = store.buckets.iter_mut().find(|(bound, _)| seconds <= *bound) {
            *within += 1;
        }
        store.count += 1;
        store.sum += seconds;
    }

    /// How long the store took.
    pub fn store(&self) -> Spread {
        lock(&self.store).clone()
    }

    /// A write failed, or one succeeded again: true when that is news.
    pub fn store_fails(&self, fails: bool) -> bool {
        self.store_failures.fetch_add(fails.into(), Ordering::Relaxed);
        self.store_failing.swap(fails, Ordering::Relaxed) != fails
    }

    /// Whether the last write failed, and how many did.
    pub fn store_failures(&self) -> (bool, u64) {
        (self.store_failing.load(Ordering::Relaxed), self.store_failures.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_told() {
        let meters = Meters::default();
        let here = meters.socket();
        meters.come();
        assert_eq!((meters.connections(), meters.sockets()), ((1, 0), 1));
        meters.go();
        drop(here);
        meters.turn_away();
        assert_eq!(meters.connections(), (0, 1));
        meters.request("call.join", None);
        meters.request("call.join", Some(ErrorKind::Full));
        meters.request("call.join", Some(ErrorKind::Full));
        let requests: Vec<_> = meters.requests().into_iter().map(|(method, a)| (method, a.refused, a.count)).collect();
        assert_eq!(requests, [("call.join", Some(ErrorKind::Full), 2), ("call.join", None, 1)]);
        for ms in [2, 3, 70, 9_000] {
            meters.stored(Duration::from_millis(ms));
        }
        let store = meters.store();
        assert_eq!((store.count, store.buckets[1].1, store.buckets[4].1), (4, 2, 1));
        assert!(meters.store_fails(true) && !meters.store_fails(true) && meters.store_fails(false) && !meters.store_fails(false));
        assert_eq!(meters.store_failures(), (false, 2));
    }
}
