//! What the hub says: to our questions, and by itself.

use std::time::Instant;

use serde_json::Value;

use super::super::Event;
use super::{Connection, Effect, Failure, PING_INTERVAL, State};
use crate::protocol::control::HubState;
use crate::protocol::hub::{self, Resume, SessionOpened};
use crate::protocol::rpc::{Error, ErrorKind, Message};

impl Connection {
    pub(super) fn received(&mut self, text: &str, now: Instant) {
        let message = match Message::parse(text) {
            Ok(message) => message,
            Err(error) => return self.fail(Failure::passing(format!("the hub sent what is {}", error.message)), now),
        };
        // Whatever arrives shows that the hub is there; a pong may be queued behind it on a slow line.
        self.alive();
        match (message, &self.state) {
            (Message::Response { id: Some(id), outcome }, State::OpeningSession { id: ours, fresh, .. }) if id == *ours => {
                let fresh = *fresh;
                self.session_answered(outcome, fresh, now);
            }
            (Message::Response { id: Some(id), outcome }, _) if self.renewal.asked(&id) => self.renewal_answered(outcome, now),
            (Message::Response { id: Some(id), outcome }, _) => {
                if let Some(reply) = self.requests.answered(&id, outcome) {
                    self.tell(reply);
                }
            }
            (Message::Response { id: None, outcome }, _) => {
                let why = outcome.err().map_or_else(String::new, |error| error.message);
                self.fail(Failure::passing(format!("the hub could not read a message of ours: {why}")), now);
            }
            (Message::Request { id, method, .. }, _) => {
                let error = Error::new(ErrorKind::MethodNotFound, format!("a client has no method `{method}`"));
                self.effects.push_back(Effect::Send(Message::Response { id: Some(id), outcome: Err(error) }.to_json()));
            }
            (Message::Notification { method, params }, State::Open { .. }) if method == "event" => self.event(params, now),
            (Message::Notification { .. }, _) => {}
        }
    }

    fn session_answered(&mut self, outcome: Result<Value, Error>, fresh: bool, now: Instant) {
        let opened = match outcome {
            Ok(value) => serde_json::from_value::<SessionOpened>(value),
            Err(error) if error.kind == ErrorKind::Unauthenticated && !fresh => {
                // The token ended early: the hub has new keys, or another idea of time.
                self.effects.push_back(Effect::Disconnect);
                return self.sign_in(now);
            }
            Err(error) => {
                if error.kind == ErrorKind::Unauthenticated {
                    self.token = None;
                } else {
                    self.session = None;
                }
                return self.fail(Failure::passing(format!("the hub refused a session: {}", error.message)), now);
            }
        };
        let opened = match opened {
            Ok(opened) => opened,
            Err(error) => return self.fail(Failure::passing(format!("the hub's answer to session.open: {error}")), now),
        };
        let last_seq = match &self.session {
            Some(session) if opened.resumed => Some(session.last_seq),
            Some(_) | None => None,
        };
        self.session = Some(Resume { session: opened.session.clone(), last_seq: last_seq.unwrap_or(0) });
        self.backoff.reached();
        self.error = None;
        self.state = State::Open { since: now, next_ping: now + PING_INTERVAL, pong_until: None };
        self.renew_later(now);
        self.tell(Event::State { state: HubState::Connected, error: None, retry_in: None });
        self.tell(Event::Opened { resumed: last_seq.is_some(), opened });
    }

    fn event(&mut self, params: Value, now: Instant) {
        let Some(session) = &mut self.session else { return };
        let Some(seq) = params.get("seq").and_then(Value::as_u64) else { return };
        if seq <= session.last_seq {
            return;
        }
        if seq != session.last_seq + 1 {
            let gap = format!("events {} to {} of the hub are missing", session.last_seq + 1, seq - 1);
            self.session = None;
            return self.fail(Failure::passing(gap), now);
        }
        session.last_seq = seq;
        // An event that a newer hub knows and we do not is counted and passed over.
        if let Ok(event) = serde_json::from_value::<hub::Event>(params) {
            self.tell(Event::Hub(event));
        }
    }
}
