//! What time it is, reckoned from what we were told.

use std::time::{Duration, Instant, SystemTime};

/// The last time that was said.
#[derive(Debug, Default)]
pub(super) struct Clock {
    said: Option<(Instant, SystemTime, u16)>,
    day: u8,
}

impl Clock {
    pub(super) fn set(&mut self, wall: SystemTime, day: u8, minute: u16, now: Instant) {
        self.said = Some((now, wall, minute));
        self.day = day;
    }

    /// Minutes since midnight, here; midnight as long as nobody has said.
    pub(super) fn minute(&self, now: Instant) -> u16 {
        let Some((at, _, minute)) = self.said else { return 0 };
        let passed = now.saturating_duration_since(at).as_secs() / 60;
        ((u64::from(minute) + passed) % (24 * 60)) as u16
    }

    /// The day of the week, counted from Monday, and the minute of it; none as long as nobody has said.
    pub(super) fn day_and_minute(&self, now: Instant) -> Option<(u8, u16)> {
        let (at, _, minute) = self.said?;
        let passed = now.saturating_duration_since(at).as_secs() / 60;
        let days = (u64::from(minute) + passed) / (24 * 60);
        let day = (u64::from(self.day) + days) % 7;
        Some((day as u8, self.minute(now)))
    }

    /// How long it is until this moment (RFC 3339); none if that cannot be known, zero if it is over.
    pub(super) fn until(&self, moment: &str, now: Instant) -> Option<Duration> {
        let (at, wall, _) = self.said?;
        let moment = humantime::parse_rfc3339(moment).ok()?;
        let wall = wall.checked_add(now.saturating_duration_since(at))?;
        Some(moment.duration_since(wall).unwrap_or(Duration::ZERO))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_goes_on_from_what_was_said() {
        let (mut clock, now) = (Clock::default(), Instant::now());
        let wall = humantime::parse_rfc3339("2026-11-21T23:58:30Z").unwrap();
        assert_eq!((clock.minute(now), clock.until("2026-11-22T00:00:00Z", now)), (0, None));
        assert_eq!(clock.day_and_minute(now), None);
        clock.set(wall, 6, 23 * 60 + 58, now);
        let later = now + Duration::from_secs(60);
        assert_eq!(clock.minute(later), 23 * 60 + 59);
        assert_eq!(clock.minute(later + Duration::from_secs(60)), 0);
        assert_eq!(clock.day_and_minute(later), Some((6, 23 * 60 + 59)));
        assert_eq!(clock.day_and_minute(later + Duration::from_secs(60)), Some((0, 0)), "after Sunday comes Monday");
        assert_eq!(clock.until("2026-11-22T00:00:00Z", later), Some(Duration::from_secs(30)));
        assert_eq!(clock.until("2026-11-21T00:00:00Z", later), Some(Duration::ZERO));
        assert_eq!(clock.until("tomorrow", later), None);
    }
}
