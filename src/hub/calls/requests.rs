//! The requests of clients: each is done, or refused without changing anything.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::SystemTime;

use serde::Serialize;

use super::call::{Call, Participant, Presence};
use super::{Answer, Caller, Calls, Effect, Refused, Request, Timer};
use crate::protocol::hub::{
    CallData, EventBody, GetCall, InCall, JoinCall, Joined, LeaveReason, MuteSelf, Participation, SendSignal, Signal,
};
use crate::protocol::{Cid, UserId};

/// The longest custom data of a call or a participant, in bytes of JSON.
const MAX_CUSTOM: usize = 4 * 1024;
/// The longest session description.
const MAX_SDP: usize = 32 * 1024;
/// The longest candidate line; the longest seen in the field have about 300 bytes.
const MAX_CANDIDATE: usize = 2 * 1024;

impl Calls {
    pub(super) fn asked(&mut self, by: Caller, request: Request) -> Result<Answer, Refused> {
        match request {
            Request::Get(get) => self.get(&by, &get),
            Request::GetOrCreate(get) => self.get_or_create(&by, get),
            Request::Join(join) => self.join(by, join),
            Request::Leave(InCall { cid }) => self.leave(&by, &cid),
            Request::Mute(mute) => self.mute(&by, mute),
            Request::Signal(signal) => self.signal(&by, signal),
        }
    }

    fn get(&mut self, by: &Caller, get: &GetCall) -> Result<Answer, Refused> {
        let cid = Cid::new(&get.kind, &get.id)?;
        if !self.calls.contains_key(&cid) {
            return Err(Refused::NoSuchCall(cid));
        }
        self.may_follow(by, &cid)?;
        self.follow(by.session, &cid);
        self.whole(cid)
    }

    fn get_or_create(&mut self, by: &Caller, get: GetCall) -> Result<Answer, Refused> {
        let cid = Cid::new(&get.kind, &get.id)?;
        self.may_follow(by, &cid)?;
        if !self.calls.contains_key(&cid) {
            self.create(&cid, &by.user.id, by.wall, get.data)?;
        }
        self.follow(by.session, &cid);
        self.whole(cid)
    }

    fn whole(&self, cid: Cid) -> Result<Answer, Refused> {
        let call = self.calls.get(&cid).map(|call| call.view(&cid));
        call.map(|call| Answer::Call(Box::new(call))).ok_or(Refused::NoSuchCall(cid))
    }

    fn create(&mut self, cid: &Cid, by: &UserId, wall: SystemTime, data: Option<CallData>) -> Result<(), Refused> {
        let custom = data.unwrap_or_default().custom;
        check_custom("`data.custom`", &custom)?;
        if self.calls.len() >= self.limits.calls {
            return Err(Refused::TooManyCalls(self.limits.calls));
        }
        let created_at = humantime::format_rfc3339_millis(wall).to_string();
        let call = Call { created_by: by.clone(), created_at, custom, participants: Vec::new(), followers: BTreeSet::new() };
        self.calls.insert(cid.clone(), call);
        self.effects.push_back(Effect::Changed(cid.clone()));
        Ok(())
    }

    fn join(&mut self, by: Caller, join: JoinCall) -> Result<Answer, Refused> {
        let cid = Cid::new(&join.kind, &join.id)?;
        check_custom("`custom`", &join.custom)?;
        self.may_follow(&by, &cid)?;
        if !self.calls.contains_key(&cid) {
            if !join.create {
                return Err(Refused::NoSuchCall(cid));
            }
            self.create(&cid, &by.user.id, by.wall, join.data)?;
        }
        let Some(call) = self.calls.get_mut(&cid) else { return Err(Refused::NoSuchCall(cid)) };
        let here = call.of_session(by.session).map(|p| p.id.clone());
        let (id, claimed) = match (here, join.participation) {
            (Some(here), Some(claim)) if claim.id != here => return Err(Refused::AlreadyIn { cid, id: here }),
            (_, Some(Participation { id, generation })) => (id, generation),
            (Some(here), None) => (here, None),
            (None, None) => (by.fresh.clone(), None),
        };
        let places = self.limits.participants;
        let mut taken_over = None;
        let told = if let Some(participant) = call.by_id(&id) {
            if participant.user.id != by.user.id {
                return Err(Refused::NotYours(id));
            }
            let (old, told) = participant.come_back(&by, claimed, join.custom);
            if let Presence::Away { until, .. } = old {
                self.timers.remove(&(until, Timer::Grace(cid.clone(), id.clone())));
            }
            taken_over = old.session().filter(|session| *session != by.session);
            told
        } else {
            if call.participants.len() >= places {
                return Err(Refused::Full { cid, places });
            }
            let newcomer = Participant::new(id.clone(), &by, claimed, join.custom);
            let view = newcomer.view();
            call.participants.push(newcomer);
            Some(EventBody::ParticipantJoined { participant: view })
        };
        if let Some(old) = taken_over {
            self.unfollow(old, &cid);
            let body = Arc::new(EventBody::Replaced { participant: id.clone() });
            self.effects.push_back(Effect::Tell { to: vec![old], cid: cid.clone(), body });
        }
        self.follow(by.session, &cid);
        if let Some(body) = told {
            self.tell_followers(&cid, body, Some(by.session));
            self.effects.push_back(Effect::Changed(cid.clone()));
        }
        let call = self.call(&cid).ok_or(Refused::NoSuchCall(cid))?;
        Ok(Answer::Joined(Box::new(Joined { call, participant: id })))
    }

