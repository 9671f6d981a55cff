//! PURE. Whether the encoder keeps up.

use super::Finding;

/// Sound, the picture of the others and the screen want their part as well.
const RESERVE: f64 = 1.3;

/// How fast one size was encoded.
#[derive(Debug, Clone, PartialEq)]
pub struct Speed {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Pictures per second, or why not.
    pub fps: Result<f64, String>,
}

/// `chosen`: the encoder. `because`: why it and no other. `wanted`: width, height and rate of the configuration.
pub fn encoder(chosen: &str, because: &str, speeds: &[Speed], wanted: (u32, u32, u32)) -> Finding {
    let rate = f64::from(wanted.2);
    let pixels = |width: u32, height: u32| u64::from(width) * u64::from(height);
    let fast = |speed: &&Speed, least: f64| speed.fps.as_ref().is_ok_and(|fps| *fps >= least * rate);
    let configured = speeds.iter().find(|speed| pixels(speed.width, speed.height) >= pixels(wanted.0, wanted.1)).or(speeds.last());
    let most = speeds.iter().filter(|speed| fast(speed, 1.0)).max_by_key(|speed| pixels(speed.width, speed.height));
    let size = |speed: &Speed| format!("{}x{}", speed.width, speed.height);
    let finding = match (configured, most) {
        (Some(here), _) if fast(&here, RESERVE) => Finding::pass(format!("{chosen} makes {}", said(here, rate))),
        (Some(here), _) if fast(&here, 1.0) => Finding::warn(
            format!("{chosen} makes {}, with little to spare", said(here, rate)),
            "the picture gets smaller when there is more to do: choose a smaller `camera.width` and `camera.height`, or a lower `framerate`",
        ),
        (Some(here), Some(most)) => Finding::warn(
            format!("{chosen} makes only {}", said(here, rate)),
            format!("{} is as much as this board keeps up with: set `camera.width` and `camera.height` to that", size(most)),
        ),
        (Some(here), None) => Finding::fail(
            format!("{chosen} makes only {}", said(here, rate)),
            "this board is too slow, or throttled (see temperature and power), or does something else: try a lower `camera.framerate`",
        ),
        (None, _) => Finding::fail(format!("{chosen} was not measured"), "run this check again"),
    };
    let named = |speed: &Speed| speed.fps.as_ref().ok().map(|fps| (format!("{}p-fps", speed.height), fps.round()));
    let figures: Vec<_> = speeds.iter().filter_map(named).collect();
    let lines = speeds.iter().map(|speed| said(speed, rate));
    let finding = finding.detail(format!("chosen because {because}")).details(lines);
    figures.into_iter().fold(finding, |finding, (name, fps)| finding.figure(name, fps))
}

fn said(speed: &Speed, rate: f64) -> String {
    match &speed.fps {
        Ok(fps) => format!("{}x{} at {fps:.0} fps, {:.1}x real time", speed.width, speed.height, fps / rate),
        Err(why) => format!("no {}x{}: {why}", speed.width, speed.height),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::control::Verdict;

    fn speeds(fps: [f64; 3]) -> Vec<Speed> {
        let sizes = [(640, 360), (1280, 720), (1920, 1080)];
        sizes.into_iter().zip(fps).map(|((width, height), fps)| Speed { width, height, fps: Ok(fps) }).collect()
    }

    #[test]
    fn the_size_of_the_configuration_is_what_counts() {
        let of = |fps, wanted| encoder("x264enc", "it works", &speeds(fps), wanted);
        assert_eq!(of([900.0, 240.0, 20.0], (1280, 720, 30)).verdict, Verdict::Pass, "1080p is not asked for");
        assert_eq!(of([900.0, 240.0, 20.0], (1920, 1080, 30)).verdict, Verdict::Warn);
        assert_eq!(of([200.0, 33.0, 14.0], (1280, 720, 30)).verdict, Verdict::Warn);
        let slow = of([90.0, 21.0, 9.0], (1280, 720, 30));
        assert!(slow.verdict == Verdict::Warn && slow.advice.as_ref().unwrap().starts_with("640x360"), "{slow:?}");
        assert_eq!(of([12.0, 3.0, 1.0], (1280, 720, 30)).verdict, Verdict::Fail);
        assert_eq!(of([12.0, 3.0, 1.0], (640, 360, 10)).verdict, Verdict::Warn);
        assert_eq!(slow.figures["720p-fps"], 21.0);
        assert!(slow.details.iter().any(|line| line.contains("0.7x real time")), "{slow:?}");
    }

    #[test]
    fn a_size_that_the_encoder_refuses_is_told() {
        let mut list = speeds([100.0, 60.0, 40.0]);
        list[2].fps = Err("it does not start".into());
        let finding = encoder("v4l2h264enc", "it works", &list, (1920, 1080, 30));
        assert!(finding.verdict == Verdict::Warn && finding.found.contains("does not start"), "{finding:?}");
    }
}
