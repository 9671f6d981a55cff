//! The figures of a call in `callbox status`.

use super::text::clean;
use crate::protocol::control::{CallStatus, CallSummary, ParticipantStatus, Path, PeerStats};

const HEAD: [&str; 9] = ["WHO", "WAY", "TRIP", "SENT", "LOST", "GOT", "LOST", "JITTER", "FROZE"];

/// A row for each participant that there are figures of, below a head; nothing if there are none.
pub fn rows(call: &CallStatus) -> Vec<Vec<String>> {
    let rows: Vec<_> = call.participants.iter().filter_map(|one| Some(row(one, one.stats.as_ref()?))).collect();
    if rows.is_empty() {
        return rows;
    }
    std::iter::once(HEAD.map(str::to_owned).to_vec()).chain(rows).collect()
}

fn row(participant: &ParticipantStatus, stats: &PeerStats) -> Vec<String> {
    let PeerStats { path, round_trip_ms, sent, received } = stats;
    let known = |number: Option<String>| number.unwrap_or_else(|| "-".to_owned());
    vec![
        clean(&participant.name),
        known(path.map(|path| way(path).to_owned())),
        known(round_trip_ms.map(ms)),
        rate(sent.audio_bitrate + sent.video_bitrate),
        known(sent.loss.map(percent)),
        rate(received.audio_bitrate + received.video_bitrate),
        percent(received.loss),
        ms(received.jitter_ms),
        received.freezes.to_string(),
    ]
}

/// The call before this one, in one line.
pub fn last(call: &CallSummary) -> Vec<String> {
    let others = if call.participants == 1 { "1 other".to_owned() } else { format!("{} others", call.participants) };
    let mut rest = format!("{}: {others}, {} pictures sent, {} seen", call.cid, call.frames_sent, call.frames_decoded);
    if call.freezes > 0 {
        rest = format!("{rest}, {} freezes ({} ms)", call.freezes, call.frozen_ms);
    }
    vec!["last call".to_owned(), format!("{} s", call.seconds), rest]
}

fn way(path: Path) -> &'static str {
    match path {
        Path::Direct => "direct",
        Path::Reflexive => "reflexive",
        Path::Relayed => "relayed",
    }
}

/// As short as it can be understood: there are nine columns.
fn rate(bits: u64) -> String {
    if bits >= 1_000_000 { format!("{:.1} Mb/s", bits as f64 / 1e6) } else { format!("{} kb/s", bits / 1000) }
}

fn ms(ms: f64) -> String {
    format!("{ms:.0} ms")
}

fn percent(part: f64) -> String {
    format!("{:.1}%", part * 100.0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn figures_are_a_table_of_their_own() {
        let stats = json!({
            "path": "relayed", "round_trip_ms": 41.6,
            "sent": {"audio_bitrate": 32_000, "video_bitrate": 1_400_000, "frames": 9, "frames_dropped": 0, "loss": 0.015625},
            "received": {"audio_bitrate": 30_000, "video_bitrate": 0, "packets": 50, "packets_lost": 0, "loss": 0.0, "jitter_ms": 3.2,
                "freezes": 2, "frozen_ms": 900}
        });
        let mut call = super::super::page::tests::example().call.unwrap();
        assert_eq!(rows(&call).len(), 0, "before there are any");
        call.participants[0].stats = Some(serde_json::from_value(stats).unwrap());
        let table = rows(&call);
        assert_eq!(table.len(), 2);
        let expected = ["Anna[31m", "relayed", "42 ms", "1.4 Mb/s", "1.6%", "30 kb/s", "0.0%", "3 ms", "2"];
        assert_eq!(table[1], expected);
    }
}