    /// Leaving a call that one only follows ends the following (G14).
    fn leave(&mut self, by: &Caller, cid: &Cid) -> Result<Answer, Refused> {
        let call = self.calls.get_mut(cid).ok_or_else(|| Refused::NoSuchCall(cid.clone()))?;
        let here = call.of_session(by.session).map(|p| p.id.clone());
        self.unfollow(by.session, cid);
        if let Some(id) = here {
            self.remove(cid, &id, LeaveReason::Left);
        }
        Ok(Answer::Done)
    }

    fn mute(&mut self, by: &Caller, mute: MuteSelf) -> Result<Answer, Refused> {
        let MuteSelf { cid, muted, .. } = mute;
        let call = self.calls.get_mut(&cid).ok_or_else(|| Refused::NoSuchCall(cid.clone()))?;
        let participant = call.of_session(by.session).ok_or_else(|| Refused::NotIn(cid.clone()))?;
        if participant.muted == muted {
            return Ok(Answer::Done);
        }
        participant.muted = muted;
        let body = EventBody::ParticipantUpdated { participant: participant.view() };
        self.tell_followers(&cid, body, None);
        self.effects.push_back(Effect::Changed(cid));
        Ok(Answer::Done)
    }

    fn signal(&mut self, by: &Caller, signal: SendSignal) -> Result<Answer, Refused> {
        let SendSignal { cid, to, epoch, signal } = signal;
        check_signal(&signal)?;
        let call = self.calls.get_mut(&cid).ok_or_else(|| Refused::NoSuchCall(cid.clone()))?;
        let from = call.of_session(by.session).map(|p| p.id.clone()).ok_or_else(|| Refused::NotIn(cid.clone()))?;
        if from == to {
            return Err(Refused::ToSelf(to));
        }
        let Some(other) = call.by_id(&to) else {
            return Err(Refused::NoSuchParticipant { cid, id: to });
        };
        let session = other.presence.session().ok_or(Refused::Away(to))?;
        let body = Arc::new(EventBody::Signal { from, epoch, signal });
        self.effects.push_back(Effect::Tell { to: vec![session], cid, body });
        Ok(Answer::Done)
    }

    fn may_follow(&self, by: &Caller, cid: &Cid) -> Result<(), Refused> {
        let limit = self.limits.followed;
        match self.follows.get(&by.session) {
            Some(followed) if followed.len() >= limit && !followed.contains(cid) => Err(Refused::FollowsTooMany(limit)),
            _ => Ok(()),
        }
    }
}

fn check_custom(what: &'static str, custom: &impl Serialize) -> Result<(), Refused> {
    let len = serde_json::to_vec(custom).map_or(usize::MAX, |json| json.len());
    check_len(what, len, MAX_CUSTOM)
}

fn check_signal(signal: &Signal) -> Result<(), Refused> {
    match signal {
        Signal::Offer { sdp } | Signal::Answer { sdp } => check_len("the session description", sdp.len(), MAX_SDP),
        Signal::Candidate { candidate, .. } => check_len("the candidate", candidate.len(), MAX_CANDIDATE),
        Signal::Restart => Ok(()),
    }
}

fn check_len(what: &'static str, len: usize, limit: usize) -> Result<(), Refused> {
    if len > limit { Err(Refused::TooLarge { what, len, limit }) } else { Ok(()) }
}
