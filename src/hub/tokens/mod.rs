//! Access and refresh tokens: JWT (RFC 7519), signed by the hub or by an integrator.
//!
//! ```text
//!   header.kid, or iss ──► one key: its algorithm, its issuer, the audience ──► times ──► who it is
//! ```
//!
//! A key is bound to one algorithm: what a header claims only ever selects, and never decides how a signature is checked.

mod claims;
mod keys;
mod mint;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::errors::ErrorKind as JwtError;
use jsonwebtoken::{Algorithm, EncodingKey, Header, Validation};
use serde::Deserialize;

pub use claims::Times;
pub use keys::{read_line, read_secret};
pub use mint::{Minted, mint};

use super::Error;
use crate::config::TokenKey;
use crate::protocol::UserId;
use crate::protocol::hub::User;
use crate::protocol::rpc::{self, ErrorKind};
use claims::{Claims, seconds, time};
use keys::Key;

const ISSUER: &str = "callbox-hub";
const AUDIENCE: &str = "callbox";
const REFRESH: &str = "callbox-refresh";
const OWN_KEY: &str = "hub";
/// The longest lifetime of a token that the hub signs.
const LONGEST: Duration = Duration::from_secs(30 * 86_400);
/// And of a refresh token.
const LONGEST_REFRESH: Duration = Duration::from_secs(366 * 86_400);
/// The longest token that is looked at.
const MAX_TOKEN: usize = 8 * 1024;

/// What a good access token says.
#[derive(Debug, Clone, PartialEq)]
pub struct Bearer {
    /// Whose it is.
    pub id: UserId,
    /// The user as the token describes it; none: as the hub's own configuration does.
    pub user: Option<User>,
    /// When it was made, until when it is good.
    pub times: Times,
}

/// Who somebody is, as a good access token says.
#[derive(Debug, Clone, PartialEq)]
pub struct Identity {
    /// As others see it.
    pub user: User,
    /// Of the token.
    pub times: Times,
}

/// What a good refresh token says: the `generation`-th of a family that began with one sign-in.
#[derive(Debug, Clone, PartialEq)]
pub struct Refresh {
    /// Whose it is.
    pub id: UserId,
    /// Names the family.
    pub family: String,
    /// Counts from 0.
    pub generation: u32,
    /// When the family began.
    pub began: SystemTime,
    /// When this token was made, until when it is good.
    pub times: Times,
}

/// Issues and checks tokens.
pub struct Tokens {
    signing: EncodingKey,
    keys: Vec<Key>,
    refresh: Validation,
    lifetime: Duration,
    refresh_lifetime: Duration,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let keys: Vec<_> = self.keys.iter().map(|key| &key.id).collect();
        f.debug_struct("Tokens").field("keys", &keys).field("lifetime", &self.lifetime).finish_non_exhaustive()
    }
}

#[derive(Default, Deserialize)]
struct Selector {
    alg: Option<String>,
    kid: Option<String>,
    iss: Option<serde_json::Value>,
    crit: Option<serde_json::Value>,
}

impl Tokens {
    /// With the hub's key in this file, which is made if it is not there, and the keys of integrators.
    pub fn open(path: &Path, lifetime: Duration, refresh_lifetime: Duration, integrators: &[TokenKey]) -> Result<Self, Error> {
        let own = keys::read_or_make(path)?;
        let mut tokens = Self::with_key(&own, lifetime, refresh_lifetime);
        for key in integrators {
            tokens.keys.push(Key::integrator(key)?);
        }
        Ok(tokens)
    }

    fn with_key(own: &[u8], lifetime: Duration, refresh_lifetime: Duration) -> Self {
        Self {
            signing: EncodingKey::from_secret(own),
            keys: vec![Key::own(own)],
            refresh: keys::validation(Algorithm::HS256, ISSUER, REFRESH),
            lifetime,
            refresh_lifetime,
        }
    }

    /// With a key that signs nothing: whatever these believe is forged.
    #[cfg(any(test, fuzzing))]
    pub fn of_nobody() -> Self {
        Self::with_key(b"of nobody, and longer than 32 bytes", Duration::from_secs(3600), Duration::from_secs(3600))
    }

    /// How long an access token of the hub is good for.
    pub fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// How long a refresh token is good for.
    pub fn refresh_lifetime(&self) -> Duration {
        self.refresh_lifetime
    }

    /// An access token for one of the hub's own users: who that is, the configuration says whenever it is used.
    pub fn issue(&self, user: &UserId, now: SystemTime) -> Result<String, jsonwebtoken::errors::Error> {
        let claims = Claims { jti: Some(uuid::Uuid::new_v4().to_string()), ..self.claims(user, AUDIENCE, self.lifetime, now) };
        self.sign(&claims)
    }

