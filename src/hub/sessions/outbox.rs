//! What is on its way to one socket: bounded, so that a client that never reads costs a bounded amount of memory.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Messages waiting; more than a client ever needs to answer and replay at once.
const MAX_MESSAGES: usize = 1024;
/// Bytes waiting.
const MAX_BYTES: usize = 512 * 1024;

/// Why the hub closes a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Close {
    /// The hub goes down.
    GoingAway,
    /// The session goes on through another socket.
    Resumed,
    /// The access token has expired, and no other one came.
    Expired,
    /// The access token was revoked.
    Revoked,
    /// The client does not read what it is sent.
    TooSlow,
}

/// A text frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The message.
    pub text: String,
    /// The number of the event that it is; none if it is an answer.
    pub seq: Option<u64>,
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self { text, seq: None }
    }
}

/// The next thing to do for a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Out {
    /// Send this text frame.
    Text(Text),
    /// Close, nothing follows.
    Close(Close),
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Text>,
    bytes: usize,
    closed: Option<Close>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    wake: Notify,
}

/// The queue between the driver and one socket's task. Clones are the same queue.
#[derive(Debug, Clone, Default)]
pub struct Outbox(Arc<Shared>);

impl Outbox {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a message. When there is no room for it the socket is closed as too slow.
    pub fn push(&self, text: Text) {
        let mut state = self.state();
        if state.closed.is_some() {
            return;
        }
        if state.queue.len() >= MAX_MESSAGES || state.bytes + text.text.len() > MAX_BYTES {
            *state = State { closed: Some(Close::TooSlow), ..State::default() };
        } else {
            state.bytes += text.text.len();
            state.queue.push_back(text);
        }
        drop(state);
        self.0.wake.notify_one();
    }

    /// Closes the socket after what is queued.
    pub fn close(&self, why: Close) {
        self.state().closed.get_or_insert(why);
        self.0.wake.notify_one();
    }

    /// Whether two handles are of the same socket.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The next thing to do, if there is one.
    pub fn try_next(&self) -> Option<Out> {
        let mut state = self.state();
        if let Some(text) = state.queue.pop_front() {
            state.bytes -= text.text.len();
            if state.queue.is_empty() {
                state.queue = VecDeque::new();
            }
            return Some(Out::Text(text));
        }
        state.closed.map(Out::Close)
    }

    /// Waits for the next thing to do. Only one task may wait.
    pub async fn next(&self) -> Out {
        loop {
            if let Some(out) = self.try_next() {
                return out;
            }
            self.0.wake.notified().await;
        }
    }

    /// Waits until the client proves too slow; to be watched while a message is being sent.
    pub async fn too_slow(&self) {
        while self.state().closed != Some(Close::TooSlow) {
            self.0.wake.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_queued_goes_out_before_the_close() {
        let outbox = Outbox::default();
        outbox.push("a".to_owned().into());
        outbox.close(Close::GoingAway);
        outbox.push("late".to_owned().into());
        assert_eq!(outbox.next().await, Out::Text("a".to_owned().into()));
        assert_eq!(outbox.next().await, Out::Close(Close::GoingAway));
    }

    #[tokio::test]
    async fn a_client_that_never_reads_is_dropped_with_its_queue() {
        let outbox = Outbox::default();
        for _ in 0..=MAX_MESSAGES {
            outbox.push("x".to_owned().into());
        }
        outbox.too_slow().await;
        assert_eq!(outbox.next().await, Out::Close(Close::TooSlow));
        let outbox = Outbox::default();
        outbox.push("x".repeat(MAX_BYTES).into());
        outbox.push("x".to_owned().into());
        assert_eq!(outbox.next().await, Out::Close(Close::TooSlow));
    }
}
