//! Taking things down where nobody waits for it: a driver that does not return keeps one thread, and is reported.

use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What takes longer than this to stop or to start is stuck.
pub const PATIENCE: Duration = Duration::from_secs(3);
const POLL: Duration = Duration::from_millis(5);

/// What is being taken down. `W` says what it is.
#[derive(Debug)]
pub struct Retired<W> {
    leaving: Vec<Leaving<W>>,
}

#[derive(Debug)]
struct Leaving<W> {
    what: W,
    since: Instant,
    told: bool,
    thread: JoinHandle<()>,
}

impl<W: Clone> Retired<W> {
    /// Nothing yet.
    pub fn new() -> Self {
        Self { leaving: Vec::new() }
    }

    /// Runs `farewell`, which drops something, on a thread of its own.
    pub fn add(&mut self, what: W, now: Instant, farewell: impl FnOnce() + Send + 'static) {
        self.leaving.retain(|one| !one.thread.is_finished());
        match std::thread::Builder::new().name("farewell".into()).spawn(farewell) {
            Ok(thread) => self.leaving.push(Leaving { what, since: now, told: false, thread }),
            // It was dropped here instead.
            Err(error) => tracing::error!("no thread for a farewell: {error}"),
        }
    }

    /// What has been leaving for too long; each is told once.
    pub fn overdue(&mut self, now: Instant) -> Vec<W> {
        self.leaving.retain(|one| !one.thread.is_finished());
        let late = self.leaving.iter_mut().filter(|one| !one.told && now.duration_since(one.since) >= PATIENCE);
        late.map(|one| {
            one.told = true;
            one.what.clone()
        })
        .collect()
    }

    /// When to look for what is overdue.
    pub fn deadline(&self) -> Option<Instant> {
        self.leaving.iter().filter(|one| !one.told).map(|one| one.since + PATIENCE).min()
    }

    /// Waits until everything has left, so long at most.
    pub fn wait(&mut self, limit: Duration) {
        let until = Instant::now() + limit;
        while self.leaving.iter().any(|one| !one.told && !one.thread.is_finished()) && Instant::now() < until {
            std::thread::sleep(POLL);
        }
    }
}
