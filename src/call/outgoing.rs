//! This appliance calls somebody.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Map, json};

use super::core::Core;
use super::limits::Wish;
use super::room::{Origin, get};
use super::{Refused, Request, Tone, owed};
use crate::protocol::control::{OutgoingState, OutgoingStatus};
use crate::protocol::hub::{AnswerMode, Call, CallData, Callee, CalleeState, GetCall, MemberUpdate, Ring, RingEnd};
use crate::protocol::{Cid, UserId, rpc};
use rpc::ErrorKind;

/// The type of the calls that are made.
const KIND: &str = "default";
/// The hub has this long to begin ringing.
const DIAL_PATIENCE: Duration = Duration::from_secs(20);
/// The hub ends a ring; this is for one that was lost.
const MARGIN: Duration = Duration::from_secs(5);
/// A ring whose length nobody says.
const USUAL: Duration = Duration::from_secs(60);
/// The longest ring that is waited for.
const LONGEST: Duration = Duration::from_secs(600);
/// Between two attempts.
const PAUSE: Duration = Duration::from_secs(2);
/// How long the end is shown, and for how long it is heard.
const SHOWN: Duration = Duration::from_secs(10);
const HEARD: Duration = Duration::from_secs(3);

/// A call that we make, until somebody answers.
#[derive(Debug)]
pub(super) struct Outgoing {
    cid: Cid,
    to: String,
    users: Vec<UserId>,
    video: bool,
    wish: Wish,
    make: GetCall,
    state: State,
    ask: Ask,
    callees: Vec<Callee>,
    /// What those said who said no.
    reasons: BTreeMap<UserId, String>,
    until: Instant,
}

#[derive(Debug, PartialEq)]
enum State {
    Dialing,
    Ringing,
    Over { why: String, busy_until: Instant, ours: bool },
}

/// What the hub has to be asked.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Ask {
    Nothing,
    /// To make it.
    Make(Instant),
    Making(u64),
    /// How it is: an answer was lost.
    Find(Instant),
    Finding(u64),
}

impl Outgoing {
    pub(super) fn is_live(&self) -> bool {
        !matches!(self.state, State::Over { .. })
    }

    /// Whether this user is called, and nobody else.
    pub(super) fn calls_only(&self, user: &UserId) -> bool {
        self.is_live() && self.users.len() == 1 && self.users.contains(user)
    }

    /// As people call it.
    pub(super) fn name(&self) -> &str {
        &self.to
    }

    pub(super) fn tone(&self, now: Instant) -> Option<Tone> {
        match self.state {
            State::Dialing => None,
            State::Ringing => Some(Tone::RingBack),
            State::Over { busy_until, ours: false, .. } if now < busy_until => Some(Tone::Busy),
            State::Over { .. } => None,
        }
    }

    pub(super) fn status(&self) -> OutgoingStatus {
        let (state, reason) = match &self.state {
            State::Dialing => (OutgoingState::Dialing, None),
            State::Ringing => (OutgoingState::Ringing, None),
            State::Over { why, .. } => (OutgoingState::Ended, Some(why.clone())),
        };
        let callees = match self.callees.as_slice() {
            [] => self.users.iter().map(|user| Callee { user: user.clone(), state: CalleeState::Ringing }).collect(),
            callees => callees.to_vec(),
        };
        OutgoingStatus { cid: self.cid.clone(), to: self.to.clone(), video: self.video, state, callees, reason }
    }

    pub(super) fn deadline(&self, hub_open: bool, now: Instant) -> Option<(Instant, &'static str)> {
        let ask = match self.ask {
            Ask::Make(at) | Ask::Find(at) if hub_open && self.is_live() => Some((at, "ask again")),
            Ask::Nothing | Ask::Make(_) | Ask::Making(_) | Ask::Find(_) | Ask::Finding(_) => None,
        };
        let tone = match self.state {
            State::Over { busy_until, .. } if busy_until > now => Some((busy_until, "end of the busy tone")),
            State::Over { .. } | State::Dialing | State::Ringing => None,
        };
        [Some((self.until, "end of the call")), ask, tone].into_iter().flatten().min()
    }

    fn over(&mut self, why: impl Into<String>, ours: bool, now: Instant) {
        if self.is_live() {
            self.state = State::Over { why: why.into(), busy_until: now + HEARD, ours };
            (self.until, self.ask) = (now + SHOWN, Ask::Nothing);
        }
    }

