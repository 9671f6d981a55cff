//! The call model, pure: who is in which call, who watches it, what each of them must be told.
//!
//! ```text
//!   Input ──► handle(input, now) ──► Ok(Answer) | Err(Refused)
//!   handle_timeout(now) ────────────► …                            then drain poll_effect(): Tell, Changed
//!   poll_timeout() ─────────────────► when handle_timeout is due, and why
//!
//!   a participant:   join ──► connected ──socket lost──► away ──grace time──► left (timed_out)
//!                                 ▲  └──leave──► left       │
//!                                 └──socket back, or join───┘
//! ```
//!
//! No clock, no randomness, no IO: time and ids are arguments. Every change is followed by a complete drain of the effects.
//! A *session* is one signed-in client as `hub::sessions` keeps it; it outlives its socket for the grace time. A session that
//! gets, creates or joins a call follows it: it is told everything that happens there until it leaves.

mod call;
mod input;
mod record;
mod refused;
mod requests;

#[cfg(test)]
mod model_tests;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::protocol::hub::{EventBody, LeaveReason};
use crate::protocol::{Cid, ParticipantId, hub};

use call::{Call, Presence};
pub use input::{Answer, Caller, Effect, Input, Request, SessionId};
pub use record::Record;
pub use refused::Refused;

/// What bounds the calls of one hub.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// How long a participant without a socket is kept.
    pub grace: Duration,
    /// Places in one call.
    pub participants: usize,
    /// Calls that one session may follow at a time.
    pub followed: usize,
    /// Calls that the hub keeps.
    pub calls: usize,
}

/// Something that happens by itself when its time comes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    /// A participant without a socket is given up.
    Grace(Cid, ParticipantId),
}

/// All calls of a hub.
#[derive(Debug)]
pub struct Calls {
    limits: Limits,
    calls: BTreeMap<Cid, Call>,
    /// Which calls each session follows; the other direction is [`Call::followers`].
    follows: BTreeMap<SessionId, BTreeSet<Cid>>,
    timers: BTreeSet<(Instant, Timer)>,
    effects: VecDeque<Effect>,
}

impl Calls {
    /// The calls as they were stored; whoever was in one has a fresh grace time to come back.
    pub fn new(limits: Limits, stored: impl IntoIterator<Item = Record>, now: Instant) -> Self {
        let until = now + limits.grace;
        let mut calls =
            Self { limits, calls: BTreeMap::new(), follows: BTreeMap::new(), timers: BTreeSet::new(), effects: VecDeque::new() };
        for record in stored {
            let (cid, call) = record.into_call(until);
            for participant in &call.participants {
                calls.timers.insert((until, Timer::Grace(cid.clone(), participant.id.clone())));
            }
            calls.calls.insert(cid, call);
        }
        calls
    }

