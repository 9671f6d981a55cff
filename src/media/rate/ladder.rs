//! The ladder that the main picture goes down and up, and the shapes of its steps for a given camera.

use super::Shape;

/// One step of the ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Up to 1920x1080.
    FullHd,
    /// Up to 1280x720.
    Hd,
    /// Up to 640x360.
    Small,
    /// The same size, half as often.
    Slow,
}

/// What a step may be, and what it takes.
struct Rule {
    step: Step,
    height: u32,
    framerate: u32,
    /// It is left when the picture has less than this, bit/s.
    leave: u64,
    /// It is entered from below when the picture has so much for a while.
    enter: u64,
}

/// Best first. Below the last one there is only sound.
const LADDER: [Rule; 4] = [
    Rule { step: Step::FullHd, height: 1080, framerate: u32::MAX, leave: 1_600_000, enter: 2_200_000 },
    Rule { step: Step::Hd, height: 720, framerate: u32::MAX, leave: 500_000, enter: 700_000 },
    Rule { step: Step::Small, height: 360, framerate: u32::MAX, leave: 150_000, enter: 200_000 },
    Rule { step: Step::Slow, height: 360, framerate: 15, leave: 0, enter: 0 },
];

/// The second rung, for whom the ladder would drag all down.
const LOW: (u32, u32) = (180, 15);

impl Step {
    /// As the ladder in the documentation calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::FullHd => "1080p",
            Self::Hd => "720p",
            Self::Small => "360p",
            Self::Slow => "360p slow",
        }
    }

    fn rule(self) -> &'static Rule {
        &LADDER[self as usize]
    }

    /// What this camera's picture is on this step.
    pub fn shape(self, camera: Shape) -> Shape {
        camera.within(self.rule().height, self.rule().framerate)
    }

    /// Whether a picture with so many bit/s is better off further down.
    pub fn is_too_much_for(self, bitrate: u64) -> bool {
        bitrate < self.rule().leave
    }

    /// Whether a picture with so many bit/s may come up here.
    pub fn is_within(self, bitrate: u64) -> bool {
        bitrate >= self.rule().enter
    }
}

/// The steps that make a difference for this camera, best first; never none.
pub fn steps(camera: Shape) -> Vec<Step> {
    let rules = LADDER.iter().enumerate();
    rules
        .filter(|(at, rule)| LADDER.get(at + 1).is_none_or(|next| next.step.shape(camera) != rule.step.shape(camera)))
        .map(|(_, rule)| rule.step)
        .collect()
}

/// What this camera's picture is on the second rung.
pub fn low(camera: Shape) -> Shape {
    camera.within(LOW.0, LOW.1)
}

impl Shape {
    /// Shrunk, the sides in proportion, to a height and a rate; never enlarged.
    fn within(self, height: u32, framerate: u32) -> Self {
        let framerate = self.framerate.min(framerate);
        if self.height <= height {
            return Self { framerate, ..self };
        }
        // Portrait pictures are held to the same number of lines; encoders take even sides only.
        let even = |side: u64| u32::try_from(side / 2 * 2).unwrap_or(u32::MAX).max(2);
        let width = even((u64::from(self.width) * u64::from(height) + u64::from(self.height) / 2) / u64::from(self.height));
        Self { width, height, framerate }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn camera(width: u32, height: u32, framerate: u32) -> Shape {
        Shape { width, height, framerate }
    }

    #[test]
    fn a_camera_has_the_steps_that_make_a_difference_for_it() {
        assert_eq!(steps(camera(1920, 1080, 30)), [Step::FullHd, Step::Hd, Step::Small, Step::Slow]);
        assert_eq!(steps(camera(1280, 720, 30)), [Step::Hd, Step::Small, Step::Slow]);
        assert_eq!(steps(camera(320, 240, 30)), [Step::Small, Step::Slow]);
        assert_eq!(steps(camera(320, 240, 8)), [Step::Slow]);
    }

    #[test]
    fn shapes_keep_the_camera_s_proportions_and_even_sides() {
        assert_eq!(Step::Small.shape(camera(1280, 720, 30)), camera(640, 360, 30));
        assert_eq!(Step::Slow.shape(camera(640, 480, 30)), camera(480, 360, 15));
        assert_eq!(low(camera(1280, 720, 30)), camera(320, 180, 15));
        assert_eq!(low(camera(1366, 768, 10)), camera(320, 180, 10));
        assert_eq!(low(camera(720, 1280, 30)), camera(100, 180, 15));
    }

    #[test]
    fn the_ladder_goes_down_and_leaves_room_between_leaving_and_entering() {
        for (at, rule) in LADDER.iter().enumerate() {
            assert_eq!(rule.step as usize, at);
            assert!(rule.enter as f64 >= rule.leave as f64 * 1.25);
            if let Some(next) = LADDER.get(at + 1) {
                assert!(next.enter < rule.leave && next.height <= rule.height && next.framerate <= rule.framerate);
            }
        }
    }
}
