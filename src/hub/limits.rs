//! Token buckets: how often something may happen. Time is an argument.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

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

    fn is_full(&mut self, now: Instant) -> bool {
        self.fill(now);
        self.level >= self.burst
    }
}

/// Failed sign-ins in a row from one address.
const FAILURES: u32 = 10;
/// Then one more after each of these.
const FORGIVE: Duration = Duration::from_secs(6);
/// Addresses remembered; a larger attack is everybody's at once, and slows down only strangers.
const ADDRESSES: usize = 10_000;

/// Failed sign-ins by address. An IPv6 host has a whole /64 to itself, which therefore counts as one.
#[derive(Debug, Default)]
pub struct Failures {
    buckets: HashMap<IpAddr, Bucket>,
}

impl Failures {
    /// How long this address must wait before its next attempt; zero if not at all.
    pub fn wait(&mut self, address: IpAddr, now: Instant) -> Duration {
        self.buckets.get_mut(&network(address)).map_or(Duration::ZERO, |bucket| bucket.wait(now))
    }

    /// A sign-in from this address has failed.
    pub fn failed(&mut self, address: IpAddr, now: Instant) {
        if self.buckets.len() >= ADDRESSES {
            self.buckets.retain(|_, bucket| !bucket.is_full(now));
        }
        if self.buckets.len() >= ADDRESSES {
            self.buckets.clear();
        }
        self.buckets.entry(network(address)).or_insert_with(|| Bucket::new(FAILURES, FORGIVE, now)).take(now);
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
        let mut failures = Failures::default();
        let (bad, good) = ("2001:db8::1".parse().unwrap(), "2001:db8:0:1::1".parse().unwrap());
        for _ in 0..FAILURES {
            assert_eq!(failures.wait(bad, now), Duration::ZERO);
            failures.failed(bad, now);
        }
        let neighbour = "2001:db8::2".parse().unwrap();
        assert!(failures.wait(neighbour, now) > Duration::from_secs(5), "the same /64");
        assert_eq!(failures.wait(good, now), Duration::ZERO);
        assert_eq!(failures.wait(bad, now + FORGIVE), Duration::ZERO);
    }
}
