//! PURE. How long what comes in is held back: as configured while all of it comes, longer while some of it has to be asked for again.
//!
//! A packet that is lost is noticed, asked for and sent again (RFC 4588), and the second one may be lost as well. With time for
//! three such rounds one packet of ten thousand is missing when one of ten is lost.

use std::time::{Duration, Instant};

/// Below this part of the packets nothing is done.
const LOSS: f64 = 0.01;
/// How often a packet may be asked for.
const ROUNDS: u32 = 3;
/// What each side takes to notice and to answer.
const WORK: Duration = Duration::from_millis(20);
/// While the other side has not measured it.
const ROUND_TRIP: Duration = Duration::from_millis(50);
/// More is no conversation any more.
const MOST: Duration = Duration::from_millis(400);
/// Shorter only after so long without need, and by small steps: what comes in is then played a little faster.
const CALM: Duration = Duration::from_secs(10);
const STEP: Duration = Duration::from_millis(20);

/// The buffer of one connection.
#[derive(Debug)]
pub struct Buffer {
    /// As configured.
    least: Duration,
    length: Duration,
    /// When it last was too short, or just right.
    needed: Option<Instant>,
}

impl Buffer {
    /// As long as configured.
    pub fn new(least: Duration) -> Self {
        Self { least, length: least, needed: None }
    }

    /// Once a second: with the part of the packets that never came (0 to 1) and the way there and back. The new length, if it changes.
    pub fn look(&mut self, loss: f64, round_trip: Option<Duration>, now: Instant) -> Option<Duration> {
        let wanted = self.wanted(loss, round_trip);
        if wanted >= self.length {
            self.needed = Some(now);
            return self.set(wanted);
        }
        let calm = self.needed.is_none_or(|at| now.saturating_duration_since(at) >= CALM);
        if calm { self.set(wanted.max(self.length.saturating_sub(STEP))) } else { None }
    }

    fn wanted(&self, loss: f64, round_trip: Option<Duration>) -> Duration {
        if loss.is_nan() || loss < LOSS {
            return self.least;
        }
        let more = (round_trip.unwrap_or(ROUND_TRIP).min(MOST) + WORK) * ROUNDS;
        // By whole steps: a round trip is never twice the same.
        let steps = u32::try_from(more.as_millis().div_ceil(STEP.as_millis())).unwrap_or(u32::MAX);
        (self.least + STEP.saturating_mul(steps)).min(MOST).max(self.least)
    }

    fn set(&mut self, length: Duration) -> Option<Duration> {
        if length == self.length {
            return None;
        }
        self.length = length;
        Some(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn it_grows_at_once_with_loss_and_shrinks_slowly_without() {
        let start = Instant::now();
        let mut buffer = Buffer::new(60 * MS);
        assert_eq!(buffer.look(0.0, Some(20 * MS), start), None);
        assert_eq!(buffer.look(0.1, Some(20 * MS), start), Some(180 * MS));
        assert_eq!(buffer.look(0.1, Some(19 * MS), start), None, "about the same is the same");
        let mut lengths = Vec::new();
        for second in 1..=20 {
            lengths.extend(buffer.look(0.0, Some(20 * MS), start + Duration::from_secs(second)).map(|length| (second, length)));
        }
        assert_eq!(lengths, (0..6).map(|step| (10 + u64::from(step), (160 - 20 * step) * MS)).collect::<Vec<_>>());
    }

    #[test]
    fn it_is_never_longer_than_a_conversation_bears_nor_shorter_than_configured() {
        let now = Instant::now();
        assert_eq!(Buffer::new(60 * MS).look(0.5, Some(Duration::from_secs(90)), now), Some(MOST));
        assert_eq!(Buffer::new(60 * MS).look(0.5, None, now), Some(280 * MS));
        assert_eq!(Buffer::new(900 * MS).look(0.5, Some(MS), now), None);
        assert_eq!(Buffer::new(60 * MS).look(f64::NAN, None, now), None);
    }
}
