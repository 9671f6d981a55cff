//! Who has signed in, and who tried with a wrong password. Without a clock: time comes in.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};

use super::places::neighbourhood;

/// At a time; one more takes the place of who was here longest ago.
const SESSIONS: usize = 16;
/// A session that nobody uses.
const IDLE: Duration = Duration::from_secs(30 * 60);
/// A session that somebody uses.
const LONGEST: Duration = Duration::from_secs(12 * 3600);
/// Wrong passwords of one address before it has to wait.
const FREE: u32 = 5;
/// The first wait; each further one is twice as long.
const WAIT: Duration = Duration::from_secs(10);
/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(300);
/// Addresses that are remembered.
const ADDRESSES: usize = 256;

/// Sessions and tries.
#[derive(Debug, Default)]
pub struct Guests(Mutex<Book>);

#[derive(Debug, Default)]
struct Book {
    /// By the digest of their token: what is found in memory opens nothing.
    sessions: BTreeMap<[u8; 32], Session>,
    tries: BTreeMap<IpAddr, Tries>,
}

#[derive(Debug)]
struct Session {
    since: Instant,
    seen: Instant,
}

#[derive(Debug)]
struct Tries {
    count: u32,
    last: Instant,
    /// Not before.
    again: Instant,
}

impl Guests {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody will try a password; the error says how long it has to wait first. Counts as wrong until [`Guests::right`].
    pub fn tries(&self, address: IpAddr, now: Instant) -> Result<(), Duration> {
        let (address, mut book) = (neighbourhood(address), self.book());
        book.tries.retain(|_, tries| now < tries.last + LONGEST_WAIT * 2);
        if let Some(tries) = book.tries.get_mut(&address) {
            if now < tries.again {
                return Err(tries.again - now);
            }
            tries.count += 1;
            tries.last = now;
            if let Some(over) = tries.count.checked_sub(FREE) {
                tries.again = now + WAIT.saturating_mul(1 << over.min(5)).min(LONGEST_WAIT);
            }
            return Ok(());
        }
        if book.tries.len() >= ADDRESSES {
            let oldest = book.tries.iter().min_by_key(|(_, tries)| tries.last).map(|(address, _)| *address);
            oldest.and_then(|oldest| book.tries.remove(&oldest));
        }
        book.tries.insert(address, Tries { count: 1, last: now, again: now });
        Ok(())
    }

    /// It was right: a session for this token.
    pub fn right(&self, address: IpAddr, token: &str, now: Instant) {
        let mut book = self.book();
        book.tries.remove(&neighbourhood(address));
        book.forget(now);
        if book.sessions.len() >= SESSIONS {
            let oldest = book.sessions.iter().min_by_key(|(_, session)| session.seen).map(|(token, _)| *token);
            oldest.and_then(|oldest| book.sessions.remove(&oldest));
        }
        book.sessions.insert(digest(token), Session { since: now, seen: now });
    }

    /// Whether somebody signed in with this token.
    pub fn knows(&self, token: &str, now: Instant) -> bool {
        let mut book = self.book();
        book.forget(now);
        let session = book.sessions.get_mut(&digest(token));
        session.map(|session| session.seen = now).is_some()
    }

    /// Somebody goes.
    pub fn leaves(&self, token: &str) {
        self.book().sessions.remove(&digest(token));
    }
}

impl Book {
    fn forget(&mut self, now: Instant) {
        self.sessions.retain(|_, session| now < session.seen + IDLE && now < session.since + LONGEST);
    }
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

/// Whether two texts are the same, in a time that does not tell where they differ.
pub(super) fn same(one: &str, other: &str) -> bool {
    let differ = digest(one).iter().zip(digest(other)).fold(0, |differ, (a, b)| differ | (a ^ b));
    std::hint::black_box(differ) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn someone(number: u8) -> IpAddr {
        [192, 0, 2, number].into()
    }

    #[test]
    fn who_guesses_waits_longer_each_time_and_nobody_else_does() {
        let (guests, begin) = (Guests::default(), Instant::now());
        for _ in 0..FREE {
            assert_eq!(guests.tries(someone(1), begin), Ok(()));
        }
        assert_eq!(guests.tries(someone(1), begin), Err(WAIT));
        assert_eq!(guests.tries(someone(2), begin), Ok(()));
        let later = begin + WAIT;
        assert_eq!(guests.tries(someone(1), later), Ok(()));
        assert_eq!(guests.tries(someone(1), later + WAIT), Err(WAIT));
        guests.right(someone(1), "token", later + WAIT * 2);
        assert_eq!(guests.tries(someone(1), later + WAIT * 2), Ok(()), "who knows it starts afresh");
    }

    #[test]
    fn more_addresses_than_can_be_remembered_are_forgotten_the_oldest_first() {
        let (guests, begin) = (Guests::default(), Instant::now());
        for number in 0..2000_u32 {
            let address = IpAddr::from((0x0a00_0000 + number).to_be_bytes());
            assert_eq!(guests.tries(address, begin + Duration::from_millis(u64::from(number))), Ok(()));
        }
        assert_eq!(guests.book().tries.len(), ADDRESSES);
    }

    #[test]
    fn a_session_ends_when_it_is_not_used_or_when_its_time_is_over() {
        let (guests, begin) = (Guests::default(), Instant::now());
        guests.right(someone(1), "a", begin);
        assert!(guests.knows("a", begin) && !guests.knows("b", begin));
        assert!(!guests.knows("a", begin + IDLE));
        guests.right(someone(1), "a", begin);
        let used = (0..).map(|turn| begin + IDLE / 2 * turn).take_while(|now| guests.knows("a", *now)).last().unwrap();
        assert!(used + IDLE > begin + LONGEST && used < begin + LONGEST, "{:?}", used - begin);
        guests.right(someone(1), "c", begin);
        guests.leaves("c");
        assert!(!guests.knows("c", begin));
    }

    #[test]
    fn passwords_are_the_same_or_not() {
        assert!(same("correct horse", "correct horse"));
        assert!(!same("correct horse", "correct horsf") && !same("", "a"));
    }
}
