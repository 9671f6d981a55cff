//! A token that ends soon is replaced while the session goes on: nobody in a call notices.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::{ATTEMPT_TIMEOUT, AccessToken, Connection, Effect, Failure, LONGEST_TOKEN, SESSION_TIMEOUT, requests};
use crate::protocol::hub::RenewSession;
use crate::protocol::rpc::{Error, Id};

/// Before another attempt; the token still holds for a while, and after it the hub closes and we sign in anew.
const PAUSE: Duration = Duration::from_secs(15);

/// How far the replacement is.
#[derive(Debug, Default)]
pub(super) struct Renewal(Step);

#[derive(Debug, Default)]
enum Step {
    /// Nothing to renew.
    #[default]
    None,
    /// At this time.
    At(Instant),
    /// A token was asked for; it is not waited for any longer than this.
    Token(Instant),
    /// The hub was told; it is not waited for any longer than this.
    Hub(u64, Instant),
}

impl Renewal {
    /// Whether this is the answer to `session.renew`.
    pub(super) fn asked(&self, id: &Id) -> bool {
        matches!((&self.0, id), (Step::Hub(ours, _), Id::Number(id)) if ours == id)
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        match self.0 {
            Step::None => None,
            Step::At(at) | Step::Token(at) | Step::Hub(_, at) => Some(at),
        }
    }
}

impl Connection {
    /// When three quarters of its life are over.
    pub(super) fn renew_later(&mut self, now: Instant) {
        let left = self.token.as_ref().map(|(_, ends)| ends.saturating_duration_since(now));
        self.renewal.0 = left.map_or(Step::None, |left| Step::At(now + left * 3 / 4));
    }

    pub(super) fn renew_in_time(&mut self, now: Instant) {
        match self.renewal.0 {
            Step::At(at) if at <= now => {
                self.effects.push_back(Effect::Renew);
                self.renewal.0 = Step::Token(now + ATTEMPT_TIMEOUT);
            }
            Step::Token(until) | Step::Hub(_, until) if until <= now => self.renewal.0 = Step::At(now + PAUSE),
            Step::None | Step::At(_) | Step::Token(_) | Step::Hub(..) => {}
        }
    }

    pub(super) fn renewed(&mut self, outcome: Result<(AccessToken, Duration), Failure>, now: Instant) {
        let Step::Token(_) = self.renewal.0 else { return };
        let (token, expires_in) = match outcome {
            Ok(token) => token,
            Err(failure) => {
                // Who is told to be patient waits for the hub to close.
                self.renewal.0 = if failure.slow { Step::None } else { Step::At(now + PAUSE) };
                return;
            }
        };
        let id = self.requests.next_id();
        let renew = RenewSession { access_token: token.0.clone() };
        self.token = Some((token, now + expires_in.min(LONGEST_TOKEN)));
        self.renewal.0 = match requests::message(id, "session.renew", &renew) {
            Ok(text) => {
                self.effects.push_back(Effect::Send(text));
                Step::Hub(id, now + SESSION_TIMEOUT)
            }
            Err(_) => Step::None,
        };
    }

    pub(super) fn renewal_answered(&mut self, outcome: Result<Value, Error>, now: Instant) {
        match outcome {
            Ok(_) => self.renew_later(now),
            // The hub will close in its time, and then this token is refused or not.
            Err(_) => self.renewal.0 = Step::At(now + PAUSE),
        }
    }
}
