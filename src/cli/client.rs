//! The verbs that ask the running daemon.

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use super::Failure;
use crate::protocol::Cid;
use crate::protocol::control::{Snapshot, Status, patch};

mod calling;
mod changes;
mod colour;
mod devices;
mod events;
mod figures;
mod line;
mod link;
mod page;
mod reload;
mod share;
mod sound;
mod text;

pub use calling::{answer, call, do_not_disturb, hangup, max_bandwidth, record, reject};
pub use devices::{devices, devices_text};
pub use events::named_events;
pub use link::Link;
pub use reload::reload;
pub use share::share;
pub use sound::{balance, speaker_test, use_device, volume};

/// `callbox status`.
pub fn status(socket: &Path, json: bool, watch: bool) -> Result<(), Failure> {
    let mut link = Link::open(socket)?;
    if !watch {
        let value = link.call("status", Value::Null)?;
        let text = if json { format!("{value:#}") } else { coloured(page::page(&read(&value)?, text::page_width())) };
        return print(&text);
    }
    let in_place = !json && io::stdout().is_terminal();
    let mut last = String::new();
    watch_all(&mut link, |value| {
        if json {
            return print(&value.to_string());
        }
        if in_place {
            return write(&live(&coloured(page::page(&read(value)?, text::page_width()))));
        }
        let text = line::line(&read(value)?);
        if text != last {
            print(&text)?;
            last = text;
        }
        Ok(())
    })
}

fn coloured(page: String) -> String {
    if colour::wanted() { colour::painted(&page) } else { page }
}

/// In place of the page before, from the top of the terminal: each line clears what was longer, the last what was below.
fn live(page: &str) -> String {
    let lines: String = page.lines().map(|line| format!("{line}\x1b[K\n")).collect();
    format!("\x1b[H{lines}\x1b[J")
}

/// `callbox events`.
pub fn events(socket: &Path, json: bool) -> Result<(), Failure> {
    let mut link = Link::open(socket)?;
    let mut before: Option<Status> = None;
    watch_all(&mut link, |value| {
        if json {
            return print(&value.to_string());
        }
        let now = read(value)?;
        for change in changes::changes(before.as_ref(), &now) {
            print(&change)?;
        }
        before = Some(now);
        Ok(())
    })
}

/// `callbox join`.
pub fn join(socket: &Path, cid: &Cid) -> Result<(), Failure> {
    Link::open(socket)?.call("join", json!({"cid": cid}))?;
    Ok(())
}

/// `callbox leave`.
pub fn leave(socket: &Path) -> Result<(), Failure> {
    Link::open(socket)?.call("leave", Value::Null)?;
    Ok(())
}

/// `callbox mute` and `callbox unmute`: none leaves it as it is.
pub fn mute(socket: &Path, audio: Option<bool>, video: Option<bool>) -> Result<(), Failure> {
    Link::open(socket)?.call("mute", json!({"audio": audio, "video": video}))?;
    Ok(())
}

/// `callbox open`.
pub fn open(socket: &Path, relay: &str) -> Result<(), Failure> {
    Link::open(socket)?.call("open", json!({"relay": relay}))?;
    Ok(())
}

/// `callbox snapshot`: to the file, or to stdout for `-`.
pub fn snapshot(socket: &Path, file: &Path) -> Result<(), Failure> {
    let value = Link::open(socket)?.call("snapshot", Value::Null)?;
    let snapshot: Snapshot = serde_json::from_value(value).map_err(|e| Failure::failed(format!("the snapshot: {e}")))?;
    let png = BASE64.decode(&snapshot.png).map_err(|e| Failure::failed(format!("the snapshot is not base64: {e}")))?;
    if file == Path::new("-") {
        return written(io::stdout().lock().write_all(&png));
    }
    std::fs::write(file, png).map_err(|e| Failure::failed(format!("cannot write {}: {e}", file.display())))
}

fn watch_all(link: &mut Link, mut show: impl FnMut(&Value) -> Result<(), Failure>) -> Result<(), Failure> {
    let mut state = link.call("events", Value::Null)?;
    show(&state)?;
    link.patient()?;
    loop {
        patch::apply(&mut state, link.notification("changed")?);
        show(&state)?;
    }
}

fn read(value: &Value) -> Result<Status, Failure> {
    serde::Deserialize::deserialize(value)
        .map_err(|e| Failure::failed(format!("the daemon speaks another version's language: {e}")))
}

fn print(text: &str) -> Result<(), Failure> {
    write(&format!("{}\n", text.trim_end_matches('\n')))
}

fn write(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    written(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

fn written(outcome: io::Result<()>) -> Result<(), Failure> {
    match outcome {
        Ok(()) => Ok(()),
        // `callbox events | head` has what it wanted.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => Err(Failure::failed(format!("cannot write: {error}"))),
    }
}
