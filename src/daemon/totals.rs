//! Counts without an end, for metrics: what happened by name, and what the connections that come and go have carried together.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use crate::media::{PeerKey, PeerView, View};
use crate::protocol::ParticipantId;
use crate::protocol::control::{CallState, Status, StepReason};
use crate::protocol::event::{Event, EventKind};
use crate::telemetry::appliance::{Carried, Totals};

/// Adds up.
#[derive(Debug, Default)]
pub(super) struct Counting {
    totals: Totals,
    /// Of each connection, what was seen last.
    seen: BTreeMap<PeerKey, Carried>,
    /// Who was connected in this call.
    met: BTreeSet<ParticipantId>,
    /// Since when in the call.
    joined: Option<Instant>,
}

impl Counting {
    /// Takes what is shown now, and what has happened since it was asked last.
    pub(super) fn take(&mut self, status: &Status, view: &View, news: &[Event], now: Instant) -> Totals {
        for event in news {
            self.count(event);
            if event.event == EventKind::RateStep {
                let reason = status.media.encoder.picture.reason.unwrap_or(StepReason::Bandwidth);
                *self.totals.steps.entry(reason).or_default() += 1;
            }
        }
        for (key, peer) in &view.peers {
            let carried = carried(peer);
            let before = self.seen.insert(key.clone(), carried);
            self.totals.carried.add(&carried.since(&before.unwrap_or_default()));
            if before.is_none() && !self.met.insert(key.id.clone()) {
                self.totals.reconnected += 1;
            }
        }
        self.seen.retain(|key, _| view.peers.contains_key(key));
        if status.call.is_none() && self.seen.is_empty() {
            self.met.clear();
        }
        let in_call = status.call.as_ref().is_some_and(|call| matches!(call.state, CallState::Joined | CallState::Reconnecting));
        match (self.joined, in_call) {
            (None, true) => {
                self.joined = Some(now);
                self.totals.calls += 1;
            }
            (Some(since), false) => {
                self.totals.seconds_in_calls += now.saturating_duration_since(since).as_secs_f64();
                self.joined = None;
            }
            (None, false) | (Some(_), true) => {}
        }
        self.totals.in_call_since = self.joined;
        self.totals.clone()
    }

    /// Counts what happened; for what no state shows.
    pub(super) fn count(&mut self, event: &Event) {
        *self.totals.events.entry(event.event).or_default() += 1;
        let Some(name) = &event.name else { return };
        if event.event == EventKind::ButtonPressed {
            let gesture = event.to.clone().unwrap_or_default();
            *self.totals.presses.entry((name.clone(), gesture)).or_default() += 1;
        } else if event.event == EventKind::RelayOpened {
            *self.totals.openings.entry(name.clone()).or_default() += 1;
        }
    }
}

fn carried(peer: &PeerView) -> Carried {
    let Some(stats) = &peer.stats else { return Carried::default() };
    Carried {
        sent: stats.sent.frames,
        dropped: stats.sent.frames_dropped,
        decoded: peer.video.frames_decoded,
        packets: stats.received.packets,
        lost: stats.received.packets_lost,
        freezes: stats.received.freezes,
        frozen_ms: stats.received.frozen_ms,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::UserId;
    use crate::protocol::control::{HubState, HubStatus, PeerStats};

    fn view(peers: &[(u64, u64)]) -> View {
        let mut view = View::default();
        for (epoch, decoded) in peers {
            let key = PeerKey { id: ParticipantId::new("anna").unwrap(), epoch: *epoch };
            let mut peer = PeerView { stats: Some(PeerStats::default()), ..PeerView::default() };
            peer.video.frames_decoded = *decoded;
            view.peers.insert(key, peer);
        }
        view
    }

    #[test]
    fn counts_of_connections_that_come_and_go_only_grow() {
        let hub = HubStatus { url: String::new(), state: HubState::Connected, error: None, retry_in_s: None };
        let status = Status::new(UserId::new("door").unwrap(), String::new(), hub);
        let (mut counting, now) = (Counting::default(), Instant::now());
        let mut decoded = |peers: &[(u64, u64)]| {
            let totals = counting.take(&status, &view(peers), &[], now);
            (totals.carried.decoded, totals.reconnected)
        };
        assert_eq!(decoded(&[(1, 100)]), (100, 0));
        assert_eq!(decoded(&[(1, 130)]), (130, 0));
        assert_eq!(decoded(&[(1, 130), (2, 5)]), (135, 1), "it is made anew");
        assert_eq!(decoded(&[(2, 10)]), (140, 1));
        assert_eq!(decoded(&[]), (140, 1));
        assert_eq!(decoded(&[(1, 7)]), (147, 1), "in another call");
    }
}
