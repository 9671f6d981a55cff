//! Somebody calls this appliance.

use std::time::{Duration, Instant};

use super::core::Core;
use super::limits::Wish;
use super::room::{Joining, Origin, get};
use super::{Refused, Request, owed};
use crate::config::WhenBusy;
use crate::protocol::Cid;
use crate::protocol::control::{RingState, RingStatus};
use crate::protocol::hub::{Call, CalleeState, Ring, User};
use crate::protocol::rpc;

/// The hub ends a ring; this is for one that was lost.
const MARGIN: Duration = Duration::from_secs(5);
/// A ring whose length nobody says.
const USUAL: Duration = Duration::from_secs(60);
/// The longest ring that is believed.
const LONGEST: Duration = Duration::from_secs(600);
/// The hub has this long to take an answer.
const ANSWER_PATIENCE: Duration = Duration::from_secs(20);
/// Between two attempts to answer.
const PAUSE: Duration = Duration::from_secs(2);
/// How long the end of a ring is shown.
const SHOWN: Duration = Duration::from_secs(10);
/// Rings that are remembered, so that each rings once.
const REMEMBERED: usize = 32;
/// What a caller is told who is rejected without a reason.
const DECLINE: &str = "decline";

/// A ring for us.
#[derive(Debug)]
pub(super) struct Incoming {
    cid: Cid,
    by: User,
    video: bool,
    started_at: String,
    state: State,
    /// When it is over without news.
    until: Instant,
    /// When it is answered by itself.
    answer_at: Option<Instant>,
    /// Microphone and camera when answered.
    wish: Wish,
    /// The question whether it still rings.
    check: Check,
}

#[derive(Debug)]
enum State {
    Ringing,
    /// Answered; asked with this tag, or at this time.
    Answering(Result<u64, Instant>),
    Over(String),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Check {
    No,
    Wanted,
    Asked(u64),
}

impl Incoming {
    pub(super) fn rings(&self) -> bool {
        matches!(self.state, State::Ringing)
    }

    /// Ringing or being answered.
    pub(super) fn is_live(&self) -> bool {
        !matches!(self.state, State::Over(_))
    }

    pub(super) fn status(&self) -> RingStatus {
        let (state, reason) = match &self.state {
            State::Ringing => (RingState::Ringing, None),
            State::Answering(_) => (RingState::Answering, None),
            State::Over(reason) => (RingState::Ended, Some(reason.clone())),
        };
        RingStatus {
            cid: self.cid.clone(),
            by: self.by.id.clone(),
            name: self.by.name.clone(),
            video: self.video,
            since: self.started_at.clone(),
            state,
            reason,
        }
    }

    pub(super) fn deadline(&self, hub_open: bool) -> Option<(Instant, &'static str)> {
        let answer = match self.state {
            State::Ringing => self.answer_at.map(|at| (at, "answer by itself")),
            State::Answering(Err(at)) if hub_open => Some((at, "answer again")),
            State::Answering(_) | State::Over(_) => None,
        };
        [Some((self.until, "end of the ring")), answer].into_iter().flatten().min()
    }

    fn over(&mut self, why: impl Into<String>, now: Instant) {
        if self.is_live() {
            (self.state, self.until) = (State::Over(why.into()), now + SHOWN);
        }
    }
}

impl Core {
    /// `call.ring`: it may be for us, it may have come before.
    pub(super) fn ringing(&mut self, call: &Call, by: User, now: Instant) {
        let Some(ring) = &call.ring else {
            return;
        };
        let rings = ring.callees.iter().any(|callee| callee.user == self.settings.user && callee.state == CalleeState::Ringing);
        if !rings || ring.ended.is_some() || self.has_rung(&call.cid, &ring.started_at) {
            return;
        }
        self.rung.push_back((call.cid.clone(), ring.started_at.clone()));
        if self.rung.len() > REMEMBERED {
            self.rung.pop_front();
        }
        let reject = |reason: &str| Request::Reject(call.cid.clone(), reason.to_owned());
        let in_it = self.room.as_ref().is_some_and(|room| room.cid == call.cid && room.joining == Joining::Done);
        if in_it {
            return self.owed.owe(Request::Accept(call.cid.clone()), now);
        }
        if self.is_quiet(now) {
            return self.owed.owe(reject("do-not-disturb"), now);
        }
        // Two who call each other at the same time: both take the call of the one whose name comes first.
        let crossed = self.outgoing.as_ref().is_some_and(|outgoing| outgoing.calls_only(&by.id));
        let crossed = crossed && by.id < self.settings.user;
        if crossed {
            self.cancel_outgoing("both called at the same time", now);
        }
        let calls = self.outgoing.as_ref().is_some_and(|outgoing| outgoing.is_live());
        let rung = self.incoming.as_ref().is_some_and(Incoming::is_live);
        let company = self.room.as_ref().is_some_and(|room| room.has_company());
        if calls || rung || (company && self.settings.call.when_busy == WhenBusy::Reject) {
            return self.owed.owe(reject("busy"), now);
        }
        let by_itself = crossed || (!company && self.settings.call.auto_answer.includes(&by.id));
        let delay = if crossed { Duration::ZERO } else { self.settings.call.answer_delay };
        let muted = (by_itself && !crossed && self.settings.call.answer_muted).then_some(true);
        let length = match Duration::from_millis(u64::from(call.settings.ring.incoming_call_timeout_ms)) {
            Duration::ZERO => USUAL,
            length => length.min(LONGEST),
        };
        self.incoming = Some(Incoming {
            cid: call.cid.clone(),
            by,
            video: ring.video,
            started_at: ring.started_at.clone(),
            state: State::Ringing,
            until: now + length + MARGIN,
            answer_at: by_itself.then(|| now + delay),
            wish: Wish { audio: muted, video: None },
            check: Check::No,
        });
    }

