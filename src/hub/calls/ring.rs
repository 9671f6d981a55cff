//! Ringing: who is rung, and how they answer. How a ring comes to its end is in `ring_end`.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::call::{Call, RingTimes};
use super::create::rfc3339;
use super::input::{Wake, WakeReason};
use super::{Answer, Caller, Calls, Effect, Refused, SessionId, Timer, check};
use crate::protocol::hub::{
    AnswerMode, CallData, Callee, CalleeState, Capability, EventBody, MakeCall, MemberUpdate, Ring, RingCall, RingEnd,
    WithExtension, WithReason,
};
use crate::protocol::{Cid, UserId};

/// Who is rung: the members, or those of them that are named, without the caller (C6) and whom the call keeps out.
pub(super) fn callees(call: &Call, by: &UserId, named: Option<&[UserId]>) -> Result<Vec<UserId>, Refused> {
    let cid = || call.info.cid.clone();
    let mut users: Vec<UserId> = match named {
        None => call.info.members.iter().map(|member| member.user_id.clone()).collect(),
        Some(named) => {
            if let Some(user) = named.iter().find(|user| call.member(user).is_none()) {
                return Err(Refused::NotAMember { cid: cid(), user: user.clone() });
            }
            named.to_vec()
        }
    };
    users.retain(|user| user != by && !call.info.blocked.contains(user));
    users.sort_unstable();
    users.dedup();
    if users.is_empty() { Err(Refused::NobodyToRing(cid())) } else { Ok(users) }
}

/// Whether calls like this ring at all.
pub(super) fn rings(call: &Call) -> Result<(), Refused> {
    let ring = &call.info.settings.ring;
    let never = ring.incoming_call_timeout_ms == 0 || ring.auto_cancel_timeout_ms == 0;
    if never { Err(Refused::DoesNotRing(call.info.cid.clone())) } else { Ok(()) }
}

/// How far the running ring got with a user.
pub(super) fn callee<'a>(ring: &'a mut Ring, user: &UserId) -> Option<&'a mut Callee> {
    ring.callees.iter_mut().find(|callee| callee.user == *user)
}

impl Calls {
    /// A fresh call with one other member, who is rung (K8).
    pub(super) fn make(&mut self, by: &Caller, make: MakeCall, now: Instant) -> Result<Answer, Refused> {
        let MakeCall { destination, kind, video, audio: _, extension, data } = make;
        if destination == by.user.id {
            return Err(Refused::BadValue("`destination` is yourself: call somebody else".into()));
        }
        check::custom("`extension`", &extension)?;
        let mut data = data.unwrap_or_default();
        data.members.push(MemberUpdate { user_id: destination, role: None, custom: None });
        (data.ring, data.video) = (true, Some(video));
        let (kind, id) = (kind.unwrap_or_else(|| "default".into()), by.fresh.to_string());
        let cid = Cid::new(&kind, &id)?;
        if self.calls.contains_key(&cid) {
            return Err(Refused::RingsAlready(cid));
        }
        self.may_follow(by, &cid)?;
        let call = self.draft(by, &cid, &data)?;
        self.create(by, call, &data, now)?;
        self.follow(by.session, &cid);
        self.ring_and_notify(by, &cid, &data, extension, now);
        self.whole(by, &cid)
    }

    /// `call.ring` (G24, C5, C15).
    pub(super) fn ring(&mut self, by: &Caller, ring: RingCall, now: Instant) -> Result<Answer, Refused> {
        let RingCall { cid, members, video, extension } = ring;
        check::custom("`extension`", &extension)?;
        let call = self.may_ring(by, &cid)?;
        let users = callees(call, &by.user.id, members.as_deref())?;
        let video = video.unwrap_or(call.info.video);
        self.paces.ring(&by.user.id, now)?;
        self.start_ring(by, &cid, users, video, extension, now);
        self.whole(by, &cid)
    }

    fn may_ring(&self, by: &Caller, cid: &Cid) -> Result<&Call, Refused> {
        let call = self.allowed(by, cid, Capability::JoinCall)?;
        if call.info.ended_at.is_some() {
            return Err(Refused::Ended(cid.clone()));
        }
        rings(call)?;
        if call.info.ring.as_ref().is_some_and(|ring| ring.ended.is_none()) {
            return Err(Refused::RingsAlready(cid.clone()));
        }
        Ok(call)
    }

    pub(super) fn may_ring_again(&self, by: &Caller, cid: &Cid) -> Result<(), Refused> {
        let call = self.may_ring(by, cid)?;
        callees(call, &by.user.id, None).map(drop)
    }

    /// What `data` says is to be done after a call is there; whether it may be done was checked before.
    pub(super) fn ring_and_notify(&mut self, by: &Caller, cid: &Cid, data: &CallData, extension: Value, now: Instant) {
        let users = self.calls.get(cid).and_then(|call| callees(call, &by.user.id, None).ok()).unwrap_or_default();
        if data.ring && !users.is_empty() {
            let video = self.calls.get(cid).is_none_or(|call| call.info.video);
            self.start_ring(by, cid, users.clone(), video, extension, now);
        }
        if data.notify {
            self.tell_users(by, cid, &users);
        }
    }

