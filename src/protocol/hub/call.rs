//! A call, and what it is made of.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Capability, Participant, Ring, Role, Settings};
use crate::protocol::{Cid, UserId};

/// A call, whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
pub struct Call {
    /// `type:id`.
    pub cid: Cid,
    /// Who created it.
    pub created_by: UserId,
    /// When, RFC 3339.
    pub created_at: String,
    /// Data stored with the call (G20, G29).
    pub custom: BTreeMap<String, Value>,
    /// Who belongs to it, by user id (G19).
    #[serde(default)]
    pub members: Vec<Member>,
    /// What holds: the type's settings and the overrides.
    #[serde(default)]
    pub settings: Settings,
    /// What this call overrides (G21).
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[cfg_attr(feature = "hub", schema(value_type = Object))]
    pub settings_override: Map<String, Value>,
    /// Only users of this team see it (G23).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// Scheduled start, RFC 3339 (G22).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<String>,
    /// Whether rings say "video call" (G26).
    #[serde(default = "yes")]
    pub video: bool,
    /// Whether only those with `join-backstage` may join now (G34).
    #[serde(default)]
    pub backstage: bool,
    /// Since when it is live, RFC 3339; none: not live, or the type has no backstage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live_since: Option<String>,
    /// When it was ended for everyone, RFC 3339 (G15).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
    /// Who is kept out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocked: Vec<UserId>,
    /// What single users may and may not, beyond their roles.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub permissions: BTreeMap<UserId, Permissions>,
    /// Whether it was made by ringing: it is over when only one user is left in it (K11).
    #[serde(default)]
    pub ends_when_alone: bool,
    /// Whether it is being recorded.
    #[serde(default)]
    pub recording: bool,
    /// From the first participant to the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<CallSession>,
    /// The ring that runs, or the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ring: Option<Ring>,
    /// Who is in, in order of joining.
    pub participants: Vec<Participant>,
    /// What you may do here; only in answers, events say it by `call.capabilities`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub own_capabilities: Vec<Capability>,
}

impl Call {
    /// A call with nothing set and nobody in it.
    pub fn new(cid: Cid, created_by: UserId, created_at: String) -> Self {
        Self {
            cid,
            created_by,
            created_at,
            custom: BTreeMap::new(),
            members: Vec::new(),
            settings: Settings::default(),
            settings_override: Map::new(),
            team: None,
            starts_at: None,
            video: true,
            backstage: false,
            live_since: None,
            ended_at: None,
            blocked: Vec::new(),
            permissions: BTreeMap::new(),
            ends_when_alone: false,
            recording: false,
            session: None,
            ring: None,
            participants: Vec::new(),
            own_capabilities: Vec::new(),
        }
    }
}

const fn yes() -> bool {
    true
}

/// A user who belongs to a call, whether in it or not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
pub struct Member {
    /// Who.
    pub user_id: UserId,
    /// The role in this call; `call-member` unless said otherwise.
    pub role: Role,
    /// Any data (G19).
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[cfg_attr(feature = "hub", schema(value_type = Object))]
    pub custom: Map<String, Value>,
}

/// A member to add or change (G27, G28). What is left out stays as it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct MemberUpdate {
    /// Who.
    pub user_id: UserId,
    /// The role in this call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Any data, at most 4 KiB (G19); replaces what was there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "hub", schema(value_type = Option<Object>))]
    pub custom: Option<Map<String, Value>>,
}

/// What one user may and may not in a call, whatever the roles say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
pub struct Permissions {
    /// Added.
    pub granted: Vec<Capability>,
    /// Taken away; wins over what is granted.
    pub revoked: Vec<Capability>,
}

/// From the first participant to the last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
pub struct CallSession {
    /// Counts the sessions of this call from 1.
    pub number: u64,
    /// RFC 3339.
    pub started_at: String,
}

/// What a call can be created with.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CallData {
    /// Any data to store with the call (G20). At most 4 KiB.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub custom: BTreeMap<String, Value>,
    /// Who belongs to it (G27); at most 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<MemberUpdate>,
    /// Settings that differ from the call type's (G21).
    #[serde(default, alias = "settings", skip_serializing_if = "Map::is_empty")]
    #[cfg_attr(feature = "hub", schema(value_type = Object))]
    pub settings_override: Map<String, Value>,
    /// Scheduled start, RFC 3339 in UTC (G22).
    #[serde(default, alias = "startsAt", skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<String>,
    /// Restricts the call to a team (G23); users with teams must say it (G36).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// Ring every member (G24).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ring: bool,
    /// Notify every member (G25).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub notify: bool,
    /// Whether rings say "video call" (G26); true unless said otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video: Option<bool>,
    /// The most that every participant sends to each other one, kbit/s (C10): short for `settings_override.limits.max_bandwidth`.
    #[serde(default, alias = "maxBandwidth", skip_serializing_if = "Option::is_none")]
    pub max_bandwidth: Option<u32>,
}
