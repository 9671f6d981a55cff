//! Access tokens: JWT (RFC 7519), signed with a key that never leaves the state directory.

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jsonwebtoken::errors::ErrorKind as JwtError;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use super::Error;
use crate::protocol::UserId;
use crate::protocol::rpc::{self, ErrorKind};

const ISSUER: &str = "callbox-hub";
const AUDIENCE: &str = "callbox";
const KEY_LEN: usize = 32;

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: UserId,
    iat: u64,
    exp: u64,
}

/// Issues and checks access tokens.
pub struct Tokens {
    signing: EncodingKey,
    checking: DecodingKey,
    validation: Validation,
    lifetime: Duration,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").field("lifetime", &self.lifetime).finish_non_exhaustive()
    }
}

impl Tokens {
    /// With the key in this file, which is made if it is not there.
    pub fn open(path: &Path, lifetime: Duration) -> Result<Self, Error> {
        let key = read_or_make(path).map_err(|e| Error::TokenKey { path: path.to_owned(), reason: e.to_string() })?;
        Ok(Self::with_key(&key, lifetime))
    }

    fn with_key(key: &[u8], lifetime: Duration) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.leeway = 0;
        Self { signing: EncodingKey::from_secret(key), checking: DecodingKey::from_secret(key), validation, lifetime }
    }

    /// A token for this user, from now on.
    pub fn issue(&self, user: &UserId, now: SystemTime) -> Result<String, jsonwebtoken::errors::Error> {
        let iat = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let exp = iat.saturating_add(self.lifetime.as_secs());
        let claims = Claims { iss: ISSUER.into(), aud: AUDIENCE.into(), sub: user.clone(), iat, exp };
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.signing)?;
        Ok(token)
    }

    /// How long a token is good for.
    pub fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// Whose token it is, if it is one of ours and has not expired by the wall clock.
    pub fn check(&self, token: &str) -> Result<UserId, rpc::Error> {
        let refused = |message: &str| rpc::Error::new(ErrorKind::Unauthenticated, message);
        match jsonwebtoken::decode::<Claims>(token, &self.checking, &self.validation) {
            Ok(data) => Ok(data.claims.sub),
            Err(e) if matches!(e.kind(), JwtError::ExpiredSignature) => {
                Err(refused("the access token has expired: sign in again at /v1/token"))
            }
            Err(_) => Err(refused("the access token is not one of this hub: sign in at /v1/token")),
        }
    }
}

fn read_or_make(path: &Path) -> io::Result<Vec<u8>> {
    match OpenOptions::new().read(true).open(path) {
        Ok(mut file) => {
            if file.metadata()?.permissions().mode() & 0o077 != 0 {
                return Err(io::Error::other("others than its owner may use it: chmod 600 it, or remove it to get a new one"));
            }
            let mut key = Vec::new();
            Read::by_ref(&mut file).take(KEY_LEN as u64 + 1).read_to_end(&mut key)?;
            if key.len() != KEY_LEN {
                return Err(io::Error::other(format!("it must hold {KEY_LEN} bytes: remove it to get a new one")));
            }
            Ok(key)
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            let key: [u8; KEY_LEN] = rand::random();
            // Under another name first: a power cut must not leave half a key.
            let new = path.with_extension("new");
            let _ = fs::remove_file(&new);
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
            file.write_all(&key)?;
            file.sync_all()?;
            fs::rename(&new, path)?;
            if let Some(directory) = path.parent() {
                fs::File::open(directory)?.sync_all()?;
            }
            Ok(key.to_vec())
        }
        Err(e) => Err(e),
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::json;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn anna() -> UserId {
        UserId::new("anna@example.org").unwrap()
    }

    fn unsigned(header: serde_json::Value, exp: u64) -> String {
        let claims = json!({"iss": ISSUER, "aud": AUDIENCE, "sub": "anna@example.org", "iat": 0, "exp": exp});
        let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.", part(&header), part(&claims))
    }

    #[test]
    fn k2_a_token_is_good_until_it_expires() {
        let tokens = Tokens::with_key(&[7; 32], HOUR);
        let now = SystemTime::now();
        assert_eq!(tokens.check(&tokens.issue(&anna(), now).unwrap()).unwrap(), anna());
        let error = tokens.check(&tokens.issue(&anna(), now - HOUR - Duration::from_secs(1)).unwrap()).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unauthenticated);
        assert!(error.message.contains("expired"));
    }

    #[test]
    fn a_forged_token_is_refused() {
        let tokens = Tokens::with_key(&[7; 32], HOUR);
        let other = Tokens::with_key(&[8; 32], HOUR).issue(&anna(), SystemTime::now()).unwrap();
        let later = u64::MAX / 2;
        let none = unsigned(json!({"alg": "none", "typ": "JWT"}), later);
        let claimed = unsigned(json!({"alg": "HS256", "typ": "JWT"}), later);
        let mut audience = Tokens::with_key(&[7; 32], HOUR);
        audience.validation.set_audience(&["another"]);
        assert!(audience.check(&tokens.issue(&anna(), SystemTime::now()).unwrap()).is_err());
        for token in [other.as_str(), &none, &claimed, "", "a.b.c", "\u{0}", &"x".repeat(100_000)] {
            let error = tokens.check(token).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Unauthenticated);
            assert!(error.message.contains("not one of this hub"), "{}", error.message);
        }
    }

    #[test]
    fn the_key_is_made_once_and_kept_from_others() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token.key");
        let token = Tokens::open(&path, HOUR).unwrap().issue(&anna(), SystemTime::now()).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(Tokens::open(&path, HOUR).unwrap().check(&token).is_ok());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(Tokens::open(&path, HOUR).unwrap_err().to_string().contains("chmod 600"));
        fs::write(&path, "short").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(Tokens::open(&path, HOUR).unwrap_err().to_string().contains("32 bytes"));
    }
}