    /// `call.notify` (G25).
    pub(super) fn notify(&mut self, by: &Caller, notify: &RingCall, now: Instant) -> Result<Answer, Refused> {
        let RingCall { cid, members, .. } = notify;
        let call = self.allowed(by, cid, Capability::JoinCall)?;
        let users = callees(call, &by.user.id, members.as_deref())?;
        self.paces.ring(&by.user.id, now)?;
        self.tell_users(by, cid, &users);
        self.whole(by, cid)
    }

    fn tell_users(&mut self, by: &Caller, cid: &Cid, users: &[UserId]) {
        let Some(view) = self.call(cid) else { return };
        let devices: Vec<_> = users.iter().flat_map(|user| self.devices(user)).collect();
        self.tell(devices, cid, EventBody::Notification { call: Box::new(view.clone()), by: by.user.clone() });
        for user in users {
            self.wake(WakeReason::Notification, user, &view, &by.user.id);
        }
    }

    fn wake(&mut self, reason: WakeReason, user: &UserId, call: &crate::protocol::hub::Call, by: &UserId) {
        let wake = Wake { user: user.clone(), reason, call: call.clone(), by: by.clone() };
        self.effects.push_back(Effect::Wake(Box::new(wake)));
    }

    pub(super) fn wake_missed(&mut self, cid: &Cid, users: &[UserId]) {
        let Some(view) = self.call(cid) else { return };
        let Some(by) = view.ring.as_ref().map(|ring| ring.by.clone()) else { return };
        for user in users {
            self.wake(WakeReason::Missed, user, &view, &by);
        }
    }

    fn start_ring(&mut self, by: &Caller, cid: &Cid, users: Vec<UserId>, video: bool, extension: Value, now: Instant) {
        let Some(call) = self.calls.get_mut(cid) else { return };
        let settings = &call.info.settings.ring;
        call.info.ring = Some(Ring {
            by: by.user.id.clone(),
            started_at: rfc3339(by.wall),
            video,
            answer: settings.answer,
            extension,
            callees: users.iter().map(|user| Callee { user: user.clone(), state: CalleeState::Ringing }).collect(),
            ended: None,
        });
        call.accepted.clear();
        self.time_ring(cid, now);
        self.changed(cid);
        let Some(view) = self.call(cid) else { return };
        self.tell_ring(cid, EventBody::Ringing { call: Box::new(view.clone()), by: by.user.clone() });
        for user in &users {
            self.wake(WakeReason::Ring, user, &view, &by.user.id);
        }
    }

    fn time_ring(&mut self, cid: &Cid, now: Instant) {
        let Some(call) = self.calls.get_mut(cid) else { return };
        let Some(ring) = call.info.ring.as_ref().filter(|ring| ring.ended.is_none()) else { return };
        let settings = &call.info.settings.ring;
        let after = |ms: u32| now + Duration::from_millis(u64::from(ms.max(1)));
        let times = RingTimes { missed: after(settings.incoming_call_timeout_ms), cancel: after(settings.auto_cancel_timeout_ms) };
        call.ring_times = Some(times);
        self.timers.insert((times.missed, Timer::Missed(cid.clone())));
        self.timers.insert((times.cancel, Timer::Cancel(cid.clone())));
        for callee in ring.callees.iter().filter(|callee| callee.state == CalleeState::Ringing) {
            self.rings.entry(callee.user.clone()).or_default().insert(cid.clone());
        }
    }

    /// A stored ring goes on, with all its time.
    pub(super) fn resume_ring(&mut self, cid: &Cid, now: Instant) {
        self.time_ring(cid, now);
    }

    /// A device connects while its user is rung (C21).
    pub(super) fn ring_device(&mut self, session: SessionId, user: &UserId) {
        for cid in self.rings.get(user).cloned().unwrap_or_default() {
            let Some(call) = self.call(&cid) else { continue };
            let Some(by) = call.ring.as_ref().map(|ring| ring.by.clone()) else { continue };
            let by = self.known_user(&by);
            self.tell([session], &cid, EventBody::Ringing { call: Box::new(call), by });
        }
    }

    /// To who follows the call, the devices of all who are or were rung, and those of the caller.
    pub(super) fn tell_ring(&mut self, cid: &Cid, body: EventBody) {
        let Some(call) = self.calls.get(cid) else { return };
        let Some(ring) = &call.info.ring else { return };
        let users = ring.callees.iter().map(|callee| &callee.user).chain([&ring.by]);
        let to: Vec<_> = users.flat_map(|user| self.devices(user)).chain(call.followers.iter().copied()).collect();
        self.tell(to, cid, body);
    }

