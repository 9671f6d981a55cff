//! PURE. When the screen is to be on: while somebody calls, is called, or is in the call, and a while after.

use std::time::{Duration, Instant};

use crate::protocol::control::{CallState, OutgoingState, RingState, Status};

/// What the screen is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    /// On, and show us.
    Show,
    /// Off.
    Standby,
}

/// What was said to the screen, and what is to be said.
#[derive(Debug)]
pub(super) struct Wish {
    /// None: it is not sent to standby.
    standby_after: Option<Duration>,
    /// Whether we switched it on, or tried to.
    shown: bool,
    /// Since when nothing goes on.
    quiet_since: Option<Instant>,
}

impl Wish {
    pub fn new(standby_after: Option<Duration>) -> Self {
        Self { standby_after, shown: false, quiet_since: None }
    }

    /// What to say now. A screen that somebody else switched on is left alone.
    pub fn see(&mut self, busy: bool, now: Instant) -> Option<Word> {
        if busy {
            self.quiet_since = None;
            return (!std::mem::replace(&mut self.shown, true)).then_some(Word::Show);
        }
        if !self.shown {
            return None;
        }
        let since = *self.quiet_since.get_or_insert(now);
        let due = self.standby_after.is_none_or(|after| now.saturating_duration_since(since) >= after);
        if !due {
            return None;
        }
        (self.shown, self.quiet_since) = (false, None);
        self.standby_after.map(|_| Word::Standby)
    }

    /// When to look again without news.
    pub fn deadline(&self) -> Option<Instant> {
        Some(self.quiet_since? + self.standby_after?)
    }
}

/// Whether there is something to be seen.
pub(super) fn busy(status: &Status) -> bool {
    let rings = status.ring.as_ref().is_some_and(|ring| ring.state != RingState::Ended);
    let calls = status.outgoing.as_ref().is_some_and(|outgoing| outgoing.state != OutgoingState::Ended);
    let talks = status.call.as_ref().is_some_and(|call| {
        let in_it = matches!(call.state, CallState::Joined | CallState::Reconnecting);
        in_it && !call.participants.is_empty()
    });
    rings || calls || talks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_screen_is_on_for_a_call_and_a_while_after() {
        let (start, s) = (Instant::now(), Duration::from_secs);
        let mut wish = Wish::new(Some(s(30)));
        assert_eq!((wish.see(false, start), wish.deadline()), (None, None), "what others do with it is theirs");
        assert_eq!(wish.see(true, start), Some(Word::Show));
        assert_eq!(wish.see(true, start + s(60)), None, "said once");
        assert_eq!((wish.see(false, start + s(90)), wish.deadline()), (None, Some(start + s(120))));
        assert_eq!(wish.see(true, start + s(100)), None, "it is still on");
        assert_eq!(wish.see(false, start + s(200)), None);
        assert_eq!(wish.see(false, start + s(230)), Some(Word::Standby));
        assert_eq!((wish.see(false, start + s(999)), wish.deadline()), (None, None));
        assert_eq!(wish.see(true, start + s(1000)), Some(Word::Show));
    }

    #[test]
    fn a_screen_that_is_to_stay_on_is_never_sent_to_standby_but_shown_us_at_every_call() {
        let now = Instant::now();
        let mut wish = Wish::new(None);
        for _ in 0..2 {
            assert_eq!(wish.see(true, now), Some(Word::Show));
            assert_eq!(wish.see(false, now), None);
        }
    }
}
