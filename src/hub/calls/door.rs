//! Opening the door of an appliance: who may ask, how long the appliance has, and who is told what came of it.

use std::time::{Duration, Instant};

use super::call::{Call, Presence};
use super::{Answer, Caller, Calls, Effect, Refused, Timer, check};
use crate::protocol::hub::{AnswerDoor, Capability, DoorOpened, DoorState, EventBody, OpenDoor, SendDigits, are_digits};
use crate::protocol::{Cid, ParticipantId, UserId};

/// How long an appliance has to begin, and once more to say how it went.
const PATIENCE: Duration = Duration::from_secs(5);
/// Requests in one call at a time.
const MOST: usize = 8;

/// Somebody waits for a door.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    by: UserId,
    door: ParticipantId,
    /// Digits that may turn out to mean nothing: nobody waits for an answer.
    silent: bool,
    /// The appliance has begun.
    begun: bool,
    until: Instant,
}

impl Calls {
    pub(super) fn open_door(&mut self, by: &Caller, open: OpenDoor, now: Instant) -> Result<Answer, Refused> {
        let OpenDoor { cid, participant } = open;
        let request = self.want_door(by, &cid, participant, None, now)?;
        Ok(Answer::Later(request))
    }

    pub(super) fn send_digits(&mut self, by: &Caller, send: SendDigits, now: Instant) -> Result<Answer, Refused> {
        let SendDigits { cid, digits, participant } = send;
        if !are_digits(&digits) {
            return Err(Refused::BadValue("`digits` must be 1 to 16 of 0123456789*#ABCD".into()));
        }
        self.want_door(by, &cid, participant, Some(digits), now)?;
        Ok(Answer::Done)
    }

    fn want_door(
        &mut self,
        by: &Caller,
        cid: &Cid,
        participant: Option<ParticipantId>,
        digits: Option<String>,
        now: Instant,
    ) -> Result<u64, Refused> {
        let call = self.allowed(by, cid, Capability::OpenDoor)?;
        let (door, presence) = door_of(call, participant)?;
        let Presence::Connected(session) = presence else { return Err(Refused::Away(door)) };
        if call.doors.len() >= MOST {
            return Err(Refused::TooMany { what: "requests for a door at a time", limit: MOST });
        }
        self.last_door += 1;
        let (request, until) = (self.last_door, now + PATIENCE);
        let by = by.user.id.clone();
        let wanted = Wanted { by: by.clone(), door, silent: digits.is_some(), begun: false, until };
        self.call_mut(cid)?.doors.insert(request, wanted);
        self.timers.insert((until, Timer::Door(cid.clone(), request)));
        let body = match digits {
            Some(digits) => EventBody::Digits { request, by, digits },
            None => EventBody::DoorWanted { request, by },
        };
        self.tell([session], cid, body);
        Ok(request)
    }

    /// The appliance says how far it is. All but the first word of it can be repeated.
    pub(super) fn answer_door(&mut self, by: &Caller, answer: AnswerDoor, now: Instant) -> Result<Answer, Refused> {
        let AnswerDoor { cid, request, state, reason } = answer;
        check::door_reason(reason.as_ref())?;
        let me = self.own_participant(by, &cid)?;
        let call = self.call_mut(&cid)?;
        let Some(wanted) = call.doors.get_mut(&request).filter(|wanted| wanted.door == me) else {
            return Err(Refused::NobodyWaitsForDoor(cid));
        };
        match state {
            DoorState::Opening => {
                wanted.begun = true;
                let old = std::mem::replace(&mut wanted.until, now + PATIENCE);
                self.timers.remove(&(old, Timer::Door(cid.clone(), request)));
                self.timers.insert((now + PATIENCE, Timer::Door(cid, request)));
            }
            DoorState::Opened => self.door_settled(&cid, request, None),
            DoorState::Refused => {
                let reason = reason.unwrap_or_else(|| "it does not say why".into());
                self.door_settled(&cid, request, Some(reason));
            }
        }
        Ok(Answer::Done)
    }

    /// Time is up.
    pub(super) fn door_late(&mut self, cid: &Cid, request: u64) {
        let Some(wanted) = self.calls.get_mut(cid).and_then(|call| call.doors.get(&request)) else { return };
        match (wanted.begun, wanted.silent) {
            // These digits were not its code.
            (false, true) => _ = self.take_door(cid, request),
            (false, false) => self.door_settled(cid, request, Some("it did not answer in time".into())),
            (true, _) => self.door_settled(cid, request, Some("it did not say in time whether it is open".into())),
        }
    }

    /// A participant is gone, or its socket is: who waits for its door waits in vain. One that is opening already may still say so
    /// when its socket is back.
    pub(super) fn door_gone(&mut self, cid: &Cid, id: &ParticipantId, for_good: bool) {
        let Some(call) = self.calls.get(cid) else { return };
        let lost = call.doors.iter().filter(|(_, wanted)| wanted.door == *id && (for_good || !wanted.begun));
        let lost: Vec<_> = lost.map(|(request, wanted)| (*request, wanted.silent && !wanted.begun)).collect();
        for (request, silent) in lost {
            if silent {
                self.take_door(cid, request);
            } else {
                self.door_settled(cid, request, Some("the connection to it was lost".into()));
            }
        }
    }

    fn take_door(&mut self, cid: &Cid, request: u64) -> Option<Wanted> {
        let wanted = self.calls.get_mut(cid)?.doors.remove(&request)?;
        self.timers.remove(&(wanted.until, Timer::Door(cid.clone(), request)));
        Some(wanted)
    }

    /// Everybody hears of it, and who asked is answered.
    fn door_settled(&mut self, cid: &Cid, request: u64, refused: Option<String>) {
        let Some(Wanted { by, door, silent, .. }) = self.take_door(cid, request) else { return };
        let body = EventBody::Door { participant: door.clone(), by, opened: refused.is_none(), reason: refused.clone() };
        self.tell_followers(cid, body, None);
        if !silent {
            let outcome = match refused {
                None => Ok(DoorOpened { participant: door }),
                Some(why) => Err(Refused::DoorStaysShut { door, why }),
            };
            self.effects.push_back(Effect::Answered { request, outcome });
        }
    }
}

/// The participant whose door is meant, and where its socket is.
fn door_of(call: &Call, participant: Option<ParticipantId>) -> Result<(ParticipantId, Presence), Refused> {
    let cid = &call.info.cid;
    let mut with_door = call.participants.iter().filter(|p| p.seen.door);
    let found = match participant {
        Some(id) => {
            let there = call.participants.iter().find(|p| p.seen.id == id);
            let there = there.ok_or_else(|| Refused::NoSuchParticipant { cid: cid.clone(), id: id.clone() })?;
            Some(there).filter(|there| there.seen.door).ok_or_else(|| Refused::NoDoor(cid.clone()))?
        }
        None => {
            let first = with_door.next().ok_or_else(|| Refused::NoDoor(cid.clone()))?;
            if with_door.next().is_some() {
                return Err(Refused::WhichDoor(cid.clone()));
            }
            first
        }
    };
    Ok((found.seen.id.clone(), found.presence))
}
