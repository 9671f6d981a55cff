//! Who speaks: a voice that is loud enough, and for a while after it, so that no pause between two words looks like an end.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::protocol::ParticipantId;
use crate::protocol::control::ParticipantStatus;

/// Decibels below the loudest that there is: softer is a room, not a voice.
const LOUD: i32 = -45;
/// A pause of this length is none.
const PAUSE: Duration = Duration::from_millis(1500);

/// When each participant was loud last.
#[derive(Debug, Default)]
pub(super) struct Speaking(BTreeMap<ParticipantId, Instant>);

impl Speaking {
    /// Marks those who speak.
    pub(super) fn mark(&mut self, participants: &mut [ParticipantStatus], now: Instant) {
        self.0.retain(|id, _| participants.iter().any(|other| other.id == *id));
        for other in participants {
            let level = other.audio.voice.as_ref().filter(|voice| voice.volume > 0).map(|voice| voice.level);
            if level.is_some_and(|level| level >= LOUD) && !other.muted.audio {
                self.0.insert(other.id.clone(), now);
            }
            let loud = self.0.get(&other.id).is_some_and(|at| now.saturating_duration_since(*at) < PAUSE);
            other.audio.speaking = loud && !other.muted.audio;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::control::VoiceStatus;
    use serde_json::json;

    fn anna(level: i32) -> ParticipantStatus {
        let status = json!({
            "id": "p1", "user": "anna", "name": "Anna", "state": "joined", "muted": {}, "connection": "connected", "error": null,
            "video": {"frames_decoded": 0, "width": 0, "height": 0}, "audio": {"packets": 1}, "estimated_bitrate": null
        });
        let mut status: ParticipantStatus = serde_json::from_value(status).unwrap();
        status.audio.voice = Some(VoiceStatus { level, volume: 100, balance: 0, held_ms: 0 });
        status
    }

    #[test]
    fn who_speaks_goes_on_speaking_in_pauses_but_not_when_muted() {
        let (mut speaking, begun) = (Speaking::default(), Instant::now());
        let mut at = |level: i32, muted: bool, ms: u64| {
            let mut others = [anna(level)];
            others[0].muted.audio = muted;
            speaking.mark(&mut others, begun + Duration::from_millis(ms));
            others[0].audio.speaking
        };
        assert!(!at(-60, false, 0), "a room");
        assert!(at(-30, false, 500));
        assert!(at(-60, false, 1500), "a pause");
        assert!(!at(-60, false, 2500), "an end");
        assert!(at(-30, false, 3000) && !at(-30, true, 3100));
    }
}
