//! One call and its participants.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use serde_json::Value;

use super::door::Wanted;
use super::{Caller, SessionId};
use crate::protocol::hub::{self, CallType, EventBody, Muted, ParticipantState};
use crate::protocol::{ParticipantId, UserId};

/// A call. It stays when the last participant leaves: the same id can be used again (G4).
#[derive(Debug)]
pub(super) struct Call {
    /// All but the participants, which are below, and `own_capabilities`, which differ.
    pub info: hub::Call,
    /// In order of joining; bounded by `Limits::participants`, so that looking through them is cheap.
    pub participants: Vec<Participant>,
    /// Who is told what happens here.
    pub followers: BTreeSet<SessionId>,
    /// When the ring that runs goes on by itself.
    pub ring_times: Option<RingTimes>,
    /// On which device each callee of the ring accepted; none: over REST.
    pub accepted: BTreeMap<UserId, Option<SessionId>>,
    /// Requests for doors that are not settled.
    pub doors: BTreeMap<u64, Wanted>,
    /// Sessions so far.
    pub sessions: u64,
}

/// When a ring goes on by itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct RingTimes {
    /// Who has not answered by then has missed it.
    pub missed: Instant,
    /// If nobody has accepted by then, it is cancelled.
    pub cancel: Instant,
}

/// One client in the call.
#[derive(Debug)]
pub(super) struct Participant {
    /// As others see it, but for `state`, which follows from the presence.
    pub seen: hub::Participant,
    pub presence: Presence,
}

/// What a client says of itself when it comes in.
#[derive(Debug)]
pub(super) struct Own {
    pub custom: Value,
    pub door: bool,
}

/// Where a participant's socket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    /// Open.
    Connected(SessionId),
    /// Dropped; the participant is given up at `until`.
    Away {
        /// The session that may be resumed; none after a restart of the hub.
        session: Option<SessionId>,
        until: Instant,
    },
}

impl Presence {
    pub fn session(self) -> Option<SessionId> {
        match self {
            Self::Connected(session) => Some(session),
            Self::Away { session, .. } => session,
        }
    }
}

impl Participant {
    /// Somebody new in the call, or somebody the hub has forgotten: the claimed generation is taken as it is.
    pub fn new(id: ParticipantId, by: &Caller, session: SessionId, claimed: Option<u32>, own: Own) -> Self {
        let Own { custom, door } = own;
        let seen = hub::Participant {
            generation: claimed.unwrap_or(1),
            custom,
            door,
            ..hub::Participant::new(id, by.user.clone(), by.kind)
        };
        Self { seen, presence: Presence::Connected(session) }
    }

    /// Goes on with this participation in the caller's session. Without a claim to the present generation it has a new media
    /// stack. Returns where its socket was, and what the others must be told.
    pub fn come_back(&mut self, by: &Caller, session: SessionId, claimed: Option<u32>, own: Own) -> (Presence, Option<EventBody>) {
        let before = self.view();
        if claimed != Some(self.seen.generation) {
            self.seen.generation = next_generation(self.seen.generation.max(claimed.unwrap_or(0)));
            self.seen.muted = Muted::default();
            self.seen.sharing = false;
        }
        self.seen.user = by.user.clone();
        self.seen.kind = by.kind;
        (self.seen.custom, self.seen.door) = (own.custom, own.door);
        let old = std::mem::replace(&mut self.presence, Presence::Connected(session));
        let participant = self.view();
        let told = if participant.generation != before.generation {
            Some(EventBody::ParticipantJoined { participant })
        } else if participant != before {
            Some(EventBody::ParticipantUpdated { participant })
        } else {
            None
        };
        (old, told)
    }

    /// As others see it.
    pub fn view(&self) -> hub::Participant {
        let state = match self.presence {
            Presence::Connected(_) => ParticipantState::Joined,
            Presence::Away { .. } => ParticipantState::Reconnecting,
        };
        hub::Participant { state, ..self.seen.clone() }
    }
}

/// Generations count from 1, and start again after four milliards.
fn next_generation(generation: u32) -> u32 {
    generation.checked_add(1).unwrap_or(1)
}

impl Call {
    pub fn new(info: hub::Call) -> Self {
        let sessions = info.session.as_ref().map_or(0, |session| session.number);
        Self {
            info,
            participants: Vec::new(),
            followers: BTreeSet::new(),
            ring_times: None,
            accepted: BTreeMap::new(),
            doors: BTreeMap::new(),
            sessions,
        }
    }

    /// As its followers see it.
    pub fn view(&self) -> hub::Call {
        hub::Call { participants: self.participants.iter().map(Participant::view).collect(), ..self.info.clone() }
    }

    /// Takes over what the type says, as far as the call does not override it.
    pub fn follow_type(&mut self, call_type: &CallType) {
        // The overrides were checked against the same shape when they were made.
        self.info.settings = call_type.settings.with(&self.info.settings_override).unwrap_or_else(|_| call_type.settings.clone());
        self.refresh();
    }

    /// What follows from the rest.
    pub fn refresh(&mut self) {
        self.info.backstage = self.info.settings.backstage.enabled && self.info.live_since.is_none();
    }

    /// The participant that came in by this session; there is at most one.
    pub fn of_session(&mut self, session: Option<SessionId>) -> Option<&mut Participant> {
        let session = session?;
        self.participants.iter_mut().find(|p| p.presence.session() == Some(session))
    }

    pub fn by_id(&mut self, id: &ParticipantId) -> Option<&mut Participant> {
        self.participants.iter_mut().find(|p| p.seen.id == *id)
    }

    pub fn member(&self, user: &UserId) -> Option<&hub::Member> {
        self.info.members.iter().find(|member| member.user_id == *user)
    }

    /// How many users are in, each counted once.
    pub fn users(&self) -> usize {
        self.participants.iter().map(|p| &p.seen.user.id).collect::<BTreeSet<_>>().len()
    }
}