    /// `call.accept`: on this device; the others stop (K9, C18, C19).
    pub(super) fn accept(&mut self, by: &Caller, accept: WithExtension) -> Result<Answer, Refused> {
        let WithExtension { cid, extension } = accept;
        check::custom("`extension`", &extension)?;
        self.allowed(by, &cid, Capability::JoinCall)?;
        let call = self.call_mut(&cid)?;
        let state = call.info.ring.as_mut().and_then(|ring| callee(ring, &by.user.id)).map(|callee| callee.state);
        match state {
            Some(CalleeState::Ringing) => self.accepted(&cid, &by.user.id, by.session, extension),
            // Asked again, since the answer was lost.
            Some(CalleeState::Accepted) if call.accepted.get(&by.user.id) == Some(&by.session) => {}
            Some(CalleeState::Accepted | CalleeState::Elsewhere) => return Err(Refused::AnsweredElsewhere(cid)),
            Some(CalleeState::Rejected | CalleeState::Missed | CalleeState::Cancelled) | None => {
                return Err(Refused::NotRinging(cid));
            }
        }
        self.whole(by, &cid)
    }

    /// Who joins while it is rung has answered.
    pub(super) fn joined_while_ringing(&mut self, by: &Caller, cid: &Cid, session: SessionId) {
        let call = self.calls.get_mut(cid);
        let state = call.and_then(|call| call.info.ring.as_mut()).and_then(|ring| callee(ring, &by.user.id)).map(|c| c.state);
        if state == Some(CalleeState::Ringing) {
            self.accepted(cid, &by.user.id, Some(session), Value::Null);
        }
    }

    fn accepted(&mut self, cid: &Cid, user: &UserId, session: Option<SessionId>, extension: Value) {
        let Some(call) = self.calls.get_mut(cid) else { return };
        let Some(ring) = &mut call.info.ring else { return };
        for callee in &mut ring.callees {
            if callee.user == *user {
                callee.state = CalleeState::Accepted;
            } else if ring.answer == AnswerMode::First && callee.state == CalleeState::Ringing {
                callee.state = CalleeState::Elsewhere;
            }
        }
        call.accepted.insert(user.clone(), session);
        if let Some(times) = call.ring_times {
            self.timers.remove(&(times.cancel, Timer::Cancel(cid.clone())));
        }
        self.settle_ring(cid);
        self.changed(cid);
        if let Some(ring) = self.ring_of(cid) {
            self.tell_ring(cid, EventBody::Accepted { user: user.clone(), extension, ring });
        }
    }

    /// `call.reject`, also without a socket (K10, C23, C24). The caller's rejection is a cancellation.
    pub(super) fn reject(&mut self, by: &Caller, reject: WithReason) -> Result<Answer, Refused> {
        check::reason(reject.reason.as_ref())?;
        check::custom("`extension`", &reject.extension)?;
        let cid = reject.cid.clone();
        self.allowed(by, &cid, Capability::JoinCall)?;
        let call = self.call_mut(&cid)?;
        let Some(ring) = &mut call.info.ring else { return Err(Refused::NotRinging(cid)) };
        if ring.by == by.user.id {
            return self.cancel(by, reject);
        }
        match callee(ring, &by.user.id) {
            Some(callee) if callee.state == CalleeState::Ringing => callee.state = CalleeState::Rejected,
            // Asked again, since the answer was lost; the ring may be over by that very rejection.
            Some(callee) if callee.state == CalleeState::Rejected => return Ok(Answer::Done),
            Some(_) | None => return Err(Refused::NotRinging(cid)),
        }
        let WithReason { reason, extension, .. } = reject;
        self.settle_ring(&cid);
        self.changed(&cid);
        if let Some(ring) = self.ring_of(&cid) {
            self.tell_ring(&cid, EventBody::Rejected { user: by.user.id.clone(), reason, extension, ring });
        }
        self.over_without_answer(&cid);
        Ok(Answer::Done)
    }

    /// `call.cancel`: by the caller, or by who may end the call.
    pub(super) fn cancel(&mut self, by: &Caller, cancel: WithReason) -> Result<Answer, Refused> {
        let WithReason { cid, reason, extension } = cancel;
        check::reason(reason.as_ref())?;
        check::custom("`extension`", &extension)?;
        let call = self.allowed(by, &cid, Capability::JoinCall)?;
        let Some(ring) = &call.info.ring else { return Err(Refused::NotRinging(cid)) };
        match ring.ended {
            None => {}
            // Asked again, since the answer was lost.
            Some(RingEnd::Cancelled) if ring.by == by.user.id => return Ok(Answer::Done),
            Some(_) => return Err(Refused::NotRinging(cid)),
        }
        if ring.by != by.user.id {
            self.allowed(by, &cid, Capability::EndCall)?;
        }
        self.stop_ring(&cid, RingEnd::Cancelled, Some(&by.user.id), reason, extension);
        Ok(Answer::Done)
    }
}
