//! One participant: which of its streams flow, and the file that they go to.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_utils::StreamProducer;

use super::segment::Segment;
use super::{Stream, same, shelf};
use crate::media::pipeline::{Report, Timebase};

/// A stream that gives nothing for this long has ended, or pauses. Opus sends something every 400 ms even in silence.
const SILENT: Duration = Duration::from_millis(1500);
/// The file before goes on for so long at most until the next one has something.
const OVERLAP: Duration = Duration::from_millis(1500);
/// What a file that was ended takes to be complete.
const COMPLETION: Duration = Duration::from_secs(3);
/// A stream that has begun waits so long for the other one, so that both come into one file.
const TOGETHER: Duration = Duration::from_millis(1000);

/// Where files go.
pub(super) struct Place<'a> {
    pub directory: &'a Path,
    pub call: &'a str,
    pub longest: Duration,
    pub time: &'a Timebase,
}

/// One participant.
#[derive(Debug)]
pub(super) struct Writer {
    name: String,
    video: Option<Tap>,
    audio: Option<Tap>,
    present: Option<Open>,
    /// Ended, or about to be when the present one writes.
    before: Vec<Open>,
    number: u32,
    flows_since: Option<Instant>,
    leaves: bool,
}

#[derive(Debug)]
struct Open {
    id: u64,
    tracks: Tracks,
    segment: Segment,
    replaced: Option<Instant>,
    ended: Option<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tracks {
    video: bool,
    audio: bool,
}

impl Open {
    fn end(&mut self, now: Instant) {
        if self.ended.is_none() {
            self.ended = Some(now);
            self.segment.end();
        }
    }

    fn finish(self) {
        let file = self.segment.file().to_owned();
        drop(self.segment);
        if let Err(error) = shelf::finish(&file) {
            tracing::warn!(file = %file.display(), "a recording cannot be finished: {error}");
        }
    }
}

/// Counts what a stream gives.
#[derive(Debug)]
struct Tap {
    producer: StreamProducer,
    probe: Option<(gst::Pad, gst::PadProbeId)>,
    count: Arc<AtomicU64>,
    seen: u64,
    moved: Option<Instant>,
}

impl Tap {
    fn new(producer: StreamProducer) -> Self {
        let count = Arc::new(AtomicU64::new(0));
        let pad = producer.appsink().static_pad("sink");
        let probe = pad.and_then(|pad| {
            let count = count.clone();
            let id = pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
                count.fetch_add(1, Ordering::Relaxed);
                gst::PadProbeReturn::Ok
            })?;
            Some((pad, id))
        });
        Self { producer, probe, count, seen: 0, moved: None }
    }

    fn flows(&mut self, now: Instant) -> bool {
        let count = self.count.load(Ordering::Relaxed);
        if count != self.seen {
            (self.seen, self.moved) = (count, Some(now));
        }
        self.moved.is_some_and(|at| now.duration_since(at) < SILENT)
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        if let Some((pad, id)) = self.probe.take() {
            pad.remove_probe(id);
        }
    }
}

impl Writer {
    pub fn new(stream: Stream) -> Self {
        let mut writer = Self {
            name: String::new(),
            video: None,
            audio: None,
            present: None,
            before: Vec::new(),
            number: 0,
            flows_since: None,
            leaves: false,
        };
        writer.change(stream);
        writer
    }

    /// Other streams than before: a camera that was started again, a connection that was renewed.
    pub fn change(&mut self, stream: Stream) {
        self.name = stream.name;
        self.leaves = false;
        for (tap, wanted) in [(&mut self.video, stream.video), (&mut self.audio, stream.audio)] {
            if !same(tap.as_ref().map(|tap| &tap.producer), wanted.as_ref()) {
                *tap = wanted.map(Tap::new);
                // What is written now ends with what it came from.
                self.flows_since = None;
                if let Some(open) = self.present.take() {
                    self.before.push(Open { replaced: Some(Instant::now()), ..open });
                }
            }
        }
    }

