//! One thread that writes, so that a slow disk never holds up the driver.

use std::sync::mpsc;

use tokio::sync::mpsc as tokio_mpsc;
use tracing::debug;

use super::{Error, Store, Write};

/// What came of a batch: the new revisions, in the order of its writes.
pub type Outcome = Result<Vec<u64>, Error>;

/// Takes one batch at a time. Whatever changes meanwhile goes into the next batch, so that one flush of the disk serves many.
#[derive(Debug)]
pub struct Writer {
    batches: mpsc::Sender<Vec<Write>>,
    outcomes: tokio_mpsc::Receiver<Outcome>,
}

impl Writer {
    /// Starts the thread; it ends when the writer is dropped.
    pub fn start(store: impl Store) -> std::io::Result<Self> {
        let (batches, todo) = mpsc::channel::<Vec<Write>>();
        let (done, outcomes) = tokio_mpsc::channel(1);
        std::thread::Builder::new().name("hub-store".into()).spawn(move || {
            for batch in todo {
                let outcome = store.put_if_revision(&batch);
                debug!(writes = batch.len(), ok = outcome.is_ok(), "stored");
                if done.blocking_send(outcome).is_err() {
                    break;
                }
            }
        })?;
        Ok(Self { batches, outcomes })
    }

    /// Hands over a batch; wait for its [`Self::outcome`] before the next one. False if the thread is gone.
    pub fn write(&self, batch: Vec<Write>) -> bool {
        self.batches.send(batch).is_ok()
    }

    /// What came of the batch; none if the thread is gone. Waits for ever when there is no batch.
    pub async fn outcome(&mut self) -> Option<Outcome> {
        self.outcomes.recv().await
    }
}
