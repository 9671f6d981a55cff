//! Writes a call down (C37): for every participant, ourselves included, Matroska files with its H.264 and Opus as they are sent.
//!
//! One thread looks after all files of a call, so that a slow disk holds up nothing else. A new file is begun when the present one is
//! long enough, and when a stream begins or ends (a file has the tracks that it begins with).
//!
//! ```text
//!   engine ── streams ──► recorder ─┬─ writer (anna) ── segment ─► 2026-11-21T20-40-12Z_default-lobby_anna_0001.mkv.part ─► .mkv
//!                                   └─ writer (door) ── segment ─► …
//! ```

mod segment;
mod shelf;
mod writer;

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use gstreamer_utils::StreamProducer;

use super::pipeline::{Report, Timebase};
use crate::config;
use crate::protocol::control::{DeviceState, RecordingStatus};
use writer::Writer;

pub use shelf::recover;

/// How often streams are looked at.
const TICK: Duration = Duration::from_millis(250);
/// How often what was written is made safe against a power cut.
const SYNC: Duration = Duration::from_secs(2);
/// How often the disk is tidied.
const TIDY: Duration = Duration::from_secs(10);
/// Reports and changes of streams of four participants, with room.
const QUEUE: usize = 64;
/// The end of a recording waits so long for its files.
const FAREWELL: Duration = Duration::from_secs(3);

/// What of one participant is written down.
#[derive(Debug, Clone)]
pub struct Stream {
    /// Whose.
    pub name: String,
    /// H.264, when there is some.
    pub video: Option<StreamProducer>,
    /// Opus, when there is some.
    pub audio: Option<StreamProducer>,
}

impl PartialEq for Stream {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
            && same(self.video.as_ref(), other.video.as_ref())
            && same(self.audio.as_ref(), other.audio.as_ref())
    }
}

fn same(one: Option<&StreamProducer>, other: Option<&StreamProducer>) -> bool {
    one.map(StreamProducer::appsink) == other.map(StreamProducer::appsink)
}

/// What the thread is told.
enum Order {
    Streams(BTreeMap<String, Stream>),
    Report { segment: u64, report: Report },
    End,
}

/// A recording that goes on until [`Recorder::finish`].
#[derive(Debug)]
pub struct Recorder {
    orders: SyncSender<Order>,
    shown: Arc<Mutex<RecordingStatus>>,
    streams: BTreeMap<String, Stream>,
    thread: JoinHandle<()>,
}

impl Recorder {
    /// Begins. `call` becomes a part of the files' names.
    pub fn start(config: config::Recording, call: String, time: Timebase) -> std::io::Result<Self> {
        let (orders, inbox) = sync_channel(QUEUE);
        let shown = Arc::new(Mutex::new(RecordingStatus { state: DeviceState::Starting, ..RecordingStatus::default() }));
        let desk = Desk {
            config,
            call,
            time,
            reports: orders.clone(),
            shown: shown.clone(),
            writers: BTreeMap::new(),
            numbers: 0,
            room: Err(String::new()),
        };
        let thread = std::thread::Builder::new().name("recorder".into()).spawn(move || desk.run(&inbox))?;
        Ok(Self { orders, shown, streams: BTreeMap::new(), thread })
    }

    /// Who and what is to be written down from now on, by participation. Never blocks; what does not get through is told again.
    pub fn record(&mut self, streams: BTreeMap<String, Stream>) {
        if streams != self.streams && self.orders.try_send(Order::Streams(streams.clone())).is_ok() {
            self.streams = streams;
        }
    }

