//! PURE. Whether a camera gives the pictures that were asked for.

use super::Finding;

/// Darker than this everywhere, a picture shows nothing (luma goes from 16 to 235).
const DARK: u8 = 24;
/// A cover, or a driver that gives one colour.
const FLAT: u8 = 2;
/// A part of the wanted rate that is nothing to speak of.
const ENOUGH: f64 = 0.8;

/// What was measured.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pictures {
    /// Which camera.
    pub name: String,
    /// As it comes from the camera: `image/jpeg 1280x720`.
    pub format: String,
    /// Pixels.
    pub size: (u32, u32),
    /// Wanted.
    pub wanted: (u32, u32, u32),
    /// Per second.
    pub fps: f64,
    /// Milliseconds until the first one.
    pub first_ms: u64,
    /// Luma of the darkest and of the brightest places, and on the whole.
    pub luma: (u8, u8, u8),
    /// What the camera would not do, for people.
    pub refused: Option<String>,
}

/// The verdict.
pub fn pictures(seen: &Pictures) -> Finding {
    let (width, height, rate) = seen.wanted;
    let (dark, bright, mean) = seen.luma;
    let found = format!("{}: {} at {:.1} fps", seen.name, seen.format, seen.fps);
    let finding = if bright < DARK {
        Finding::warn(format!("{found}, but all is black"), "take the cap or the shutter off the lens, and switch on a light")
    } else if bright - dark <= FLAT {
        Finding::warn(
            format!("{found}, but all of one colour"),
            "is something before the lens? unplug the camera and plug it in again",
        )
    } else if seen.fps < f64::from(rate) * ENOUGH {
        let advice = format!(
            "{rate} fps are asked for: more light lets it be faster (`exposure_dynamic_framerate`), so does another size; \
             `callbox devices` says what it gives, and a slow USB port is no help"
        );
        Finding::warn(format!("{found}, slower than asked for"), advice)
    } else if seen.size != (width, height) {
        let advice = format!("{width}x{height} is asked for and scaled: `callbox devices` says which sizes it has itself");
        Finding::warn(found, advice)
    } else if let Some(refused) = &seen.refused {
        Finding::warn(format!("{found}; {refused}"), "correct `[camera.controls]`: `callbox devices` says which there are")
    } else {
        Finding::pass(found)
    };
    finding
        .detail(format!("first picture after {} ms; brightness {mean} of 16 to 235", seen.first_ms))
        .figure("fps", (seen.fps * 10.0).round() / 10.0)
        .figure("first-picture-ms", seen.first_ms as f64)
        .figure("brightness", f64::from(mean))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::control::Verdict;

    fn seen() -> Pictures {
        Pictures {
            name: "/dev/video0".into(),
            format: "YUY2 1280x720".into(),
            size: (1280, 720),
            wanted: (1280, 720, 30),
            fps: 29.9,
            first_ms: 300,
            luma: (20, 210, 110),
            refused: None,
        }
    }

    #[test]
    fn pictures_are_enough_bright_and_as_asked_for() {
        assert_eq!(pictures(&seen()).verdict, Verdict::Pass);
        for (wrong, part) in [
            (Pictures { luma: (16, 17, 16), ..seen() }, "black"),
            (Pictures { luma: (90, 91, 90), ..seen() }, "one colour"),
            (Pictures { fps: 15.0, ..seen() }, "slower"),
            (Pictures { size: (640, 480), ..seen() }, "fps"),
            (Pictures { refused: Some("no control `zoom`".into()), ..seen() }, "zoom"),
        ] {
            let finding = pictures(&wrong);
            assert!(finding.verdict == Verdict::Warn && finding.found.contains(part) && finding.advice.is_some(), "{finding:?}");
        }
    }
}
