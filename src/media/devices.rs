//! A device that comes and goes: what runs, how it is, and when to try again.

use std::time::{Duration, Instant};

use super::Error;
use super::pipeline::Report;
use super::retire::PATIENCE;
use crate::protocol::control::{DeviceState, DeviceStatus};

/// The first pause before a device is tried again; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);
/// A device that was plugged in again should not be waited for longer, and to look for one that is not there costs little.
const LONGEST_PAUSE_MISSING: Duration = Duration::from_secs(1);
/// A device that ran this long did work: its next failure starts with a short pause again.
const PROVEN: Duration = Duration::from_secs(10);

/// A camera that runs and gives nothing for this long is started anew.
const LONGEST_GAP: Duration = Duration::from_secs(2);
/// The first picture may take longer.
const FIRST_PATIENCE: Duration = Duration::from_secs(10);
/// As many pictures an encoder may keep to itself.
const HELD_BACK: u64 = 3;

/// One device. Starting and stopping take place elsewhere: see [`super::retire`].
///
/// ```text
///   off ─ starting() ─► starting ─ started(Ok) ─► running ─ take() ─► stopping ─ stopped() ─► off
///    ▲                     └────── started(Err), abandon() ────────────► off ◄─ abandon() ──┘  │
///    └──────────────────── due() when the pause is over ◄──────────────────────────────────────┘
/// ```
#[derive(Debug)]
pub struct Slot<T> {
    phase: Phase<T>,
    /// What its pipeline reported before its start returned.
    early: Option<Report>,
    since: Option<Instant>,
    status: DeviceStatus,
    pause: Duration,
    retry_at: Option<Instant>,
}

#[derive(Debug)]
enum Phase<T> {
    Off,
    Starting(Busy),
    Running(T),
    Stopping(Busy),
}

#[derive(Debug)]
struct Busy {
    since: Instant,
    told: bool,
}

impl Busy {
    fn from(since: Instant) -> Self {
        Self { since, told: false }
    }
}

impl<T> Slot<T> {
    /// Idle, or switched off for good.
    pub fn new(device: String, enabled: bool) -> Self {
        let state = if enabled { DeviceState::Idle } else { DeviceState::Disabled };
        let status = DeviceStatus { state, device, error: None };
        Self { phase: Phase::Off, early: None, since: None, status, pause: FIRST_PAUSE, retry_at: None }
    }

    /// Whether the configuration has it at all.
    pub fn enabled(&self) -> bool {
        self.status.state != DeviceState::Disabled
    }

    /// What runs.
    pub fn get(&self) -> Option<&T> {
        if let Phase::Running(running) = &self.phase { Some(running) } else { None }
    }

    /// What runs.
    pub fn get_mut(&mut self) -> Option<&mut T> {
        if let Phase::Running(running) = &mut self.phase { Some(running) } else { None }
    }

    /// For `status`.
    pub fn status(&self) -> &DeviceStatus {
        &self.status
    }

    /// When to try again, if it failed.
    pub fn retry_at(&self) -> Option<Instant> {
        self.retry_at.filter(|_| matches!(self.phase, Phase::Off))
    }

    /// Whether it should be started now, given that it is wanted.
    pub fn due(&self, now: Instant) -> bool {
        self.enabled() && matches!(self.phase, Phase::Off) && self.retry_at.is_none_or(|at| at <= now)
    }

    /// Its start has begun.
    pub fn starting(&mut self, now: Instant) {
        self.phase = Phase::Starting(Busy::from(now));
        self.early = None;
        // One that fails again and again is shown as failed.
        if self.status.error.is_none() {
            self.status.state = DeviceState::Starting;
        }
    }

    /// Keeps a report that came before the start returned. Whether it was one.
    pub fn early(&mut self, report: &Report) -> bool {
        let starting = matches!(self.phase, Phase::Starting(_));
        // The start is followed by that anyway.
        if starting && *report != Report::Latency {
            self.early.get_or_insert_with(|| report.clone());
        }
        starting
    }

