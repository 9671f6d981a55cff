//! `[[schedule]]`: a call to be in at certain times of the week.

use super::Window;
use crate::protocol::Cid;

/// Days as they are written, Monday first.
pub const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// `[[schedule]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// On which days it begins, Monday first.
    pub days: [bool; 7],
    /// At what time; none: the whole day.
    pub window: Option<Window>,
    /// Which call.
    pub cid: Cid,
}

impl Schedule {
    /// Whether it holds on this day of the week, counted from Monday, at this minute of the day. A time that passes midnight belongs
    /// to the day on which it begins.
    pub fn holds(&self, day: u8, minute: u16) -> bool {
        let today = usize::from(day) % 7;
        let on = |day: usize| self.days[day % 7];
        match &self.window {
            None => on(today),
            Some(window) if window.passes_midnight() && minute < window.end() => on(today + 6),
            Some(window) => window.contains(minute) && on(today),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(days: &[&str], window: Option<&str>) -> Schedule {
        let days = DAYS.map(|day| days.contains(&day));
        Schedule { days, window: window.map(|text| text.parse().unwrap()), cid: "default:desk".parse().unwrap() }
    }

    #[test]
    fn opening_hours_hold_on_their_days() {
        let desk = schedule(&["mon", "fri"], Some("08:00-18:00"));
        let at = |day: u8, hour: u16| desk.holds(day, hour * 60);
        assert!(at(0, 8) && at(0, 17) && at(4, 12));
        assert!(!at(0, 7) && !at(0, 18) && !at(1, 12) && !at(6, 12));
        let always = schedule(&["sun"], None);
        assert!(always.holds(6, 0) && always.holds(6, 1439) && !always.holds(0, 0));
    }

    #[test]
    fn a_night_belongs_to_the_day_on_which_it_begins() {
        let night = schedule(&["sun"], Some("22:00-06:00"));
        assert!(night.holds(6, 22 * 60) && night.holds(0, 5 * 60 + 59));
        assert!(!night.holds(6, 5 * 60) && !night.holds(0, 22 * 60) && !night.holds(0, 6 * 60));
    }
}
