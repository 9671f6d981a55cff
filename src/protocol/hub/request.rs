//! What a client asks for. Each is a JSON-RPC method and a REST operation; `hub::api` has the table of both.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Call, CallData, Capability, IceServers, MemberUpdate, Muted, Participation};
use crate::protocol::{Cid, ParticipantId, UserId};

/// `call.get`, `call.get_or_create`: which call, and what to create it with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct GetCall {
    /// Call type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Call id within the type.
    pub id: String,
    /// Only for `call.get_or_create`; of an existing call only `ring` and `notify` are done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<CallData>,
}

/// `call.join` (G10, G11).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct JoinCall {
    /// Call type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Call id within the type.
    pub id: String,
    /// Create the call if there is none; false joins an existing call only.
    #[serde(default)]
    pub create: bool,
    /// What to create it with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<CallData>,
    /// The participation to go on with (same user, same call).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub participation: Option<Participation>,
    /// Travels with the participant (B3, B12). At most 4 KiB.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub custom: Value,
    /// Whether there is a door here that who has `open-door` may open.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub door: bool,
}

/// The answer to `call.join`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
pub struct Joined {
    /// The call, with everybody in it including yourself.
    pub call: Call,
    /// Your own participant id.
    pub participant: ParticipantId,
    /// Servers for networks where a direct path needs help.
    #[serde(default, skip_serializing_if = "IceServers::is_empty")]
    pub ice_servers: IceServers,
}

/// A call by its id: `call.go_live`, `call.stop_live`, `call.start_recording`, `call.stop_recording`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct InCall {
    /// `type:id`.
    pub cid: Cid,
}

/// `call.leave` (G14), `call.end` (G15), `call.accept` (K9).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct WithExtension {
    /// `type:id`.
    pub cid: Cid,
    /// Extra parameters for the others (C18, C25). At most 4 KiB.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub extension: Value,
}

/// `call.reject` (K10, C23, C24) and `call.cancel`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct WithReason {
    /// `type:id`.
    pub cid: Cid,
    /// For example `busy`, `decline`, `cancel`; at most 64 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Extra parameters for the others. At most 4 KiB.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub extension: Value,
}

/// `call.mute`: tell the others what is switched off here, and whether the screen is shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct MuteSelf {
    /// `type:id`.
    pub cid: Cid,
    /// What is off now.
    pub muted: Muted,
    /// Whether the screen is shown now; none leaves it as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sharing: Option<bool>,
}

/// `call.update` (G17, G29, G32).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateCall {
    /// `type:id`.
    pub cid: Cid,
    /// Keys to replace; null takes one away.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub custom: BTreeMap<String, Value>,
    /// Merged into the call's overrides; null goes back to the type's.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[cfg_attr(feature = "hub", schema(value_type = Object))]
    pub settings_override: Map<String, Value>,
    /// A new scheduled start, RFC 3339 in UTC.
    #[serde(default, alias = "startsAt", skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<String>,
}

/// `call.update_members` (G28): all of it or nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateMembers {
    /// `type:id`.
    pub cid: Cid,
    /// To add or change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub update_members: Vec<MemberUpdate>,
    /// To remove; each must be a member.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remove_members: Vec<UserId>,
}

/// `call.ring`, `call.notify` (G24, G25): members of the call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RingCall {
    /// `type:id`.
    pub cid: Cid,
    /// Only these members; none: all. The caller is never rung.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<Vec<UserId>>,
    /// Whether it is a video call; none: as the call says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video: Option<bool>,
    /// Extra parameters for the callees (C15). At most 4 KiB.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub extension: Value,
}

/// `call.make` (K8): a new call under a fresh id with one other member, who is rung.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct MakeCall {
    /// Whom to call.
    pub destination: UserId,
    /// Call type; `default` unless said otherwise.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Whether it is a video call (K8, C7).
    #[serde(default = "yes")]
    pub video: bool,
    /// Whether the caller will be heard; it must, and is here since the seed has it.
    #[serde(default = "yes")]
    pub audio: bool,
    /// Extra parameters for the callee (C15). At most 4 KiB.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub extension: Value,
    /// Anything else to create the call with; its `ring` and `video` are set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<CallData>,
}

const fn yes() -> bool {
    true
}

/// `call.kick`, `call.block`, `call.unblock`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct OfUser {
    /// `type:id`.
    pub cid: Cid,
    /// Who.
    pub user_id: UserId,
}

/// `call.mute_users`: switch off others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct MuteUsers {
    /// `type:id`.
    pub cid: Cid,
    /// Whom; none: everybody but the caller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_ids: Option<Vec<UserId>>,
    /// Microphones.
    #[serde(default)]
    pub audio: bool,
    /// Cameras.
    #[serde(default)]
    pub video: bool,
    /// Screens.
    #[serde(default)]
    pub screen: bool,
}

/// `call.update_permissions`: what one user may in this call beyond the roles.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdatePermissions {
    /// `type:id`.
    pub cid: Cid,
    /// Who.
    pub user_id: UserId,
    /// To grant; takes back an earlier revocation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grant: Vec<Capability>,
    /// To revoke; takes back an earlier grant.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revoke: Vec<Capability>,
}

/// `call.set_max_bandwidth` (C11): limits what the caller itself sends to each participant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SetMaxBandwidth {
    /// `type:id`.
    pub cid: Cid,
    /// kbit/s; 0 removes the limit.
    pub max_bandwidth: u32,
}

/// `call.list`: calls that the caller created or is a member of, the newest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ListCalls {
    /// Only of this type.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Also ended ones.
    #[serde(default)]
    pub ended: bool,
    /// At most so many, 25 unless said otherwise, 100 at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// The answer to `call.list`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
pub struct CallList {
    /// The calls.
    pub calls: Vec<Call>,
}

/// `call_type.get`, `call_type.delete`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NamedType {
    /// Which.
    pub name: String,
}

/// The answer to `call_type.list`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
pub struct CallTypes {
    /// By name.
    pub call_types: Vec<super::CallType>,
}