    /// Takes what came of a start, and gives back what was reported meanwhile of one that runs.
    pub fn started(&mut self, outcome: Result<T, Error>, now: Instant) -> Option<Report> {
        self.phase = Phase::Off;
        let early = self.early.take();
        match outcome {
            Ok(running) => {
                self.phase = Phase::Running(running);
                self.since = Some(now);
                self.retry_at = None;
                self.status.state = DeviceState::Running;
                self.status.error = None;
                early
            }
            Err(error) => {
                // Nothing runs.
                let _ = self.failed(error.device_state(), error.to_string(), now);
                None
            }
        }
    }

    /// It was started, and is shown as before until it gave something: see [`Self::proven`].
    pub fn started_on_trial(&mut self, outcome: Result<T, Error>, now: Instant) -> Option<Report> {
        let (state, error) = (self.status.state, self.status.error.clone());
        let early = self.started(outcome, now);
        if self.get().is_some() {
            (self.status.state, self.status.error) = (state, error);
        }
        early
    }

    /// What was started on trial gives what it should.
    pub fn proven(&mut self) {
        if self.get().is_some() && self.status.state != DeviceState::Running {
            self.status.state = DeviceState::Running;
            self.status.error = None;
        }
    }

    /// It runs, and yet something is to be said about it.
    pub fn remark(&mut self, text: Option<String>) {
        if let (Some(_), Some(text)) = (self.get(), text) {
            tracing::warn!(device = %self.status.device, "{text}");
            self.status.error = Some(text);
        }
    }

    /// It failed: a retry is planned. What ran is given back to be dropped elsewhere.
    #[must_use = "dropping it may take as long as its driver likes"]
    pub fn failed(&mut self, state: DeviceState, text: String, now: Instant) -> Option<T> {
        if self.since.take().is_some_and(|since| now.duration_since(since) > PROVEN) {
            self.pause = FIRST_PAUSE;
        }
        self.say(state, text);
        let longest = if state == DeviceState::Missing { LONGEST_PAUSE_MISSING } else { LONGEST_PAUSE };
        self.retry_at = Some(now + self.pause.min(longest));
        self.pause = (self.pause * 2).min(longest);
        self.take(now)
    }

    /// Stops it because nobody needs it. What ran is given back to be dropped elsewhere.
    #[must_use = "dropping it may take as long as its driver likes"]
    pub fn stop(&mut self, now: Instant) -> Option<T> {
        self.since = None;
        self.retry_at = None;
        self.pause = FIRST_PAUSE;
        let running = self.take(now);
        if self.enabled() && (running.is_some() || self.status.state == DeviceState::Failed) {
            self.status.state = DeviceState::Idle;
            self.status.error = None;
        }
        running
    }

    /// To be started anew at once.
    #[must_use = "dropping it may take as long as its driver likes"]
    pub fn take(&mut self, now: Instant) -> Option<T> {
        self.get()?;
        match std::mem::replace(&mut self.phase, Phase::Stopping(Busy::from(now))) {
            Phase::Running(running) => Some(running),
            Phase::Off | Phase::Starting(_) | Phase::Stopping(_) => None,
        }
    }

    /// Another device takes its place. What ran is given back to be dropped elsewhere; and whether a start is on its way whose outcome
    /// is not wanted any more.
    #[must_use = "dropping it may take as long as its driver likes"]
    pub fn replace(&mut self, device: String, now: Instant) -> (Option<T>, bool) {
        self.status = DeviceStatus { state: DeviceState::Idle, device, error: None };
        (self.since, self.retry_at, self.pause) = (None, None, FIRST_PAUSE);
        let starting = matches!(self.phase, Phase::Starting(_));
        if starting {
            self.phase = Phase::Off;
        }
        (self.take(now), starting)
    }

