//! Words and columns.

use std::fmt::Write;

use crate::protocol::control::{CallState, DeviceState, HubState, OutgoingState, PeerConnection, RingState};
use crate::protocol::hub::Muted;

/// What others chose (names, errors) goes to a terminal: no control characters, no endless text.
pub fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(120).collect()
}

/// As the wire writes it.
pub fn hub(state: HubState) -> &'static str {
    match state {
        HubState::Disconnected => "disconnected",
        HubState::Connecting => "connecting",
        HubState::Connected => "connected",
    }
}

/// As the wire writes it.
pub fn call(state: CallState) -> &'static str {
    match state {
        CallState::Joining => "joining",
        CallState::Lobby => "lobby",
        CallState::Joined => "joined",
        CallState::Reconnecting => "reconnecting",
        CallState::Ended => "ended",
        CallState::Out => "out",
    }
}

/// As the wire writes it.
pub fn ring(state: RingState) -> &'static str {
    match state {
        RingState::Ringing => "ringing",
        RingState::Answering => "answering",
        RingState::Ended => "ended",
    }
}

/// As the wire writes it.
pub fn outgoing(state: OutgoingState) -> &'static str {
    match state {
        OutgoingState::Dialing => "dialing",
        OutgoingState::Ringing => "ringing",
        OutgoingState::Ended => "ended",
    }
}

/// Video call or not.
pub fn kind(video: bool) -> &'static str {
    if video { "video" } else { "audio" }
}

/// As the wire writes it.
pub fn connection(state: PeerConnection) -> &'static str {
    match state {
        PeerConnection::Undefined => "undefined",
        PeerConnection::Connecting => "connecting",
        PeerConnection::Connected => "connected",
        PeerConnection::Disconnected => "disconnected",
        PeerConnection::Failed => "failed",
        PeerConnection::Closed => "closed",
    }
}

/// As the wire writes it.
pub fn device(state: DeviceState) -> &'static str {
    match state {
        DeviceState::Idle => "idle",
        DeviceState::Starting => "starting",
        DeviceState::Running => "running",
        DeviceState::Disabled => "disabled",
        DeviceState::Missing => "missing",
        DeviceState::Busy => "busy",
        DeviceState::Denied => "denied",
        DeviceState::Failed => "failed",
    }
}

/// What is off, if anything.
pub fn muted(muted: Muted) -> Option<&'static str> {
    match (muted.audio, muted.video) {
        (false, false) => None,
        (true, false) => Some("microphone off"),
        (false, true) => Some("camera off"),
        (true, true) => Some("microphone and camera off"),
    }
}

/// `1.5 Mbit/s`.
pub fn bitrate(bits: u64) -> String {
    if bits >= 1_000_000 { format!("{:.1} Mbit/s", bits as f64 / 1e6) } else { format!("{} kbit/s", bits / 1000) }
}

/// Rows of cells, each column as wide as its widest cell, nothing after the last.
pub fn table(rows: &[Vec<String>], indent: usize) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widest = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| widest(column).unwrap_or(0)).collect();
    let mut out = String::new();
    for row in rows {
        let mut line = " ".repeat(indent);
        for (cell, width) in row.iter().zip(&widths) {
            // Writing to a String does not fail.
            let _ = write!(line, "{cell:width$}  ");
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}
