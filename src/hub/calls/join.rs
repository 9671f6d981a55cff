//! Coming into a call and leaving it.

use std::time::Instant;

use serde_json::Value;

use super::call::{Call, Own, Participant, Presence};
use super::create::rfc3339;
use super::{Answer, Caller, Calls, Refused, SessionId, Timer, access, check};
use crate::protocol::hub::{
    CallSession, Capability, EventBody, IceServers, JoinCall, Joined, LeaveReason, Muted, Participation, RecordingMode, SendSignal,
    WithExtension,
};
use crate::protocol::{Cid, ParticipantId};

impl Calls {
    pub(super) fn join(&mut self, by: &Caller, join: JoinCall, now: Instant) -> Result<Answer, Refused> {
        let session = by.session.ok_or(Refused::NeedsSession)?;
        let cid = Cid::new(&join.kind, &join.id)?;
        check::custom("`custom`", &join.custom)?;
        self.may_follow(by, &cid)?;
        if let Some(call) = self.calls.get(&cid) {
            let claimed = join.participation.as_ref().map(|claim| &claim.id);
            // Who is in already only comes back: roles that changed meanwhile have put it out before.
            let known = call.participants.iter().find(|p| Some(&p.seen.id) == claimed || p.presence.session() == Some(session));
            match known {
                Some(known) if known.seen.user.id != by.user.id => return Err(Refused::NotYours(known.seen.id.clone())),
                Some(_) => {}
                None => self.has_place(by, call)?,
            }
            self.come_in(by, session, &cid, join.participation, Own { custom: join.custom, door: join.door })
        } else {
            if !join.create {
                return Err(Refused::NoSuchCall(cid));
            }
            let data = join.data.unwrap_or_default();
            // A call that its creator may not join is not created either.
            let call = self.draft(by, &cid, &data)?;
            self.may_join(by, &call)?;
            self.create(by, call, &data, now)?;
            self.ring_and_notify(by, &cid, &data, Value::Null, now);
            self.come_in(by, session, &cid, join.participation, Own { custom: join.custom, door: join.door })
        }
    }

    fn has_place(&self, by: &Caller, call: &Call) -> Result<(), Refused> {
        self.may_join(by, call)?;
        let places = match call.info.settings.limits.max_participants as usize {
            0 => self.limits.participants,
            own => own.min(self.limits.participants),
        };
        if call.participants.len() >= places { Err(Refused::Full { cid: call.info.cid.clone(), places }) } else { Ok(()) }
    }

    fn come_in(
        &mut self,
        by: &Caller,
        session: SessionId,
        cid: &Cid,
        claim: Option<Participation>,
        said: Own,
    ) -> Result<Answer, Refused> {
        let own = self
            .calls
            .get(cid)
            .map(|call| access::sendable(call, &self.capabilities(cid, Some(call), &by.user)))
            .unwrap_or_default();
        let call = self.call_mut(cid)?;
        let here = call.of_session(Some(session)).map(|p| p.seen.id.clone());
        let (id, claimed) = match (here, claim) {
            (Some(here), Some(claim)) if claim.id != here => return Err(Refused::AlreadyIn { cid: cid.clone(), id: here }),
            (_, Some(Participation { id, generation })) => (id, generation),
            (Some(here), None) => (here, None),
            (None, None) => (by.fresh.clone(), None),
        };
        // Who may not be heard or seen is muted from the start.
        let muted = Muted { audio: !own.contains(&Capability::SendAudio), video: !own.contains(&Capability::SendVideo) };
        let mut taken_over = None;
        let told = if let Some(participant) = call.by_id(&id) {
            let (old, told) = participant.come_back(by, session, claimed, said);
            if let Presence::Away { until, .. } = old {
                self.timers.remove(&(until, Timer::Grace(cid.clone(), id.clone())));
            }
            taken_over = old.session().filter(|old| *old != session);
            told
        } else {
            let mut newcomer = Participant::new(id.clone(), by, session, claimed, said);
            newcomer.seen.muted = muted;
            let participant = newcomer.view();
            call.participants.push(newcomer);
            Some(EventBody::ParticipantJoined { participant })
        };
        if let Some(old) = taken_over {
            self.unfollow(old, cid);
            self.tell([old], cid, EventBody::Replaced { participant: id.clone() });
        }
        self.begin_session(by, cid, session);
        if let Some(body) = told {
            self.tell_followers(cid, body, Some(session));
            self.changed(cid);
        }
        self.joined_while_ringing(by, cid, session);
        self.follow(Some(session), cid);
        let call = self.view_for(by, cid)?;
        Ok(Answer::Joined(Box::new(Joined { call, participant: id, ice_servers: IceServers::default() })))
    }