    /// In words: what came of those who were rung.
    fn in_vain(&self, end: Option<RingEnd>) -> String {
        let rejected = self.callees.iter().find(|callee| callee.state == CalleeState::Rejected);
        if let ([only], Some(rejected)) = (self.callees.as_slice(), rejected) {
            let reason = self.reasons.get(&only.user).map_or(String::new(), |reason| format!(": {reason}"));
            return format!("{} rejected the call{reason}", rejected.user);
        }
        match end {
            Some(RingEnd::CallEnded) => "the call was ended".to_owned(),
            Some(RingEnd::Cancelled) => "the call was cancelled".to_owned(),
            _ if rejected.is_some() => "nobody took the call".to_owned(),
            _ => format!("{} did not answer", self.to),
        }
    }
}

impl Core {
    /// A person calls somebody.
    pub(super) fn call(&mut self, to: &str, audio_only: bool, now: Instant) -> Result<(), Refused> {
        let dial = self.settings.call.speed_dial.iter().find(|dial| dial.name == to).cloned();
        let (users, video, answer) = match dial {
            Some(dial) => (dial.users, dial.video, dial.answer),
            None => (vec![self.user_named(to)?], true, AnswerMode::First),
        };
        let users: Vec<UserId> = users.into_iter().filter(|user| *user != self.settings.user).collect();
        if users.is_empty() {
            return Err(Refused::Itself(self.settings.user.to_string()));
        }
        self.may_call()?;
        let video = video && !audio_only;
        self.calls += 1;
        let id = format!("{}-{}", self.settings.call_ids, self.calls);
        let Ok(cid) = Cid::new(KIND, &id) else {
            return Err(Refused::Itself(id));
        };
        let member = |user: &UserId| MemberUpdate { user_id: user.clone(), role: None, custom: None };
        let mut settings_override = Map::new();
        settings_override.insert("ring".to_owned(), json!({ "answer": answer }));
        let data = CallData {
            members: users.iter().map(member).collect(),
            settings_override,
            team: self.settings.call.team.clone(),
            ring: true,
            video: Some(video),
            ..CallData::default()
        };
        self.outgoing = Some(Outgoing {
            make: GetCall { kind: KIND.to_owned(), id, data: Some(data) },
            cid,
            to: to.to_owned(),
            users,
            video,
            wish: Wish::default(),
            state: State::Dialing,
            ask: Ask::Make(now),
            callees: Vec::new(),
            reasons: BTreeMap::new(),
            until: now + DIAL_PATIENCE,
        });
        Ok(())
    }

    fn user_named(&self, name: &str) -> Result<UserId, Refused> {
        UserId::new(name).map_err(|why| {
            let names: Vec<&str> = self.settings.call.speed_dial.iter().map(|dial| dial.name.as_str()).collect();
            let known = if names.is_empty() { String::new() } else { format!(" (there is {})", names.join(", ")) };
            Refused::NobodyOfThatName { name: name.chars().take(64).collect(), known, why: why.to_string() }
        })
    }

    /// One at a time, and nobody is hung up on.
    fn may_call(&self) -> Result<(), Refused> {
        if let Some(outgoing) = self.outgoing.as_ref().filter(|outgoing| outgoing.is_live()) {
            return Err(Refused::Busy(format!("calling {} already", outgoing.name())));
        }
        if self.incoming.as_ref().is_some_and(super::incoming::Incoming::is_live) {
            return Err(Refused::Busy("somebody is calling".to_owned()));
        }
        let home = self.home.as_ref();
        if let Some(room) = self.room.as_ref().filter(|room| room.has_company() && (room.is_rung() || home != Some(&room.cid))) {
            return Err(Refused::Busy(format!("in {} with others", room.cid)));
        }
        if !self.hub_open {
            return Err(Refused::HubAway);
        }
        Ok(())
    }

    /// Stops calling; false if nobody is being called.
    pub(super) fn cancel_outgoing(&mut self, why: &str, now: Instant) -> bool {
        self.give_up_calling(why, true, now)
    }

    /// `ours`: a person did it, who needs no busy tone.
    fn give_up_calling(&mut self, why: &str, ours: bool, now: Instant) -> bool {
        let Some(outgoing) = self.outgoing.as_mut().filter(|outgoing| outgoing.is_live()) else {
            return false;
        };
        let unknown_to_the_hub = outgoing.state == State::Dialing && matches!(outgoing.ask, Ask::Make(_));
        outgoing.over(why, ours, now);
        if !unknown_to_the_hub {
            self.owed.owe(Request::Cancel(outgoing.cid.clone()), now);
            self.owed.owe(Request::Leave(outgoing.cid.clone()), now);
        }
        true
    }