    /// Something happened. On a refusal nothing has changed.
    pub fn handle(&mut self, input: Input, now: Instant) -> Result<Answer, Refused> {
        match input {
            Input::Asked { by, request } => self.asked(by, *request),
            Input::SocketLost(session) => {
                self.socket_lost(session, now);
                Ok(Answer::Done)
            }
            Input::SocketBack(session) => {
                self.socket_back(session);
                Ok(Answer::Done)
            }
            Input::SessionEnded(session) => {
                self.session_ended(session);
                Ok(Answer::Done)
            }
        }
    }

    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some((at, _)) = self.timers.first()
            && *at <= now
            && let Some((_, timer)) = self.timers.pop_first()
        {
            match timer {
                Timer::Grace(cid, id) => self.remove(&cid, &id, LeaveReason::TimedOut),
            }
        }
    }

    /// The next thing to be done for the world outside; call until none is left.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// When [`Self::handle_timeout`] is due next, and why.
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        self.timers.first().map(|(at, timer)| match timer {
            Timer::Grace(..) => (*at, "the grace time of a participant ends"),
        })
    }

    /// A call as its followers see it.
    pub fn call(&self, cid: &Cid) -> Option<hub::Call> {
        self.calls.get(cid).map(|call| call.view(cid))
    }

    /// What to store of a call.
    pub fn record(&self, cid: &Cid) -> Option<Record> {
        self.calls.get(cid).map(|call| Record::of(cid, call))
    }

    /// How many calls there are.
    pub fn count(&self) -> usize {
        self.calls.len()
    }

    fn socket_lost(&mut self, session: SessionId, now: Instant) {
        let until = now + self.limits.grace;
        for cid in self.followed_by(session) {
            let Some(call) = self.calls.get_mut(&cid) else { continue };
            let Some(participant) = call.of_session(session) else { continue };
            if participant.presence != Presence::Connected(session) {
                continue;
            }
            participant.presence = Presence::Away { session: Some(session), until };
            let (id, body) = (participant.id.clone(), EventBody::ParticipantUpdated { participant: participant.view() });
            self.timers.insert((until, Timer::Grace(cid.clone(), id)));
            self.tell_followers(&cid, body, None);
        }
    }

    fn socket_back(&mut self, session: SessionId) {
        for cid in self.followed_by(session) {
            let Some(call) = self.calls.get_mut(&cid) else { continue };
            let Some(participant) = call.of_session(session) else { continue };
            let Presence::Away { until, .. } = participant.presence else { continue };
            participant.presence = Presence::Connected(session);
            let (id, body) = (participant.id.clone(), EventBody::ParticipantUpdated { participant: participant.view() });
            self.timers.remove(&(until, Timer::Grace(cid.clone(), id)));
            self.tell_followers(&cid, body, None);
        }
    }

    fn session_ended(&mut self, session: SessionId) {
        for cid in self.followed_by(session) {
            self.unfollow(session, &cid);
            if let Some(id) = self.calls.get_mut(&cid).and_then(|call| call.of_session(session)).map(|p| p.id.clone()) {
                self.remove(&cid, &id, LeaveReason::TimedOut);
            }
        }
    }

    /// Takes a participant out and tells everybody who is left.
    fn remove(&mut self, cid: &Cid, id: &ParticipantId, reason: LeaveReason) {
        let Some(call) = self.calls.get_mut(cid) else { return };
        let Some(index) = call.participants.iter().position(|p| p.id == *id) else { return };
        let gone = call.participants.remove(index);
        if let Presence::Away { until, .. } = gone.presence {
            self.timers.remove(&(until, Timer::Grace(cid.clone(), id.clone())));
        }
        self.tell_followers(
            cid,
            EventBody::ParticipantLeft { participant: id.clone(), reason, extension: serde_json::Value::Null },
            None,
        );
        self.effects.push_back(Effect::Changed(cid.clone()));
    }

    fn followed_by(&self, session: SessionId) -> Vec<Cid> {
        self.follows.get(&session).into_iter().flatten().cloned().collect()
    }

    fn follow(&mut self, session: SessionId, cid: &Cid) {
        if let Some(call) = self.calls.get_mut(cid) {
            call.followers.insert(session);
            self.follows.entry(session).or_default().insert(cid.clone());
        }
    }

    fn unfollow(&mut self, session: SessionId, cid: &Cid) {
        if let Some(call) = self.calls.get_mut(cid) {
            call.followers.remove(&session);
        }
        if let Some(followed) = self.follows.get_mut(&session) {
            followed.remove(cid);
            if followed.is_empty() {
                self.follows.remove(&session);
            }
        }
    }

    fn tell_followers(&mut self, cid: &Cid, body: EventBody, except: Option<SessionId>) {
        let Some(call) = self.calls.get(cid) else { return };
        let to: Vec<_> = call.followers.iter().copied().filter(|session| Some(*session) != except).collect();
        if !to.is_empty() {
            self.effects.push_back(Effect::Tell { to, cid: cid.clone(), body: Arc::new(body) });
        }
    }
}
