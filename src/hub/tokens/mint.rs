//! `callbox hub token`: a token without a password, for those who have the key.

use std::path::Path;
use std::time::{Duration, SystemTime};

use jsonwebtoken::{Algorithm, EncodingKey, Header};

use super::super::Error;
use super::claims::{Claims, seconds};
use super::keys::{self, Key};
use super::{AUDIENCE, ISSUER, OWN_KEY};
use crate::config::Hub;
use crate::protocol::hub::User;

/// What a token is to say, and what it is to be signed with.
#[derive(Debug)]
pub struct Minted<'a> {
    /// Who it is for.
    pub user: User,
    /// How long it is good.
    pub lifetime: Duration,
    /// The id of the integrator's key; none: the hub's own.
    pub key: Option<&'a str>,
    /// The integrator's private key, where the hub has only the public one.
    pub key_file: Option<&'a Path>,
}

/// Makes a token that this hub believes.
pub fn mint(config: &Hub, wanted: &Minted<'_>) -> Result<String, Error> {
    let now = SystemTime::now();
    let refused = |why: String| Error::Token { reason: why };
    let (key, algorithm, signing) = match wanted.key {
        None => {
            let secret = keys::read_existing(&config.state_directory.join("token.key"))?;
            (Key::own(&secret), Algorithm::HS256, EncodingKey::from_secret(&secret))
        }
        Some(id) => {
            let known = config.token_keys.iter().find(|key| key.id == id);
            let known = known.ok_or_else(|| refused(format!("there is no [[token-key]] with the id \"{id}\" in hub.toml")))?;
            let (algorithm, signing) = keys::signing(known, wanted.key_file)?;
            (Key::integrator(known)?, algorithm, signing)
        }
    };
    let claims = Claims {
        iss: if wanted.key.is_none() { ISSUER.into() } else { key.issuer.clone() },
        aud: AUDIENCE,
        sub: wanted.user.id.to_string(),
        name: Some(wanted.user.name.clone()),
        role: Some(wanted.user.role.to_string()),
        teams: (!wanted.user.teams.is_empty()).then(|| wanted.user.teams.iter().cloned().collect()),
        iat: Some(seconds(now)),
        exp: Some(seconds(now) + wanted.lifetime.as_secs_f64()),
        jti: Some(uuid::Uuid::new_v4().to_string()),
        ..Claims::default()
    };
    let kid = wanted.key.unwrap_or(OWN_KEY).to_owned();
    let header = Header { kid: Some(kid), ..Header::new(algorithm) };
    let token = jsonwebtoken::encode(&header, &claims, &signing).map_err(|e| refused(e.to_string()))?;
    // As the hub will read it: a private key that does not belong to the public one is found here.
    let read = super::read(&token, &key, &key.validation).map_err(|why| refused(format!("the token {why}")))?;
    read.times(now, key.max_lifetime).map_err(|why| refused(format!("the token {why}")))?;
    read.user(true).map_err(|why| refused(format!("the token {why}")))?;
    Ok(token)
}
