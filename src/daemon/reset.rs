//! PURE. After a call everything is made ready for the next user: when that is due.

use std::time::{Duration, Instant};

use crate::protocol::control::{CallState, OutgoingState, RingState, Status};

/// When to make ready.
#[derive(Debug)]
pub(super) struct Reset {
    /// None: never.
    after: Option<Duration>,
    busy: bool,
    due: Option<Instant>,
}

impl Reset {
    pub fn new(after: Option<Duration>) -> Self {
        Self { after, busy: false, due: None }
    }

    /// How things are now. A user who is back in time finds everything as it was.
    pub fn see(&mut self, busy: bool, now: Instant) {
        if busy {
            self.due = None;
        } else if self.busy {
            self.due = self.after.map(|after| now + after);
        }
        self.busy = busy;
    }

    /// Whether it is time; once for each call.
    pub fn take(&mut self, now: Instant) -> bool {
        self.due.take_if(|due| *due <= now).is_some()
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.due
    }
}

/// Whether somebody uses the appliance.
pub(super) fn busy(status: &Status) -> bool {
    let answers = status.ring.as_ref().is_some_and(|ring| ring.state == RingState::Answering);
    let calls = status.outgoing.as_ref().is_some_and(|outgoing| outgoing.state != OutgoingState::Ended);
    let talks = status.call.as_ref().is_some_and(|call| {
        let in_it = matches!(call.state, CallState::Joined | CallState::Reconnecting);
        in_it && !call.participants.is_empty()
    });
    answers || calls || talks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_made_ready_once_after_each_call_and_not_while_somebody_is_back() {
        let (start, s) = (Instant::now(), Duration::from_secs);
        let mut reset = Reset::new(Some(s(30)));
        reset.see(false, start);
        assert_eq!((reset.take(start + s(99)), reset.deadline()), (false, None), "nobody was there");
        reset.see(true, start);
        reset.see(false, start + s(10));
        assert!(!reset.take(start + s(39)));
        reset.see(true, start + s(39));
        assert!(!reset.take(start + s(60)), "back in time");
        reset.see(false, start + s(60));
        reset.see(false, start + s(80));
        assert_eq!(reset.deadline(), Some(start + s(90)), "counted from the end of the call");
        assert!(reset.take(start + s(90)) && !reset.take(start + s(91)));
        let mut never = Reset::new(None);
        never.see(true, start);
        never.see(false, start);
        assert_eq!(never.deadline(), None);
    }
}
