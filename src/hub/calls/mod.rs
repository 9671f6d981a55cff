//! The call model, pure: who is in which call, who watches it, what each of them must be told.
//!
//! ```text
//!   Input ──► handle(input, now) ──► Ok(Answer) | Err(Refused)
//!   handle_timeout(now) ────────────► …                            then drain poll_effect(): Tell, Changed, TypeChanged, Wake
//!   poll_timeout() ─────────────────► when handle_timeout is due, and why
//!
//!   a call:          created ──► (backstage ──go_live──► live ──stop_live──► backstage) ──end──► ended
//!   its session:     first join ──► … ──► last one left
//!   a participant:   join ──► connected ──socket lost──► away ──grace time──► left (timed_out)
//!                                 ▲  └──leave, kick, end…──► left │
//!                                 └──socket back, or join─────────┘
//!   a ring:          see [`crate::protocol::hub`]
//! ```
//!
//! No clock, no randomness, no IO: time and ids are arguments. Every change is followed by a complete drain of the effects.
//! A *session* is one signed-in client as `hub::sessions` keeps it; it outlives its socket for the grace time. A session that
//! gets, creates or joins a call follows it: it is told everything that happens there until it leaves, or may not see it any more.

mod access;
mod call;
mod check;
mod create;
mod door;
mod follow;
mod input;
mod join;
mod live;
mod members;
mod moderate;
mod pace;
mod presence;
mod record;
mod refused;
mod ring;
mod ring_end;
mod types;

#[cfg(test)]
pub(crate) mod model_tests;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use crate::protocol::hub::{CallType, LeaveReason, Service, User};
use crate::protocol::{Cid, ParticipantId, UserId, hub};

use call::Call;
pub use input::{Answer, Caller, Effect, Input, Nothing, Request, SessionId, Wake, WakeReason};
use pace::Paces;
pub use record::Record;
pub use refused::Refused;
pub use types::Types;

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
    /// Calls that one user may create in a minute.
    pub creations: u32,
    /// Rings and notifications that one user may begin in a minute.
    pub rings: u32,
}

/// Something that happens by itself when its time comes. Of two at the same time the upper one comes first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    /// Who has not answered the ring of this call has missed it.
    Missed(Cid),
    /// Nobody has accepted the ring of this call.
    Cancel(Cid),
    /// A participant without a socket is given up.
    Grace(Cid, ParticipantId),
    /// An appliance has not said what became of a request for its door.
    Door(Cid, u64),
}

/// One session, as far as calls need to know it.
#[derive(Debug)]
struct Online {
    user: User,
    services: BTreeSet<Service>,
    /// The other direction of [`Call::followers`].
    follows: BTreeSet<Cid>,
}

/// All calls of a hub.
#[derive(Debug)]
pub struct Calls {
    limits: Limits,
    types: Types,
    calls: BTreeMap<Cid, Call>,
    sessions: BTreeMap<SessionId, Online>,
    users: BTreeMap<UserId, BTreeSet<SessionId>>,
    /// Calls that ring for a user.
    rings: BTreeMap<UserId, BTreeSet<Cid>>,
    paces: Paces,
    /// The number of the last request for a door.
    last_door: u64,
    timers: BTreeSet<(Instant, Timer)>,
    effects: VecDeque<Effect>,
}

impl Calls {
    /// The calls as they were stored; whoever was in one has a fresh grace time to come back, and rings begin anew: how much of
    /// their time passed while the hub was away says nothing about the callees.
    pub fn new(limits: Limits, types: Types, stored: impl IntoIterator<Item = Record>, now: Instant) -> Self {
        let until = now + limits.grace;
        let paces = Paces::new(limits.creations, limits.rings);
        let (calls, sessions, users, rings) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let mut all = Self {
            limits,
            types,
            calls,
            sessions,
            users,
            rings,
            paces,
            last_door: 0,
            timers: BTreeSet::new(),
            effects: VecDeque::new(),
        };
        for record in stored {
            let mut call = record.into_call(until);
            let cid = call.info.cid.clone();
            call.follow_type(all.types.of(&cid));
            for participant in &call.participants {
                all.timers.insert((until, Timer::Grace(cid.clone(), participant.seen.id.clone())));
            }
            all.calls.insert(cid.clone(), call);
            all.resume_ring(&cid, now);
        }
        all
    }

