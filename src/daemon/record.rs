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
    /// Pictures that the encoder had made before.
    encoded_before: u64,
    encoded: u64,
    participants: usize,
    first_picture_ms: Option<u64>,
    /// Of each connection the last that was seen.
    peers: BTreeMap<PeerKey, PeerView>,
    worst_round_trip_ms: Option<f64>,
    worst_loss: Option<f64>,
}

impl Record {
    /// How things are now; the summary of a call that has ended.
    pub(super) fn see(&mut self, call: Option<&CallStatus>, view: &View, now: Instant) -> Option<CallSummary> {
        let joined = call.filter(|call| call.participant.is_some());
        let same = matches!((&self.running, joined), (Some(running), Some(call)) if running.cid == call.cid);
        let ended = if same { None } else { self.finish(now) };
        if let Some(call) = joined {
            let encoded = view.media.encoder.frames;
            self.running.get_or_insert_with(|| Running::new(call.cid.clone(), encoded, now)).see(call, view);
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
        tell(&summary);
        Some(summary)
    }
}

impl Running {
    fn new(cid: Cid, encoded: u64, now: Instant) -> Self {
        Self {
            cid,
            since: now,
            encoded_before: encoded,
            encoded,
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
        self.encoded = view.media.encoder.frames;
        for (key, peer) in &view.peers {
            let Some(stats) = &peer.stats else { continue };
            let worse = |worst: Option<f64>, now: Option<f64>| worst.into_iter().chain(now).reduce(f64::max);
            self.worst_round_trip_ms = worse(self.worst_round_trip_ms, stats.round_trip_ms);
            self.worst_loss = worse(self.worst_loss, stats.sent.loss);
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
            frames_encoded: self.encoded.saturating_sub(self.encoded_before),
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

fn tell(call: &CallSummary) {
    tracing::info!(
        cid = %call.cid,
        seconds = call.seconds,
        participants = call.participants,
        connections = call.connections,
        first_picture_ms = call.first_picture_ms,
        encoded = call.frames_encoded,
        sent = call.frames_sent,
        dropped = call.frames_dropped,
        decoded = call.frames_decoded,
        freezes = call.freezes,
        frozen_ms = call.frozen_ms,
        packets = call.packets,
        lost = call.packets_lost,
        worst_round_trip_ms = call.worst_round_trip_ms,
        worst_loss = call.worst_loss,
        "the call is over"
    );
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
