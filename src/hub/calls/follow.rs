//! Who is told what: followers of a call, the devices of a user, and what changes for them when a call changes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::call::Call;
use super::{Answer, Caller, Calls, Effect, Refused, SessionId};
use crate::protocol::hub::{Capability, EventBody, LeaveReason, Service};
use crate::protocol::{Cid, ParticipantId, UserId};

/// What each follower of a call could do before a change.
pub(super) type Before = BTreeMap<SessionId, BTreeSet<Capability>>;

impl Calls {
    /// A call as an answer tells it, with what the caller may do there.
    pub(super) fn whole(&self, by: &Caller, cid: &Cid) -> Result<Answer, Refused> {
        self.view_for(by, cid).map(|call| Answer::Call(Box::new(call)))
    }

    pub(super) fn view_for(&self, by: &Caller, cid: &Cid) -> Result<crate::protocol::hub::Call, Refused> {
        let call = self.calls.get(cid).ok_or_else(|| Refused::NoSuchCall(cid.clone()))?;
        let own_capabilities = self.capabilities(cid, Some(call), &by.user).into_iter().collect();
        Ok(crate::protocol::hub::Call { own_capabilities, ..call.view() })
    }

    pub(super) fn may_follow(&self, by: &Caller, cid: &Cid) -> Result<(), Refused> {
        let limit = self.limits.followed;
        match by.session.and_then(|session| self.sessions.get(&session)) {
            Some(online) if online.follows.len() >= limit && !online.follows.contains(cid) => Err(Refused::FollowsTooMany(limit)),
            _ => Ok(()),
        }
    }

    pub(super) fn follow(&mut self, session: Option<SessionId>, cid: &Cid) {
        let Some(session) = session else { return };
        if let (Some(call), Some(online)) = (self.calls.get_mut(cid), self.sessions.get_mut(&session)) {
            call.followers.insert(session);
            online.follows.insert(cid.clone());
        }
    }

    pub(super) fn unfollow(&mut self, session: SessionId, cid: &Cid) {
        if let Some(call) = self.calls.get_mut(cid) {
            call.followers.remove(&session);
        }
        if let Some(online) = self.sessions.get_mut(&session) {
            online.follows.remove(cid);
        }
    }

    pub(super) fn followed_by(&self, session: SessionId) -> Vec<Cid> {
        self.sessions.get(&session).into_iter().flat_map(|online| &online.follows).cloned().collect()
    }

    pub(super) fn tell(&mut self, to: impl IntoIterator<Item = SessionId>, cid: &Cid, body: EventBody) {
        let to: BTreeSet<_> = to.into_iter().collect();
        if !to.is_empty() {
            let to = to.into_iter().collect();
            self.effects.push_back(Effect::Tell { to, cid: cid.clone(), body: Arc::new(body) });
        }
    }

    pub(super) fn tell_followers(&mut self, cid: &Cid, body: EventBody, except: Option<SessionId>) {
        let Some(call) = self.calls.get(cid) else { return };
        let to: Vec<_> = call.followers.iter().copied().filter(|session| Some(*session) != except).collect();
        self.tell(to, cid, body);
    }

    /// The devices of a user that want to hear of calls.
    pub(super) fn devices(&self, user: &UserId) -> Vec<SessionId> {
        let sessions = self.users.get(user).into_iter().flatten();
        sessions
            .copied()
            .filter(|session| self.sessions.get(session).is_some_and(|o| o.services.contains(&Service::Call)))
            .collect()
    }

    /// What the followers may do now; take it before changing anything that it depends on, and give it to [`Self::touched`].
    pub(super) fn before(&self, cid: &Cid) -> Before {
        self.calls.get(cid).map(|call| self.follower_capabilities(cid, call)).unwrap_or_default()
    }

    fn follower_capabilities(&self, cid: &Cid, call: &Call) -> Before {
        let of = |session: &SessionId| {
            let user = &self.sessions.get(session)?.user;
            Some((*session, self.capabilities(cid, Some(call), user)))
        };
        call.followers.iter().filter_map(of).collect()
    }

    /// Something that is stored with a call has changed, and perhaps who may be there: tells everybody, puts out who may not stay,
    /// and silences who may not be heard or seen.
    pub(super) fn touched(&mut self, cid: &Cid, before: &Before, by: Option<&UserId>) {
        self.changed(cid);
        let Some(call) = self.calls.get(cid) else { return };
        let gone: Vec<ParticipantId> =
            call.participants.iter().filter(|p| !self.may_stay(cid, call, &p.seen.user)).map(|p| p.seen.id.clone()).collect();
        let blocked = call.info.blocked.clone();
        let call = Box::new(call.view());
        self.tell_followers(cid, EventBody::Updated { call, by: by.cloned() }, None);
        for id in gone {
            let user = self.calls.get_mut(cid).and_then(|call| call.by_id(&id)).map(|p| p.seen.user.id.clone());
            let is_blocked = user.is_some_and(|user| blocked.contains(&user));
            let reason = if is_blocked { LeaveReason::Blocked } else { LeaveReason::Removed };
            self.remove(cid, &id, reason, serde_json::Value::Null);
        }
        self.tell_capabilities(cid, before);
        self.silence(cid);
    }

    fn tell_capabilities(&mut self, cid: &Cid, before: &Before) {
        let now = self.before(cid);
        for (session, capabilities) in now {
            if before.get(&session) == Some(&capabilities) {
                continue;
            }
            if capabilities.contains(&Capability::ReadCall) {
                let own_capabilities = capabilities.into_iter().collect();
                self.tell([session], cid, EventBody::Capabilities { own_capabilities });
            } else {
                let user = self.sessions.get(&session).map(|online| &online.user.id);
                let blocked = self.calls.get(cid).zip(user).is_some_and(|(call, user)| call.info.blocked.contains(user));
                let reason = if blocked { LeaveReason::Blocked } else { LeaveReason::Removed };
                self.tell([session], cid, EventBody::Closed { reason });
                self.unfollow(session, cid);
            }
        }
    }

    /// Switches off what participants may not send any more.
    fn silence(&mut self, cid: &Cid) {
        let Some(call) = self.calls.get(cid) else { return };
        let mut silenced = Vec::new();
        for participant in &call.participants {
            let own = super::access::sendable(call, &self.capabilities(cid, Some(call), &participant.seen.user));
            let (audio, video) = (!own.contains(&Capability::SendAudio), !own.contains(&Capability::SendVideo));
            let screen = !own.contains(&Capability::Screenshare);
            silenced.push((participant.seen.id.clone(), audio, video, screen));
        }
        for (id, audio, video, screen) in silenced {
            self.switch_off(cid, &id, None, audio, video, screen);
        }
    }
}
