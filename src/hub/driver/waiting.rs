//! Answers over REST that wait until the change behind them is on the disk.

use std::collections::VecDeque;

use serde_json::Value;
use tokio::sync::oneshot;

use crate::protocol::rpc;

type Outcome = Result<Value, rpc::Error>;

/// With so many waiting the disk must be stuck: no more are begun.
const MOST: usize = 4096;

/// In the order in which they were asked for.
#[derive(Debug, Default)]
pub struct Waiting(VecDeque<(u64, oneshot::Sender<Outcome>, Outcome)>);

impl Waiting {
    /// Whether nobody else can wait.
    pub fn is_full(&self) -> bool {
        self.0.len() >= MOST
    }

    /// Answers once the given change is stored; 0 for at once. Who does not wait any more is not told.
    pub fn answer(&mut self, after: u64, reply: oneshot::Sender<Outcome>, outcome: Outcome) {
        if after == 0 {
            let _ = reply.send(outcome);
        } else {
            self.0.push_back((after, reply, outcome));
        }
    }

    /// All changes up to this one were stored, or could not be.
    pub fn settled(&mut self, upto: u64, failure: Option<&rpc::Error>) {
        while self.0.front().is_some_and(|(after, ..)| *after <= upto)
            && let Some((_, reply, outcome)) = self.0.pop_front()
        {
            let _ = reply.send(failure.map_or(outcome, |error| Err(error.clone())));
        }
    }
}
