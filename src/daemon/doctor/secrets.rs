//! Nothing that is told or written contains a password. Nobody puts one there; this is for what others say: a server may repeat what
//! it was sent.

use std::sync::{Mutex, PoisonError};

use crate::protocol::control::CheckResult;

/// Shorter ones would be found in every other word.
const LEAST: usize = 4;
const INSTEAD: &str = "[secret]";
/// Parts of what keys are called that hold one.
const WORDS: [&str; 5] = ["password", "secret", "token", "credential", "passphrase"];

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

    /// What somebody wrote into the configuration that belongs into a file of its own. A report quotes such lines.
    pub fn keep_of_report(&self, report: &str) {
        for line in report.lines() {
            if let Some((key, value)) = line.split_once('=') {
                let key = key.trim().rsplit(['|', ' ', '.', '_']).next().unwrap_or_default().to_lowercase();
                if WORDS.iter().any(|word| key.contains(word)) && !key.ends_with("file") {
                    self.keep(value.trim().trim_matches(['"', '\'']));
                }
            }
            // `scheme:user:password@host`, with or without slashes.
            for word in line.split(['"', '\'', ' ', '`']) {
                let user = word.split_once(':').and_then(|(_, rest)| rest.trim_start_matches('/').rsplit_once('@'));
                if let Some((user, _)) = user {
                    self.keep(user);
                    user.split_once(':').into_iter().for_each(|(_, password)| self.keep(password));
                }
            }
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

    #[test]
    fn what_does_not_belong_into_a_configuration_is_hidden_where_a_report_quotes_it() {
        let secrets = Secrets::default();
        let report = "error: unknown key `hub.password`\n 4 | password = \"hunter2\"\n5 | password-file = \"/etc/pw\"\n6 | url = \"turn:me:opensesame@turn.example.org\"";
        secrets.keep_of_report(report);
        let hidden = secrets.hide(report);
        assert!(!hidden.contains("hunter2") && !hidden.contains("opensesame"), "{hidden}");
        assert!(hidden.contains("/etc/pw") && hidden.contains("@turn.example.org"), "{hidden}");
    }
}
