//! How often a user may do what costs others something.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::Refused;
use crate::protocol::UserId;

const MINUTE: Duration = Duration::from_secs(60);
/// Users that are remembered before the idle ones are forgotten.
const MANY: usize = 1024;

/// A minute's allowance per user (the generic cell rate algorithm): all of it at once, then one at a time.
#[derive(Debug)]
struct Pace {
    per_minute: u32,
    /// When the allowance of each user would be whole again.
    whole: BTreeMap<UserId, Instant>,
}

impl Pace {
    fn take(&mut self, user: &UserId, now: Instant) -> Result<(), Duration> {
        let each = MINUTE / self.per_minute.max(1);
        if self.whole.len() >= MANY {
            self.whole.retain(|_, whole| *whole > now);
        }
        let whole = self.whole.get(user).copied().unwrap_or(now).max(now) + each;
        let over = whole.saturating_duration_since(now + MINUTE);
        if over > Duration::ZERO {
            return Err(over);
        }
        self.whole.insert(user.clone(), whole);
        Ok(())
    }
}

/// The paces of all users.
#[derive(Debug)]
pub(super) struct Paces {
    creations: Pace,
    rings: Pace,
}

impl Paces {
    pub fn new(creations: u32, rings: u32) -> Self {
        let pace = |per_minute| Pace { per_minute, whole: BTreeMap::new() };
        Self { creations: pace(creations), rings: pace(rings) }
    }

    pub fn create(&mut self, user: &UserId, now: Instant) -> Result<(), Refused> {
        self.creations.take(user, now).map_err(|wait| Refused::TooOften { what: "new calls", wait })
    }

    pub fn ring(&mut self, user: &UserId, now: Instant) -> Result<(), Refused> {
        self.rings.take(user, now).map_err(|wait| Refused::TooOften { what: "rings", wait })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_holds_its_allowance_and_says_when_there_is_more() {
        let (anna, ben) = (UserId::new("anna").unwrap(), UserId::new("ben").unwrap());
        let mut pace = Pace { per_minute: 6, whole: BTreeMap::new() };
        let start = Instant::now();
        for _ in 0..6 {
            pace.take(&anna, start).unwrap();
        }
        assert_eq!(pace.take(&anna, start), Err(Duration::from_secs(10)));
        pace.take(&ben, start).unwrap();
        assert_eq!(pace.take(&anna, start + Duration::from_secs(4)), Err(Duration::from_secs(6)));
        pace.take(&anna, start + Duration::from_secs(10)).unwrap();
        pace.take(&anna, start + 2 * MINUTE).unwrap();
    }
}
