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

/// How wide a page may be.
pub fn page_width() -> usize {
    let columns = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    columns.unwrap_or(80).clamp(60, 200)
}

/// At most so many characters.
pub fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// Lines of at most `width` characters, broken between words, or within one that is too long for a line.
pub fn lines(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let mut word: Vec<char> = word.chars().collect();
        loop {
            let used = lines.last().map_or(0, |line| line.chars().count());
            let gap = usize::from(used > 0);
            let Some(line) = lines.last_mut() else { break };
            if used + gap + word.len() <= width {
                line.extend(std::iter::repeat_n(' ', gap).chain(word));
                break;
            }
            if used == 0 {
                line.extend(word.drain(..width));
            }
            lines.push(String::new());
        }
    }
    lines
}

/// As [`table`], of whose last column the text goes on below itself where it is too long.
pub fn wrapped(rows: &[Vec<String>], indent: usize, width: usize) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let before = columns.saturating_sub(1);
    let widest = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let offset = indent + (0..before).map(|column| widest(column).unwrap_or(0) + 2).sum::<usize>();
    let room = width.saturating_sub(offset).max(24);
    let mut broken = Vec::new();
    for row in rows {
        let mut parts = row.get(before).map_or_else(Vec::new, |cell| lines(cell, room)).into_iter();
        let mut first = row.iter().take(before).cloned().collect::<Vec<_>>();
        first.extend(parts.next());
        broken.push(first);
        broken.extend(parts.map(|part| std::iter::repeat_n(String::new(), before).chain([part]).collect()));
    }
    table(&broken, indent)
}

/// As [`table`], of whose last column each cell stands on lines of its own below its row. Names, the first column, are cut to fit.
pub fn noted(mut rows: Vec<Vec<String>>, indent: usize, width: usize) -> String {
    let last = rows.iter().map(Vec::len).max().unwrap_or(0).saturating_sub(1);
    let notes: Vec<String> =
        rows.iter_mut().map(|row| if row.len() > last { row.pop().unwrap_or_default() } else { String::new() }).collect();
    fit(&mut rows, indent, width);
    let mut out = String::new();
    for (line, note) in table(&rows, indent).lines().zip(&notes) {
        out.push_str(line);
        out.push('\n');
        for note in lines(note, width.saturating_sub(indent + 2)).iter().filter(|note| !note.is_empty()) {
            let _ = writeln!(out, "{:1$}{note}", "", indent + 2);
        }
    }
    out
}

/// Cuts the first column so that the table is not wider than that.
pub fn fit(rows: &mut [Vec<String>], indent: usize, width: usize) {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widest = |rows: &[Vec<String>], column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let others: usize = (1..columns).map(|column| widest(rows, column) + 2).sum();
    let room = width.saturating_sub(indent + others).max(6);
    for name in rows.iter_mut().filter_map(|row| row.first_mut()) {
        *name = short(name, room);
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_broken_between_words_and_a_word_only_where_it_must() {
        assert_eq!(lines("one two three", 7), ["one two", "three"]);
        assert_eq!(lines("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(lines("a abcdefgh b", 4), ["a", "abcd", "efgh", "b"]);
        assert_eq!(lines("", 10), [""]);
        assert_eq!(short("abcdef", 4), "abc…");
    }
}
