//! One call and its participants.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use serde_json::Value;

use super::{Caller, SessionId};
use crate::protocol::hub::{self, ClientKind, EventBody, Muted, ParticipantState, User};
use crate::protocol::{Cid, ParticipantId, UserId};

/// A call. It stays when the last participant leaves: the same id can be used again (G4).
#[derive(Debug)]
pub(super) struct Call {
    pub created_by: UserId,
    /// RFC 3339.
    pub created_at: String,
    pub custom: BTreeMap<String, Value>,
    /// In order of joining; bounded by `Limits::participants`, so that looking through them is cheap.
    pub participants: Vec<Participant>,
    /// Who is told what happens here.
    pub followers: BTreeSet<SessionId>,
}

/// One client in the call.
#[derive(Debug)]
pub(super) struct Participant {
    pub id: ParticipantId,
    pub generation: u32,
    pub user: User,
    pub kind: ClientKind,
    pub muted: Muted,
    pub custom: Value,
    pub presence: Presence,
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
    pub fn new(id: ParticipantId, by: &Caller, claimed: Option<u32>, custom: Value) -> Self {
        Self {
            id,
            generation: claimed.unwrap_or(1),
            user: by.user.clone(),
            kind: by.kind,
            muted: Muted::default(),
            custom,
            presence: Presence::Connected(by.session),
        }
    }

    /// Goes on with this participation in the caller's session. Without a claim to the present generation it has a new media
    /// stack. Returns where its socket was, and what the others must be told.
    pub fn come_back(&mut self, by: &Caller, claimed: Option<u32>, custom: Value) -> (Presence, Option<EventBody>) {
        let before = self.view();
        if claimed != Some(self.generation) {
            self.generation = next_generation(self.generation.max(claimed.unwrap_or(0)));
            self.muted = Muted::default();
        }
        self.user = by.user.clone();
        self.kind = by.kind;
        self.custom = custom;
        let old = std::mem::replace(&mut self.presence, Presence::Connected(by.session));
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
        hub::Participant {
            id: self.id.clone(),
            generation: self.generation,
            user: self.user.clone(),
            kind: self.kind,
            state,
            muted: self.muted,
            sharing: false,
            max_bandwidth: 0,
            custom: self.custom.clone(),
        }
    }
}

/// Generations count from 1, and start again after four milliards.
fn next_generation(generation: u32) -> u32 {
    generation.checked_add(1).unwrap_or(1)
}

impl Call {
    /// As its followers see it.
    pub fn view(&self, cid: &Cid) -> hub::Call {
        hub::Call {
            cid: cid.clone(),
            created_by: self.created_by.clone(),
            created_at: self.created_at.clone(),
            custom: self.custom.clone(),
            members: Vec::new(),
            settings: hub::Settings::default(),
            settings_override: serde_json::Map::new(),
            team: None,
            starts_at: None,
            video: true,
            backstage: false,
            live_since: None,
            ended_at: None,
            blocked: Vec::new(),
            permissions: BTreeMap::new(),
            recording: false,
            session: None,
            ring: None,
            participants: self.participants.iter().map(Participant::view).collect(),
            own_capabilities: Vec::new(),
        }
    }

    /// The participant that came in by this session; there is at most one.
    pub fn of_session(&mut self, session: SessionId) -> Option<&mut Participant> {
        self.participants.iter_mut().find(|p| p.presence.session() == Some(session))
    }

    pub fn by_id(&mut self, id: &ParticipantId) -> Option<&mut Participant> {
        self.participants.iter_mut().find(|p| p.id == *id)
    }
}
