//! What the hub must be told although the connection to it comes and goes: who was rejected, what was left.

use std::time::{Duration, Instant};

use super::Request;
use crate::protocol::{Cid, rpc};
use rpc::ErrorKind;

/// Afterwards the hub has found out by itself.
const PATIENCE: Duration = Duration::from_secs(60);
/// Before the same is said again.
const PAUSE: Duration = Duration::from_secs(2);
/// More would be a defect; the oldest gives way.
const MOST: usize = 32;

/// Requests that are repeated until the hub has answered them.
#[derive(Debug, Default)]
pub(super) struct Owed(Vec<Debt>);

#[derive(Debug)]
struct Debt {
    request: Request,
    until: Instant,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    Due(Instant),
    Asked(u64),
}

impl Owed {
    pub(super) fn owe(&mut self, request: Request, now: Instant) {
        if self.0.iter().any(|debt| debt.request == request) {
            return;
        }
        if self.0.len() >= MOST {
            self.0.remove(0);
        }
        self.0.push(Debt { request, until: now + PATIENCE, state: State::Due(now) });
    }

    /// The call is wanted again: it is not to be left any more.
    pub(super) fn forget_leaving(&mut self, cid: &Cid) {
        self.0.retain(|debt| debt.request != Request::Leave(cid.clone()));
    }

    /// What is to be asked now, each with its tag.
    pub(super) fn due(&mut self, now: Instant, next_tag: &mut u64) -> Vec<(u64, Request)> {
        self.0.retain(|debt| debt.until > now);
        let mut due = Vec::new();
        for debt in &mut self.0 {
            if matches!(debt.state, State::Due(at) if at <= now) {
                debt.state = State::Asked(*next_tag);
                due.push((*next_tag, debt.request.clone()));
                *next_tag += 1;
            }
        }
        due
    }

    /// Takes the answer, if it is to one of these.
    pub(super) fn answered(&mut self, tag: u64, error: Option<&rpc::Error>, now: Instant) -> bool {
        let Some(index) = self.0.iter().position(|debt| debt.state == State::Asked(tag)) else {
            return false;
        };
        if error.is_some_and(passing) {
            self.0[index].state = State::Due(now + PAUSE);
        } else {
            self.0.remove(index);
        }
        true
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let due = self.0.iter().filter_map(|debt| if let State::Due(at) = debt.state { Some(at) } else { None });
        due.min()
    }
}

/// Whether the same request may work soon.
pub(super) fn passing(error: &rpc::Error) -> bool {
    matches!(error.kind, ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::RateLimited)
}
