//! PURE. How loud the speaker may be: by day as configured, by night less. Only what time it is counts, not what time it was: a
//! clock that is set, or an hour that comes twice, leaves nothing behind.

use crate::config::{Speaker, Window};

/// The speaker's limits, and what was asked for.
#[derive(Debug, Clone)]
pub(super) struct Nights {
    windows: Vec<Window>,
    night: u8,
    day: u8,
    /// As configured.
    usual: Option<u8>,
    /// As asked for, whatever the limit; none as the card has it.
    wanted: Option<u8>,
    /// The limit that holds; none before anybody has said what time it is.
    limit: Option<u8>,
}

impl Nights {
    pub fn new(speaker: &Speaker) -> Self {
        let night = speaker.night_volume.unwrap_or(speaker.max_volume).min(speaker.max_volume);
        // By night we make it softer, so by day it must be known how loud it was.
        let usual = speaker.volume.or((!speaker.night.is_empty()).then_some(speaker.max_volume));
        Self { windows: speaker.night.clone(), night, day: speaker.max_volume, usual, wanted: usual, limit: None }
    }

    /// What time it is: the volume to set, if another limit holds.
    pub fn clock(&mut self, minute: u16) -> Option<u8> {
        if self.windows.is_empty() {
            return None;
        }
        let is_night = self.windows.iter().any(|window| window.contains(minute));
        let limit = Some(if is_night { self.night } else { self.day });
        if limit == self.limit {
            return None;
        }
        self.limit = limit;
        self.wanted.map(|wanted| self.limited(wanted))
    }

    /// Somebody asks for this: what is set. By day it comes back as it was asked for.
    pub fn ask(&mut self, percent: u8) -> u8 {
        self.wanted = Some(percent);
        self.limited(percent)
    }

    /// As configured, for the next user: the volume to set.
    pub fn reset(&mut self) -> Option<u8> {
        self.wanted = self.usual.or(self.wanted);
        self.usual.map(|usual| self.limited(usual))
    }

    fn limited(&self, percent: u8) -> u8 {
        percent.min(self.limit.unwrap_or(self.day))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn speaker(volume: Option<u8>) -> Speaker {
        Speaker {
            volume,
            max_volume: 80,
            night: vec!["22:00-07:00".parse().unwrap()],
            night_volume: Some(30),
            ..Speaker::default()
        }
    }

    const NOON: u16 = 12 * 60;
    const MIDNIGHT: u16 = 0;

    #[test]
    fn the_night_is_softer_and_the_day_as_loud_as_before() {
        let mut nights = Nights::new(&speaker(Some(60)));
        assert_eq!(nights.clock(NOON), Some(60));
        assert_eq!(nights.clock(NOON + 1), None, "nothing has changed");
        assert_eq!(nights.clock(MIDNIGHT), Some(30));
        assert_eq!((nights.ask(70), nights.ask(10)), (30, 10));
        assert_eq!(nights.ask(70), 30);
        assert_eq!(nights.clock(NOON), Some(70), "as somebody asked for by night");
        assert_eq!(nights.reset(), Some(60));
    }

    #[test]
    fn without_nights_nothing_is_touched() {
        let mut nights = Nights::new(&Speaker { volume: None, ..Speaker::default() });
        assert_eq!((nights.clock(MIDNIGHT), nights.reset(), nights.ask(100)), (None, None, 100));
        let mut nights = Nights::new(&speaker(None));
        assert_eq!((nights.clock(MIDNIGHT), nights.clock(NOON)), (Some(30), Some(80)), "what is made softer is made louder again");
    }

    proptest! {
        /// Clocks jump, hours come twice or not at all: only what time it is now counts.
        #[test]
        fn whatever_the_clock_did_the_volume_is_what_this_minute_allows(
            steps in proptest::collection::vec((0..1440u16, proptest::option::of(0..=100u8)), 1..40)
        ) {
            let mut nights = Nights::new(&speaker(Some(60)));
            let (mut set, mut wanted) = (60, 60);
            for (minute, ask) in steps {
                set = nights.clock(minute).unwrap_or(set);
                if let Some(percent) = ask {
                    set = nights.ask(percent);
                    wanted = percent;
                }
                let limit = if (7 * 60..22 * 60).contains(&minute) { 80 } else { 30 };
                prop_assert_eq!(set, wanted.min(limit));
            }
        }
    }
}
