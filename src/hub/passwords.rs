//! argon2id: password hashes in PHC form, made by `callbox hub passwd`, checked without telling by the time it takes who exists.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::{self, Output, PasswordHash, PasswordHasher, SaltString};
use argon2::{Algorithm, Argon2, Block, Params, Version};
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

/// An allocation of this size is given back to the system when it is freed: glibc keeps smaller ones in a heap of the thread
/// that made them (mallopt(3), `DEFAULT_MMAP_THRESHOLD_MAX`). Pages that are not used are not there.
const NEVER_KEPT: usize = (32 << 20) + (1 << 20);

/// A password hash, read.
struct Known {
    argon2: Argon2<'static>,
    salt: Vec<u8>,
    expected: Output,
}

impl std::fmt::Debug for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[secret]")
    }
}

impl Known {
    fn read(phc: &str) -> Result<Self, password_hash::Error> {
        let hash = PasswordHash::new(phc)?;
        let algorithm = Algorithm::try_from(hash.algorithm)?;
        let version = hash.version.map_or(Ok(Version::V0x13), Version::try_from)?;
        let argon2 = Argon2::new(algorithm, version, Params::try_from(&hash)?);
        let (Some(salt), Some(expected)) = (hash.salt, hash.hash) else { return Err(password_hash::Error::PhcStringField) };
        let mut room = [0; 64];
        let salt = salt.decode_b64(&mut room)?.to_vec();
        Ok(Self { argon2, salt, expected })
    }

    fn is(&self, password: &str) -> bool {
        let blocks = self.argon2.params().block_count();
        let mut memory = Vec::with_capacity(blocks.max(NEVER_KEPT / Block::SIZE));
        memory.resize(blocks, Block::default());
        let mut found = vec![0; self.expected.len()];
        let done = self.argon2.hash_password_into_with_memory(password.as_bytes(), &self.salt, &mut found, &mut memory);
        // `Output` compares in constant time.
        done.is_ok() && Output::new(&found).is_ok_and(|found| found == self.expected)
    }
}

/// The hub's own users.
#[derive(Debug)]
pub struct Users {
    users: BTreeMap<UserId, (User, Arc<Known>)>,
    /// Checked for users that do not exist.
    decoy: Arc<Known>,
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
            let known = Known::read(user.password_hash.reveal()).map_err(bad)?;
            let HubUser { id, name, role, teams, .. } = user.clone();
            users.insert(id.clone(), (User { id, name, role, teams }, Arc::new(known)));
        }
        // The parameters of a real user's hash make a stranger's check take as long as theirs.
        let decoy = match users.values().next() {
            Some((_, known)) => Arc::clone(known),
            None => hash("decoy")
                .and_then(|text| Known::read(&text).map(Arc::new))
                .map_err(|e| Error::PasswordHash { user: String::new(), reason: e.to_string() })?,
        };
        Ok(Self { users, decoy, turns: Arc::new(Semaphore::new(CONCURRENT)) })
    }

    /// A user as others see it; none if it is not configured (any more).
    pub fn find(&self, id: &UserId) -> Option<User> {
        self.users.get(id).map(|(user, _)| user.clone())
    }

    /// Checks a password, on a thread that may block.
    pub async fn check(&self, username: &str, password: String) -> Verdict {
        let Ok(Ok(turn)) = tokio::time::timeout(PATIENCE, Arc::clone(&self.turns).acquire_owned()).await else {
            return Verdict::Busy;
        };
        let user = UserId::new(username).ok().filter(|id| self.users.contains_key(id));
        let known = Arc::clone(user.as_ref().and_then(|id| self.users.get(id)).map_or(&self.decoy, |(_, known)| known));
        let matches = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            known.is(&password)
        });
        match (matches.await, user) {
            (Ok(true), Some(id)) => Verdict::Right(id),
            (Ok(_), _) => Verdict::Wrong,
            (Err(_), _) => Verdict::Busy,
        }
    }
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
            role: crate::protocol::hub::Role::user(),
            teams: std::collections::BTreeSet::new(),
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
