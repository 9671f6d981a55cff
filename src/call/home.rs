//! The call to be in whenever possible: that of the schedule that holds, or the one of all other times. Only what time it is counts:
//! a clock that is set, an hour that comes twice or not at all, leave nothing behind.

use std::time::Instant;

use super::core::Core;
use super::limits::Wish;
use super::room::Origin;
use crate::protocol::Cid;

impl Core {
    fn home_at(&self, now: Instant) -> Option<Cid> {
        let call = &self.settings.call;
        let time = self.clock.day_and_minute(now);
        let scheduled = call.schedules.iter().find(|schedule| time.is_some_and(|(day, minute)| schedule.holds(day, minute)));
        scheduled.map(|schedule| schedule.cid.clone()).or_else(|| call.auto_join.clone())
    }

    /// When another call's time has come, the one before is left, also by a person's choice: the doors are shut then. A call that was
    /// answered goes on, and so does one that a person went to.
    pub(super) fn settle_home(&mut self, now: Instant) {
        let home = self.home_at(now);
        if home == self.home {
            return;
        }
        let before = std::mem::replace(&mut self.home, home);
        let there = self.room.as_ref().is_some_and(|room| room.origin == Origin::Room && Some(&room.cid) == before.as_ref());
        if there {
            self.leave(now);
        }
        self.left &= self.home.is_none();
    }

    /// Switches as the call has them, for the next user.
    pub(super) fn next_user(&mut self) {
        self.wish = Wish::default();
        self.resting = None;
    }
}
