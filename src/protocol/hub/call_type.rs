//! Call types: default settings, and what each role may do (G3, G38 to G42, G+1 to G+4).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize, de};
use serde_json::{Map, Value};

use super::{Capability, Settings};
use crate::protocol::id::{BadId, check_name};

/// A role: `user`, `call-member`, `moderator`, `host`, `admin`, or an integrator's own. Underscores are read as hyphens, since the seeds write
/// `call_member`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Role(String);

impl Role {
    /// Checks length and characters.
    pub fn new(text: &str) -> Result<Self, BadId> {
        check_name("a role", text, "-_")?;
        Ok(Self(text.replace('_', "-")))
    }

    /// The role of everybody unless said otherwise (G38).
    pub fn user() -> Self {
        Self("user".into())
    }

    /// The role of members unless said otherwise (G40).
    pub fn call_member() -> Self {
        Self("call-member".into())
    }

    /// The role of a call's creator in that call.
    pub fn host() -> Self {
        Self("host".into())
    }

    /// The role that also changes call types and revokes tokens.
    pub fn admin() -> Self {
        Self("admin".into())
    }

    /// The bare text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Role {
    fn default() -> Self {
        Self::user()
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Role {
    type Err = BadId;
    fn from_str(text: &str) -> Result<Self, BadId> {
        Self::new(text)
    }
}

impl<'de> Deserialize<'de> for Role {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(d)?).map_err(de::Error::custom)
    }
}

/// What each role may do.
pub type Grants = BTreeMap<Role, BTreeSet<Capability>>;

/// A call type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
pub struct CallType {
    /// `default` in `default:lobby`.
    pub name: String,
    /// What calls of this type have unless they override it.
    pub settings: Settings,
    /// What each role may do in calls of this type.
    #[cfg_attr(feature = "hub", schema(value_type = BTreeMap<Role, Vec<Capability>>))]
    pub grants: Grants,
}

/// `call_type.put`: a new call type, or changes to one. What is left out stays, or is as in the built-in type `default`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PutCallType {
    /// Which.
    pub name: String,
    /// Settings that differ.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[cfg_attr(feature = "hub", schema(value_type = Object))]
    pub settings: Map<String, Value>,
    /// Roles whose capabilities differ; each list replaces the role's (G39, G40).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "hub", schema(value_type = BTreeMap<Role, Vec<Capability>>))]
    pub grants: Grants,
}

/// The types that are always there (G+1).
pub const BUILT_IN_TYPES: [&str; 4] = ["default", "audio_room", "livestream", "development"];

impl CallType {
    /// A built-in type with the defaults of G+2.
    pub fn built_in(name: &str) -> Option<Self> {
        let mut settings = Settings::default();
        settings.audio.speaker_default_on = true;
        settings.audio.opus_dtx_enabled = true;
        settings.screensharing.enabled = true;
        settings.video.enabled = true;
        settings.video.camera_default_on = true;
        let rings = |settings: &mut Settings| {
            settings.ring.incoming_call_timeout_ms = 15_000;
            settings.ring.auto_cancel_timeout_ms = 15_000;
        };
        match name {
            "default" | "development" => {
                settings.audio.mic_default_on = true;
                rings(&mut settings);
            }
            "audio_room" => {
                settings.video.enabled = false;
                settings.video.camera_default_on = false;
                settings.screensharing.enabled = false;
                settings.backstage.enabled = true;
                settings.audio.access_request_enabled = true;
            }
            "livestream" => {
                settings.backstage.enabled = true;
                settings.video.access_request_enabled = true;
            }
            _ => return None,
        }
        Some(Self { name: name.to_owned(), settings, grants: grants(name) })
    }
}

fn grants(kind: &str) -> Grants {
    use Capability as C;
    let everything: BTreeSet<C> = C::ALL.iter().copied().collect();
    let media = [C::SendAudio, C::SendVideo, C::Screenshare];
    let guest = BTreeSet::from([C::CreateCall, C::ReadCall, C::JoinCall]);
    let talks: BTreeSet<C> = guest.iter().copied().chain(media).collect();
    let moderates: BTreeSet<C> = talks
        .iter()
        .copied()
        .chain([C::JoinBackstage, C::BlockUsers, C::KickUser, C::MuteUsers, C::UpdateCallPermissions, C::OpenDoor])
        .collect();
    let host: BTreeSet<C> = everything.iter().copied().filter(|c| *c != C::JoinEndedCall).collect();
    let (user, member) = match kind {
        // Everybody may do everything while something is being built.
        "development" => (everything.clone(), everything.clone()),
        // Listeners, until somebody lets them speak.
        "audio_room" | "livestream" => (guest.clone(), guest),
        _ => (talks.clone(), talks.iter().copied().chain([C::OpenDoor]).collect()),
    };
    BTreeMap::from([
        (Role::user(), user),
        (Role::call_member(), member),
        (Role("moderator".into()), moderates),
        (Role::host(), host),
        (Role::admin(), everything),
    ])
}
