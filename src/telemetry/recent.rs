//! The last lines of the log, kept for who has no other way to them. Nothing is kept, and nothing spent, before somebody asks for it.

use std::collections::VecDeque;
use std::fmt::{self, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::journal;

/// Lines.
const MOST: usize = 500;
/// Letters of a line.
const LONGEST: usize = 1000;

static KEPT: AtomicBool = AtomicBool::new(false);
static RING: Mutex<Ring> = Mutex::new(Ring { lines: VecDeque::new(), count: 0 });

struct Ring {
    lines: VecDeque<Line>,
    count: u64,
}

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Counted from 1.
    pub number: u64,
    /// When it was written.
    pub at: SystemTime,
    /// How important it is.
    pub level: Level,
    /// What it says, with its fields.
    pub text: String,
    /// By which the catalog knows it.
    pub message_id: Option<String>,
    /// What it says, field by field.
    pub fields: Vec<(&'static str, String)>,
}

/// From now on lines are kept, or no longer.
pub fn keep(wanted: bool) {
    KEPT.store(wanted, Ordering::Relaxed);
    if !wanted {
        RING.lock().unwrap_or_else(PoisonError::into_inner).lines.clear();
    }
}

/// The lines after the one with this number, as far as they are still known.
pub fn after(number: u64) -> Vec<Line> {
    let ring = RING.lock().unwrap_or_else(PoisonError::into_inner);
    ring.lines.iter().filter(|line| line.number > number).cloned().collect()
}

/// Listens.
pub(super) struct Recent;

impl<S: Subscriber> Layer<S> for Recent {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if !KEPT.load(Ordering::Relaxed) {
            return;
        }
        let mut heard = Heard::default();
        event.record(&mut heard);
        let Heard { mut text, more, message_id, fields } = heard;
        text.push_str(&more);
        if let Some((end, _)) = text.char_indices().nth(LONGEST) {
            text.truncate(end);
            text.push('…');
        }
        let mut ring = RING.lock().unwrap_or_else(PoisonError::into_inner);
        ring.count += 1;
        let line = Line { number: ring.count, at: SystemTime::now(), level: *event.metadata().level(), text, message_id, fields };
        if ring.lines.len() >= MOST {
            ring.lines.pop_front();
        }
        ring.lines.push_back(line);
    }
}

#[derive(Default)]
struct Heard {
    text: String,
    more: String,
    message_id: Option<String>,
    fields: Vec<(&'static str, String)>,
}

impl Visit for Heard {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            "message" => self.text = format!("{value:?}"),
            journal::ID => self.message_id = Some(format!("{value:?}")),
            name => {
                let text: String = format!("{value:?}").chars().take(LONGEST).collect();
                let _ = write!(self.more, " {name}={text}");
                self.fields.push((name, text));
            }
        }
    }
}
