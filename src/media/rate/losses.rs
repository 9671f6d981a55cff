//! Whether packets are lost because too much is sent, or whatever is sent.
//!
//! The estimator takes the former for granted where a tenth is lost, and goes down until next to nothing is left. But packets wait on a
//! way before they are lost for want of room. Where none wait it is tried, with half of what was sent before:
//!
//! ```text
//!   calm ── loss, nothing waits ──► trying, half of it ── as much is lost ──► bad: nearly as before
//!    ▲                                 └── clearly less ──► full: the estimator is right
//!    └── no loss, or packets wait: from each of them
//! ```

use std::ops::Range;
use std::time::{Duration, Instant};

/// Less is nothing, and of more nothing is left to see.
const LOSSY: Range<f32> = 0.03..0.4;
/// While nothing waits the estimator is not believed below this, bit/s.
const LEAST: u64 = 400_000;
/// It is tried with this part of what was sent before, for so long.
const TRIAL: f64 = 0.5;
const PATIENCE: Duration = Duration::from_secs(3);
/// It helped if no more than this part of the loss is left.
const HELPED: f32 = 0.7;
/// A way that loses this many times as much as before is tried again.
const WORSE: f32 = 2.0;
/// What is lost is sent again, and small pictures have fewer packets to lose: for each packet lost, room for so many.
const ROOM: f32 = 2.5;

/// What was found out about one way.
#[derive(Debug, Default)]
pub struct Losses {
    state: State,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Calm,
    /// `worst` was lost at `before` bit/s; since when half of it is sent.
    Trying {
        before: u64,
        worst: f32,
        since: Option<Instant>,
    },
    /// It loses `usual`, also of half of `before`.
    Bad {
        before: u64,
        usual: f32,
    },
    Full,
}

impl Losses {
    /// The least that is to be sent, bit/s, whatever the estimator says; none if it is to be believed. `before` is its last estimate.
    pub fn least(&mut self, estimate: u64, before: u64, loss: f32, packets_wait: bool, now: Instant) -> Option<u64> {
        if packets_wait || !LOSSY.contains(&loss) {
            self.state = State::Calm;
            return None;
        }
        match &mut self.state {
            State::Calm => self.state = State::Trying { before: before.max(estimate), worst: loss, since: None },
            State::Trying { before, worst, since } => {
                if since.is_none() {
                    *worst = worst.max(loss);
                }
                let is_down = estimate <= trial(*before);
                if is_down && now.saturating_duration_since(*since.get_or_insert(now)) >= PATIENCE {
                    let helped = loss < *worst * HELPED;
                    self.state = if helped { State::Full } else { State::Bad { before: *before, usual: loss } };
                }
            }
            State::Bad { before, usual } if loss > *usual * WORSE => {
                self.state = State::Trying { before: *before, worst: loss, since: None };
            }
            State::Bad { .. } | State::Full => {}
        }
        match self.state {
            State::Calm => None,
            State::Trying { before, .. } => Some(trial(before)),
            State::Bad { before, .. } => {
                let kept = (1.0 - loss * ROOM).max(0.0);
                Some(((before as f64 * f64::from(kept) / 1000.0).round() as u64 * 1000).max(LEAST))
            }
            State::Full => Some(LEAST),
        }
    }
}

fn trial(before: u64) -> u64 {
    ((before as f64 * TRIAL) as u64).max(LEAST)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The estimator goes down by a tenth, twice a second, as far as it is let; what it says in the end.
    fn after(losses: &mut Losses, from: u64, seconds: u64, start: Instant, loss: impl Fn(u64) -> f32) -> u64 {
        let mut estimate = from;
        for step in 0..seconds * 2 {
            let (now, wanted) = (start + Duration::from_millis(step * 500), estimate * 9 / 10);
            let least = losses.least(wanted, estimate, loss(estimate), false, now).unwrap_or(0);
            estimate = wanted.max(least);
        }
        estimate
    }

    #[test]
    fn a_way_that_loses_as_much_of_less_carries_nearly_as_much_as_before() {
        let (mut losses, start) = (Losses::default(), Instant::now());
        assert_eq!(after(&mut losses, 1_500_000, 6, start, |_| 0.1), 750_000, "it is tried");
        let (mut losses, start) = (Losses::default(), Instant::now());
        assert_eq!(after(&mut losses, 1_500_000, 12, start, |_| 0.1), 1_125_000);
        let (mut losses, start) = (Losses::default(), Instant::now());
        assert_eq!(after(&mut losses, 1_500_000, 12, start, |_| 0.35), 400_000, "small pictures get through");
    }

    #[test]
    fn a_way_that_loses_less_of_less_is_full() {
        let (mut losses, start) = (Losses::default(), Instant::now());
        let policed = |sent| if sent > 1_000_000 { 0.3 } else { 0.1 };
        assert_eq!(after(&mut losses, 1_500_000, 12, start, policed), 400_000);
    }

    #[test]
    fn where_packets_wait_or_nothing_is_lost_the_estimator_is_right() {
        let (mut losses, now) = (Losses::default(), Instant::now());
        assert_eq!(losses.least(900_000, 1_000_000, 0.1, true, now), None);
        assert_eq!(losses.least(900_000, 1_000_000, 0.01, false, now), None);
        assert_eq!(losses.least(900_000, 1_000_000, 0.5, false, now), None);
        assert_eq!(losses.least(900_000, 1_000_000, 0.1, false, now), Some(500_000));
        assert_eq!(losses.least(300_000, 500_000, 0.1, true, now), None, "a queue grew meanwhile");
    }

    #[test]
    fn a_bad_way_that_becomes_worse_is_tried_again() {
        let (mut losses, start) = (Losses::default(), Instant::now());
        assert_eq!(after(&mut losses, 2_000_000, 12, start, |_| 0.04), 1_800_000);
        let later = start + Duration::from_secs(20);
        assert_eq!(losses.least(1_700_000, 1_800_000, 0.2, false, later), Some(1_000_000));
    }
}
