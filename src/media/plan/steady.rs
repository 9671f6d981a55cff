//! Sound of another clock on ours. Two clocks never agree on what a second is, and what comes a little too fast or too slowly would
//! pile up over hours or run dry. So it is stretched by single samples, and its time stamps have no steps.

/// What differs by less is jitter of time stamps, nanoseconds.
const JITTER: f64 = 500_000.0;
/// A correction goes on until so little is left.
const CALM: f64 = 100_000.0;
/// What differs by more is a gap or a leap, not drift.
const LEAP: f64 = 40_000_000.0;
/// And by so much at once, whoever is patient.
const GREAT_LEAP: f64 = 200_000_000.0;
/// Over how many seconds the difference is averaged.
const AVERAGED: f64 = 0.5;
const SECOND: f64 = 1e9;

/// A stream that is laid on our clock.
#[derive(Debug, Clone)]
pub struct Steady {
    rate: u32,
    /// Where the samples since the last leap began, and how many there were.
    since: Option<(u64, u64)>,
    error: f64,
    correcting: bool,
    /// How many buffers may be off by a leap before it is one, and how many have been.
    patience: u32,
    off: u32,
}

/// What becomes of one buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The time of its first sample, nanoseconds.
    pub at: u64,
    /// How many samples it is stretched or shrunk to.
    pub samples: usize,
    /// Whether it does not follow the one before.
    pub leap: bool,
}

impl Steady {
    /// Of so many samples per second.
    pub fn new(rate: u32) -> Self {
        Self { rate: rate.max(1), since: None, error: 0.0, correcting: false, patience: 0, off: 0 }
    }

    /// A leap that is over after so many buffers was none: time stamps that are taken when a busy processor comes to it.
    pub fn patient(self, buffers: u32) -> Self {
        Self { patience: buffers, ..self }
    }

    /// The next buffer leaps to its own time.
    pub fn restart(&mut self) {
        self.since = None;
    }

    /// Takes a buffer of so many samples, the first of which belongs to this time.
    pub fn take(&mut self, at: u64, samples: usize) -> Step {
        let due = self.due();
        let off = due.map_or(f64::INFINITY, |due| at as f64 - due as f64);
        self.off = if off.abs() > LEAP { self.off + 1 } else { 0 };
        let Some(due) = due.filter(|_| off.abs() <= GREAT_LEAP && self.off <= self.patience) else {
            self.since = Some((at, samples as u64));
            (self.error, self.correcting, self.off) = (0.0, false, 0);
            return Step { at, samples, leap: true };
        };
        if self.off > 0 {
            return self.step(due, samples);
        }
        let weight = (samples as f64 / f64::from(self.rate) / AVERAGED).min(1.0);
        self.error += (off - self.error) * weight;
        self.correcting = self.error.abs() > if self.correcting { CALM } else { JITTER };
        let stretched = if self.correcting { self.correct(samples) } else { samples };
        self.step(due, stretched)
    }

    fn step(&mut self, at: u64, samples: usize) -> Step {
        if let Some((_, count)) = &mut self.since {
            *count += samples as u64;
        }
        Step { at, samples, leap: false }
    }

    /// One sample in ten milliseconds is not heard.
    fn correct(&mut self, samples: usize) -> usize {
        let most = (samples * 100 / self.rate as usize).max(1);
        let sample = SECOND / f64::from(self.rate);
        let change = most.min((self.error.abs() / sample) as usize);
        // Late sound leaves a gap that more samples fill.
        let (sign, stretched) = if self.error > 0.0 { (1.0, samples + change) } else { (-1.0, samples.saturating_sub(change)) };
        self.error -= sign * change as f64 * sample;
        stretched
    }

    fn due(&self) -> Option<u64> {
        let (began, count) = self.since?;
        Some(began + (u128::from(count) * 1_000_000_000 / u128::from(self.rate)) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    /// Ten minutes of a card that is so many millionths too fast, with time stamps that jitter. The largest distance between the
    /// time of a buffer and the time it is given, after the first seconds, and how often it leapt.
    fn run(millionths: f64, jitter_ns: f64) -> (f64, usize) {
        let mut steady = Steady::new(48_000);
        let (mut seed, mut worst, mut leaps) = (1u32, 0f64, 0);
        let mut end = None;
        for buffer in 0..60_000u64 {
            let time = 5e9 + buffer as f64 * 1e7 / (1.0 + millionths / 1e6);
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = (f64::from(seed >> 8) / f64::from(1 << 24) - 0.5) * jitter_ns;
            let step = steady.take((time + noise) as u64, 480);
            leaps += usize::from(step.leap);
            if let Some(end) = end {
                assert_eq!(step.at, end, "no steps");
            }
            let next = steady.due().unwrap();
            assert!((next - step.at).abs_diff(10 * MS) < 30_000, "one sample at most");
            end = Some(next);
            if buffer > 500 {
                worst = worst.max((step.at as f64 - time).abs());
            }
        }
        (worst, leaps)
    }

    #[test]
    fn a_card_that_is_too_fast_or_too_slow_keeps_our_time() {
        for millionths in [-300.0, -50.0, 0.0, 50.0, 300.0] {
            let (worst, leaps) = run(millionths, 600_000.0);
            assert!(worst < 1_500_000.0, "{millionths}: {worst} ns");
            assert_eq!(leaps, 1, "only the first");
        }
    }

    #[test]
    fn jitter_alone_changes_nothing() {
        let mut steady = Steady::new(48_000);
        for buffer in 0..10_000u64 {
            let noise = if buffer % 2 == 0 { 0 } else { 400_000 };
            let step = steady.take(buffer * 10 * MS + noise, 480);
            assert_eq!((step.at, step.samples), (buffer * 10 * MS, 480));
        }
    }

    #[test]
    fn a_gap_is_kept_and_not_stretched() {
        let mut steady = Steady::new(48_000);
        steady.take(0, 480);
        assert_eq!(steady.take(10 * MS, 480), Step { at: 10 * MS, samples: 480, leap: false });
        assert_eq!(steady.take(100 * MS, 480), Step { at: 100 * MS, samples: 480, leap: true });
        let mut patient = Steady::new(48_000).patient(3);
        let leaps = [0, 10, 80, 30, 100, 110, 120, 130, 140, 400].map(|ms| patient.take(ms * MS, 480).leap);
        assert_eq!(leaps, [true, false, false, false, false, false, false, true, false, true]);
        steady.restart();
        assert_eq!(steady.take(115 * MS, 480), Step { at: 115 * MS, samples: 480, leap: true });
    }
}
