//! What a call was like: one line in the log when it ends, and `last_call` in `status`.

use std::collections::BTreeMap;
use std::time::Instant;

use crate::media::{PeerKey, PeerView, View};
use crate::protocol::Cid;
use crate::protocol::control::{CallStatus, CallSummary};

/// Follows the call that the appliance is in.
#[derive(Debug, Default)]
pub(super) struct Record {
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    cid: Cid,
    since: Instant,
    /// The media engine's counters before, and now.
    before: Counts,
    now: Counts,
    encode_ms: Option<f64>,
    echo_loss: Option<i32>,
    steps: u32,
    step: String,
    most_sent: u64,
    most_received: u64,
    participants: usize,
    first_picture_ms: Option<u64>,
    /// Of each connection the last that was seen.
    peers: BTreeMap<PeerKey, PeerView>,
    worst_round_trip_ms: Option<f64>,
    worst_loss: Option<f64>,
    worst_jitter_ms: Option<f64>,
    worst_decode_ms: Option<f64>,
}

/// What the media engine counts without an end.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    captured: u64,
    encoded: u64,
    rendered: u64,
}

impl Counts {
    fn of(view: &View) -> Self {
        let stages = &view.media.stages;
        Self { captured: stages.captured, encoded: view.media.encoder.frames, rendered: stages.rendered }
    }
}

impl Record {
    /// How things are now; the summary of a call that has ended.
    pub(super) fn see(&mut self, call: Option<&CallStatus>, view: &View, now: Instant) -> Option<CallSummary> {
        let joined = call.filter(|call| call.participant.is_some());
        let same = matches!((&self.running, joined), (Some(running), Some(call)) if running.cid == call.cid);
        let ended = if same { None } else { self.finish(now) };
        if let Some(call) = joined {
            self.running.get_or_insert_with(|| Running::new(call.cid.clone(), Counts::of(view), now)).see(call, view);
        }
        ended
    }

    /// It ends now, if there is one.
    pub(super) fn finish(&mut self, now: Instant) -> Option<CallSummary> {
        let summary = self.running.take()?.summary(now);
        // Where nobody came there is nothing to tell.
        if summary.connections == 0 {
            return None;
        }
        Some(summary)
    }
}

impl Running {
    fn new(cid: Cid, counts: Counts, now: Instant) -> Self {
        Self {
            cid,
            since: now,
            before: counts,
            now: counts,
            encode_ms: None,
            echo_loss: None,
            steps: 0,
            step: String::new(),
            most_sent: 0,
            most_received: 0,
            worst_jitter_ms: None,
            worst_decode_ms: None,
            participants: 0,
            first_picture_ms: None,
            peers: BTreeMap::new(),
            worst_round_trip_ms: None,
            worst_loss: None,
        }
    }

    fn see(&mut self, call: &CallStatus, view: &View) {
        self.participants = self.participants.max(call.participants.len());
        self.first_picture_ms = call.first_picture_ms.or(self.first_picture_ms);
        self.now = Counts::of(view);
        self.encode_ms = view.media.stages.encode_ms.or(self.encode_ms);
        self.echo_loss = view.media.sound.echo.as_ref().map(|echo| echo.loss + echo.removed).or(self.echo_loss);
        let step = &view.media.encoder.picture.step;
        self.steps += u32::from(!self.step.is_empty() && self.step != *step);
        self.step.clone_from(step);
        let stats = || view.peers.values().filter_map(|peer| peer.stats.as_ref());
        self.most_sent = self.most_sent.max(stats().map(|stats| stats.sent.audio_bitrate + stats.sent.video_bitrate).sum());
        let received = stats().map(|stats| stats.received.audio_bitrate + stats.received.video_bitrate).sum();
        self.most_received = self.most_received.max(received);
        for (key, peer) in &view.peers {
            let Some(stats) = &peer.stats else { continue };
            let worse = |worst: Option<f64>, now: Option<f64>| worst.into_iter().chain(now).reduce(f64::max);
            self.worst_round_trip_ms = worse(self.worst_round_trip_ms, stats.round_trip_ms);
            self.worst_loss = worse(self.worst_loss, stats.sent.loss);
            self.worst_jitter_ms = worse(self.worst_jitter_ms, Some(stats.received.jitter_ms));
            self.worst_decode_ms = worse(self.worst_decode_ms, stats.received.decode_ms);
            self.peers.insert(key.clone(), peer.clone());
        }
    }

