//! PURE. Whether a microphone hears, and whether the speaker is heard.

use super::Finding;
use crate::protocol::control::SpeakerTest;

/// Below, not even the microphone's own noise is there.
const DEAD: i32 = -85;
/// Speech from a metre away is louder than this with any gain that makes sense; a room at night is not.
const QUIET: i32 = -65;
/// Close to the loudest that there is.
const LOUD: i32 = -2;

/// How loud it was: the loudest and the usual, decibels below the loudest that there is.
pub fn level(name: &str, peak: i32, usual: i32) -> Finding {
    let found = format!("{name}: {usual} dB, {peak} dB at most");
    let finding = if peak <= DEAD {
        Finding::warn(
            format!("{name} gives silence and nothing else"),
            "it is muted or turned down in the mixer (`alsamixer`, F4; `callbox devices` shows it), or nothing is plugged in",
        )
    } else if usual >= LOUD {
        Finding::warn(found, "it is driven too hard: lower its gain in the mixer (`alsamixer`, F4)")
    } else if peak < QUIET {
        Finding::warn(
            format!("{found}, very quiet"),
            "raise its gain in the mixer (`alsamixer`, F4), then speak while this check runs again",
        )
    } else {
        Finding::pass(found)
    };
    finding.figure("level-db", f64::from(usual)).figure("peak-db", f64::from(peak))
}

/// What the speaker test came to.
pub fn speaker(test: &SpeakerTest) -> Finding {
    let (Some(heard), Some(before)) = (test.heard, test.before) else {
        return Finding::skipped("a noise was played; there is no microphone to hear it with").advised("listen for it yourself");
    };
    let said = format!("the microphone hears {heard} dB, and {before} dB without the noise");
    let finding = if test.works == Some(true) {
        Finding::pass(said)
    } else {
        let advice = "is the speaker plugged in and turned up (`callbox volume`, `alsamixer`), and is it the right card (`callbox devices`)? \
                      If it can be heard by ear, it is the microphone";
        Finding::fail(format!("the speaker is not heard: {said}"), advice)
    };
    finding.figure("heard-db", f64::from(heard)).figure("before-db", f64::from(before))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::control::Verdict;

    #[test]
    fn a_microphone_is_dead_quiet_fine_or_too_loud() {
        for (peak, usual, verdict, part) in [
            (-100, -100, Verdict::Warn, "silence"),
            (-70, -75, Verdict::Warn, "very quiet"),
            (-20, -40, Verdict::Pass, "-40 dB"),
            (0, -1, Verdict::Warn, "dB"),
        ] {
            let finding = level("default", peak, usual);
            assert!(finding.verdict == verdict && finding.found.contains(part), "{peak}: {finding:?}");
        }
    }

    #[test]
    fn a_speaker_is_heard_or_not_or_there_is_nobody_to_hear_it() {
        let of = |heard, works| speaker(&SpeakerTest { heard, before: heard.map(|_| -60), works }).verdict;
        assert_eq!(of(Some(-20), Some(true)), Verdict::Pass);
        assert_eq!(of(Some(-58), Some(false)), Verdict::Fail);
        assert_eq!(of(None, None), Verdict::Skipped);
    }
}
