//! How a ring ends: all have answered, nobody has in time, somebody gave up. Every ring does.

use serde_json::Value;

use super::ring::callee;
use super::{Calls, Timer};
use crate::protocol::hub::{CalleeState, EventBody, LeaveReason, Ring, RingEnd, User};
use crate::protocol::{Cid, UserId};

impl Calls {
    pub(super) fn ring_of(&self, cid: &Cid) -> Option<Ring> {
        self.calls.get(cid)?.info.ring.clone()
    }

    /// The user of this id, with its name if one of its devices is there.
    pub(super) fn known_user(&self, id: &UserId) -> User {
        let session = self.users.get(id).and_then(|sessions| sessions.first());
        session.and_then(|session| self.sessions.get(session)).map_or_else(|| User::new(id.clone()), |online| online.user.clone())
    }

    /// Ends the ring if nobody is rung any more, and forgets who is not rung any more.
    pub(super) fn settle_ring(&mut self, cid: &Cid) {
        let Some(call) = self.calls.get_mut(cid) else { return };
        let Some(ring) = call.info.ring.as_mut() else { return };
        for callee in &ring.callees {
            if callee.state != CalleeState::Ringing
                && let Some(cids) = self.rings.get_mut(&callee.user)
            {
                cids.remove(cid);
                if cids.is_empty() {
                    self.rings.remove(&callee.user);
                }
            }
        }
        let has = |state| ring.callees.iter().any(|callee| callee.state == state);
        if has(CalleeState::Ringing) {
            return;
        }
        let answered = has(CalleeState::Accepted);
        ring.ended.get_or_insert(if answered { RingEnd::Answered } else { RingEnd::Unanswered });
        if let Some(times) = call.ring_times.take() {
            self.timers.remove(&(times.missed, Timer::Missed(cid.clone())));
            self.timers.remove(&(times.cancel, Timer::Cancel(cid.clone())));
        }
    }

    /// Nobody came: a call that was made by ringing is over, and the caller need not wait in it.
    pub(super) fn over_without_answer(&mut self, cid: &Cid) {
        let Some(call) = self.calls.get(cid).filter(|call| call.info.ends_when_alone && call.users() <= 1) else { return };
        let answered = call.info.ring.as_ref().is_none_or(|ring| matches!(ring.ended, None | Some(RingEnd::Answered)));
        if answered {
            return;
        }
        let waiting: Vec<_> = call.participants.iter().map(|p| p.seen.id.clone()).collect();
        for id in waiting {
            self.remove(cid, &id, LeaveReason::Alone, Value::Null);
        }
    }

    /// Everybody who is still rung gets this state. Returns who that was.
    fn ringing_become(&mut self, cid: &Cid, state: CalleeState) -> Vec<UserId> {
        let ring = self.calls.get_mut(cid).and_then(|call| call.info.ring.as_mut()).filter(|ring| ring.ended.is_none());
        let mut users = Vec::new();
        for callee in ring.into_iter().flat_map(|ring| &mut ring.callees).filter(|callee| callee.state == CalleeState::Ringing) {
            callee.state = state;
            users.push(callee.user.clone());
        }
        users
    }

    fn tell_missed(&mut self, cid: &Cid, users: &[UserId]) {
        let Some(ring) = self.ring_of(cid) else { return };
        for user in users {
            self.tell_ring(cid, EventBody::Missed { user: user.clone(), ring: ring.clone() });
        }
        self.wake_missed(cid, users);
    }

    /// `incoming_call_timeout_ms` has passed (C17).
    pub(super) fn missed(&mut self, cid: &Cid) {
        let users = self.ringing_become(cid, CalleeState::Missed);
        if users.is_empty() {
            return;
        }
        self.settle_ring(cid);
        self.changed(cid);
        self.tell_missed(cid, &users);
        self.over_without_answer(cid);
    }

    /// `auto_cancel_timeout_ms` has passed without anybody accepting.
    pub(super) fn not_accepted(&mut self, cid: &Cid) {
        let users = self.ringing_become(cid, CalleeState::Missed);
        if users.is_empty() {
            return;
        }
        if let Some(ring) = self.calls.get_mut(cid).and_then(|call| call.info.ring.as_mut()) {
            ring.ended = Some(RingEnd::TimedOut);
        }
        self.settle_ring(cid);
        self.changed(cid);
        self.tell_missed(cid, &users);
        if let Some(ring) = self.ring_of(cid) {
            self.tell_ring(cid, EventBody::Cancelled { by: None, reason: None, extension: Value::Null, ring });
        }
        self.over_without_answer(cid);
    }

    /// The ring is over for everybody who has not answered.
    pub(super) fn stop_ring(&mut self, cid: &Cid, end: RingEnd, by: Option<&UserId>, reason: Option<String>, extension: Value) {
        let users = self.ringing_become(cid, CalleeState::Cancelled);
        if users.is_empty() {
            return;
        }
        if let Some(ring) = self.calls.get_mut(cid).and_then(|call| call.info.ring.as_mut()) {
            ring.ended = Some(end);
        }
        self.settle_ring(cid);
        self.changed(cid);
        if let Some(ring) = self.ring_of(cid) {
            self.tell_ring(cid, EventBody::Cancelled { by: by.cloned(), reason, extension, ring });
        }
        self.over_without_answer(cid);
    }

    /// A caller that leaves before anybody has accepted gives up.
    pub(super) fn caller_left(&mut self, cid: &Cid, user: &UserId, extension: &Value) {
        let Some(ring) = self.ring_of(cid).filter(|ring| ring.ended.is_none() && ring.by == *user) else { return };
        if ring.callees.iter().all(|callee| callee.state != CalleeState::Accepted) {
            self.stop_ring(cid, RingEnd::Cancelled, Some(user), None, extension.clone());
        }
    }

    /// A member is removed or kept out while it is rung.
    pub(super) fn stop_ringing_for(&mut self, cid: &Cid, user: &UserId) {
        let ring = self.calls.get_mut(cid).and_then(|call| call.info.ring.as_mut()).filter(|ring| ring.ended.is_none());
        let Some(callee) = ring.and_then(|ring| callee(ring, user)).filter(|callee| callee.state == CalleeState::Ringing) else {
            return;
        };
        callee.state = CalleeState::Cancelled;
        self.settle_ring(cid);
        if let Some(ring) = self.ring_of(cid) {
            self.tell_ring(cid, EventBody::Cancelled { by: None, reason: None, extension: Value::Null, ring });
        }
        self.over_without_answer(cid);
    }
}
