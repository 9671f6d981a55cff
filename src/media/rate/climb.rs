//! Where the main picture stands on the ladder: down at once, up one step at a time after a while, and after a longer while when the
//! last time was in vain.

use std::time::{Duration, Instant};

use super::Shape;
use super::ladder::{Step, steps};

/// So long there must be room before the next step up.
const PATIENCE: Duration = Duration::from_secs(5);
const MOST_PATIENCE: Duration = Duration::from_secs(80);
/// A step up that holds so long was not in vain.
const PROVEN: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(super) struct Climb {
    steps: Vec<Step>,
    at: usize,
    /// Since when there has been room for the next step up.
    room_since: Option<Instant>,
    went_up: Option<Instant>,
    patience: Duration,
}

impl Climb {
    /// As high as the bit rate goes.
    pub fn new(camera: Shape, bitrate: u64) -> Self {
        let steps = steps(camera);
        let at = steps.iter().position(|step| !step.is_too_much_for(bitrate)).unwrap_or(steps.len() - 1);
        Self { steps, at, room_since: None, went_up: None, patience: PATIENCE }
    }

    pub fn step(&self) -> Step {
        self.steps[self.at]
    }

    pub fn lowest(&self) -> Step {
        self.steps[self.steps.len() - 1]
    }

    /// `ceiling`: not above this step, whatever the bit rate.
    pub fn follow(&mut self, bitrate: u64, ceiling: Option<Step>, now: Instant) {
        let last = self.steps.len() - 1;
        let fits = self.steps.iter().position(|step| !step.is_too_much_for(bitrate)).unwrap_or(last);
        let below = ceiling.map_or(0, |ceiling| self.steps.iter().position(|step| *step >= ceiling).unwrap_or(last));
        if self.went_up.is_some_and(|at| now.duration_since(at) >= PROVEN) {
            (self.went_up, self.patience) = (None, PATIENCE);
        }
        let needed = fits.max(below);
        if needed > self.at {
            if self.went_up.take().is_some() {
                self.patience = (self.patience * 2).min(MOST_PATIENCE);
            }
            (self.at, self.room_since) = (needed, None);
            return;
        }
        if self.at == 0 || self.at == below || !self.steps[self.at - 1].is_within(bitrate) {
            self.room_since = None;
            return;
        }
        if now.duration_since(*self.room_since.get_or_insert(now)) >= self.patience {
            self.at -= 1;
            (self.room_since, self.went_up) = (None, Some(now));
        }
    }
}
