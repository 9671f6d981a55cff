//! Who is in a call.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Role;
use crate::protocol::{ParticipantId, UserId};

/// What a client is; it decides who offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ClientKind {
    /// `callbox run`.
    Appliance,
    /// A browser with `callbox.js`.
    Browser,
}

/// Whether `me` sends the offer in the peer connection between the two: appliances offer to browsers; among equals the smaller
/// participant id offers. Both sides must compute the same; `page/callbox.js` holds the same rule.
pub fn offers(me: &Participant, other: &Participant) -> bool {
    (me.kind, &me.id) < (other.kind, &other.id)
}

/// A user as others see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
pub struct User {
    /// Sign-in name.
    pub id: UserId,
    /// Shown to people.
    pub name: String,
    /// What the user may do where no call says otherwise (G38).
    #[serde(default)]
    pub role: Role,
    /// The teams of a multi-tenant integrator that the user belongs to (G36).
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub teams: BTreeSet<String>,
}

impl User {
    /// A user of whom nothing else is known.
    pub fn new(id: UserId) -> Self {
        Self { name: id.to_string(), id, role: Role::user(), teams: BTreeSet::new() }
    }
}

/// A participation to go on with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Participation {
    /// The participant id that an earlier join gave, or one of the client's own making.
    pub id: ParticipantId,
    /// The generation of the media stack that still runs; none after a restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<u32>,
}

/// One client in a call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
pub struct Participant {
    /// The participation id.
    pub id: ParticipantId,
    /// Raised whenever the client comes back with a new media stack.
    pub generation: u32,
    /// Whose client it is.
    pub user: User,
    /// Appliance or browser.
    pub kind: ClientKind,
    /// Connected, or within its grace time.
    pub state: ParticipantState,
    /// Whether its microphone and camera are sending.
    #[serde(default)]
    pub muted: Muted,
    /// Whether it shows its screen.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sharing: bool,
    /// The most that it sends to each other one, by its own `call.set_max_bandwidth`, kbit/s (C11); 0: no limit.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub max_bandwidth: u32,
    /// Whether it has a door that who has `open-door` may open.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub door: bool,
    /// From `call.join`.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub custom: Value,
}

impl Participant {
    /// A participant of the first generation, connected, with everything on.
    pub fn new(id: ParticipantId, user: User, kind: ClientKind) -> Self {
        Self {
            id,
            generation: 1,
            user,
            kind,
            state: ParticipantState::Joined,
            muted: Muted::default(),
            sharing: false,
            max_bandwidth: 0,
            door: false,
            custom: Value::Null,
        }
    }
}

/// What a participant has switched off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Muted {
    /// Microphone off.
    #[serde(default)]
    pub audio: bool,
    /// Camera off.
    #[serde(default)]
    pub video: bool,
}

/// Whether a participant's socket is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ParticipantState {
    /// Its socket is open.
    Joined,
    /// Its socket dropped; the grace time runs.
    Reconnecting,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // what serde asks for
fn is_zero(number: &u32) -> bool {
    *number == 0
}
