//! How long to wait before the next attempt.

use std::time::Duration;

/// No attempt follows another sooner.
pub const SHORTEST: Duration = Duration::from_millis(500);
/// The ceiling stops rising here.
pub const LONGEST: Duration = Duration::from_secs(30);
/// A connection that held this long is forgiven its past.
pub const STABLE: Duration = Duration::from_secs(60);

/// First ceiling while the hub was never reached: after a power cut a whole house of appliances boots at once.
const INITIAL: Duration = Duration::from_secs(2);
/// First ceiling after a drop: the grace time runs.
const RECONNECT: Duration = Duration::from_secs(1);

/// Exponential ceilings with full jitter. The randomness is a sequence that the seed determines.
#[derive(Debug)]
pub struct Backoff {
    random: u64,
    first: Duration,
    attempts: u32,
}

impl Backoff {
    /// Begins with the patience for a hub that was never reached.
    pub fn new(seed: u64) -> Self {
        Self { random: seed, first: INITIAL, attempts: 0 }
    }

    /// The hub was reached: from now on a drop is a reconnect. How many attempts were made stays known until the connection has
    /// been [stable](Self::held), so that a hub that opens sessions only to drop them is not hammered.
    pub fn reached(&mut self) {
        if self.first == INITIAL {
            *self = Self { random: self.random, first: RECONNECT, attempts: 0 };
        }
    }

    /// An open connection is gone after this time.
    pub fn held(&mut self, open: Duration) {
        if open >= STABLE {
            self.attempts = 0;
        }
    }

    /// The time to wait after one more failure.
    pub fn next(&mut self) -> Duration {
        let ceiling = self.first.saturating_mul(1 << self.attempts.min(16)).min(LONGEST);
        self.attempts = self.attempts.saturating_add(1);
        self.between(SHORTEST, ceiling)
    }

    /// The time to wait when only a person can help: a wrong password, or a hub that asks to slow down.
    pub fn slow(&mut self) -> Duration {
        self.between(LONGEST, 2 * LONGEST)
    }

    fn between(&mut self, low: Duration, high: Duration) -> Duration {
        // splitmix64 (Steele, Lea, Flood 2014): enough to spread retries, and the cores take no randomness from outside.
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.random;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        let share = (bits >> 11) as f64 / (1_u64 << 53) as f64;
        low + high.saturating_sub(low).mul_f64(share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_grows_to_half_a_minute_and_no_further() {
        let longest = |attempt: u32| {
            let waits = (0..500).map(|seed| {
                let mut backoff = Backoff::new(seed);
                (0..attempt).map(|_| backoff.next()).last().unwrap()
            });
            waits.fold((Duration::MAX, Duration::ZERO), |(low, high), wait| (low.min(wait), high.max(wait)))
        };
        let (low, high) = longest(1);
        assert!(low >= SHORTEST && high <= INITIAL && high > INITIAL / 2, "{low:?} {high:?}");
        let (low, high) = longest(50);
        assert!((SHORTEST..Duration::from_secs(2)).contains(&low), "full jitter reaches down: {low:?}");
        assert!(high <= LONGEST && high > LONGEST * 9 / 10, "{high:?}");
    }

    #[test]
    fn a_short_lived_connection_does_not_reset_the_wait_and_a_stable_one_does() {
        let mut backoff = Backoff::new(1);
        backoff.reached();
        for _ in 0..10 {
            backoff.next();
            backoff.reached();
            backoff.held(Duration::from_secs(59));
        }
        assert_eq!(backoff.attempts, 10);
        backoff.held(STABLE);
        assert!(backoff.next() <= RECONNECT);
    }

    #[test]
    fn two_appliances_do_not_come_back_together() {
        let waits = |seed| {
            let mut backoff = Backoff::new(seed);
            (0..8).map(|_| backoff.next()).collect::<Vec<_>>()
        };
        assert_eq!(waits(7), waits(7));
        assert_ne!(waits(7), waits(8));
    }
}
