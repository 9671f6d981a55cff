//! Names of things on the wire: calls, users, participants.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize, de};

/// The longest call type, call id, user id or participant id, in bytes.
pub const MAX_ID: usize = 64;

/// Why a name was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadId {
    /// A call id is written `type:id`.
    #[error("`{0}` is not a call id: write type:id, for example default:lobby")]
    NoColon(String),
    /// Empty or longer than [`MAX_ID`].
    #[error("{what} must have 1 to {MAX_ID} characters, this one has {len}")]
    Length {
        /// What was being named.
        what: &'static str,
        /// Its length in bytes.
        len: usize,
    },
    /// A character outside the allowed set.
    #[error("{what} may hold letters, digits and {allowed}, not {found:?}")]
    Character {
        /// What was being named.
        what: &'static str,
        /// The punctuation that is allowed.
        allowed: &'static str,
        /// The offending character.
        found: char,
    },
}

/// Whether a text can be a name: 1 to [`MAX_ID`] letters, digits and the allowed punctuation.
pub fn check_name(what: &'static str, text: &str, allowed: &'static str) -> Result<(), BadId> {
    if text.is_empty() || text.len() > MAX_ID {
        return Err(BadId::Length { what, len: text.len() });
    }
    match text.chars().find(|c| !c.is_ascii_alphanumeric() && !allowed.contains(*c)) {
        Some(found) => Err(BadId::Character { what, allowed, found }),
        None => Ok(()),
    }
}

/// A call: `type:id`, for example `default:lobby` (seed features G2, G4). Type and id hold letters, digits, `-`, `_`; an id also `.`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cid {
    kind: String,
    id: String,
}

impl Cid {
    /// Checks both parts.
    pub fn new(kind: &str, id: &str) -> Result<Self, BadId> {
        check_name("a call type", kind, "-_")?;
        check_name("a call id", id, "-_.")?;
        Ok(Self { kind: kind.to_owned(), id: id.to_owned() })
    }

    /// The call type, `default` in `default:lobby`.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The id within the type, `lobby` in `default:lobby`.
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl fmt::Display for Cid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.id)
    }
}

impl FromStr for Cid {
    type Err = BadId;
    fn from_str(text: &str) -> Result<Self, BadId> {
        let Some((kind, id)) = text.split_once(':') else {
            return Err(BadId::NoColon(text.chars().take(MAX_ID).collect()));
        };
        Self::new(kind, id)
    }
}

impl Serialize for Cid {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Cid {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        text.parse().map_err(de::Error::custom)
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $what:literal, $allowed:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $type(String);

        impl $type {
            /// Checks length and characters.
            pub fn new(text: &str) -> Result<Self, BadId> {
                check_name($what, text, $allowed)?;
                Ok(Self(text.to_owned()))
            }

            /// The bare text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $type {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                Self::new(text)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = String::deserialize(d)?;
                Self::new(&text).map_err(de::Error::custom)
            }
        }
    };
}

name!(
    /// A person or an appliance known to the hub; an email-like address is allowed (K8).
    UserId, "a user id", "-_.@+"
);
name!(
    /// One client in one call: its *participation id*. It survives a dropped socket, a new address and a restart.
    ParticipantId, "a participant id", "-_"
);

impl From<uuid::Uuid> for ParticipantId {
    fn from(id: uuid::Uuid) -> Self {
        Self(id.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_id_is_a_type_and_an_id() {
        let cid: Cid = "default:lobby.2".parse().unwrap();
        assert_eq!((cid.kind(), cid.id()), ("default", "lobby.2"));
        assert_eq!(cid.to_string(), "default:lobby.2");
    }

    #[test]
    fn a_bad_name_says_what_is_wrong() {
        assert!("lobby".parse::<Cid>().unwrap_err().to_string().contains("default:lobby"));
        assert!("default:".parse::<Cid>().unwrap_err().to_string().contains("has 0"));
        assert!("default:a b".parse::<Cid>().unwrap_err().to_string().contains("' '"));
        assert!(UserId::new(&"x".repeat(65)).unwrap_err().to_string().contains("has 65"));
        assert!(UserId::new("anna@example.org").is_ok());
    }
}
