//! PURE. From what the RTP session knows to figures for people: rates need two looks, and reports come one at a time.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::session::{Asked, Report, Source};
use crate::protocol::control::{PeerStats, ReceivedStats, SentStats};

/// The clock of pictures; the one of sound is 48 kHz.
const VIDEO_CLOCK: u32 = 90_000;
/// Looks closer together than this give no rates.
const LEAST: Duration = Duration::from_millis(200);

/// Remembers the last look.
#[derive(Debug, Default)]
pub struct Meter {
    last: Option<(Instant, Totals)>,
    reports: BTreeMap<u32, Report>,
    stats: PeerStats,
}

#[derive(Debug, Clone, Copy, Default)]
struct Totals {
    sent: Octets,
    received: Octets,
    packets: u64,
    lost: u64,
    asked: Asked,
    asked_of_us: Asked,
}

#[derive(Debug, Clone, Copy, Default)]
struct Octets {
    audio: u64,
    video: u64,
}

impl Asked {
    fn add(&mut self, more: Self) {
        self.again += more.again;
        self.keyframes += more.keyframes;
    }
}

impl Octets {
    fn add(&mut self, source: &Source) {
        match is_video(source) {
            true => self.video += source.octets,
            false => self.audio += source.octets,
        }
    }

    fn rates(self, before: Self, seconds: f64) -> (u64, u64) {
        let rate = |now: u64, then: u64| (now.saturating_sub(then) as f64 * 8.0 / seconds) as u64;
        (rate(self.audio, before.audio), rate(self.video, before.video))
    }
}

fn is_video(source: &Source) -> bool {
    source.clock_rate == Some(VIDEO_CLOCK)
}

fn ms(ticks: u32, clock: Option<u32>) -> f64 {
    clock.map_or(0.0, |clock| f64::from(ticks) * 1000.0 / f64::from(clock))
}

impl Meter {
    /// Takes a look.
    pub fn take(&mut self, sources: &[Source], now: Instant) {
        let mut totals = Totals::default();
        let mut jitter_ms = 0.0_f64;
        for source in sources {
            totals.asked.add(source.asked);
            totals.asked_of_us.add(source.asked_of_us);
            if source.ours {
                totals.sent.add(source);
            } else {
                totals.received.add(source);
                totals.packets += source.packets;
                // Duplicates make it negative.
                totals.lost += u64::try_from(source.lost).unwrap_or(0);
                if source.packets > 0 {
                    jitter_ms = jitter_ms.max(ms(source.jitter, source.clock_rate));
                }
            }
            if let Some(report) = source.report {
                self.reports.insert(report.about, report);
            }
        }
        let before = self.last.filter(|(at, _)| now.saturating_duration_since(*at) >= LEAST);
        if self.last.is_some() && before.is_none() {
            return;
        }
        self.last = Some((now, totals));
        let (sent, received) = (&mut self.stats.sent, &mut self.stats.received);
        if let Some((at, before)) = before {
            let seconds = now.saturating_duration_since(at).as_secs_f64();
            (sent.audio_bitrate, sent.video_bitrate) = totals.sent.rates(before.sent, seconds);
            (received.audio_bitrate, received.video_bitrate) = totals.received.rates(before.received, seconds);
            let (came, lost) = (totals.packets.saturating_sub(before.packets), totals.lost.saturating_sub(before.lost));
            received.loss = if came + lost == 0 { 0.0 } else { lost as f64 / (came + lost) as f64 };
        }
        (received.packets, received.packets_lost, received.jitter_ms) = (totals.packets, totals.lost, jitter_ms);
        (received.asked_again, received.keyframes_asked) = (totals.asked.again, totals.asked.keyframes);
        (sent.asked_again, sent.keyframes_asked) = (totals.asked_of_us.again, totals.asked_of_us.keyframes);
        self.reported(sources);
    }

