//! PURE. When a picture stands still: a gap between two frames of three times the usual, and of 150 ms more than the usual (as
//! browsers count it, W3C webrtc-stats `freezeCount`).

use std::time::{Duration, Instant};

/// The usual gap is the mean of about so many.
const MEMORY: u32 = 30;
const SHORTEST: Duration = Duration::from_millis(150);
/// What is longer is a camera that was switched off.
const LONGEST: Duration = Duration::from_secs(10);

/// Counts freezes.
#[derive(Debug, Default)]
pub struct Freezes {
    last: Option<Instant>,
    usual: Option<Duration>,
    count: u64,
    frozen: Duration,
}

impl Freezes {
    /// A frame came.
    pub fn frame(&mut self, now: Instant) {
        let Some(gap) = self.last.replace(now).map(|last| now.saturating_duration_since(last)) else {
            return;
        };
        if gap > LONGEST {
            return;
        }
        let Some(usual) = self.usual else {
            self.usual = Some(gap);
            return;
        };
        if gap > (usual * 3).max(usual + SHORTEST) {
            self.count += 1;
            self.frozen += gap;
        }
        self.usual = Some((usual * (MEMORY - 1) + gap) / MEMORY);
    }

    /// How often, and how long in all.
    pub fn seen(&self) -> (u64, Duration) {
        (self.count, self.frozen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(gaps_ms: &[u64]) -> (u64, u128) {
        let (mut freezes, mut now) = (Freezes::default(), Instant::now());
        freezes.frame(now);
        for gap in gaps_ms {
            now += Duration::from_millis(*gap);
            freezes.frame(now);
        }
        let (count, frozen) = freezes.seen();
        (count, frozen.as_millis())
    }

    #[test]
    fn a_long_gap_between_frames_is_a_freeze() {
        let steady = [33; 60];
        assert_eq!(after(&steady), (0, 0));
        let with = |gap: u64| [&steady[..], &[gap], &steady[..]].concat();
        assert_eq!(after(&with(180)), (0, 0), "a late frame is none");
        assert_eq!(after(&with(400)), (1, 400));
        assert_eq!(after(&with(30_000)), (0, 0), "the camera was off");
        assert_eq!(after(&[1000; 20]), (0, 0), "a slow camera is no freeze");
    }
}
