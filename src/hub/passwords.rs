//! argon2id: password hashes in PHC form, made by `callbox hub passwd`, checked without telling by the time it takes who exists.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::{self, PasswordHash, PasswordHashString, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use super::Error;
use crate::config::HubUser;
use crate::protocol::UserId;
use crate::protocol::hub::User;

/// Checks at one time: each takes 19 MiB and a core.
const CONCURRENT: usize = 2;
/// How long a check may wait for its turn.
const PATIENCE: Duration = Duration::from_secs(5);
/// Longer passwords are refused unread.
pub const MAX_PASSWORD: usize = 1024;

/// A hash of this password in PHC form, with argon2's recommended parameters.
pub fn hash(password: &str) -> Result<String, password_hash::Error> {
    let salt = SaltString::encode_b64(&rand::random::<[u8; 16]>())?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::DEFAULT);
    let hash = argon2.hash_password(password.as_bytes(), &salt)?;
    Ok(hash.to_string())
}

/// The hub's own users.
#[derive(Debug)]
pub struct Users {
    users: BTreeMap<UserId, (String, PasswordHashString)>,
    /// Checked for users that do not exist.
    decoy: PasswordHashString,
    turns: Arc<Semaphore>,
}

/// What came of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is this user.
    Right(UserId),
    /// No such user, or another password.
    Wrong,
    /// Too many checks are waiting.
    Busy,
}

impl Users {
    /// The configured users.
    pub fn new(configured: &[HubUser]) -> Result<Self, Error> {
        let mut users = BTreeMap::new();
        for user in configured {
            let bad = |e: password_hash::Error| Error::PasswordHash { user: user.id.to_string(), reason: e.to_string() };
            let hash = PasswordHashString::new(user.password_hash.reveal()).map_err(bad)?;
            users.insert(user.id.clone(), (user.name.clone(), hash));
        }
        // The parameters of a real user's hash make a stranger's check take as long as theirs.
        let decoy = match users.values().next() {
            Some((_, hash)) => hash.clone(),
            None => hash("decoy")
                .and_then(|text| PasswordHashString::new(&text))
                .map_err(|e| Error::PasswordHash { user: String::new(), reason: e.to_string() })?,
        };
        Ok(Self { users, decoy, turns: Arc::new(Semaphore::new(CONCURRENT)) })
    }

    /// A user as others see it; none if it is not configured (any more).
    pub fn find(&self, id: &UserId) -> Option<User> {
        self.users.get(id).map(|(name, _)| User { id: id.clone(), name: name.clone() })
    }

    /// Checks a password, on a thread that may block.
    pub async fn check(&self, username: &str, password: String) -> Verdict {
        let Ok(Ok(turn)) = tokio::time::timeout(PATIENCE, Arc::clone(&self.turns).acquire_owned()).await else {
            return Verdict::Busy;
        };
        let known = UserId::new(username).ok().filter(|id| self.users.contains_key(id));
        let hash = known.as_ref().and_then(|id| self.users.get(id)).map_or(&self.decoy, |(_, hash)| hash).clone();
        let matches = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            verify(&hash.password_hash(), &password)
        });
        match (matches.await, known) {
            (Ok(true), Some(id)) => Verdict::Right(id),
            (Ok(_), _) => Verdict::Wrong,
            (Err(_), _) => Verdict::Busy,
        }
    }
}

fn verify(hash: &PasswordHash<'_>, password: &str) -> bool {
    Argon2::default().verify_password(password.as_bytes(), hash).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;

    #[tokio::test]
    async fn a_password_is_right_for_its_user_only() {
        let user = |id: &str, password: &str| HubUser {
            id: UserId::new(id).unwrap(),
            name: id.to_uppercase(),
            password_hash: Secret::new(hash(password).unwrap()),
        };
        let users = Users::new(&[user("anna", "apple"), user("ben", "pear")]).unwrap();
        let ben = UserId::new("ben").unwrap();
        assert_eq!(users.check("ben", "pear".into()).await, Verdict::Right(ben.clone()));
        assert_eq!(users.check("ben", "apple".into()).await, Verdict::Wrong);
        assert_eq!(users.check("carl", "apple".into()).await, Verdict::Wrong, "a stranger with the decoy's password");
        assert_eq!(users.check("no user id", "pear".into()).await, Verdict::Wrong);
        assert_eq!(users.find(&ben).unwrap().name, "BEN");
    }

    #[test]
    fn a_hash_is_argon2id_and_salted() {
        let (one, two) = (hash("x").unwrap(), hash("x").unwrap());
        assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$") && one != two, "{one}");
    }
}
