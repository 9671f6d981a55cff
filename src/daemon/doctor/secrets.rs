//! Nothing that is told or written contains a password. Nobody puts one there; this is for what others say: a server may repeat what
//! it was sent.

use std::sync::{Mutex, PoisonError};

use crate::protocol::control::CheckResult;

/// Shorter ones would be found in every other word.
const LEAST: usize = 4;
const INSTEAD: &str = "[secret]";

/// What must not be seen.
#[derive(Default)]
pub struct Secrets(Mutex<Vec<String>>);

impl Secrets {
    /// One more.
    pub fn keep(&self, secret: &str) {
        if secret.len() >= LEAST {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.push(secret.to_owned());
            // A secret that is a part of another one must not spoil it.
            all.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        }
    }

    /// The text without them.
    pub fn hide(&self, text: &str) -> String {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), INSTEAD))
    }

    /// The result without them, and without control characters.
    pub fn clean(&self, mut result: CheckResult) -> CheckResult {
        let clean = |text: &str| self.hide(text).chars().filter(|c| !c.is_control()).collect();
        result.found = clean(&result.found);
        result.advice = result.advice.as_deref().map(clean);
        result.details = result.details.iter().map(|line| clean(line)).collect();
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_the_longer_first() {
        let secrets = Secrets::default();
        for secret in ["horse", "correct horse", "abc"] {
            secrets.keep(secret);
        }
        assert_eq!(secrets.hide("the hub says: `correct horse` is no horse, abc"), "the hub says: `[secret]` is no [secret], abc");
    }
}