    /// How our call goes on; none: it does not ring.
    pub(super) fn outgoing_changed(&mut self, cid: &Cid, ring: Option<&Ring>, now: Instant) {
        let Some(outgoing) = self.outgoing.as_mut().filter(|outgoing| outgoing.cid == *cid) else {
            return;
        };
        let accepted = |ring: &Ring| ring.callees.iter().any(|callee| callee.state == CalleeState::Accepted);
        if !outgoing.is_live() {
            // The answer and our giving up crossed: whoever answered must not wait for us.
            if ring.is_some_and(accepted) {
                self.owed.owe(Request::End(cid.clone()), now);
            }
            return;
        }
        let Some(ring) = ring else {
            return outgoing.over("calls of this type do not ring", false, now);
        };
        outgoing.callees.clone_from(&ring.callees);
        if accepted(ring) {
            let (video, wish) = (outgoing.video, outgoing.wish);
            self.outgoing = None;
            self.enter(cid.clone(), Origin::Rung { made: true, video }, wish, now);
            if let Some(room) = &mut self.room {
                room.ring = Some(ring.clone());
            }
        } else if ring.ended.is_some() {
            let why = outgoing.in_vain(ring.ended);
            outgoing.over(why, false, now);
            self.owed.owe(Request::Leave(cid.clone()), now);
        }
    }

    /// A callee said no.
    pub(super) fn outgoing_rejected(&mut self, cid: &Cid, user: UserId, reason: Option<String>) {
        let Some(outgoing) = self.outgoing.as_mut().filter(|outgoing| outgoing.cid == *cid) else {
            return;
        };
        if let Some(reason) = reason.filter(|_| outgoing.users.contains(&user)) {
            outgoing.reasons.insert(user, reason.chars().take(64).collect());
        }
    }

    /// The call that we make was ended, or taken from us.
    pub(super) fn outgoing_gone(&mut self, cid: &Cid, now: Instant) {
        if let Some(outgoing) = self.outgoing.as_mut().filter(|outgoing| outgoing.cid == *cid) {
            outgoing.over("the call was ended", false, now);
        }
    }

    pub(super) fn outgoing_hub_opened(&mut self, resumed: bool, now: Instant) {
        let Some(outgoing) = self.outgoing.as_mut().filter(|outgoing| outgoing.is_live()) else {
            return;
        };
        if !resumed && outgoing.state == State::Ringing {
            outgoing.ask = Ask::Find(now);
        }
    }

    /// Takes the answer of the hub, if it is to one of ours.
    pub(super) fn outgoing_reply(&mut self, tag: u64, outcome: &Result<serde_json::Value, rpc::Error>, now: Instant) -> bool {
        let Some(outgoing) = &mut self.outgoing else {
            return false;
        };
        let finding = outgoing.ask == Ask::Finding(tag);
        if !finding && outgoing.ask != Ask::Making(tag) {
            return false;
        }
        outgoing.ask = Ask::Nothing;
        match outcome {
            Ok(value) => match serde_json::from_value::<Call>(value.clone()) {
                Ok(call) => {
                    if outgoing.state == State::Dialing {
                        let length = match Duration::from_millis(u64::from(call.settings.ring.auto_cancel_timeout_ms)) {
                            Duration::ZERO => USUAL,
                            length => length.min(LONGEST),
                        };
                        (outgoing.state, outgoing.until) = (State::Ringing, now + length + MARGIN);
                    }
                    let cid = outgoing.cid.clone();
                    self.outgoing_changed(&cid, call.ring.as_ref(), now);
                }
                Err(error) => outgoing.over(format!("the hub's answer cannot be read: {error}"), false, now),
            },
            // It may have arrived all the same, and is not made twice.
            Err(error) if owed::passing(error) => outgoing.ask = Ask::Find(now + PAUSE),
            Err(error) if finding && error.kind == ErrorKind::NotFound && outgoing.state == State::Dialing => {
                outgoing.ask = Ask::Make(now);
            }
            Err(error) => outgoing.over(error.message.clone(), false, now),
        }
        true
    }

    /// Asks what is due, gives up what takes too long, and forgets what is over.
    pub(super) fn settle_outgoing(&mut self, now: Instant) {
        let (hub_open, tag) = (self.hub_open, self.next_tag);
        let Some(outgoing) = &mut self.outgoing else {
            return;
        };
        if outgoing.until <= now {
            if !outgoing.is_live() {
                self.outgoing = None;
                return;
            }
            let why = match outgoing.state {
                State::Dialing => "the hub did not answer".to_owned(),
                State::Ringing | State::Over { .. } => outgoing.in_vain(None),
            };
            self.give_up_calling(&why, false, now);
            return;
        }
        if !hub_open || !outgoing.is_live() {
            return;
        }
        let request = match outgoing.ask {
            Ask::Make(at) if at <= now => {
                outgoing.ask = Ask::Making(tag);
                Request::Make(outgoing.make.clone())
            }
            Ask::Find(at) if at <= now => {
                outgoing.ask = Ask::Finding(tag);
                Request::Get(get(&outgoing.cid))
            }
            Ask::Nothing | Ask::Make(_) | Ask::Making(_) | Ask::Find(_) | Ask::Finding(_) => return,
        };
        self.request(request);
    }
}
