//! What is still to be stored, what is being stored, and how far storing has come.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use tracing::{error, warn};

use super::store::{self, Outcome, Write, Writer};
use crate::protocol::{Cid, UserId};

/// After a failed write, before the next one.
const RETRY: Duration = Duration::from_secs(1);

/// Something that is stored under a key of its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    /// A call and who is in it.
    Call(Cid),
    /// A call type that is not as configured.
    Type(String),
    /// What is remembered of a user's tokens.
    User(UserId),
}

impl Item {
    /// The beginnings of their keys.
    pub const CALLS: &str = "call/";
    /// See [`Item::CALLS`].
    pub const TYPES: &str = "type/";
    /// See [`Item::CALLS`].
    pub const USERS: &str = "user/";

    fn key(&self) -> String {
        match self {
            Self::Call(cid) => format!("{}{cid}", Self::CALLS),
            Self::Type(name) => format!("{}{name}", Self::TYPES),
            Self::User(user) => format!("{}{user}", Self::USERS),
        }
    }
}

/// What a batch in flight carries.
#[derive(Debug)]
struct InFlight {
    items: Vec<Item>,
    upto: u64,
    since: Instant,
}

/// Turns what has changed into batches: one in flight, everything that changes meanwhile in the next.
#[derive(Debug)]
pub struct Persist {
    writer: Writer,
    /// Of the last change.
    change: u64,
    dirty: BTreeSet<Item>,
    in_flight: Option<InFlight>,
    revisions: BTreeMap<Item, u64>,
    retry_at: Option<Instant>,
}

/// What came of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// All changes up to this one are decided.
    pub upto: u64,
    /// Whether they are on the disk.
    pub stored: bool,
    /// How long that took.
    pub took: Duration,
}

impl Persist {
    /// Goes on from what is in the store.
    pub fn new(writer: Writer, revisions: BTreeMap<Item, u64>) -> Self {
        Self { writer, change: 0, dirty: BTreeSet::new(), in_flight: None, revisions, retry_at: None }
    }

    /// Something has changed.
    pub fn changed(&mut self, item: Item) {
        self.change += 1;
        self.dirty.insert(item);
    }

    /// The number of the last change.
    pub fn latest(&self) -> u64 {
        self.change
    }

    /// Which change must be stored before this may be spoken of; 0 for none.
    pub fn unstored(&self, item: &Item) -> u64 {
        if self.dirty.contains(item) {
            return self.change;
        }
        self.in_flight.as_ref().filter(|batch| batch.items.contains(item)).map_or(0, |batch| batch.upto)
    }

    /// Which change must be stored before anything may be spoken of; 0 for none.
    pub fn anything_unstored(&self) -> u64 {
        if !self.dirty.is_empty() {
            return self.change;
        }
        self.in_flight.as_ref().map_or(0, |batch| batch.upto)
    }

    /// Hands the next batch to the writer, unless one is in flight or the disk needs a pause. What an item has to say is empty if
    /// it is no more.
    pub fn flush(&mut self, value: impl Fn(&Item) -> Result<Vec<u8>, serde_json::Error>, now: Instant) {
        if self.in_flight.is_some() || self.dirty.is_empty() || self.retry_at.is_some_and(|at| now < at) {
            return;
        }
        self.retry_at = None;
        let mut batch = Vec::with_capacity(self.dirty.len());
        let mut items = Vec::with_capacity(self.dirty.len());
        for item in std::mem::take(&mut self.dirty) {
            let value = match value(&item) {
                Ok(value) => value,
                Err(e) => {
                    error!(?item, "cannot be written as JSON: {e}");
                    continue;
                }
            };
            let expected = self.revisions.get(&item).copied().unwrap_or(0);
            batch.push(Write { key: item.key(), value, expected });
            items.push(item);
        }
        if !self.writer.write(batch) {
            error!("the thread that writes the store is gone");
        }
        self.in_flight = Some(InFlight { items, upto: self.change, since: now });
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
        let Some(batch) = self.in_flight.take() else { return Settled { upto: 0, stored: true, took: Duration::ZERO } };
        let took = now.saturating_duration_since(batch.since);
        match outcome {
            Some(Ok(revisions)) => {
                self.revisions.extend(batch.items.into_iter().zip(revisions));
                Settled { upto: batch.upto, stored: true, took }
            }
            failed => {
                match failed {
                    Some(Err(e @ store::Error::Conflict { .. })) => error!("{e}"),
                    Some(Err(e)) => warn!("cannot store {} changes, trying again: {e}", batch.items.len()),
                    _ => error!("the thread that writes the store is gone"),
                }
                self.dirty.extend(batch.items);
                self.retry_at = Some(now + RETRY);
                Settled { upto: batch.upto, stored: false, took }
            }
        }
    }

    /// When a failed write is tried again.
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        self.retry_at.map(|at| (at, "a failed write is tried again"))
    }

    /// How many changes are not on the disk yet.
    pub fn pending(&self) -> usize {
        self.dirty.len() + self.in_flight.as_ref().map_or(0, |batch| batch.items.len())
    }

    /// Whether everything is stored.
    pub fn is_clean(&self) -> bool {
        self.dirty.is_empty() && self.in_flight.is_none()
    }
}