    fn reported(&mut self, sources: &[Source]) {
        let ours: BTreeMap<u32, Option<u32>> = sources.iter().filter(|s| s.ours).map(|s| (s.ssrc, s.clock_rate)).collect();
        self.reports.retain(|about, _| ours.contains_key(about));
        let worst = |values: &mut dyn Iterator<Item = f64>| values.reduce(f64::max);
        self.stats.sent.loss = worst(&mut self.reports.values().map(|report| report.loss));
        let clock = |report: &Report| ours.get(&report.about).copied().flatten();
        self.stats.sent.jitter_ms = worst(&mut self.reports.values().map(|report| ms(report.jitter, clock(report))));
        let trips = self.reports.values().map(|report| report.round_trip).filter(|trip| !trip.is_zero());
        self.stats.round_trip_ms = trips.min().map(|trip| trip.as_secs_f64() * 1000.0);
    }

    /// The figures of the last look; what no RTP session knows is for others to fill in.
    pub fn stats(&self) -> PeerStats {
        let PeerStats { path, round_trip_ms, sent, received } = &self.stats;
        let (sent, received): (SentStats, ReceivedStats) = (sent.clone(), received.clone());
        PeerStats { path: *path, round_trip_ms: *round_trip_ms, sent, received }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(ssrc: u32, clock: u32, octets: u64) -> Source {
        Source { ssrc, ours: true, clock_rate: Some(clock), packets: octets / 1000, octets, ..Source::default() }
    }

    fn theirs(octets: u64, packets: u64, lost: i64) -> Source {
        Source { ssrc: 9, clock_rate: Some(VIDEO_CLOCK), packets, octets, lost, jitter: 900, ..Source::default() }
    }

    fn about(ssrc: u32, loss: f64, trip_ms: u64) -> Source {
        let report = Report { about: ssrc, loss, jitter: 480, round_trip: Duration::from_millis(trip_ms) };
        Source { ssrc: 8, report: Some(report), ..Source::default() }
    }

    #[test]
    fn rates_are_between_two_looks() {
        let (mut meter, now) = (Meter::default(), Instant::now());
        meter.take(&[ours(1, 48_000, 4_000), ours(2, VIDEO_CLOCK, 0), theirs(0, 0, 0)], now);
        assert_eq!(meter.stats().sent.audio_bitrate, 0, "one look is none");
        meter.take(&[ours(1, 48_000, 8_000), ours(2, VIDEO_CLOCK, 125_000), theirs(250_000, 90, 10)], now + Duration::from_secs(1));
        let stats = meter.stats();
        assert_eq!((stats.sent.audio_bitrate, stats.sent.video_bitrate), (32_000, 1_000_000));
        assert_eq!((stats.received.video_bitrate, stats.received.packets_lost), (2_000_000, 10));
        assert!((stats.received.loss - 0.1).abs() < 1e-9 && (stats.received.jitter_ms - 10.0).abs() < 1e-9, "{stats:?}");
        assert_eq!(stats.round_trip_ms, None, "nobody has reported");
    }

    #[test]
    fn what_either_side_asks_for_is_counted_over_all_streams() {
        let (mut meter, asked) = (Meter::default(), |again, keyframes| Asked { again, keyframes });
        let theirs = Source { asked: asked(3, 1), ..theirs(0, 0, 0) };
        let ours = |ssrc| Source { asked_of_us: asked(5, 2), ..ours(ssrc, VIDEO_CLOCK, 0) };
        meter.take(&[ours(1), ours(2), theirs], Instant::now());
        let PeerStats { sent, received, .. } = meter.stats();
        assert_eq!((received.asked_again, received.keyframes_asked), (3, 1));
        assert_eq!((sent.asked_again, sent.keyframes_asked), (10, 4));
    }

    #[test]
    fn reports_about_several_streams_are_kept_apart() {
        let (mut meter, now) = (Meter::default(), Instant::now());
        let streams = [ours(1, 48_000, 0), ours(2, VIDEO_CLOCK, 0)];
        meter.take(&[&streams[..], &[about(1, 0.25, 40)]].concat(), now);
        // A session keeps only the last report of each sender: the other stream's.
        meter.take(&[&streams[..], &[about(2, 0.0, 0)]].concat(), now + Duration::from_secs(1));
        let stats = meter.stats();
        assert_eq!((stats.sent.loss, stats.round_trip_ms), (Some(0.25), Some(40.0)));
        assert_eq!(stats.sent.jitter_ms, Some(10.0));
        meter.take(&[ours(3, 48_000, 0)], now + Duration::from_secs(2));
        assert_eq!(meter.stats().sent.loss, None, "those streams are over");
    }
}
