//! When an edge happened, not when we came round to reading it: a busy machine must not take a short press for a hold.

use std::time::{Duration, Instant};

/// Puts the kernel's timestamps onto our clock. Both are monotonic, only where they begin is not known: the edge that was read
/// soonest after it happened says it best.
#[derive(Debug, Default)]
pub(super) struct Clock {
    /// The moment that the kernel calls 0 cannot be had; this one it calls so.
    known: Option<(Instant, Duration)>,
}

impl Clock {
    /// The moment of an edge with this timestamp that is read now.
    pub fn moment(&mut self, stamp: Duration, now: Instant) -> Instant {
        if let Some((at, known)) = self.known {
            let moment = if stamp >= known { at.checked_add(stamp - known) } else { at.checked_sub(known - stamp) };
            if let Some(moment) = moment.filter(|moment| *moment <= now) {
                return moment;
            }
        }
        self.known = Some((now, stamp));
        now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_that_are_read_late_keep_their_distance() {
        let (begin, ms) = (Instant::now(), Duration::from_millis);
        let mut clock = Clock::default();
        assert_eq!(clock.moment(ms(5_000), begin), begin);
        assert_eq!(clock.moment(ms(5_100), begin + ms(900)), begin + ms(100));
        assert_eq!(clock.moment(ms(5_300), begin + ms(900)), begin + ms(300));
    }

    #[test]
    fn an_edge_that_is_read_sooner_than_any_before_says_it_better_and_none_lies_in_the_future() {
        let (begin, ms) = (Instant::now(), Duration::from_millis);
        let mut clock = Clock::default();
        clock.moment(ms(5_000), begin + ms(50));
        assert_eq!(clock.moment(ms(6_000), begin + ms(1_000)), begin + ms(1_000));
        assert_eq!(clock.moment(ms(6_100), begin + ms(1_500)), begin + ms(1_100));
        assert_eq!(clock.moment(ms(5_900), begin + ms(1_600)), begin + ms(900));
    }
}
