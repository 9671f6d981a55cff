//! Sessions come, lose their socket, come back and end; participants with them.

use std::collections::BTreeSet;
use std::time::Instant;

use serde_json::Value;

use super::call::Presence;
use super::{Calls, Online, SessionId, Timer};
use crate::protocol::hub::{EventBody, LeaveReason, Service, User};
use crate::protocol::{Cid, ParticipantId};

impl Calls {
    pub(super) fn session_opened(&mut self, session: SessionId, user: User, services: BTreeSet<Service>) {
        self.users.entry(user.id.clone()).or_default().insert(session);
        let id = user.id.clone();
        let known = self.sessions.get_mut(&session);
        let listened = known.as_ref().is_some_and(|online| online.services.contains(&Service::Call));
        let listens = services.contains(&Service::Call);
        if let Some(online) = known {
            (online.user, online.services) = (user, services);
        } else {
            self.sessions.insert(session, Online { user, services, follows: BTreeSet::new() });
        }
        if listens && !listened {
            self.ring_device(session, &id);
        }
    }

    pub(super) fn socket_lost(&mut self, session: SessionId, now: Instant) {
        let until = now + self.limits.grace;
        for cid in self.followed_by(session) {
            let Some(call) = self.calls.get_mut(&cid) else { continue };
            let Some(participant) = call.of_session(Some(session)) else { continue };
            if participant.presence != Presence::Connected(session) {
                continue;
            }
            participant.presence = Presence::Away { session: Some(session), until };
            let (id, body) = (participant.seen.id.clone(), EventBody::ParticipantUpdated { participant: participant.view() });
            self.timers.insert((until, Timer::Grace(cid.clone(), id.clone())));
            self.tell_followers(&cid, body, None);
            self.door_gone(&cid, &id, false);
        }
    }

    pub(super) fn socket_back(&mut self, session: SessionId) {
        for cid in self.followed_by(session) {
            let Some(call) = self.calls.get_mut(&cid) else { continue };
            let Some(participant) = call.of_session(Some(session)) else { continue };
            let Presence::Away { until, .. } = participant.presence else { continue };
            participant.presence = Presence::Connected(session);
            let (id, body) = (participant.seen.id.clone(), EventBody::ParticipantUpdated { participant: participant.view() });
            self.timers.remove(&(until, Timer::Grace(cid.clone(), id)));
            self.tell_followers(&cid, body, None);
        }
    }

    pub(super) fn session_ended(&mut self, session: SessionId) {
        for cid in self.followed_by(session) {
            self.unfollow(session, &cid);
            let here = self.calls.get_mut(&cid).and_then(|call| call.of_session(Some(session))).map(|p| p.seen.id.clone());
            if let Some(id) = here {
                self.remove(&cid, &id, LeaveReason::TimedOut, Value::Null);
            }
        }
        if let Some(online) = self.sessions.remove(&session)
            && let Some(sessions) = self.users.get_mut(&online.user.id)
        {
            sessions.remove(&session);
            if sessions.is_empty() {
                self.users.remove(&online.user.id);
            }
        }
    }

    /// Takes a participant out and tells everybody, also the one who is taken out unless it asked for that itself. With the last
    /// one the session ends, and with the last but one of a call that was made by ringing the call is over (K11, C25).
    pub(super) fn remove(&mut self, cid: &Cid, id: &ParticipantId, reason: LeaveReason, extension: Value) {
        let Some(call) = self.calls.get_mut(cid) else { return };
        let Some(index) = call.participants.iter().position(|p| p.seen.id == *id) else { return };
        let gone = call.participants.remove(index);
        if let Presence::Away { until, .. } = gone.presence {
            self.timers.remove(&(until, Timer::Grace(cid.clone(), id.clone())));
        }
        let ringing = call.info.ring.as_ref().is_some_and(|ring| ring.ended.is_none());
        let others = call.participants.iter().all(|p| p.seen.user.id != gone.seen.user.id);
        let alone = call.info.ends_when_alone && call.users() == 1 && others && !ringing && reason != LeaveReason::Alone;
        let left: Vec<_> = if alone { call.participants.iter().map(|p| p.seen.id.clone()).collect() } else { Vec::new() };
        self.tell_followers(cid, EventBody::ParticipantLeft { participant: id.clone(), reason, extension }, None);
        self.door_gone(cid, id, true);
        self.changed(cid);
        for id in left {
            self.remove(cid, &id, LeaveReason::Alone, Value::Null);
        }
        self.end_session_if_empty(cid);
    }
}
