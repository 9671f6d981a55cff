//! Which calls are still to be stored, what is being stored, and how far storing has come.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use tracing::{error, warn};

use super::calls::Calls;
use super::store::{self, Outcome, Write, Writer};
use crate::protocol::Cid;

/// The prefix of every call's key.
pub const CALLS: &str = "call/";
/// After a failed write, before the next one.
const RETRY: Duration = Duration::from_secs(1);

/// What a batch in flight carries.
#[derive(Debug)]
struct InFlight {
    calls: Vec<Cid>,
    upto: u64,
}

/// Turns changed calls into batches: one in flight, everything that changes meanwhile in the next.
#[derive(Debug)]
pub struct Persist {
    writer: Writer,
    /// Of the last change.
    change: u64,
    dirty: BTreeSet<Cid>,
    in_flight: Option<InFlight>,
    revisions: BTreeMap<Cid, u64>,
    retry_at: Option<Instant>,
}

/// What came of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// All changes up to this one are decided.
    pub upto: u64,
    /// Whether they are on the disk.
    pub stored: bool,
}

impl Persist {
    /// Goes on from what is in the store.
    pub fn new(writer: Writer, revisions: BTreeMap<Cid, u64>) -> Self {
        Self { writer, change: 0, dirty: BTreeSet::new(), in_flight: None, revisions, retry_at: None }
    }

    /// A call has changed.
    pub fn changed(&mut self, cid: Cid) {
        self.change += 1;
        self.dirty.insert(cid);
    }

    /// Which change must be stored before this call may be spoken of; 0 for none.
    pub fn unstored(&self, cid: &Cid) -> u64 {
        if self.dirty.contains(cid) {
            return self.change;
        }
        self.in_flight.as_ref().filter(|batch| batch.calls.contains(cid)).map_or(0, |batch| batch.upto)
    }

    /// Hands the next batch to the writer, unless one is in flight or the disk needs a pause.
    pub fn flush(&mut self, calls: &Calls, now: Instant) {
        if self.in_flight.is_some() || self.dirty.is_empty() || self.retry_at.is_some_and(|at| now < at) {
            return;
        }
        self.retry_at = None;
        let mut batch = Vec::with_capacity(self.dirty.len());
        let mut cids = Vec::with_capacity(self.dirty.len());
        for cid in std::mem::take(&mut self.dirty) {
            let Some(record) = calls.record(&cid) else { continue };
            let value = match serde_json::to_vec(&record) {
                Ok(value) => value,
                Err(e) => {
                    error!(%cid, "cannot write the call as JSON: {e}");
                    continue;
                }
            };
            let expected = self.revisions.get(&cid).copied().unwrap_or(0);
            batch.push(Write { key: format!("{CALLS}{cid}"), value, expected });
            cids.push(cid);
        }
        if !self.writer.write(batch) {
            error!("the thread that writes the store is gone");
        }
        self.in_flight = Some(InFlight { calls: cids, upto: self.change });
    }

    /// Waits for the batch in flight; for ever if there is none.
    pub async fn outcome(&mut self) -> Option<Outcome> {
        if self.in_flight.is_none() {
            return std::future::pending().await;
        }
        self.writer.outcome().await
    }

    /// Takes in what came of the batch in flight.
    pub fn settle(&mut self, outcome: Option<Outcome>, now: Instant) -> Settled {
        let Some(batch) = self.in_flight.take() else { return Settled { upto: 0, stored: true } };
        match outcome {
            Some(Ok(revisions)) => {
                self.revisions.extend(batch.calls.into_iter().zip(revisions));
                Settled { upto: batch.upto, stored: true }
            }
            failed => {
                match failed {
                    Some(Err(e @ store::Error::Conflict { .. })) => error!("{e}"),
                    Some(Err(e)) => warn!("cannot store {} calls, trying again: {e}", batch.calls.len()),
                    _ => error!("the thread that writes the store is gone"),
                }
                self.dirty.extend(batch.calls);
                self.retry_at = Some(now + RETRY);
                Settled { upto: batch.upto, stored: false }
            }
        }
    }

    /// When a failed write is tried again.
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        self.retry_at.map(|at| (at, "a failed write is tried again"))
    }

    /// Whether everything is stored.
    pub fn is_clean(&self) -> bool {
        self.dirty.is_empty() && self.in_flight.is_none()
    }
}
