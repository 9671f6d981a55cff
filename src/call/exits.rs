//! Outside of the call: put out, alone, and news that may let us in again.

use std::time::{Duration, Instant};

use super::core::Core;
use super::room::{ENDED_PAUSE, FIRST_PAUSE, Joining, NOBODY_CAME, NOT_WANTED_PAUSE};
use crate::protocol::UserId;
use crate::protocol::hub::{Call, LeaveReason};

/// After news of a call that we may not be in, so that many changes make few attempts.
const NEWS_PAUSE: Duration = Duration::from_secs(1);
/// In a call that was answered, everybody left; the hub ends it sooner.
const EVERYBODY_LEFT: Duration = Duration::from_secs(5);

impl Core {
    /// The call that we are not in changed: it may let us in now.
    pub(super) fn news(&mut self, call: &Call, now: Instant) {
        let Some(room) = self.room.as_mut().filter(|room| room.cid == call.cid && room.me.is_none()) else {
            return;
        };
        match room.joining {
            Joining::Lobby(_) if !call.backstage => room.joining = Joining::Wanted,
            Joining::Lobby(at) => room.joining = Joining::Lobby(at.min(now + NEWS_PAUSE)),
            Joining::Ended(at) if call.ended_at.is_none() => room.joining = Joining::Ended(at.min(now + NEWS_PAUSE)),
            Joining::Again(at) => room.joining = Joining::Again(at.min(now + NEWS_PAUSE)),
            Joining::Wanted | Joining::Asked(_) | Joining::Done | Joining::Ended(_) | Joining::Out => {}
        }
    }

    /// We were put out, for whatever reason.
    pub(super) fn put_out(&mut self, reason: LeaveReason, by: Option<&UserId>, now: Instant) {
        let Some(room) = &mut self.room else {
            return;
        };
        for peer in room.peers.values_mut() {
            self.effects.extend(peer.close());
        }
        room.peers.clear();
        if reason == LeaveReason::TimedOut {
            room.alone_until = room.is_rung().then(|| now + NOBODY_CAME);
            return room.outside(Joining::Wanted, "the hub had lost sight of us");
        }
        let elsewhere = self.home.as_ref().is_some_and(|home| *home != room.cid);
        let goes_on = matches!(reason, LeaveReason::Backstage | LeaveReason::Left);
        if room.is_rung() || (elsewhere && !goes_on) {
            return self.leave(now);
        }
        let back = "`callbox join` goes back";
        match reason {
            LeaveReason::TimedOut => {}
            LeaveReason::Backstage => room.outside(Joining::Wanted, "the call is not live any more"),
            LeaveReason::Left => room.outside(Joining::Again(now + FIRST_PAUSE), "left by another client of ours"),
            LeaveReason::Alone => room.outside(Joining::Again(now + FIRST_PAUSE), "the others are gone"),
            LeaveReason::Kicked => room.outside(Joining::Out, format!("put out of the call: {back}")),
            LeaveReason::Blocked => room.outside(Joining::Out, format!("blocked from the call: unblocked, {back}")),
            LeaveReason::Removed => {
                let text = "removed from the call, or not allowed in any more: trying again every minute";
                room.outside(Joining::Again(now + NOT_WANTED_PAUSE), text);
            }
            LeaveReason::Ended => {
                let by = by.map_or(String::new(), |by| format!(" by {by}"));
                room.outside(Joining::Ended(now + ENDED_PAUSE), format!("the call was ended for everyone{by}"));
            }
        }
    }

    /// Who else is there decides whether a rung call goes on.
    pub(super) fn settle_company(&mut self, now: Instant) {
        let Some(room) = self.room.as_mut().filter(|room| room.is_rung()) else {
            return;
        };
        if !room.peers.is_empty() {
            room.alone_until = None;
        } else if room.alone_until.is_none() {
            let still_rings = room.ring.as_ref().is_some_and(|ring| ring.ended.is_none());
            room.alone_until = Some(now + if still_rings { NOBODY_CAME } else { EVERYBODY_LEFT });
        }
    }
}
