//! What must be remembered of tokens that were given out: whose were revoked, and which refresh tokens were used.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::tokens::Refresh;
use crate::protocol::UserId;
use crate::protocol::rpc::{self, ErrorKind};

/// Sign-ins of one user that are refreshed at the same time; beyond that the oldest end.
const FAMILIES: usize = 64;

/// All that is stored of one user. Times are milliseconds since the Unix epoch.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Tokens made before are void.
    #[serde(default)]
    void_before: u64,
    /// Families that began up to then are void, unless they are known.
    #[serde(default)]
    forgotten_upto: u64,
    /// Families of refresh tokens of which one was used.
    #[serde(default)]
    families: BTreeMap<String, Family>,
}

/// The refresh tokens that follow from one sign-in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Family {
    /// The generation of the only one that is good; none after one was used twice.
    good: Option<u32>,
    began: u64,
    /// Until when it is good.
    until: u64,
}

/// Why a refresh token is not good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Spent {
    /// An administrator has revoked it.
    #[error("was revoked: sign in again")]
    Revoked,
    /// Somebody has it twice: the whole family ends (RFC 6819 section 5.2.2.3).
    #[error("was used before: sign in again")]
    Used,
}

/// The records of all users.
#[derive(Debug, Default)]
pub struct Identities(Mutex<BTreeMap<UserId, Record>>);

impl Identities {
    /// As they were stored.
    pub fn new(records: BTreeMap<UserId, Record>) -> Self {
        Self(Mutex::new(records))
    }

    fn records(&self) -> MutexGuard<'_, BTreeMap<UserId, Record>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a token of this user that was made then is void.
    pub fn is_revoked(&self, user: &UserId, issued_at: SystemTime) -> bool {
        self.records().get(user).is_some_and(|record| millis(issued_at) < record.void_before)
    }

    /// What a void token is refused with.
    pub fn revoked() -> rpc::Error {
        rpc::Error::new(ErrorKind::Unauthenticated, "the access token was revoked: sign in again")
    }

    /// Tokens of this user that were made before now are void from now on.
    pub fn revoke(&self, user: &UserId, now: SystemTime) {
        let mut records = self.records();
        let record = records.entry(user.clone()).or_default();
        // What was made in this very millisecond as well.
        record.void_before = millis(now) + 1;
        record.families.clear();
    }

    /// Uses a refresh token, which is good once.
    pub fn spend(&self, token: &Refresh, now: SystemTime, lifetime: Duration) -> Result<(), Spent> {
        let mut records = self.records();
        let record = records.entry(token.id.clone()).or_default();
        if millis(token.times.issued_at) < record.void_before {
            return Err(Spent::Revoked);
        }
        record.families.retain(|_, family| family.until > millis(now));
        let (began, until) = (millis(token.began), millis(now + lifetime));
        match record.families.get_mut(&token.family) {
            Some(family) if family.good == Some(token.generation) => {
                family.good = Some(token.generation.saturating_add(1));
                family.until = until;
            }
            Some(family) => {
                family.good = None;
                return Err(Spent::Used);
            }
            None if token.generation == 0 && began > record.forgotten_upto => {
                record.families.insert(token.family.clone(), Family { good: Some(1), began, until });
            }
            None => return Err(Spent::Used),
        }
        while record.families.len() > FAMILIES {
            let Some(oldest) = record.families.iter().min_by_key(|(_, family)| family.began) else { break };
            let (oldest, began) = (oldest.0.clone(), oldest.1.began);
            record.families.remove(&oldest);
            record.forgotten_upto = record.forgotten_upto.max(began);
        }
        Ok(())
    }

    /// What to store of a user.
    pub fn record(&self, user: &UserId) -> Option<Record> {
        self.records().get(user).cloned()
    }
}

fn millis(at: SystemTime) -> u64 {
    u64::try_from(at.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::tokens::Times;
    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds)
    }

    fn token(family: &str, generation: u32, began: u64) -> Refresh {
        let times = Times { issued_at: at(began), expires_at: at(began) + DAY };
        Refresh { id: UserId::new("anna").unwrap(), family: family.into(), generation, began: at(began), times }
    }

    #[test]
    fn a_refresh_token_is_good_once_and_its_second_use_ends_the_family() {
        let all = Identities::default();
        all.spend(&token("a", 0, 0), at(1), DAY).unwrap();
        all.spend(&token("a", 1, 0), at(2), DAY).unwrap();
        all.spend(&token("b", 0, 0), at(2), DAY).unwrap();
        assert_eq!(all.spend(&token("a", 1, 0), at(3), DAY), Err(Spent::Used));
        assert_eq!(all.spend(&token("a", 2, 0), at(3), DAY), Err(Spent::Used), "who stole it, or whom it was stolen from");
        all.spend(&token("b", 1, 0), at(3), DAY).unwrap();
        let json = serde_json::to_string(&all.record(&UserId::new("anna").unwrap()).unwrap()).unwrap();
        let stored = BTreeMap::from([(UserId::new("anna").unwrap(), serde_json::from_str(&json).unwrap())]);
        let again = Identities::new(stored);
        assert_eq!(again.spend(&token("b", 1, 0), at(4), DAY), Err(Spent::Used), "after a restart as well");
    }

    #[test]
    fn a_revocation_voids_what_was_made_before_and_nothing_else() {
        let all = Identities::default();
        let anna = UserId::new("anna").unwrap();
        all.spend(&token("a", 0, 0), at(1), DAY).unwrap();
        all.revoke(&anna, at(10));
        assert!(all.is_revoked(&anna, at(10)) && !all.is_revoked(&anna, at(11)));
        assert!(!all.is_revoked(&UserId::new("ben").unwrap(), at(9)));
        assert_eq!(all.spend(&token("a", 1, 5), at(11), DAY), Err(Spent::Revoked));
        all.spend(&token("c", 0, 12), at(12), DAY).unwrap();
    }

    #[test]
    fn what_is_kept_is_bounded_and_what_is_forgotten_stays_void() {
        let all = Identities::default();
        for n in 0..=FAMILIES as u64 {
            all.spend(&token(&format!("f{n}"), 0, n), at(100), DAY).unwrap();
        }
        let anna = UserId::new("anna").unwrap();
        assert_eq!(all.record(&anna).unwrap().families.len(), FAMILIES);
        assert_eq!(all.spend(&token("f0", 0, 0), at(101), DAY), Err(Spent::Used));
        assert_eq!(all.spend(&token("f0", 1, 0), at(101), DAY), Err(Spent::Used));
        all.spend(&token("f1", 1, 1), at(101), DAY).unwrap();
        all.spend(&token("new", 0, 200), at(200) + DAY, DAY).unwrap();
        assert_eq!(all.record(&anna).unwrap().families.len(), 1, "the others' time is over");
    }
}