    /// A refresh token: the first of a family, or the one that follows in it.
    pub fn issue_refresh(
        &self,
        user: &UserId,
        follows: Option<&Refresh>,
        now: SystemTime,
    ) -> Result<String, jsonwebtoken::errors::Error> {
        let (family, generation, began) = match follows {
            Some(old) => (old.family.clone(), old.generation.saturating_add(1), old.began),
            None => (uuid::Uuid::new_v4().to_string(), 0, now),
        };
        let claims = self.claims(user, REFRESH, self.refresh_lifetime, now);
        self.sign(&Claims { jti: Some(family), generation: Some(generation), began: Some(seconds(began)), ..claims })
    }

    fn claims(&self, user: &UserId, aud: &'static str, lifetime: Duration, now: SystemTime) -> Claims {
        let now = seconds(now);
        let (iss, sub) = (ISSUER.to_owned(), user.to_string());
        Claims { iss, aud, sub, iat: Some(now), exp: Some(now + lifetime.as_secs_f64()), ..Claims::default() }
    }

    fn sign(&self, claims: &Claims) -> Result<String, jsonwebtoken::errors::Error> {
        let header = Header { kid: Some(OWN_KEY.into()), ..Header::new(Algorithm::HS256) };
        let token = jsonwebtoken::encode(&header, claims, &self.signing)?;
        Ok(token)
    }

    /// What an access token says, if it is good now.
    pub fn check(&self, token: &str, now: SystemTime) -> Result<Bearer, rpc::Error> {
        let refused = |why: &str| rpc::Error::new(ErrorKind::Unauthenticated, format!("the access token {why}"));
        let key = self.key_of(token).map_err(|why| refused(&why))?;
        let claims = read(token, key, &key.validation).map_err(|why| refused(&why))?;
        let times = claims.times(now, key.max_lifetime).map_err(|why| refused(&why))?;
        let id = claims.user_id().map_err(|why| refused(&why))?;
        let user = claims.user(key.id != OWN_KEY).map_err(|why| refused(&why))?;
        Ok(Bearer { id, user, times })
    }

    /// What a refresh token says, if it is good now; whether it was used already is not known here.
    pub fn check_refresh(&self, token: &str, now: SystemTime) -> Result<Refresh, String> {
        let key = self.key_of(token)?;
        if key.id != OWN_KEY {
            return Err("is not one of this hub".into());
        }
        let claims = read(token, key, &self.refresh)?;
        let times = claims.times(now, LONGEST_REFRESH)?;
        let id = claims.user_id()?;
        let (Some(family), Some(generation), Some(began)) = (claims.jti, claims.generation, claims.began) else {
            return Err("is not one of this hub".into());
        };
        Ok(Refresh { id, family, generation, began: time(began), times })
    }

    fn key_of(&self, token: &str) -> Result<&Key, String> {
        if token.len() > MAX_TOKEN {
            return Err(format!("is too long: at most {MAX_TOKEN} bytes"));
        }
        let mut parts = token.split('.');
        let part = |part: Option<&str>| {
            let json = URL_SAFE_NO_PAD.decode(part?).ok()?;
            serde_json::from_slice::<Selector>(&json).ok()
        };
        let (header, claims) = (part(parts.next()), part(parts.next()));
        let (Some(header), Some(claims)) = (header, claims) else { return Err("is not a JWT: sign in at /v1/token".into()) };
        if header.crit.is_some() {
            return Err("has a `crit` header, and nothing critical is understood here".into());
        }
        let issuer = claims.iss.as_ref().and_then(serde_json::Value::as_str);
        let wanted = |key: &&Key| match &header.kid {
            Some(kid) => key.id == *kid,
            None => Some(key.issuer.as_str()) == issuer,
        };
        let key = self.keys.iter().find(wanted).filter(|key| header.alg.as_deref() == Some(key.algorithm));
        key.ok_or_else(|| "is not one of this hub, nor signed by a key that it knows: sign in at /v1/token".to_owned())
    }
}

/// Signature, issuer, audience. What is wrong with the claims is only said of a token with a good signature.
#[allow(clippy::wildcard_enum_match_arm)] // another crate's list: all others mean that it is none of ours
fn read(token: &str, key: &Key, validation: &Validation) -> Result<Claims, String> {
    match jsonwebtoken::decode::<Claims>(token, &key.checking, validation) {
        Ok(data) => Ok(data.claims),
        Err(e) => Err(match e.kind() {
            JwtError::InvalidAudience => format!("is for somebody else: its `aud` must be \"{AUDIENCE}\""),
            JwtError::InvalidIssuer => format!("has the wrong `iss`: the key `{}` is for {}", key.id, key.issuer),
            JwtError::MissingRequiredClaim(claim) => format!("has no `{claim}`"),
            JwtError::Json(e) => format!("has claims that do not fit: {e}"),
            _ => "is not one of this hub, nor signed by a key that it knows: sign in at /v1/token".into(),
        }),
    }
}
