//! A device that comes and goes: what runs, how it is, and when to try again.

use std::time::{Duration, Instant};

use super::Error;
use crate::protocol::control::{DeviceState, DeviceStatus};

/// The first pause before a device is tried again; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// A replugged camera should not be waited for longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);
/// A device that ran this long did work: its next failure starts with a short pause again.
const PROVEN: Duration = Duration::from_secs(10);

/// A camera that runs and gives nothing for this long is started anew.
const LONGEST_GAP: Duration = Duration::from_secs(2);
/// The first picture may take longer.
const FIRST_PATIENCE: Duration = Duration::from_secs(10);

/// One device.
#[derive(Debug)]
pub struct Slot<T> {
    running: Option<T>,
    since: Option<Instant>,
    status: DeviceStatus,
    pause: Duration,
    retry_at: Option<Instant>,
}

impl<T> Slot<T> {
    /// Idle, or switched off for good.
    pub fn new(device: String, enabled: bool) -> Self {
        let state = if enabled { DeviceState::Idle } else { DeviceState::Disabled };
        Self { running: None, since: None, status: DeviceStatus { state, device, error: None }, pause: FIRST_PAUSE, retry_at: None }
    }

    /// Whether the configuration has it at all.
    pub fn enabled(&self) -> bool {
        self.status.state != DeviceState::Disabled
    }

    /// What runs.
    pub fn get(&self) -> Option<&T> {
        self.running.as_ref()
    }

    /// What runs.
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.running.as_mut()
    }

    /// For `status`.
    pub fn status(&self) -> &DeviceStatus {
        &self.status
    }

    /// When to try again, if it failed.
    pub fn retry_at(&self) -> Option<Instant> {
        self.retry_at
    }

    /// Whether it should be started now, given that it is wanted.
    pub fn due(&self, now: Instant) -> bool {
        self.enabled() && self.running.is_none() && self.retry_at.is_none_or(|at| at <= now)
    }

    /// Takes what came of a start.
    pub fn started(&mut self, outcome: Result<T, Error>, now: Instant) {
        match outcome {
            Ok(running) => {
                self.running = Some(running);
                self.since = Some(now);
                self.retry_at = None;
                self.status.state = DeviceState::Running;
                self.status.error = None;
            }
            Err(error) => self.failed(error.device_state(), error.to_string(), now),
        }
    }

    /// It runs, and yet something is to be said about it.
    pub fn remark(&mut self, text: Option<String>) {
        if let (Some(_), Some(text)) = (&self.running, text) {
            tracing::warn!(device = %self.status.device, "{text}");
            self.status.error = Some(text);
        }
    }

    /// It failed: what ran is given back to be dropped, and a retry is planned.
    pub fn failed(&mut self, state: DeviceState, text: String, now: Instant) {
        if self.status.error.as_ref() != Some(&text) {
            tracing::warn!(device = %self.status.device, ?state, "device not usable: {text}");
        }
        if self.since.take().is_some_and(|since| now.duration_since(since) > PROVEN) {
            self.pause = FIRST_PAUSE;
        }
        self.running = None;
        self.status.state = state;
        self.status.error = Some(text);
        self.retry_at = Some(now + self.pause);
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
    }

    /// Stops it because nobody needs it.
    pub fn stop(&mut self) -> Option<T> {
        self.since = None;
        self.retry_at = None;
        self.pause = FIRST_PAUSE;
        if self.enabled() && (self.running.is_some() || self.status.state == DeviceState::Failed) {
            self.status.state = DeviceState::Idle;
            self.status.error = None;
        }
        self.running.take()
    }

    /// Notes, while idle, whether the device is there.
    pub fn noticed(&mut self, outcome: Result<(), Error>) {
        if !self.enabled() || self.running.is_some() {
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

/// Whether a device that runs gives anything.
#[derive(Debug)]
pub struct Flow {
    count: Option<u64>,
    flows: bool,
    moved: Instant,
}

impl Flow {
    /// It has just been started.
    pub fn new(now: Instant) -> Self {
        Self { count: None, flows: false, moved: now }
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
mod tests {
    use super::*;

    #[test]
    fn a_device_that_stops_giving_is_noticed_and_one_that_starts_is_given_time() {
        let start = Instant::now();
        let after = |ms| start + Duration::from_millis(ms);
        let rate = Duration::from_millis(100);
        let mut flow = Flow::new(start);
        assert_eq!(flow.stalled(7, rate, after(500)), None);
        assert_eq!(flow.stalled(7, rate, after(7000)), None);
        assert_eq!(flow.stalled(8, rate, after(8000)), None);
        assert_eq!(flow.stalled(8, rate, after(9900)), None);
        assert_eq!(flow.stalled(8, rate, after(10_500)), Some(Duration::from_millis(2500)));
        assert_eq!(Flow::new(start).stalled(7, rate, after(1)), None);
        let mut silent = Flow::new(start);
        assert_eq!(silent.stalled(0, rate, after(500)), None);
        assert_eq!(silent.stalled(0, rate, after(10_500)), Some(Duration::from_millis(10_500)));
    }

    #[test]
    fn a_failing_device_is_tried_again_with_growing_pauses() {
        let start = Instant::now();
        let mut slot: Slot<()> = Slot::new("camera".into(), true);
        assert!(slot.due(start));
        let mut pauses = Vec::new();
        let mut now = start;
        for _ in 0..5 {
            slot.started(Err(Error::missing("gone".into())), now);
            assert!(!slot.due(now));
            pauses.push((slot.retry_at().unwrap() - now).as_millis());
            now = slot.retry_at().unwrap();
            assert!(slot.due(now));
        }
        assert_eq!(pauses, [500, 1000, 2000, 3000, 3000]);
        assert_eq!(slot.status().state, DeviceState::Missing);
        slot.started(Ok(()), now);
        assert_eq!((slot.status().state, slot.status().error.clone()), (DeviceState::Running, None));
    }

    #[test]
    fn a_device_that_is_switched_off_is_never_due() {
        let slot: Slot<()> = Slot::new("none".into(), false);
        assert!(!slot.due(Instant::now()));
        assert_eq!(slot.status().state, DeviceState::Disabled);
    }
}
