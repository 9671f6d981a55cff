//! What must hold of the hub's calls at any time.

use super::super::call::{Call, Presence};
use super::super::*;
use crate::protocol::hub::{AnswerMode, CalleeState};

impl Calls {
    /// Nobody is where they may not be, nobody is a ghost, every ring will end.
    pub(crate) fn assert_sound(&self, now: Instant, places: usize) {
        for (cid, call) in &self.calls {
            self.check_participants(cid, call, now, places);
            self.check_ring(cid, call, now);
        }
        let away = self.calls.values().flat_map(|call| &call.participants);
        let away = away.filter(|p| matches!(p.presence, Presence::Away { .. })).count();
        let graces = self.timers.iter().filter(|(_, timer)| matches!(timer, Timer::Grace(..))).count();
        assert_eq!(away, graces, "one timer for each who is away");
        let doors: usize = self.calls.values().map(|call| call.doors.len()).sum();
        let timed = self.timers.iter().filter(|(at, timer)| matches!(timer, Timer::Door(..)) && *at >= now).count();
        assert_eq!(doors, timed, "nobody waits for a door for ever");
    }

    fn check_participants(&self, cid: &Cid, call: &Call, now: Instant, places: usize) {
        assert!(call.participants.len() <= places);
        assert_eq!(call.info.session.is_some(), !call.participants.is_empty(), "a session is where somebody is");
        assert_eq!(call.info.backstage, call.info.settings.backstage.enabled && call.info.live_since.is_none());
        for p in &call.participants {
            assert_eq!(call.participants.iter().filter(|other| other.seen.id == p.seen.id).count(), 1);
            assert!(self.may_stay(cid, call, &p.seen.user), "{:?} may not be in {cid}", p.seen.user);
            if let Some(session) = p.presence.session() {
                assert!(call.followers.contains(&session), "a participant follows its call");
                assert_eq!(call.participants.iter().filter(|other| other.presence.session() == Some(session)).count(), 1);
            }
            if let Presence::Away { until, .. } = p.presence {
                assert!(until >= now, "a ghost: {p:?}");
            }
        }
    }

    fn check_ring(&self, cid: &Cid, call: &Call, now: Instant) {
        let Some(ring) = &call.info.ring else { return };
        let count = |state| ring.callees.iter().filter(|callee| callee.state == state).count();
        assert_eq!(ring.ended.is_none(), count(CalleeState::Ringing) > 0, "a ring runs while somebody is rung: {ring:?}");
        assert!(ring.answer == AnswerMode::Each || count(CalleeState::Accepted) <= 1, "the first answers for all: {ring:?}");
        let timed = self.timers.iter().any(|(at, timer)| *timer == Timer::Missed(cid.clone()) && *at >= now);
        assert_eq!(ring.ended.is_none(), timed, "every ring ends: {ring:?}");
        for callee in &ring.callees {
            let indexed = self.rings.get(&callee.user).is_some_and(|cids| cids.contains(cid));
            assert_eq!(indexed, callee.state == CalleeState::Ringing, "{callee:?}");
        }
    }

    /// All calls.
    pub(crate) fn all(&self) -> Vec<Cid> {
        self.calls.keys().cloned().collect()
    }

    /// What a session that follows a call should know of it.
    pub(crate) fn seen_by(&self, cid: &Cid, session: SessionId) -> Option<hub::Call> {
        let call = self.calls.get(cid).filter(|call| call.followers.contains(&session))?;
        let own_capabilities = self.capabilities(cid, Some(call), &self.sessions.get(&session)?.user).into_iter().collect();
        Some(hub::Call { own_capabilities, ..call.view() })
    }

    /// Whether a session takes part in a call.
    pub(crate) fn is_in(&self, cid: &Cid, session: SessionId) -> bool {
        self.calls.get(cid).is_some_and(|call| call.participants.iter().any(|p| p.presence.session() == Some(session)))
    }
}
