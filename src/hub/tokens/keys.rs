//! Keys: the hub's own, which never leaves the state directory, and those of integrators.

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Validation};

use super::super::Error;
use super::{AUDIENCE, ISSUER, LONGEST, OWN_KEY};
use crate::config::{TokenKey, TokenKeyKind};

/// Of the hub's own key.
pub const KEY_LEN: usize = 32;
/// RFC 7518 section 3.2: an HS256 key is as long as the hash.
const LEAST_SECRET: usize = 32;
/// A PEM file of an Ed25519 key has about 120 bytes.
const MAX_FILE: u64 = 16 * 1024;

/// A key that signs tokens, and what is believed of them.
pub struct Key {
    /// The `kid` of its tokens.
    pub id: String,
    /// The `iss` of its tokens.
    pub issuer: String,
    /// The `alg` of its tokens.
    pub algorithm: &'static str,
    /// Checks a signature.
    pub checking: DecodingKey,
    /// Signature, issuer and audience; times are checked apart.
    pub validation: Validation,
    /// The longest lifetime of its tokens.
    pub max_lifetime: Duration,
}

impl Key {
    /// The hub's own.
    pub fn own(secret: &[u8]) -> Self {
        let validation = validation(Algorithm::HS256, ISSUER, AUDIENCE);
        let checking = DecodingKey::from_secret(secret);
        let (id, issuer) = (OWN_KEY.into(), ISSUER.into());
        Self { id, issuer, algorithm: "HS256", checking, validation, max_lifetime: LONGEST }
    }

    /// An integrator's.
    pub fn integrator(key: &TokenKey) -> Result<Self, Error> {
        let (algorithm, name, checking) = match &key.kind {
            TokenKeyKind::Hs256(path) => (Algorithm::HS256, "HS256", DecodingKey::from_secret(&read_secret(path)?)),
            TokenKeyKind::Ed25519(path) => {
                let pem = read(path).map_err(|e| unusable(path, e))?;
                let checking = DecodingKey::from_ed_pem(&pem).map_err(|e| {
                    unusable(path, format_args!("it is no Ed25519 public key in PEM (`openssl pkey -pubout`): {e}"))
                })?;
                // The library takes any key here, and would then take no signature.
                if private(&pem) {
                    return Err(unusable(path, "it holds a private key: the hub wants the public one (`openssl pkey -pubout`)"));
                }
                (Algorithm::EdDSA, "EdDSA", checking)
            }
        };
        let validation = validation(algorithm, &key.issuer, AUDIENCE);
        let TokenKey { id, issuer, max_lifetime, .. } = key.clone();
        Ok(Self { id, issuer, algorithm: name, checking, validation, max_lifetime })
    }
}

/// Signature, issuer and audience; nothing else.
pub fn validation(algorithm: Algorithm, issuer: &str, audience: &str) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.set_issuer(&[issuer]);
    validation.set_audience(&[audience]);
    validation.set_required_spec_claims(&["iss", "aud", "sub"]);
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation
}

/// Signs as an integrator does; `file` holds the private key, which the hub itself does not have for Ed25519.
pub fn signing(key: &TokenKey, file: Option<&Path>) -> Result<(Algorithm, EncodingKey), Error> {
    match (&key.kind, file) {
        (TokenKeyKind::Hs256(secret), file) => {
            let secret = read_secret(file.unwrap_or(secret))?;
            Ok((Algorithm::HS256, EncodingKey::from_secret(&secret)))
        }
        (TokenKeyKind::Ed25519(path), None) => Err(unusable(path, "it only checks: name the private key with --key-file")),
        (TokenKeyKind::Ed25519(_), Some(file)) => {
            let pem = read(file).map_err(|e| unusable(file, e))?;
            if !private(&pem) {
                return Err(unusable(file, "it is no private key"));
            }
            let key =
                EncodingKey::from_ed_pem(&pem).map_err(|e| unusable(file, format_args!("it is no Ed25519 key in PEM: {e}")))?;
            Ok((Algorithm::EdDSA, key))
        }
    }
}

/// A secret that somebody else made, in a file of one line.
pub fn read_line(path: &Path) -> Result<Vec<u8>, Error> {
    let mut secret = read(path).map_err(|e| unusable(path, e))?;
    if secret.ends_with(b"\n") {
        secret.pop();
    }
    if secret.is_empty() {
        return Err(unusable(path, "it is empty"));
    }
    Ok(secret)
}

/// A secret that people keep in a file of one line.
pub fn read_secret(path: &Path) -> Result<Vec<u8>, Error> {
    let secret = read_line(path)?;
    if secret.len() < LEAST_SECRET {
        return Err(unusable(path, format_args!("a secret needs at least {LEAST_SECRET} bytes: `openssl rand -hex 32` makes one")));
    }
    Ok(secret)
}

/// The hub's own key, which is made if it is not there.
pub fn read_or_make(path: &Path) -> Result<Vec<u8>, Error> {
    match read_own(path) {
        Ok(Some(key)) => Ok(key),
        Ok(None) => make(path).map_err(|e| unusable(path, e)),
        Err(e) => Err(unusable(path, e)),
    }
}

/// The hub's own key, which must be there.
pub fn read_existing(path: &Path) -> Result<Vec<u8>, Error> {
    let key = read_own(path).map_err(|e| unusable(path, e))?;
    key.ok_or_else(|| unusable(path, "it is not there: start the hub once, it makes its key"))
}

fn read_own(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let file = match OpenOptions::new().read(true).open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(e),
    };
    if file.metadata()?.permissions().mode() & 0o077 != 0 {
        return Err(io::Error::other("others than its owner may use it: chmod 600 it, or remove it to get a new one"));
    }
    let mut key = Vec::new();
    file.take(KEY_LEN as u64 + 1).read_to_end(&mut key)?;
    if key.len() != KEY_LEN {
        return Err(io::Error::other(format!("it must hold {KEY_LEN} bytes: remove it to get a new one")));
    }
    Ok(Some(key))
}

fn make(path: &Path) -> io::Result<Vec<u8>> {
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

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(io::Error::other("it is too long for a key"));
    }
    Ok(bytes)
}

fn private(pem: &[u8]) -> bool {
    pem.windows(b"PRIVATE KEY".len()).any(|window| window == b"PRIVATE KEY")
}

fn unusable(path: &Path, why: impl std::fmt::Display) -> Error {
    Error::TokenKey { path: path.to_owned(), reason: why.to_string() }
}
