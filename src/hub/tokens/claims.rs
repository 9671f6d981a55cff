//! What a token says, and whether it says it now.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::protocol::UserId;
use crate::protocol::hub::{Role, User};
use crate::protocol::id::check_name;

/// How far an integrator's clock may be off.
const SKEW: f64 = 60.0;
/// Teams of one user.
const MAX_TEAMS: usize = 32;
/// Bytes of a name that people see.
const MAX_NAME: usize = 128;

/// The claims, as they are written. NumericDate (RFC 7519 section 2) may have a fraction.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Claims {
    /// Who signed.
    #[serde(default)]
    pub iss: String,
    /// Whom it is for.
    #[serde(default, skip_deserializing)]
    pub aud: &'static str,
    /// The user id.
    #[serde(default)]
    pub sub: String,
    /// Shown to people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What the user may do where no call says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The user's teams.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub teams: Option<Vec<String>>,
    /// Good until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exp: Option<f64>,
    /// Good from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<f64>,
    /// Made then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iat: Option<f64>,
    /// Which token; of a refresh token, which family of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
    /// Of a refresh token: how often the family was refreshed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<u32>,
    /// Of a refresh token: when the family began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began: Option<f64>,
}

/// When a token was made and until when it is good.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Times {
    /// The Unix epoch if it does not say.
    pub issued_at: SystemTime,
    /// Always later than now.
    pub expires_at: SystemTime,
}

impl Claims {
    /// Whether the token is good now, and no longer than `longest`. The error says what is wrong with "the token".
    pub fn times(&self, now: SystemTime, longest: Duration) -> Result<Times, String> {
        let now = seconds(now);
        let Some(exp) = self.exp else { return Err("has no `exp`: it must say until when it is good".into()) };
        if exp <= now {
            return Err("has expired: sign in again".into());
        }
        if self.nbf.is_some_and(|nbf| nbf > now + SKEW) || self.iat.is_some_and(|iat| iat > now + SKEW) {
            return Err("is not valid yet: look at the clocks of hub and issuer".into());
        }
        let from = self.iat.map_or(now, |iat| iat.min(now));
        if exp - from > longest.as_secs_f64() + SKEW {
            return Err(format!("is good for too long: at most {} are allowed", humantime::format_duration(longest)));
        }
        Ok(Times { issued_at: time(self.iat.unwrap_or_default()), expires_at: time(exp) })
    }

    /// The user id.
    pub fn user_id(&self) -> Result<UserId, String> {
        UserId::new(&self.sub).map_err(|e| format!("has a bad `sub`: {e}"))
    }

    /// The user as the token describes it; none if it says nothing of its role.
    pub fn user(&self, always: bool) -> Result<Option<User>, String> {
        if self.role.is_none() && !always {
            return Ok(None);
        }
        let mut user = User::new(self.user_id()?);
        if let Some(name) = &self.name {
            if name.is_empty() || name.len() > MAX_NAME || name.contains(char::is_control) {
                return Err(format!("has a bad `name`: it needs 1 to {MAX_NAME} bytes without control characters"));
            }
            user.name.clone_from(name);
        }
        if let Some(role) = &self.role {
            user.role = Role::new(role).map_err(|e| format!("has a bad `role`: {e}"))?;
        }
        let teams = self.teams.as_deref().unwrap_or_default();
        if teams.len() > MAX_TEAMS {
            return Err(format!("has too many `teams`: at most {MAX_TEAMS}"));
        }
        for team in teams {
            check_name("a team", team, "-_.").map_err(|e| format!("has bad `teams`: {e}"))?;
        }
        user.teams = teams.iter().cloned().collect::<BTreeSet<_>>();
        Ok(Some(user))
    }
}

/// Seconds since the Unix epoch, with a fraction.
pub fn seconds(at: SystemTime) -> f64 {
    at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

/// The time of a NumericDate.
pub fn time(seconds: f64) -> SystemTime {
    let since = Duration::try_from_secs_f64(seconds.clamp(0.0, 1e11)).unwrap_or_default();
    UNIX_EPOCH.checked_add(since).unwrap_or(UNIX_EPOCH)
}