    /// For `status`.
    pub fn status(&self) -> RecordingStatus {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends it and waits for the files. Not for the engine's thread.
    pub fn finish(self) {
        if self.orders.send(Order::End).is_ok() {
            let _ = self.thread.join();
        }
    }
}

/// What the thread holds.
struct Desk {
    config: config::Recording,
    call: String,
    time: Timebase,
    reports: SyncSender<Order>,
    shown: Arc<Mutex<RecordingStatus>>,
    writers: BTreeMap<String, Writer>,
    numbers: u64,
    /// Whether the disk has room, or what is wrong with it.
    room: Result<(), String>,
}

impl Desk {
    fn run(mut self, inbox: &Receiver<Order>) {
        recover(&self.config.directory.clone().unwrap_or_default());
        let (mut next_sync, mut next_tidy) = (Instant::now() + SYNC, Instant::now());
        loop {
            match inbox.recv_timeout(TICK) {
                Ok(Order::End) => return self.close(inbox),
                Ok(order) => self.take(order),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            let now = Instant::now();
            if now >= next_tidy {
                next_tidy = now + TIDY;
                self.tidy();
            }
            self.tend(now);
            if now >= next_sync {
                next_sync = now + SYNC;
                self.sync();
            }
        }
    }

    fn take(&mut self, order: Order) {
        match order {
            Order::Streams(streams) => {
                for (id, writer) in &mut self.writers {
                    if !streams.contains_key(id) {
                        writer.leave();
                    }
                }
                for (id, stream) in streams {
                    match self.writers.get_mut(&id) {
                        Some(writer) => writer.change(stream),
                        None => drop(self.writers.insert(id, Writer::new(stream))),
                    }
                }
            }
            Order::Report { segment, report } => {
                let mut found = self.writers.values_mut().filter_map(|writer| writer.report(segment, &report));
                if let Some(outcome) = found.next() {
                    match outcome {
                        Ok(()) => self.note(|status| status.files += 1),
                        Err(text) => self.fail(text),
                    }
                }
            }
            Order::End => {}
        }
    }

    fn tidy(&mut self) {
        let directory = self.config.directory.clone().unwrap_or_default();
        self.room = shelf::tidy(&directory, &self.config).map_err(|error| format!("no room for recordings: {error}"));
        match self.room.clone() {
            Ok(()) => self.note(|status| status.error = None),
            Err(text) => {
                for writer in self.writers.values_mut() {
                    writer.pause();
                }
                self.fail(text);
            }
        }
    }

    fn tend(&mut self, now: Instant) {
        let Some(directory) = self.config.directory.clone().filter(|_| self.room.is_ok()) else {
            return;
        };
        let (mut failed, mut finished) = (None, 0);
        for writer in self.writers.values_mut() {
            finished += writer.give_up_late(now);
            let (reports, number) = (self.reports.clone(), self.numbers + 1);
            let report = move |report| {
                // Without room for it, the file is finished when its time is over.
                let _ = reports.try_send(Order::Report { segment: number, report });
            };
            let place = writer::Place { directory: &directory, call: &self.call, longest: self.config.segment, time: &self.time };
            match writer.tend(&place, number, now, report) {
                Ok(begun) => self.numbers += u64::from(begun),
                Err(text) => failed = Some(text),
            }
        }
        self.writers.retain(|_, writer| !writer.is_gone());
        let running = self.writers.values().any(Writer::writes);
        self.note(|status| {
            status.files += finished;
            if running && status.error.is_none() {
                status.state = DeviceState::Running;
            }
        });
        if let Some(text) = failed {
            self.room = Err(text.clone());
            self.fail(text);
        }
    }

    fn sync(&mut self) {
        let mut bytes = 0;
        for writer in self.writers.values() {
            match writer.sync() {
                Ok(safe) => bytes += safe,
                Err(error) => return self.fail(format!("a recording cannot be made safe: {error}")),
            }
        }
        self.note(|status| status.open_bytes = bytes);
    }

    fn close(mut self, inbox: &Receiver<Order>) {
        let until = Instant::now() + FAREWELL;
        for writer in self.writers.values_mut() {
            writer.leave();
        }
        while self.writers.values().any(|writer| !writer.is_gone()) {
            match inbox.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(order @ Order::Report { .. }) => self.take(order),
                Ok(Order::Streams(_) | Order::End) => {}
                Err(_) => break,
            }
        }
        for writer in self.writers.values_mut() {
            writer.give_up();
        }
    }

    fn note(&self, change: impl FnOnce(&mut RecordingStatus)) {
        change(&mut self.shown.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn fail(&self, text: String) {
        tracing::warn!("{text}");
        self.note(|status| (status.state, status.error) = (DeviceState::Failed, Some(text)));
    }
}
