//! What this machine can do: an encoder that is too slow, a processor that has too much to do, a board that is hot.

use std::time::{Duration, Instant};

use super::Why;
use super::ladder::Step;

/// How this machine is.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Board {
    /// The part of the time in which something waited for the processor, 0 to 1.
    pub load: Option<f32>,
    /// Of its hottest part, degrees Celsius.
    pub heat: Option<f32>,
}

/// How the encoder kept up over some time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Coding {
    /// Pictures that it should have made.
    pub due: u64,
    /// Pictures that it made.
    pub made: u64,
}

/// Boards slow themselves down from about 80 degrees on.
const HOT: f32 = 80.0;
const COOL: f32 = 74.0;
/// Something always waits.
const OVERLOADED: f32 = 0.9;
/// It makes less than this part of what is due.
const TOO_SLOW: f64 = 0.75;
/// The same, while the processor is overloaded anyway.
const SLOW: f64 = 0.9;
/// So long it must be so before a step is taken, and before the next.
const PATIENCE: Duration = Duration::from_secs(4);
/// So long a step down holds before it is tried to go up again; longer after each time in vain.
const REST: Duration = Duration::from_secs(30);
const MOST_REST: Duration = Duration::from_secs(960);

/// The step above which this machine does not get.
#[derive(Debug)]
pub(super) struct Ceiling {
    hold: Option<(Step, Why)>,
    /// When it is tried to go up again.
    until: Option<Instant>,
    /// When that was done last.
    tried: Option<Instant>,
    rest: Duration,
    trouble: Option<(Why, Instant)>,
    is_overloaded: bool,
    is_hot: bool,
}

impl Default for Ceiling {
    fn default() -> Self {
        Self { hold: None, until: None, tried: None, rest: REST, trouble: None, is_overloaded: false, is_hot: false }
    }
}

impl Ceiling {
    pub fn board(&mut self, board: Board, at: Step, lowest: Step, now: Instant) {
        self.is_overloaded = board.load.is_some_and(|load| load >= OVERLOADED);
        self.is_hot = board.heat.is_some_and(|heat| heat >= if self.is_hot { COOL } else { HOT });
        if self.is_hot {
            self.trouble(Why::Heat, at, lowest, now);
        } else if matches!(self.trouble, Some((Why::Heat, _))) {
            self.trouble = None;
        }
    }

    pub fn coding(&mut self, coding: Coding, at: Step, lowest: Step, now: Instant) {
        if coding.due == 0 {
            return;
        }
        let made = coding.made as f64 / coding.due as f64;
        if made < TOO_SLOW {
            self.trouble(Why::Encoder, at, lowest, now);
        } else if made < SLOW && self.is_overloaded {
            self.trouble(Why::Load, at, lowest, now);
        } else if matches!(self.trouble, Some((Why::Encoder | Why::Load, _))) {
            self.trouble = None;
        }
    }

    fn trouble(&mut self, why: Why, at: Step, lowest: Step, now: Instant) {
        let since = self.trouble.map_or(now, |(_, since)| since);
        self.trouble = Some((why, since));
        if now.duration_since(since) < PATIENCE || at >= lowest {
            return;
        }
        self.trouble = Some((why, now));
        if self.tried.take().is_some_and(|tried| now.duration_since(tried) < self.rest) {
            self.rest = (self.rest * 2).min(MOST_REST);
        }
        (self.hold, self.until) = (Some((at.down(), why)), Some(now + self.rest));
    }

    /// The step that it may not be above, and why.
    pub fn hold(&mut self, now: Instant) -> Option<(Step, Why)> {
        if self.until.is_some_and(|until| now >= until) && !self.is_hot {
            self.hold = self.hold.and_then(|(step, why)| Some((step.up()?, why)));
            (self.until, self.tried) = (self.hold.map(|_| now + self.rest), Some(now));
        }
        if self.hold.is_none() && self.tried.is_some_and(|tried| now.duration_since(tried) >= self.rest) {
            (self.tried, self.rest) = (None, REST);
        }
        self.hold
    }
}

impl Step {
    fn down(self) -> Self {
        match self {
            Self::FullHd => Self::Hd,
            Self::Hd => Self::Small,
            Self::Small | Self::Slow => Self::Slow,
        }
    }

    fn up(self) -> Option<Self> {
        match self {
            Self::FullHd => None,
            Self::Hd => Some(Self::FullHd),
            Self::Small => Some(Self::Hd),
            Self::Slow => Some(Self::Small),
        }
    }
}
