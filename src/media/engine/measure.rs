//! Figures of the connections, once a second during a call.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::room::{Engine, Seat};
use crate::media::peer::Part;
use crate::media::plan::buffer::Buffer;
use crate::media::stats::meter::Meter;
use crate::protocol::control::{PeerConnection, PeerStats, StagesStatus};

/// Ticks come twice a second.
const EVERY: Duration = Duration::from_millis(900);

/// What is measured of one connection.
#[derive(Debug, Default)]
pub(super) struct Measured {
    meter: Meter,
    at: Option<Instant>,
    buffer: Option<Buffer>,
}

impl Engine {
    pub(super) fn stages(&self) -> StagesStatus {
        let (counters, painted) = (&self.counters, &self.showing.palette.painted);
        StagesStatus {
            captured: counters.taken.load(Ordering::Relaxed),
            camera: self.camera.get().and_then(|camera| camera.taken().cloned()),
            rendered: painted.pictures.load(Ordering::Relaxed),
            capture_ms: counters.arriving.ms(),
            encode_ms: counters.coding.ms(),
            render_ms: painted.took.ms(),
        }
    }

    pub(super) fn measure(&mut self, now: Instant) {
        let least = self.config.network.jitter_buffer;
        for seat in self.peers.values_mut() {
            let up = matches!(seat.state, PeerConnection::Connected | PeerConnection::Disconnected);
            if up && seat.measured.at.is_none_or(|at| now.saturating_duration_since(at) >= EVERY) {
                seat.measured.at = Some(now);
                seat.measured.meter.take(&seat.peer.sources(), now);
                seat.settle_buffer(least, now);
            }
        }
    }
}

impl Seat {
    /// More time for what is lost on the way and has to be asked for again.
    fn settle_buffer(&mut self, least: Duration, now: Instant) {
        let stats = self.measured.meter.stats();
        let round_trip = stats.round_trip_ms.and_then(|ms| Duration::try_from_secs_f64(ms / 1000.0).ok());
        let buffer = self.measured.buffer.get_or_insert_with(|| Buffer::new(least));
        if let Some(length) = buffer.look(stats.received.loss, round_trip, now) {
            self.peer.set_buffer(length);
        }
    }

    /// None before the first look.
    pub(super) fn stats(&self) -> Option<PeerStats> {
        self.measured.at?;
        let mut stats = self.measured.meter.stats();
        stats.path = self.peer.path();
        (stats.sent.frames, stats.sent.frames_dropped) = self.peer.frames_sent();
        let (freezes, frozen, decoding) = self.peer.intake().pictures(Part::Camera).smoothness();
        stats.received.freezes = freezes;
        stats.received.frozen_ms = u64::try_from(frozen.as_millis()).unwrap_or(u64::MAX);
        stats.received.buffer_ms = Some(self.peer.buffer_ms().into());
        stats.received.decode_ms = decoding.map(|took| took.as_secs_f64() * 1000.0);
        Some(stats)
    }
}
