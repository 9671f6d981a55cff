//! Small running figures.

pub mod freezes;
pub mod meter;
pub mod session;
pub mod timing;

use std::collections::VecDeque;

use super::plan::testcard::Card;
use crate::protocol::control::TestCardStatus;

/// How many ages are kept.
const WINDOW: usize = 300;
/// How many of them are recent: about a second's.
const RECENT: usize = 30;

/// Collects the test cards read from one peer's pictures.
#[derive(Debug, Default)]
pub struct CardReader {
    ages_ms: VecDeque<u16>,
    last: Option<Card>,
    read: u64,
}

impl CardReader {
    /// Takes a card that was read at `now_ms` (milliseconds since 1970).
    pub fn push(&mut self, card: Card, now_ms: u64) {
        if self.ages_ms.len() == WINDOW {
            self.ages_ms.pop_front();
        }
        self.ages_ms.push_back(card.age_ms(now_ms));
        self.last = Some(card);
        self.read += 1;
    }

    /// For `status`; none before the first card.
    pub fn status(&self) -> Option<TestCardStatus> {
        let last = self.last?;
        let mut sorted: Vec<u16> = self.ages_ms.iter().copied().collect();
        sorted.sort_unstable();
        let rank = |share: f64| sorted.get(((sorted.len() - 1) as f64 * share).round() as usize).map_or(0.0, |ms| f64::from(*ms));
        Some(TestCardStatus {
            frame: u32::from(last.frame),
            read: self.read,
            latency_p50_ms: rank(0.5),
            latency_p95_ms: rank(0.95),
            latency_recent_ms: self.ages_ms.iter().rev().take(RECENT).max().map_or(0.0, |ms| f64::from(*ms)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_become_percentiles_of_the_last_window() {
        let mut reader = CardReader::default();
        assert_eq!(reader.status(), None);
        for ms in 0..1000u16 {
            reader.push(Card { frame: ms, drawn_ms: 0 }, u64::from(ms));
        }
        let status = reader.status().unwrap();
        assert_eq!((status.frame, status.read), (999, 1000));
        assert_eq!((status.latency_p50_ms, status.latency_p95_ms, status.latency_recent_ms), (850.0, 984.0, 999.0));
    }
}
