//! What is shared takes its part of what the ways carry (C33): sound first, then a shared picture that can be read, though it moves
//! little, then the camera. Where both do not fit the camera waits; where there is room they divide it.

use std::time::{Duration, Instant};

use super::{LEAST, Picture, Shape};

/// With so much, what is written in the shared picture can be read.
const READABLE: u64 = 400_000;
/// Less than this is no camera picture worth sending, bit/s.
const CAMERA: u64 = 60_000;
/// The camera waits when there is less than this for both, and comes back with so much after a while.
const CAMERA_WAITS: u64 = 250_000;
const CAMERA_BACK: u64 = 350_000;
/// So long there must be room.
const PATIENCE: Duration = Duration::from_secs(5);
/// A way that is bad gets the shared picture this often a second.
const SELDOM: u32 = 2;

/// How often a second it moves: as configured, or with less than `leave` at most `framerate`.
struct Pace {
    framerate: u32,
    leave: u64,
    enter: u64,
}

const PACES: [Pace; 3] = [
    Pace { framerate: u32::MAX, leave: 350_000, enter: 450_000 },
    Pace { framerate: 5, leave: 150_000, enter: 200_000 },
    Pace { framerate: SELDOM, leave: 0, enter: 0 },
];

/// What is shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shared {
    /// Its picture, which keeps its size: it is to be read.
    pub shape: Shape,
    /// The most that it may take, bit/s.
    pub most: u64,
    /// The camera is off: all is for what is shared.
    pub alone: bool,
}

/// Divides what there is.
#[derive(Debug, Default)]
pub(super) struct Division {
    pace: usize,
    faster_since: Option<Instant>,
    camera_waits: bool,
    camera_since: Option<Instant>,
}

impl Division {
    /// What of `total` goes to the shared picture, what is left for the camera, and whether that is sent at all.
    pub fn divide(&mut self, total: u64, shared: &Shared, now: Instant) -> (Picture, u64, bool) {
        let sent = !shared.alone && self.camera(total, now);
        let bitrate = if sent {
            let first = READABLE.min(shared.most);
            let rest = total.saturating_sub(first + CAMERA);
            (first + rest / 2).min(total.saturating_sub(CAMERA))
        } else {
            total
        };
        let bitrate = bitrate.min(shared.most).max(LEAST);
        let framerate = shared.shape.framerate.min(self.framerate(bitrate, now));
        (
            Picture { shape: Shape { framerate, ..shared.shape }, bitrate },
            total.saturating_sub(bitrate).max(LEAST),
            sent || shared.alone,
        )
    }

    fn camera(&mut self, total: u64, now: Instant) -> bool {
        if total < CAMERA_WAITS {
            (self.camera_waits, self.camera_since) = (true, None);
        } else if self.camera_waits && holds(&mut self.camera_since, total >= CAMERA_BACK, now) {
            (self.camera_waits, self.camera_since) = (false, None);
        }
        !self.camera_waits
    }

    fn framerate(&mut self, bitrate: u64, now: Instant) -> u32 {
        let needed = PACES.iter().position(|pace| bitrate >= pace.leave).unwrap_or(PACES.len() - 1);
        if needed > self.pace {
            (self.pace, self.faster_since) = (needed, None);
        } else if self.pace > 0 && holds(&mut self.faster_since, bitrate >= PACES[self.pace - 1].enter, now) {
            (self.pace, self.faster_since) = (self.pace - 1, None);
        }
        PACES[self.pace].framerate
    }
}

/// Whether it has been so for a while.
fn holds(since: &mut Option<Instant>, is_so: bool, now: Instant) -> bool {
    if !is_so {
        *since = None;
    }
    is_so && now.duration_since(*since.get_or_insert(now)) >= PATIENCE
}

/// The shared picture for whom the main ones would be too much.
pub(super) fn seldom(shape: Shape) -> Shape {
    Shape { framerate: shape.framerate.min(SELDOM), ..shape }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SHAPE: Shape = Shape { width: 1280, height: 720, framerate: 10 };
    const SHARED: Shared = Shared { shape: SHAPE, most: 1_000_000, alone: false };

    fn at(division: &mut Division, kbits: u64, now: Instant) -> (u64, u32, u64, bool) {
        let (picture, camera, sent) = division.divide(kbits * 1000, &SHARED, now);
        assert_eq!((picture.shape.width, picture.shape.height), (1280, 720), "it keeps its size");
        (picture.bitrate / 1000, picture.shape.framerate, camera / 1000, sent)
    }

    #[test]
    fn c33_what_is_shared_is_readable_first_and_then_the_camera_gets_its_part() {
        let (mut division, now) = (Division::default(), Instant::now());
        assert_eq!(at(&mut division, 2500, now), (1000, 10, 1500, true), "not more than it may take");
        assert_eq!(at(&mut division, 1060, now), (700, 10, 360, true));
        assert_eq!(at(&mut division, 460, now), (400, 10, 60, true));
        assert_eq!(at(&mut division, 300, now), (240, 5, 60, true), "it moves less");
        assert_eq!(at(&mut division, 200, now), (200, 5, 32, false), "the camera waits");
        assert_eq!(at(&mut division, 100, now), (100, 2, 32, false));
    }

    #[test]
    fn c33_the_camera_comes_back_and_the_share_moves_more_only_after_a_while() {
        let (mut division, mut now) = (Division::default(), Instant::now());
        at(&mut division, 100, now);
        assert_eq!(at(&mut division, 2000, now), (1000, 2, 1000, false));
        now += PATIENCE;
        assert_eq!(at(&mut division, 2000, now), (1000, 5, 1000, true));
        at(&mut division, 2000, now);
        now += PATIENCE;
        assert_eq!(at(&mut division, 2000, now), (1000, 10, 1000, true));
        for _ in 0..20 {
            at(&mut division, 320, now);
            now += Duration::from_secs(1);
            assert!(at(&mut division, 320, now).3, "no flapping");
        }
    }

    #[test]
    fn c33_without_a_camera_all_is_for_what_is_shared() {
        let alone = Shared { alone: true, ..SHARED };
        let (picture, _, sent) = Division::default().divide(600_000, &alone, Instant::now());
        assert_eq!((picture.bitrate, sent), (600_000, true));
    }

    proptest! {
        #[test]
        fn both_together_take_no_more_than_there_is(totals in proptest::collection::vec((LEAST..4_000_000u64, 0u64..20_000), 1..60)) {
            let (mut division, mut now) = (Division::default(), Instant::now());
            for (total, pause) in totals {
                now += Duration::from_millis(pause);
                let (picture, camera, sent) = division.divide(total, &SHARED, now);
                prop_assert!(picture.bitrate >= LEAST && picture.bitrate <= SHARED.most);
                prop_assert!(!sent || picture.bitrate + camera <= total, "{picture:?} {camera} of {total}");
                prop_assert!(!sent || camera >= CAMERA);
                prop_assert!(picture.shape.framerate >= 1 && picture.shape.framerate <= SHAPE.framerate);
            }
        }
    }
}