    fn begin_session(&mut self, by: &Caller, cid: &Cid, newcomer: SessionId) {
        let Some(call) = self.calls.get_mut(cid).filter(|call| call.info.session.is_none()) else { return };
        call.sessions += 1;
        let session = CallSession { number: call.sessions, started_at: rfc3339(by.wall) };
        call.info.session = Some(session.clone());
        let records = call.info.settings.recording.mode == RecordingMode::AutoOn;
        call.info.recording = records;
        self.tell_followers(cid, EventBody::SessionStarted { session }, Some(newcomer));
        if records {
            self.tell_followers(cid, EventBody::Recording { recording: true, by: None }, Some(newcomer));
        }
    }

    pub(super) fn end_session_if_empty(&mut self, cid: &Cid) {
        let Some(call) = self.calls.get_mut(cid).filter(|call| call.participants.is_empty()) else { return };
        let Some(session) = call.info.session.take() else { return };
        let recorded = std::mem::take(&mut call.info.recording);
        if recorded {
            self.tell_followers(cid, EventBody::Recording { recording: false, by: None }, None);
        }
        self.tell_followers(cid, EventBody::SessionEnded { session }, None);
    }

    /// Leaving a call that one only follows ends the following (G14); a caller that leaves before anybody has accepted gives up.
    pub(super) fn leave(&mut self, by: &Caller, leave: WithExtension) -> Result<Answer, Refused> {
        let WithExtension { cid, extension } = leave;
        let session = by.session.ok_or(Refused::NeedsSession)?;
        check::custom("`extension`", &extension)?;
        let call = self.call_mut(&cid)?;
        let here = call.of_session(Some(session)).map(|p| p.seen.id.clone());
        self.unfollow(session, &cid);
        if let Some(id) = here {
            self.caller_left(&cid, &by.user.id, &extension);
            self.remove(&cid, &id, LeaveReason::Left, extension);
        }
        Ok(Answer::Done)
    }

    pub(super) fn signal(&mut self, by: &Caller, signal: SendSignal) -> Result<Answer, Refused> {
        let SendSignal { cid, to, epoch, signal } = signal;
        check::signal(&signal)?;
        let call = self.call_mut(&cid)?;
        let from = call.of_session(by.session).map(|p| p.seen.id.clone()).ok_or_else(|| Refused::NotIn(cid.clone()))?;
        if from == to {
            return Err(Refused::ToSelf(to));
        }
        let Some(other) = call.by_id(&to) else {
            return Err(Refused::NoSuchParticipant { cid, id: to });
        };
        let session = other.presence.session().ok_or(Refused::Away(to))?;
        self.tell([session], &cid, EventBody::Signal { from, epoch, signal });
        Ok(Answer::Done)
    }

    /// The participant that this caller is in a call.
    pub(super) fn own_participant(&mut self, by: &Caller, cid: &Cid) -> Result<ParticipantId, Refused> {
        let call = self.call_mut(cid)?;
        call.of_session(by.session).map(|p| p.seen.id.clone()).ok_or_else(|| Refused::NotIn(cid.clone()))
    }
}
