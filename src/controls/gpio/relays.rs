//! Relays: on for their pulse time and never longer. They have a thread of their own, so that nothing that keeps the daemon busy
//! keeps a door open; they are off when it begins and when it ends.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Instant;

use tokio::sync::oneshot;

use super::line::{self, Output};
use super::{Error, Kind, LOOK, LineView, View};
use crate::config;

/// Why a relay does not switch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// None of this name.
    #[error("there is no relay named {name}: {there}")]
    Unknown {
        /// Wanted.
        name: String,
        /// What there is instead.
        there: String,
    },
    /// Its line is not to be had.
    #[error("the relay {name} does not work: {why}")]
    Broken {
        /// Which.
        name: String,
        /// Why.
        why: String,
    },
    /// The daemon is ending.
    #[error("the appliance is stopping")]
    Stopping,
}

enum Ask {
    Open { relay: usize, reply: oneshot::Sender<Result<(), Refused>> },
    Stop,
}

/// Keeps the thread; dropping it switches all relays off and waits for that.
#[derive(Debug)]
pub(super) struct Relays {
    opener: Opener,
    thread: Option<JoinHandle<()>>,
}

/// The way to the relays.
#[derive(Debug, Clone)]
pub struct Opener {
    names: Vec<String>,
    asks: Sender<Ask>,
}

impl Opener {
    /// Switches a relay on for its pulse time. One that is on stays so for the rest of that time.
    pub async fn open(&self, name: &str) -> Result<(), Refused> {
        let Some(relay) = self.names.iter().position(|other| other == name) else {
            let there = if self.names.is_empty() {
                "the configuration has no [[relay]]".to_owned()
            } else {
                format!("there is {}", self.names.join(", "))
            };
            return Err(Refused::Unknown { name: name.chars().take(64).collect(), there });
        };
        let (reply, answer) = oneshot::channel();
        self.asks.send(Ask::Open { relay, reply }).map_err(|_| Refused::Stopping)?;
        answer.await.map_err(|_| Refused::Stopping)?
    }
}

impl Relays {
    /// Without relays there is no thread.
    pub fn start(relays: Vec<config::Relay>, view: &View) -> std::io::Result<Self> {
        let (asks, inbox) = channel();
        let opener = Opener { names: relays.iter().map(|relay| relay.name.clone()).collect(), asks };
        let seat = |(index, config)| {
            let view = view.line(Kind::Relay, index);
            Seat { config, view, output: None, error: None, off_at: None, look_at: Instant::now() }
        };
        let seats: Vec<Seat> = relays.into_iter().enumerate().map(seat).collect();
        let run = move || run(seats, &inbox);
        let thread =
            if opener.names.is_empty() { None } else { Some(std::thread::Builder::new().name("relays".into()).spawn(run)?) };
        Ok(Self { opener, thread })
    }

    pub fn opener(&self) -> Opener {
        self.opener.clone()
    }
}

impl Drop for Relays {
    fn drop(&mut self) {
        let _ = self.opener.asks.send(Ask::Stop);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread of the relays ended in a panic");
        }
    }
}

struct Seat {
    config: config::Relay,
    view: LineView,
    output: Option<Output>,
    error: Option<Error>,
    off_at: Option<Instant>,
    /// When to try again, or to look whether the line is still there.
    look_at: Instant,
}

fn run(mut seats: Vec<Seat>, inbox: &Receiver<Ask>) {
    loop {
        let now = Instant::now();
        seats.iter_mut().for_each(|seat| seat.settle(now));
        let due = seats.iter().map(|seat| seat.off_at.map_or(seat.look_at, |off| off.min(seat.look_at))).min();
        let pause = due.map_or(LOOK, |due| due.saturating_duration_since(Instant::now()));
        match inbox.recv_timeout(pause) {
            Ok(Ask::Open { relay, reply }) => {
                let outcome = seats.get_mut(relay).map_or(Err(Refused::Stopping), Seat::open);
                let _ = reply.send(outcome);
            }
            Err(RecvTimeoutError::Timeout) => {}
            // Every output is switched off as it goes.
            Ok(Ask::Stop) | Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

impl Seat {
    fn settle(&mut self, now: Instant) {
        if self.off_at.is_some_and(|at| at <= now) {
            self.off_at = None;
            self.set(false, now);
            tracing::info!(relay = self.config.name, "off");
        }
        if self.look_at > now {
            return;
        }
        self.look_at = now + LOOK;
        match &self.output {
            Some(_) => self.set(self.off_at.is_some(), now),
            None => match line::output(&self.config.line) {
                Ok(output) => {
                    (self.output, self.error) = (Some(output), None);
                    self.view.running();
                }
                Err(error) => self.failed(error, now),
            },
        }
    }

    fn open(&mut self) -> Result<(), Refused> {
        let now = Instant::now();
        if self.off_at.is_none() && self.output.is_some() {
            self.off_at = Some(now + self.config.pulse);
            self.set(true, now);
            tracing::info!(relay = self.config.name, "on");
        }
        match &self.error {
            None if self.output.is_some() => Ok(()),
            None => Err(Refused::Broken { name: self.config.name.clone(), why: "its line is being opened".to_owned() }),
            Some(error) => Err(Refused::Broken { name: self.config.name.clone(), why: error.to_string() }),
        }
    }

    fn set(&mut self, on: bool, now: Instant) {
        match self.output.as_ref().map_or(Ok(()), |output| output.set(on)) {
            Ok(()) => self.view.on(on),
            Err(error) => self.failed(error, now),
        }
    }

    /// When the line is there again, it is taken as off.
    fn failed(&mut self, error: Error, now: Instant) {
        (self.output, self.off_at) = (None, None);
        self.look_at = now + self.view.failed(&error);
        self.error = Some(error);
    }
}
