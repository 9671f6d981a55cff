//! How long a voice is held back. Its time stamps say when it was said, and the network, the jitter buffer and the decoder take their
//! time: what is later than the mixer waits would not be heard at all.

/// What the mixer waits for, with something to spare for a busy processor; nanoseconds.
const ALLOWED: i64 = 10 * MS;
/// So much better than needed it becomes when it is changed.
const MARGIN: i64 = 5 * MS;
/// With so much to spare it is held back less.
const SPARE: i64 = 25 * MS;
/// And with so much, at once, as soon as nobody speaks.
const TOO_MUCH: i64 = 40 * MS;
/// For so many windows that is waited for.
const WINDOWS: u32 = 3;
/// Nobody can talk with more than this.
const LONGEST: i64 = 500 * MS;
/// Buffers in a row that are all too late: it is not jitter.
const IN_A_ROW: u32 = 4;
/// In how many buffers late ones are counted, and how many of them may be late.
const WINDOW: u32 = 200;
const MAY_BE_LATE: u32 = 2;
const MS: i64 = 1_000_000;

/// One voice.
#[derive(Debug, Clone, Default)]
pub struct Playout {
    delay: i64,
    last: i64,
    row: u32,
    least_in_row: i64,
    seen: u32,
    late: u32,
    worst: i64,
    worst_late: i64,
    /// What can be let go at once, and for how many windows it could.
    spare: i64,
    windows: u32,
}

impl Playout {
    /// How long it is held back now, nanoseconds.
    pub fn delay(&self) -> u64 {
        self.delay.unsigned_abs()
    }

    /// Takes a buffer that was said at `at`, is so long and is here `now`; is anybody heard in it? Whether the delay makes a leap.
    pub fn take(&mut self, at: u64, length: u64, now: u64, speaks: bool) -> bool {
        let (now, length) = (signed(now), signed(length));
        // What comes all at once was waiting for a door to open: it says nothing about the way.
        let waited = now - self.last;
        self.last = now;
        if waited < length / 2 {
            return false;
        }
        if self.spare > 0 && (!speaks || self.windows >= WINDOWS) {
            return self.hold(-self.spare);
        }
        let lateness = now - signed(at) - self.delay;
        if self.seen == 0 {
            (self.worst, self.worst_late) = (lateness, 0);
        }
        self.seen += 1;
        self.worst = self.worst.max(lateness);
        if lateness <= ALLOWED {
            self.row = 0;
            return self.review();
        }
        self.late += 1;
        self.worst_late = self.worst_late.max(lateness);
        self.least_in_row = if self.row == 0 { lateness } else { self.least_in_row.min(lateness) };
        self.row += 1;
        // Whether it is a row is not known yet: `review` comes with the next one that is in time.
        self.row >= IN_A_ROW && self.hold(self.least_in_row - ALLOWED + MARGIN)
    }

    fn review(&mut self) -> bool {
        if self.late > MAY_BE_LATE {
            return self.hold((self.worst_late - ALLOWED).min(20 * MS) + MARGIN);
        }
        if self.seen >= WINDOW {
            self.spare = (ALLOWED - MARGIN - self.worst).min(self.delay);
            if self.spare < TOO_MUCH {
                (self.spare, self.windows) = (0, 0);
            } else {
                self.windows += 1;
            }
            if self.worst < ALLOWED - SPARE && self.spare == 0 {
                // Little by little: this is made up for by taking out single samples.
                self.delay = (self.delay - MARGIN).max(0);
            }
            (self.seen, self.late) = (0, 0);
        }
        false
    }

    fn hold(&mut self, more: i64) -> bool {
        let before = self.delay;
        self.delay = (self.delay + more).min(LONGEST);
        (self.row, self.seen, self.late, self.spare, self.windows) = (0, 0, 0, 0, 0);
        self.delay != before
    }
}

fn signed(time: u64) -> i64 {
    i64::try_from(time).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTH: u64 = 20_000_000;

    /// Buffers of 20 ms that come so many milliseconds after they were said.
    fn feed(playout: &mut Playout, from: u64, count: u64, lateness_ms: impl Fn(u64) -> u64) {
        for buffer in from..from + count {
            let at = 1_000_000_000 + buffer * LENGTH;
            playout.take(at, LENGTH, at + lateness_ms(buffer) * 1_000_000, true);
        }
    }

    #[test]
    fn a_voice_that_is_always_late_is_held_back_after_a_few_buffers() {
        let mut playout = Playout::default();
        feed(&mut playout, 0, 10, |_| 24);
        assert_eq!(playout.delay(), 19_000_000);
        feed(&mut playout, 10, 10, |_| 124);
        assert_eq!(playout.delay(), 119_000_000);
        feed(&mut playout, 20, 200, |_| 124);
        assert_eq!(playout.delay(), 119_000_000, "it is enough");
    }

    #[test]
    fn a_voice_that_is_in_time_is_not_held_back_and_one_that_is_now_and_then_late_a_little() {
        let mut playout = Playout::default();
        feed(&mut playout, 0, 1000, |_| 3);
        assert_eq!(playout.delay(), 0);
        feed(&mut playout, 1000, 1000, |buffer| if buffer % 20 == 0 { 30 } else { 3 });
        let delay = playout.delay();
        assert!((20_000_000..40_000_000).contains(&delay), "{delay}");
    }

    #[test]
    fn what_waited_for_the_door_to_open_says_nothing() {
        let mut playout = Playout::default();
        for buffer in 0..30u64 {
            playout.take(1_000_000_000 + buffer * LENGTH, LENGTH, 1_600_000_000 + buffer * 1000, true);
        }
        feed(&mut playout, 31, 100, |_| 5);
        assert_eq!(playout.delay(), 0);
    }

    #[test]
    fn a_network_that_becomes_a_little_better_lets_go_little_by_little() {
        let mut playout = Playout::default();
        feed(&mut playout, 0, 50, |_| 60);
        assert_eq!(playout.delay(), 55_000_000);
        feed(&mut playout, 50, 400, |_| 30);
        assert_eq!(playout.delay(), 50_000_000);
        feed(&mut playout, 450, 2000, |_| 30);
        assert!((25_000_000..=45_000_000).contains(&playout.delay()), "{}", playout.delay());
    }

    #[test]
    fn what_is_far_too_long_is_let_go_when_nobody_speaks_or_soon_anyway() {
        let mut playout = Playout::default();
        feed(&mut playout, 0, 50, |_| 300);
        assert_eq!(playout.delay(), 295_000_000);
        feed(&mut playout, 50, 360, |_| 30);
        assert_eq!(playout.delay(), 295_000_000, "somebody speaks");
        let at = 1_000_000_000 + 410 * LENGTH;
        assert!(playout.take(at, LENGTH, at + 30_000_000, false));
        assert_eq!(playout.delay(), 25_000_000);
        feed(&mut playout, 411, 50, |_| 300);
        feed(&mut playout, 461, 800, |_| 30);
        assert_eq!(playout.delay(), 25_000_000, "whoever does not pause for long");
    }
}