    fn summary(self, now: Instant) -> CallSummary {
        let stats = || self.peers.values().filter_map(|peer| peer.stats.as_ref());
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        CallSummary {
            cid: self.cid.clone(),
            seconds: now.saturating_duration_since(self.since).as_secs(),
            participants: number(self.participants),
            connections: number(self.peers.len()),
            first_picture_ms: self.first_picture_ms,
            frames_captured: self.now.captured.saturating_sub(self.before.captured),
            frames_encoded: self.now.encoded.saturating_sub(self.before.encoded),
            frames_rendered: self.now.rendered.saturating_sub(self.before.rendered),
            encode_ms: self.encode_ms,
            worst_decode_ms: self.worst_decode_ms,
            worst_jitter_ms: self.worst_jitter_ms,
            most_sent: self.most_sent,
            most_received: self.most_received,
            rate_steps: self.steps,
            echo_loss: self.echo_loss,
            frames_sent: stats().map(|stats| stats.sent.frames).sum(),
            frames_dropped: stats().map(|stats| stats.sent.frames_dropped).sum(),
            frames_decoded: self.peers.values().map(|peer| peer.video.frames_decoded).sum(),
            freezes: stats().map(|stats| stats.received.freezes).sum(),
            frozen_ms: stats().map(|stats| stats.received.frozen_ms).sum(),
            packets: stats().map(|stats| stats.received.packets).sum(),
            packets_lost: stats().map(|stats| stats.received.packets_lost).sum(),
            worst_round_trip_ms: self.worst_round_trip_ms,
            worst_loss: self.worst_loss,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::protocol::ParticipantId;
    use crate::protocol::control::{CallState, PeerStats};
    use crate::protocol::hub::Muted;

    fn call(cid: &str) -> CallStatus {
        CallStatus {
            cid: cid.parse().unwrap(),
            state: CallState::Joined,
            error: None,
            participant: Some(ParticipantId::new("me").unwrap()),
            muted: Muted::default(),
            recorded: false,
            first_picture_ms: Some(300),
            participants: Vec::new(),
        }
    }

    fn view(encoded: u64, peers: &[(u64, u64, Option<f64>)]) -> View {
        let mut view = View::default();
        view.media.encoder.frames = encoded;
        for (epoch, freezes, round_trip_ms) in peers {
            let mut stats = PeerStats { round_trip_ms: *round_trip_ms, ..PeerStats::default() };
            stats.received.freezes = *freezes;
            let key = PeerKey { id: ParticipantId::new("anna").unwrap(), epoch: *epoch };
            view.peers.insert(key, PeerView { stats: Some(stats), ..PeerView::default() });
        }
        view
    }

    #[test]
    fn a_call_is_summed_up_over_all_its_connections() {
        let (mut record, now) = (Record::default(), Instant::now());
        assert_eq!(record.see(None, &view(100, &[]), now), None);
        record.see(Some(&call("default:lobby")), &view(100, &[]), now);
        record.see(Some(&call("default:lobby")), &view(150, &[(1, 2, Some(20.0))]), now);
        record.see(Some(&call("default:lobby")), &view(190, &[(2, 1, Some(5.0))]), now);
        let other = record.see(Some(&call("default:other")), &view(200, &[]), now + Duration::from_secs(61)).unwrap();
        assert_eq!((other.cid.id(), other.seconds, other.connections), ("lobby", 61, 2));
        assert_eq!((other.frames_encoded, other.freezes, other.worst_round_trip_ms), (90, 3, Some(20.0)));
        assert_eq!(record.see(None, &view(200, &[]), now), None, "nobody came to the other one");
    }
}