    fn has_rung(&self, cid: &Cid, started_at: &str) -> bool {
        self.rung.iter().any(|(known, at)| known == cid && at == started_at)
    }

    /// How a ring goes on for us; none: the call has none any more.
    pub(super) fn incoming_changed(&mut self, cid: &Cid, ring: Option<&Ring>, now: Instant) {
        let Some(incoming) = self.incoming.as_mut().filter(|incoming| incoming.cid == *cid && incoming.is_live()) else {
            return;
        };
        let ring = ring.filter(|ring| ring.started_at == incoming.started_at);
        let mine = ring.and_then(|ring| ring.callees.iter().find(|callee| callee.user == self.settings.user));
        let (name, answering) = (incoming.by.name.clone(), matches!(incoming.state, State::Answering(_)));
        match mine.map(|callee| callee.state) {
            Some(CalleeState::Ringing) => {}
            // It may well be our own answer: the reply to it decides.
            Some(CalleeState::Accepted) if answering => {}
            Some(CalleeState::Accepted) => incoming.over("answered on another device", now),
            Some(CalleeState::Rejected) => incoming.over("rejected on another device", now),
            Some(CalleeState::Missed) => incoming.over("missed", now),
            Some(CalleeState::Elsewhere) => incoming.over("somebody else answered", now),
            Some(CalleeState::Cancelled) => incoming.over(format!("{name} gave up"), now),
            None => incoming.over("it does not ring any more", now),
        }
    }

    /// The call of a ring is over, or not for us any more.
    pub(super) fn incoming_gone(&mut self, cid: &Cid, now: Instant) {
        if let Some(incoming) = self.incoming.as_mut().filter(|incoming| incoming.cid == *cid) {
            incoming.over("the call is over", now);
        }
    }

    /// A person answers.
    pub(super) fn answer(&mut self, muted: bool, audio_only: bool, now: Instant) -> Result<(), Refused> {
        let Some(incoming) = self.incoming.as_mut().filter(|incoming| incoming.is_live()) else {
            return Err(Refused::NobodyCalls);
        };
        if incoming.rings() {
            incoming.wish = Wish { audio: muted.then_some(true), video: audio_only.then_some(true) };
            (incoming.state, incoming.until) = (State::Answering(Err(now)), now + ANSWER_PATIENCE);
        }
        Ok(())
    }

    /// A person says no.
    pub(super) fn reject(&mut self, reason: Option<String>, now: Instant) -> Result<(), Refused> {
        let Some(incoming) = self.incoming.as_mut().filter(|incoming| incoming.is_live()) else {
            return Err(Refused::NobodyCalls);
        };
        incoming.over("rejected", now);
        let reason = reason.unwrap_or_else(|| DECLINE.to_owned());
        self.owed.owe(Request::Reject(incoming.cid.clone(), reason), now);
        Ok(())
    }

    pub(super) fn incoming_hub_opened(&mut self, resumed: bool) {
        if let Some(incoming) = self.incoming.as_mut().filter(|incoming| incoming.rings() && !resumed) {
            incoming.check = Check::Wanted;
        }
    }

    /// Takes the answer of the hub, if it is to one of ours.
    pub(super) fn incoming_reply(&mut self, tag: u64, outcome: &Result<serde_json::Value, rpc::Error>, now: Instant) -> bool {
        let Some(incoming) = &mut self.incoming else {
            return false;
        };
        if incoming.check == Check::Asked(tag) {
            incoming.check = Check::No;
            let cid = incoming.cid.clone();
            match outcome {
                Ok(value) => match serde_json::from_value::<Call>(value.clone()) {
                    Ok(call) => self.incoming_changed(&cid, call.ring.as_ref(), now),
                    Err(_) => self.incoming_gone(&cid, now),
                },
                Err(error) if owed::passing(error) => {}
                Err(_) => self.incoming_gone(&cid, now),
            }
            return true;
        }
        if !matches!(incoming.state, State::Answering(Ok(asked)) if asked == tag) {
            return false;
        }
        match outcome {
            Ok(_) => {
                let (cid, wish, video) = (incoming.cid.clone(), incoming.wish, incoming.video);
                self.incoming = None;
                self.enter(cid, Origin::Rung { made: false, video }, wish, now);
            }
            Err(error) if owed::passing(error) => incoming.state = State::Answering(Err(now + PAUSE)),
            Err(error) => incoming.over(error.message.clone(), now),
        }
        true
    }

    /// Answers by itself, asks, and forgets what is over.
    pub(super) fn settle_incoming(&mut self, now: Instant) {
        let (hub_open, tag) = (self.hub_open, self.next_tag);
        let Some(incoming) = &mut self.incoming else {
            return;
        };
        if incoming.until <= now {
            if !incoming.is_live() {
                self.incoming = None;
                return;
            }
            let why = if incoming.rings() { "missed" } else { "the hub did not take the answer" };
            incoming.over(why, now);
        }
        if incoming.rings() && incoming.answer_at.is_some_and(|at| at <= now) {
            (incoming.state, incoming.until) = (State::Answering(Err(now)), now + ANSWER_PATIENCE);
        }
        if !hub_open {
            return;
        }
        if matches!(incoming.state, State::Answering(Err(at)) if at <= now) {
            incoming.state = State::Answering(Ok(tag));
            let request = Request::Accept(incoming.cid.clone());
            self.request(request);
        } else if incoming.check == Check::Wanted && incoming.rings() {
            incoming.check = Check::Asked(tag);
            let request = Request::Get(get(&incoming.cid));
            self.request(request);
        }
    }
}