    /// Whether the configuration has it at all, from now on.
    pub fn allow(&mut self, enabled: bool) {
        match (enabled, self.enabled()) {
            (true, false) => self.status.state = DeviceState::Idle,
            (false, true) => self.status.state = DeviceState::Disabled,
            _ => {}
        }
    }

    /// What was given back has been dropped.
    pub fn stopped(&mut self) {
        if matches!(self.phase, Phase::Stopping(_)) {
            self.phase = Phase::Off;
        }
    }

    /// What still starts or stops is not waited for.
    pub fn abandon(&mut self) {
        if self.get().is_none() {
            self.phase = Phase::Off;
        }
    }

    /// When to look whether a start or stop is stuck.
    pub fn deadline(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Starting(busy) | Phase::Stopping(busy) if !busy.told => Some(busy.since + PATIENCE),
            Phase::Off | Phase::Starting(_) | Phase::Running(_) | Phase::Stopping(_) => None,
        }
    }

    /// Whether its start or stop is stuck; said once. It stays so until the driver comes back: a second one would get stuck as well.
    pub fn stuck(&mut self, now: Instant) -> bool {
        let late = self.deadline().is_some_and(|at| at <= now);
        if let Phase::Starting(busy) | Phase::Stopping(busy) = &mut self.phase {
            busy.told |= late;
        }
        late
    }

    /// Something for people about it.
    pub fn say(&mut self, state: DeviceState, text: String) {
        if self.status.error.as_ref() != Some(&text) {
            tracing::warn!(device = %self.status.device, ?state, "device not usable: {text}");
        }
        self.status.state = state;
        self.status.error = Some(text);
    }

    /// Notes, while idle, whether the device is there.
    pub fn noticed(&mut self, outcome: Result<(), Error>) {
        if !self.enabled() || !matches!(self.phase, Phase::Off) {
            return;
        }
        match outcome {
            Ok(()) => {
                self.status.state = DeviceState::Idle;
                self.status.error = None;
            }
            Err(error) => {
                self.status.state = error.device_state();
                self.status.error = Some(error.to_string());
            }
        }
    }
}

/// Whether an encoder that is given pictures gives any.
#[derive(Debug)]
pub struct Through {
    coded: u64,
    taken: u64,
    moved: Instant,
}

impl Through {
    /// It has just been started, with the counters so.
    pub fn new(taken: u64, coded: u64, now: Instant) -> Self {
        Self { coded, taken, moved: now }
    }

    /// Takes the counters. For how long nothing came out while something went in, if that is longer than `patience`.
    pub fn stalled(&mut self, taken: u64, coded: u64, patience: Duration, now: Instant) -> Option<Duration> {
        if coded != self.coded {
            *self = Self::new(taken, coded, now);
        }
        let silence = now.duration_since(self.moved);
        (taken.saturating_sub(self.taken) > HELD_BACK && silence > patience).then_some(silence)
    }
}

/// Whether a device that runs gives anything.
#[derive(Debug)]
pub struct Flow {
    count: Option<u64>,
    flows: bool,
    moved: Instant,
}

impl Flow {
    /// It has just been started, with so much given before, if that is known.
    pub fn new(count: Option<u64>, now: Instant) -> Self {
        Self { count, flows: false, moved: now }
    }

    /// Whether anything came.
    pub fn flows(&self) -> bool {
        self.flows
    }

    /// Takes how much came so far. For how long nothing came, if that is too long for a device that gives something every `between`.
    pub fn stalled(&mut self, count: u64, between: Duration, now: Instant) -> Option<Duration> {
        match self.count.replace(count) {
            None => {}
            Some(before) if before == count => {}
            Some(_) => (self.moved, self.flows) = (now, true),
        }
        let patience = if self.flows { LONGEST_GAP.max(between) } else { FIRST_PATIENCE };
        let silence = now.duration_since(self.moved);
        (silence > patience).then_some(silence)
    }
}

#[cfg(test)]
mod tests;