    /// Nobody is there any more.
    pub fn leave(&mut self) {
        self.leaves = true;
        (self.video, self.audio) = (None, None);
        self.pause();
    }

    /// Ends the present file; another one follows when it is tended again.
    pub fn pause(&mut self) {
        let now = Instant::now();
        self.before.extend(self.present.take());
        for open in &mut self.before {
            open.end(now);
        }
    }

    pub fn is_gone(&self) -> bool {
        self.leaves && self.present.is_none() && self.before.is_empty()
    }

    pub fn writes(&self) -> bool {
        self.present.as_ref().is_some_and(|open| open.segment.writes())
    }

    pub fn sync(&self) -> io::Result<u64> {
        let open = self.before.iter().chain(&self.present);
        open.map(|open| shelf::sync(open.segment.file())).sum()
    }

    /// What a file's pipeline says, if it is one of ours: it is complete, or it failed.
    pub fn report(&mut self, id: u64, report: &Report) -> Option<Result<(), String>> {
        let text = match report {
            Report::Latency => return None,
            Report::Ended => None,
            Report::Failed { text, .. } => Some(format!("the recording of {} failed: {text}", self.name)),
        };
        let present = self.present.take_if(|open| open.id == id);
        let open = present.or_else(|| self.before.iter().position(|open| open.id == id).map(|at| self.before.remove(at)))?;
        open.finish();
        Some(text.map_or(Ok(()), Err))
    }

    /// Finishes those whose end does not come. How many.
    pub fn give_up_late(&mut self, now: Instant) -> u64 {
        let late = |open: &Open| open.ended.is_some_and(|at| now.duration_since(at) > COMPLETION);
        let (late, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.before).into_iter().partition(late);
        self.before = rest;
        late.into_iter().map(Open::finish).count() as u64
    }

    /// Finishes everything as it is.
    pub fn give_up(&mut self) {
        self.before.extend(self.present.take());
        self.before.drain(..).for_each(Open::finish);
    }

    /// Begins a new file where one is due: whether it did.
    pub fn tend(
        &mut self,
        place: &Place<'_>,
        id: u64,
        now: Instant,
        report: impl Fn(Report) + Send + Sync + 'static,
    ) -> Result<bool, String> {
        for open in &mut self.before {
            if self.present.as_ref().is_none_or(|present| present.segment.writes())
                || open.replaced.is_none_or(|at| now.duration_since(at) > OVERLAP)
            {
                open.end(now);
            }
        }
        let flowing = Tracks {
            video: self.video.as_mut().is_some_and(|tap| tap.flows(now)),
            audio: self.audio.as_mut().is_some_and(|tap| tap.flows(now)),
        };
        if !flowing.video && !flowing.audio {
            self.flows_since = None;
            if self.present.is_some() {
                self.pause();
            }
            return Ok(false);
        }
        let since = *self.flows_since.get_or_insert(now);
        let due = match &self.present {
            Some(open) => {
                open.tracks != flowing || open.segment.changed() || now.duration_since(open.segment.begun()) >= place.longest
            }
            None => (flowing.video && flowing.audio) || now.duration_since(since) >= TOGETHER,
        };
        if !due {
            return Ok(false);
        }
        self.number += 1;
        let failed = |error: &dyn std::fmt::Display| format!("cannot record {}: {error}", self.name);
        let file = shelf::new_file(place.directory, place.call, &self.name, self.number).map_err(|e| failed(&e))?;
        let producer = |tap: &Option<Tap>, flows: bool| tap.as_ref().filter(|_| flows).map(|tap| tap.producer.clone());
        let (video, audio) = (producer(&self.video, flowing.video), producer(&self.audio, flowing.audio));
        let segment = Segment::start(&file, video.as_ref(), audio.as_ref(), place.time, report).map_err(|e| failed(&e))?;
        let before = self.present.replace(Open { id, tracks: flowing, segment, replaced: None, ended: None });
        self.before.extend(before.map(|open| Open { replaced: Some(now), ..open }));
        Ok(true)
    }
}
