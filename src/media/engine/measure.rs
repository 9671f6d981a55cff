//! Figures of the connections, once a second during a call.

use std::time::{Duration, Instant};

use super::room::{Engine, Seat};
use crate::media::stats::meter::Meter;
use crate::protocol::control::{PeerConnection, PeerStats};

/// Ticks come twice a second.
const EVERY: Duration = Duration::from_millis(900);

/// What is measured of one connection.
#[derive(Debug, Default)]
pub(super) struct Measured {
    meter: Meter,
    at: Option<Instant>,
}

impl Engine {
    pub(super) fn measure(&mut self, now: Instant) {
        for seat in self.peers.values_mut() {
            let up = matches!(seat.state, PeerConnection::Connected | PeerConnection::Disconnected);
            if up && seat.measured.at.is_none_or(|at| now.saturating_duration_since(at) >= EVERY) {
                seat.measured.at = Some(now);
                seat.measured.meter.take(&seat.peer.sources(), now);
            }
        }
    }
}

impl Seat {
    /// None before the first look.
    pub(super) fn stats(&self) -> Option<PeerStats> {
        self.measured.at?;
        let mut stats = self.measured.meter.stats();
        stats.path = self.peer.path();
        (stats.sent.frames, stats.sent.frames_dropped) = self.peer.frames_sent();
        let (freezes, frozen, decoding) = self.peer.intake().smoothness();
        stats.received.freezes = freezes;
        stats.received.frozen_ms = u64::try_from(frozen.as_millis()).unwrap_or(u64::MAX);
        stats.received.buffer_ms = Some(self.peer.buffer_ms().into());
        stats.received.decode_ms = decoding.map(|took| took.as_secs_f64() * 1000.0);
        Some(stats)
    }
}
