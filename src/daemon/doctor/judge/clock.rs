//! PURE. Whether the clock can be believed.

use super::Finding;

/// Before this was written, 2026-01-01.
const EARLIEST: i64 = 1_767_225_600;
/// No certificate is good for so long: 2100-01-01.
const LATEST: i64 = 4_102_444_800;
/// A `Date` header counts whole seconds, and the way takes its time.
const CLOSE: f64 = 3.0;
/// Tokens and TURN credentials end by the minute.
const FAR: f64 = 60.0;

/// What was measured.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Clock {
    /// Seconds since 1970, as this machine counts them.
    pub now: i64,
    /// How many seconds it is ahead of the hub's; none when the hub did not say.
    pub ahead: Option<f64>,
    /// Whether something keeps it right; none when nobody knows.
    pub synchronised: Option<bool>,
}

const HELP: &str = "set it with `timedatectl set-time`, then let it be kept: `timedatectl set-ntp true`";

/// The verdict.
pub fn clock(measured: Clock) -> Finding {
    let Clock { now, ahead, synchronised } = measured;
    let finding = judge(now, ahead, synchronised);
    match ahead {
        Some(ahead) => finding.figure("ahead-of-hub-s", (ahead * 10.0).round() / 10.0),
        None => finding,
    }
}

fn judge(now: i64, ahead: Option<f64>, synchronised: Option<bool>) -> Finding {
    if !(EARLIEST..LATEST).contains(&now) {
        let found = format!("this machine believes it is {}", date(now));
        return Finding::fail(
            found,
            format!("no certificate is good at that time; {HELP}; a board without a battery needs the network for it"),
        );
    }
    let kept = match synchronised {
        Some(true) => "kept by NTP",
        Some(false) => "not synchronised",
        None => "whether NTP keeps it is not known",
    };
    match ahead {
        Some(ahead) if ahead.abs() > FAR => {
            let found = format!("it is {} of the hub's ({kept})", distance(ahead));
            Finding::fail(found, format!("one of the two is wrong; if it is this one, {HELP}"))
        }
        Some(ahead) if ahead.abs() > CLOSE => Finding::warn(format!("it is {} of the hub's ({kept})", distance(ahead)), HELP),
        Some(_) if synchronised == Some(false) => {
            Finding::warn("it agrees with the hub's, but nothing keeps it right", "`timedatectl set-ntp true`, or install chrony")
        }
        Some(_) => Finding::pass(format!("it agrees with the hub's, {kept}")),
        None if synchronised == Some(false) => Finding::warn(
            format!("{}, not synchronised; the hub was not reached to compare", date(now)),
            "`timedatectl set-ntp true`, or install chrony",
        ),
        None => Finding::pass(format!("{}, {kept}; the hub was not reached to compare", date(now))),
    }
}

fn distance(ahead: f64) -> String {
    let seconds = ahead.abs();
    let amount = match seconds {
        _ if seconds >= 2.0 * 86_400.0 => format!("{:.0} days", seconds / 86_400.0),
        _ if seconds >= 7200.0 => format!("{:.0} hours", seconds / 3600.0),
        _ if seconds >= 120.0 => format!("{:.0} minutes", seconds / 60.0),
        _ => format!("{seconds:.0} s"),
    };
    format!("{amount} {}", if ahead > 0.0 { "ahead" } else { "behind" })
}

/// `2026-11-21 22:30 UTC`: days to a date by Howard Hinnant's `civil_from_days`.
pub fn date(seconds: i64) -> String {
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02} UTC", rest / 3600, rest % 3600 / 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::control::Verdict;

    const NOW: i64 = 1_795_300_200;

    #[test]
    fn a_clock_is_right_when_the_hub_agrees() {
        let of = |now, ahead, synchronised| clock(Clock { now, ahead, synchronised });
        assert_eq!(of(NOW, Some(0.4), Some(true)).verdict, Verdict::Pass);
        assert_eq!(of(NOW, Some(-0.9), None).verdict, Verdict::Pass);
        assert_eq!(of(NOW, Some(0.0), Some(false)).verdict, Verdict::Warn);
        assert_eq!(of(NOW, Some(-20.0), Some(true)).verdict, Verdict::Warn);
        assert_eq!(of(NOW, None, None).verdict, Verdict::Pass);
        let wrong = of(NOW, Some(31_536_000.0), Some(false));
        assert_eq!(wrong.verdict, Verdict::Fail);
        assert!(wrong.found.contains("365 days ahead") && wrong.advice.unwrap().contains("timedatectl"), "{}", wrong.found);
        let old = of(60, None, None);
        assert_eq!(old.verdict, Verdict::Fail);
        assert!(old.found.contains("1970-01-01 00:01"), "{}", old.found);
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01 00:00 UTC"),
            (951_782_400, "2000-02-29 00:00 UTC"),
            (NOW, "2026-11-21 22:30 UTC"),
            (-86_400, "1969-12-31 00:00 UTC"),
        ] {
            assert_eq!(date(seconds), text);
        }
    }
}
