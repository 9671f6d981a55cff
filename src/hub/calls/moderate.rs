//! Putting somebody out, keeping somebody out, switching somebody off, and what participants say of themselves.

use serde_json::Value;

use super::{Answer, Caller, Calls, Refused, access, check};
use crate::protocol::hub::{Capability, EventBody, LeaveReason, MuteSelf, MuteUsers, OfUser, SetMaxBandwidth};
use crate::protocol::{Cid, ParticipantId, UserId};

impl Calls {
    pub(super) fn kick(&mut self, by: &Caller, who: &OfUser) -> Result<Answer, Refused> {
        let OfUser { cid, user_id } = who;
        self.allowed(by, cid, Capability::KickUser)?;
        let here = self.participants_of(cid, user_id);
        if here.is_empty() {
            return Err(Refused::UserNotIn { cid: cid.clone(), user: user_id.clone() });
        }
        for id in here {
            self.remove(cid, &id, LeaveReason::Kicked, Value::Null);
        }
        self.whole(by, cid)
    }

    /// Keeps a user out, whether in the call or not.
    pub(super) fn block(&mut self, by: &Caller, who: &OfUser) -> Result<Answer, Refused> {
        let OfUser { cid, user_id } = who;
        let call = self.allowed(by, cid, Capability::BlockUsers)?;
        if *user_id == by.user.id {
            return Err(Refused::BadValue("you cannot block yourself".into()));
        }
        if call.info.blocked.contains(user_id) {
            return self.whole(by, cid);
        }
        if call.info.blocked.len() >= check::MAX_EXCEPTIONS {
            return Err(Refused::TooMany { what: "blocked users in a call", limit: check::MAX_EXCEPTIONS });
        }
        let before = self.before(cid);
        self.call_mut(cid)?.info.blocked.push(user_id.clone());
        self.stop_ringing_for(cid, user_id);
        self.touched(cid, &before, Some(&by.user.id));
        self.whole(by, cid)
    }

    pub(super) fn unblock(&mut self, by: &Caller, who: &OfUser) -> Result<Answer, Refused> {
        let OfUser { cid, user_id } = who;
        let call = self.allowed(by, cid, Capability::BlockUsers)?;
        if call.info.blocked.contains(user_id) {
            let before = self.before(cid);
            self.call_mut(cid)?.info.blocked.retain(|user| user != user_id);
            self.touched(cid, &before, Some(&by.user.id));
        }
        self.whole(by, cid)
    }

    fn participants_of(&self, cid: &Cid, user: &UserId) -> Vec<ParticipantId> {
        let all = self.calls.get(cid).into_iter().flat_map(|call| &call.participants);
        all.filter(|p| p.seen.user.id == *user).map(|p| p.seen.id.clone()).collect()
    }

    /// The clients obey `call.muted`; a mesh has nobody in between who could hold media back.
    pub(super) fn mute_users(&mut self, by: &Caller, mute: &MuteUsers) -> Result<Answer, Refused> {
        let MuteUsers { cid, user_ids, audio, video, screen } = mute;
        let call = self.allowed(by, cid, Capability::MuteUsers)?;
        let in_call = |user: &UserId| call.participants.iter().any(|p| p.seen.user.id == *user);
        if let Some(user) = user_ids.iter().flatten().find(|user| !in_call(user)) {
            return Err(Refused::UserNotIn { cid: cid.clone(), user: user.clone() });
        }
        let meant = |user: &UserId| user_ids.as_ref().map_or(*user != by.user.id, |users| users.contains(user));
        let targets: Vec<_> = call.participants.iter().filter(|p| meant(&p.seen.user.id)).map(|p| p.seen.id.clone()).collect();
        for id in targets {
            self.switch_off(cid, &id, Some(&by.user.id), *audio, *video, *screen);
        }
        self.whole(by, cid)
    }

    /// Switches off what is on, and tells its owner and the others.
    pub(super) fn switch_off(
        &mut self,
        cid: &Cid,
        id: &ParticipantId,
        by: Option<&UserId>,
        audio: bool,
        video: bool,
        screen: bool,
    ) {
        let Some(participant) = self.calls.get_mut(cid).and_then(|call| call.by_id(id)) else { return };
        let seen = &mut participant.seen;
        let (audio, video, screen) = (audio && !seen.muted.audio, video && !seen.muted.video, screen && seen.sharing);
        if !(audio || video || screen) {
            return;
        }
        seen.muted.audio |= audio;
        seen.muted.video |= video;
        seen.sharing &= !screen;
        let by = by.unwrap_or(&seen.user.id).clone();
        let session = participant.presence.session();
        let participant = participant.view();
        self.tell(session, cid, EventBody::Muted { by, audio, video, screen });
        self.tell_followers(cid, EventBody::ParticipantUpdated { participant }, None);
        self.changed(cid);
    }

    /// What is off at the caller's, and whether it shows its screen.
    pub(super) fn mute(&mut self, by: &Caller, mute: &MuteSelf) -> Result<Answer, Refused> {
        let MuteSelf { cid, muted, sharing } = mute;
        let id = self.own_participant(by, cid)?;
        let Some(call) = self.calls.get(cid) else { return Err(Refused::NoSuchCall(cid.clone())) };
        let own = self.capabilities(cid, Some(call), &by.user);
        let possible = access::sendable(call, &own);
        let wanted = [
            (!muted.audio, Capability::SendAudio),
            (!muted.video, Capability::SendVideo),
            (*sharing == Some(true), Capability::Screenshare),
        ];
        for (on, capability) in wanted {
            if on && !possible.contains(&capability) {
                return Err(Refused::Forbidden { cid: cid.clone(), capability });
            }
        }
        let Some(participant) = self.call_mut(cid)?.by_id(&id) else { return Err(Refused::NotIn(cid.clone())) };
        let sharing = sharing.unwrap_or(participant.seen.sharing);
        if (participant.seen.muted, participant.seen.sharing) == (*muted, sharing) {
            return Ok(Answer::Done);
        }
        (participant.seen.muted, participant.seen.sharing) = (*muted, sharing);
        let body = EventBody::ParticipantUpdated { participant: participant.view() };
        self.tell_followers(cid, body, None);
        self.changed(cid);
        Ok(Answer::Done)
    }

    /// Of the caller's own sending only (C11); everybody's is in `settings.limits` (C10).
    pub(super) fn set_max_bandwidth(&mut self, by: &Caller, set: &SetMaxBandwidth) -> Result<Answer, Refused> {
        let SetMaxBandwidth { cid, max_bandwidth } = set;
        let id = self.own_participant(by, cid)?;
        let Some(participant) = self.call_mut(cid)?.by_id(&id) else { return Err(Refused::NotIn(cid.clone())) };
        if participant.seen.max_bandwidth != *max_bandwidth {
            participant.seen.max_bandwidth = *max_bandwidth;
            let body = EventBody::ParticipantUpdated { participant: participant.view() };
            self.tell_followers(cid, body, None);
            self.changed(cid);
        }
        Ok(Answer::Done)
    }
}