    /// Something happened. On a refusal nothing has changed.
    pub fn handle(&mut self, input: Input, now: Instant) -> Result<Answer, Refused> {
        match input {
            Input::Asked { by, request } => return self.asked(by, *request, now),
            Input::SessionOpened { session, user, services } => self.session_opened(session, user, services),
            Input::SocketLost(session) => self.socket_lost(session, now),
            Input::SocketBack(session) => self.socket_back(session),
            Input::SessionEnded(session) => self.session_ended(session),
        }
        Ok(Answer::Done)
    }

    fn asked(&mut self, by: Caller, request: Request, now: Instant) -> Result<Answer, Refused> {
        let by = &by;
        match request {
            Request::Get(get) => self.get(by, &get),
            Request::GetOrCreate(get) => self.get_or_create(by, get, now),
            Request::List(list) => self.list(by, &list),
            Request::Join(join) => self.join(by, join, now),
            Request::Leave(leave) => self.leave(by, leave),
            Request::Mute(mute) => self.mute(by, &mute),
            Request::Signal(signal) => self.signal(by, signal),
            Request::SetMaxBandwidth(set) => self.set_max_bandwidth(by, &set),
            Request::Update(update) => self.update(by, update),
            Request::UpdateMembers(update) => self.update_members(by, update),
            Request::UpdatePermissions(update) => self.update_permissions(by, update),
            Request::Kick(who) => self.kick(by, &who),
            Request::Block(who) => self.block(by, &who),
            Request::Unblock(who) => self.unblock(by, &who),
            Request::MuteUsers(mute) => self.mute_users(by, &mute),
            Request::Make(make) => self.make(by, make, now),
            Request::Ring(ring) => self.ring(by, ring, now),
            Request::Notify(ring) => self.notify(by, &ring, now),
            Request::Accept(accept) => self.accept(by, accept),
            Request::Reject(reject) => self.reject(by, reject),
            Request::Cancel(cancel) => self.cancel(by, cancel),
            Request::End(end) => self.end(by, end),
            Request::GoLive(call) => self.go_live(by, &call.cid),
            Request::StopLive(call) => self.stop_live(by, &call.cid),
            Request::StartRecording(call) => self.start_recording(by, &call.cid),
            Request::StopRecording(call) => self.stop_recording(by, &call.cid),
            Request::OpenDoor(open) => self.open_door(by, open, now),
            Request::SendDigits(send) => self.send_digits(by, send, now),
            Request::AnswerDoor(answer) => self.answer_door(by, answer, now),
            Request::ListTypes(_) => Ok(self.list_types()),
            Request::GetType(named) => self.get_type(&named),
            Request::PutType(put) => self.put_type(by, put),
            Request::DeleteType(named) => self.delete_type(by, &named),
        }
    }

    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some((at, _)) = self.timers.first()
            && *at <= now
            && let Some((_, timer)) = self.timers.pop_first()
        {
            match timer {
                Timer::Grace(cid, id) => self.remove(&cid, &id, LeaveReason::TimedOut, serde_json::Value::Null),
                Timer::Missed(cid) => self.missed(&cid),
                Timer::Cancel(cid) => self.not_accepted(&cid),
                Timer::Door(cid, request) => self.door_late(&cid, request),
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
            Timer::Missed(_) => (*at, "a ring was not answered"),
            Timer::Cancel(_) => (*at, "a ring was not accepted"),
            Timer::Door(..) => (*at, "a request for a door was not answered"),
        })
    }

    /// A call as its followers see it.
    pub fn call(&self, cid: &Cid) -> Option<hub::Call> {
        self.calls.get(cid).map(Call::view)
    }

    /// What to store of a call.
    pub fn record(&self, cid: &Cid) -> Option<Record> {
        self.calls.get(cid).map(Record::of)
    }

    /// What to store of a call type: nothing if it is as configured.
    pub fn call_type(&self, name: &str) -> Option<&CallType> {
        self.types.changed(name)
    }

    /// How many calls there are.
    pub fn count(&self) -> usize {
        self.calls.len()
    }

    /// Calls that somebody is in, clients in calls, and users who are rung.
    pub fn busy(&self) -> (usize, usize, usize) {
        let participants = || self.calls.values().map(|call| call.participants.len());
        (participants().filter(|count| *count > 0).count(), participants().sum(), self.rings.len())
    }

    fn call_mut(&mut self, cid: &Cid) -> Result<&mut Call, Refused> {
        self.calls.get_mut(cid).ok_or_else(|| Refused::NoSuchCall(cid.clone()))
    }

    fn changed(&mut self, cid: &Cid) {
        self.effects.push_back(Effect::Changed(cid.clone()));
    }
}
