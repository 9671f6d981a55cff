//! How loud it is, in decibels below the loudest that there is, and what a canceller takes away.

/// Shown for silence.
pub const SILENCE: i32 = -90;
/// Somebody speaks when it is louder than this.
pub const SPEAKS: f64 = -45.0;
/// Seconds over which the way of an echo is averaged, while the other side speaks.
const AVERAGED: f64 = 3.0;

/// The mean square of 16-bit samples, 1 for the loudest.
pub fn power(samples: &[i16]) -> f64 {
    let sum: f64 = samples.iter().map(|sample| f64::from(*sample) * f64::from(*sample)).sum();
    sum / samples.len().max(1) as f64 / (32768.0 * 32768.0)
}

/// Decibels of a mean square.
pub fn decibels(power: f64) -> f64 {
    (10.0 * power.max(1e-12).log10()).max(f64::from(SILENCE))
}

/// What the other side says comes back through the microphone, and how much of it is left.
#[derive(Debug, Clone, Default)]
pub struct Echo {
    played: f64,
    taken: f64,
    left: f64,
    seconds: f64,
}

impl Echo {
    /// Takes so many seconds: what the speaker played, what the microphone took, what was left of it.
    pub fn take(&mut self, played: f64, taken: f64, left: f64, seconds: f64) {
        if decibels(played) < SPEAKS {
            return;
        }
        let keep = (1.0 - seconds / AVERAGED).max(0.0);
        for (sum, new) in [(&mut self.played, played), (&mut self.taken, taken), (&mut self.left, left)] {
            *sum = *sum * keep + new * seconds;
        }
        self.seconds += seconds;
    }

    /// By how many decibels the microphone hears the speaker less than it is played; none before the other side has spoken.
    pub fn loss(&self) -> Option<i32> {
        self.known().then(|| (decibels(self.played) - decibels(self.taken)).round() as i32)
    }

    /// How many decibels are taken away.
    pub fn removed(&self) -> Option<i32> {
        self.known().then(|| (decibels(self.taken) - decibels(self.left)).round() as i32)
    }

    fn known(&self) -> bool {
        self.seconds >= 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_scale_is_nought_and_silence_has_an_end() {
        let square: Vec<i16> = (0..480).map(|n| if n % 2 == 0 { i16::MAX } else { i16::MIN }).collect();
        assert!(decibels(power(&square)).abs() < 0.1);
        assert_eq!(decibels(power(&[0; 480])), -90.0);
        assert_eq!(decibels(power(&[])), -90.0);
        let tenth: Vec<i16> = square.iter().map(|sample| sample / 10).collect();
        assert!((decibels(power(&tenth)) + 20.0).abs() < 0.1);
    }

    #[test]
    fn an_echo_is_measured_only_while_the_other_side_speaks() {
        let mut echo = Echo::default();
        for _ in 0..500 {
            echo.take(1e-9, 0.01, 0.01, 0.01);
        }
        assert_eq!((echo.loss(), echo.removed()), (None, None));
        for _ in 0..500 {
            echo.take(0.01, 0.001, 0.000_001, 0.01);
        }
        assert_eq!((echo.loss(), echo.removed()), (Some(10), Some(30)));
    }
}
