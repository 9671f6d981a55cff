//! Token buckets: how often something may happen. Time is an argument.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::protocol::UserId;

/// Allows a burst, then one more after every interval.
#[derive(Debug, Clone)]
pub struct Bucket {
    burst: f64,
    interval: Duration,
    level: f64,
    at: Instant,
}

impl Bucket {
    /// A full bucket.
    pub fn new(burst: u32, interval: Duration, now: Instant) -> Self {
        Self { burst: burst.into(), interval, level: burst.into(), at: now }
    }

    fn fill(&mut self, now: Instant) {
        let gained = now.saturating_duration_since(self.at).as_secs_f64() / self.interval.as_secs_f64();
        self.level = (self.level + gained).min(self.burst);
        self.at = now;
    }

    /// Takes one, if there is one.
    pub fn take(&mut self, now: Instant) -> bool {
        self.fill(now);
        let there = self.level >= 1.0;
        if there {
            self.level -= 1.0;
        }
        there
    }

    /// How long until there is one.
    pub fn wait(&mut self, now: Instant) -> Duration {
        self.fill(now);
        self.interval.mul_f64((1.0 - self.level).max(0.0))
    }

    fn give_back(&mut self, now: Instant) {
        self.fill(now);
        self.level = (self.level + 1.0).min(self.burst);
    }

    fn is_full(&mut self, now: Instant) -> bool {
        self.fill(now);
        self.level >= self.burst
    }
}

/// Sign-ins in a row from one address that fail, or are still being checked.
const ATTEMPTS: u32 = 10;
/// Then one more after each of these.
const FORGIVE: Duration = Duration::from_secs(6);
/// Addresses remembered; a larger attack is everybody's at once, and slows down only strangers.
const ADDRESSES: usize = 10_000;

/// Sign-ins by address: each costs one, and a good one gives it back. An IPv6 host has a whole /64 to itself, which therefore
/// counts as one.
#[derive(Debug, Default)]
pub struct Attempts {
    buckets: HashMap<IpAddr, Bucket>,
}

impl Attempts {
    /// Somebody at this address wants to sign in; the error is how long they must wait.
    pub fn begin(&mut self, address: IpAddr, now: Instant) -> Result<(), Duration> {
        if self.buckets.len() >= ADDRESSES {
            self.buckets.retain(|_, bucket| !bucket.is_full(now));
        }
        if self.buckets.len() >= ADDRESSES {
            self.buckets.clear();
        }
        let bucket = self.buckets.entry(network(address)).or_insert_with(|| Bucket::new(ATTEMPTS, FORGIVE, now));
        if bucket.take(now) { Ok(()) } else { Err(bucket.wait(now)) }
    }

    /// It was no guess.
    pub fn good(&mut self, address: IpAddr, now: Instant) {
        if let Some(bucket) = self.buckets.get_mut(&network(address)) {
            bucket.give_back(now);
            if bucket.is_full(now) {
                self.buckets.remove(&network(address));
            }
        }
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
    }
}

/// Requests of one user at once, over all sockets and REST.
const REQUESTS: u32 = 500;
/// Then one more after each of these.
const PACE: Duration = Duration::from_millis(10);
/// Users remembered before those with all their requests left are forgotten.
const USERS: usize = 1024;

/// Requests by user.
#[derive(Debug, Default)]
pub struct Paces {
    buckets: HashMap<UserId, Bucket>,
}

impl Paces {
    /// One more request; the error is how long to wait for the next one.
    pub fn take(&mut self, user: &UserId, now: Instant) -> Result<(), Duration> {
        if let Some(bucket) = self.buckets.get_mut(user) {
            return if bucket.take(now) { Ok(()) } else { Err(bucket.wait(now)) };
        }
        if self.buckets.len() >= USERS && self.buckets.len() == self.buckets.capacity() {
            self.buckets.retain(|_, bucket| !bucket.is_full(now));
        }
        let mut bucket = Bucket::new(REQUESTS, PACE, now);
        bucket.take(now);
        self.buckets.insert(user.clone(), bucket);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_allowed_and_then_one_after_every_interval() {
        let start = Instant::now();
        let mut bucket = Bucket::new(2, Duration::from_secs(1), start);
        assert!(bucket.take(start) && bucket.take(start) && !bucket.take(start));
        assert_eq!(bucket.wait(start), Duration::from_secs(1));
        assert!(bucket.take(start + Duration::from_millis(1100)));
        assert!(!bucket.take(start + Duration::from_millis(1100)));
    }

    #[test]
    fn an_address_that_fails_often_must_wait_and_others_need_not() {
        let now = Instant::now();
        let mut attempts = Attempts::default();
        let (bad, good) = ("2001:db8::1".parse().unwrap(), "2001:db8:0:1::1".parse().unwrap());
        for _ in 0..ATTEMPTS {
            assert_eq!(attempts.begin(bad, now), Ok(()));
        }
        let neighbour = "2001:db8::2".parse().unwrap();
        assert!(attempts.begin(neighbour, now).unwrap_err() > Duration::from_secs(5), "the same /64");
        for _ in 0..5 * ATTEMPTS {
            assert_eq!(attempts.begin(good, now), Ok(()));
            attempts.good(good, now);
        }
        assert_eq!(attempts.buckets.len(), 1, "who is good is forgotten");
        assert_eq!(attempts.begin(bad, now + FORGIVE), Ok(()));
    }
    #[test]
    fn a_user_who_asks_too_often_must_wait_and_others_need_not() {
        let now = Instant::now();
        let mut paces = Paces::default();
        let (anna, ben) = (UserId::new("anna").unwrap(), UserId::new("ben").unwrap());
        for _ in 0..REQUESTS {
            paces.take(&anna, now).unwrap();
        }
        assert_eq!(paces.take(&anna, now), Err(PACE));
        paces.take(&ben, now).unwrap();
        paces.take(&anna, now + PACE).unwrap();
        for n in 0..5000 {
            paces.take(&UserId::new(&format!("u{n}")).unwrap(), now + Duration::from_secs(n)).unwrap();
        }
        assert!(paces.buckets.len() < 3 * USERS, "{}", paces.buckets.len());
    }
}
