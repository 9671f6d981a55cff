//! PURE. When an encoder makes a picture that stands alone: at once for who asks after a while, and for who asks soon after another one
//! did either the same one or, after a pause, the next. Over a way that loses much, viewers ask for one after the other, and each is as
//! large as many other pictures: it would be lost itself.

use std::time::{Duration, Instant};

/// Who asks so soon after another is served by the same picture: it is still on its way.
const COVERED: Duration = Duration::from_millis(100);
/// Between two of them.
const PAUSE: Duration = Duration::from_millis(300);

/// Requests for pictures that stand alone.
#[derive(Debug, Default)]
pub struct Keyframes {
    /// When one was asked for that was made.
    last: Option<Instant>,
    /// Whether another one has been asked for since then.
    is_wanted: bool,
}

impl Keyframes {
    /// One is asked for: whether it is to be made now.
    pub fn ask(&mut self, now: Instant) -> bool {
        let since = self.last.map(|last| now.saturating_duration_since(last));
        if since.is_some_and(|since| since < PAUSE) {
            self.is_wanted |= since.is_some_and(|since| since >= COVERED);
            return false;
        }
        (self.last, self.is_wanted) = (Some(now), false);
        true
    }

    /// Whether one that was put off is due now; then it is to be asked for.
    pub fn is_due(&self, now: Instant) -> bool {
        self.is_wanted && self.last.is_none_or(|last| now.saturating_duration_since(last) >= PAUSE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_with_others_gets_the_same_one_and_who_asks_later_gets_the_next_after_a_pause() {
        let (start, ms) = (Instant::now(), Duration::from_millis(1));
        let mut keyframes = Keyframes::default();
        assert!(keyframes.ask(start), "the first");
        assert!(!keyframes.ask(start + 20 * ms) && !keyframes.is_due(start + 1000 * ms), "the same one");
        assert!(!keyframes.ask(start + 150 * ms));
        assert!(!keyframes.is_due(start + 299 * ms));
        assert!(keyframes.is_due(start + 300 * ms), "not forgotten");
        assert!(keyframes.ask(start + 310 * ms) && !keyframes.is_due(start + 2000 * ms), "once");
    }

    #[test]
    fn however_often_they_are_asked_for_there_are_three_a_second() {
        let (start, mut keyframes) = (Instant::now(), Keyframes::default());
        let made = (0..10_000u64).filter(|ms| {
            let now = start + Duration::from_millis(*ms);
            let due = keyframes.is_due(now);
            (ms % 7 == 0 || due) && keyframes.ask(now)
        });
        assert_eq!(made.count(), 34);
    }
}
