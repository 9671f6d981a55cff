//! Figures of the connections, of all others together: their sum, or the worst of them. Nobody has a label of their own.

use super::Seen;
use crate::protocol::control::{ParticipantStatus, Path, PeerConnection, PeerStats, SentPicture};
use crate::telemetry::sheet::Sheet;

const CONNECTIONS: [(&str, PeerConnection); 6] = [
    ("undefined", PeerConnection::Undefined),
    ("connecting", PeerConnection::Connecting),
    ("connected", PeerConnection::Connected),
    ("disconnected", PeerConnection::Disconnected),
    ("failed", PeerConnection::Failed),
    ("closed", PeerConnection::Closed),
];

/// Writes them down.
pub fn fill(seen: &Seen<'_>, sheet: &mut Sheet) {
    let others: &[ParticipantStatus] = seen.status.call.as_ref().map_or(&[], |call| &call.participants);
    let peers = sheet.gauge("callbox_peers", "Connections to others, by state");
    for (name, state) in CONNECTIONS {
        peers.with(&[("state", name)], others.iter().filter(|other| other.connection == state).count() as f64);
    }
    sheet.counter("callbox_peer_reconnects", "Connections that were made anew in a call").counts(seen.totals.reconnected);
    let stats: Vec<&PeerStats> = others.iter().filter_map(|other| other.stats.as_ref()).collect();
    let paths = sheet.gauge("callbox_paths", "Connections to others, by the way that packets take");
    for (name, path) in [("direct", Path::Direct), ("reflexive", Path::Reflexive), ("relayed", Path::Relayed)] {
        paths.with(&[("path", name)], stats.iter().filter(|stats| stats.path == Some(path)).count() as f64);
    }
    let pictures = sheet.gauge("callbox_sent_pictures", "Others, by the picture that they are sent");
    let connected = |other: &&ParticipantStatus| other.connection == PeerConnection::Connected;
    for (name, sent) in [("main", SentPicture::Main), ("low", SentPicture::Low), ("none", SentPicture::None)] {
        let count = others.iter().filter(connected).filter(|other| other.sent == sent).count();
        pictures.with(&[("picture", name)], count as f64);
    }
    quality(&stats, others, sheet);
    amounts(&stats, seen, sheet);
}

fn quality(stats: &[&PeerStats], others: &[ParticipantStatus], sheet: &mut Sheet) {
    let worst = |of: &dyn Fn(&PeerStats) -> Option<f64>| stats.iter().filter_map(|stats| of(stats)).reduce(f64::max);
    let seconds = |ms: Option<f64>| ms.map(|ms| ms / 1000.0);
    let trip = worst(&|stats| stats.round_trip_ms);
    sheet.gauge("callbox_round_trip_seconds", "There and back to the farthest of the others").may_be(seconds(trip));
    let loss = sheet.gauge("callbox_loss_ratio", "Part of the packets that were lost lately on the worst way, by direction");
    loss.may_be_with(&[("direction", "sent")], worst(&|stats| stats.sent.loss));
    loss.may_be_with(&[("direction", "received")], worst(&|stats| Some(stats.received.loss)));
    let jitter = sheet.gauge("callbox_jitter_seconds", "How unevenly packets come on the worst way, by direction");
    jitter.may_be_with(&[("direction", "sent")], seconds(worst(&|stats| stats.sent.jitter_ms)));
    jitter.may_be_with(&[("direction", "received")], seconds(worst(&|stats| Some(stats.received.jitter_ms))));
    let least = others.iter().filter_map(|other| other.estimated_bitrate).min();
    let name = "callbox_estimated_bits_per_second";
    sheet.gauge(name, "What the narrowest way to another carries, by estimate").may_be(least.map(|bits| bits as f64));
}

fn amounts(stats: &[&PeerStats], seen: &Seen<'_>, sheet: &mut Sheet) {
    let sum = |of: &dyn Fn(&PeerStats) -> u64| stats.iter().map(|stats| of(stats)).sum::<u64>() as f64;
    let bits = sheet.gauge("callbox_bits_per_second", "To and from all others together in the last second");
    bits.with(&[("direction", "sent"), ("media", "audio")], sum(&|stats| stats.sent.audio_bitrate));
    bits.with(&[("direction", "sent"), ("media", "video")], sum(&|stats| stats.sent.video_bitrate));
    bits.with(&[("direction", "received"), ("media", "audio")], sum(&|stats| stats.received.audio_bitrate));
    bits.with(&[("direction", "received"), ("media", "video")], sum(&|stats| stats.received.video_bitrate));
    let asked =
        sheet.gauge("callbox_asked_again", "Requests for packets that were missed, by who asked, of the present connections");
    asked.with(&[("by", "us")], sum(&|stats| stats.received.asked_again));
    asked.with(&[("by", "others")], sum(&|stats| stats.sent.asked_again));
    let asked = sheet
        .gauge("callbox_asked_keyframes", "Requests for a picture that stands alone, by who asked, of the present connections");
    asked.with(&[("by", "us")], sum(&|stats| stats.received.keyframes_asked));
    asked.with(&[("by", "others")], sum(&|stats| stats.sent.keyframes_asked));
    let carried = &seen.totals.carried;
    sheet.counter("callbox_packets_received", "Packets that came").counts(carried.packets);
    sheet.counter("callbox_packets_lost", "Packets that should have come").counts(carried.lost);
}
