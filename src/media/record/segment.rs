//! One file: the streams of one participant, as they are, for a while.
//!
//! ```text
//!  appsrc (H.264) ─► h264parse ─► queue ─┐
//!                                        ├─► matroskamux ─► filesink
//!  appsrc (Opus)  ─► opusparse ─► queue ─┘
//! ```
//!
//! Nothing is encoded again. What is written is with the kernel at once, so a process that is killed loses nothing of it, and
//! Matroska can be played without its end.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use gstreamer_utils::{ConsumptionLink, StreamProducer};

use crate::media::Error;
use crate::media::pipeline::{Pipeline, Report, Timebase, element, element_with};

/// What is held back while the muxer waits for the other stream.
const PATIENCE: gst::ClockTime = gst::ClockTime::from_seconds(4);

/// A file that is being written.
#[derive(Debug)]
pub struct Segment {
    links: Vec<ConsumptionLink>,
    sources: Vec<gst_app::AppSrc>,
    /// Streams that nothing has come of yet.
    awaited: Arc<AtomicUsize>,
    changed: Arc<AtomicBool>,
    file: PathBuf,
    begun: Instant,
    // Last: it stops after its sources were cut off.
    pipeline: Option<Pipeline>,
}

impl Segment {
    /// Begins to write these streams into the file, which exists.
    pub fn start(
        file: &Path,
        video: Option<&StreamProducer>,
        audio: Option<&StreamProducer>,
        time: &Timebase,
        report: impl Fn(Report) + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let pipeline = Pipeline::new("recording", time, report);
        let mux = element_with("matroskamux", &[("offset-to-zero", "true"), ("writing-app", "callbox")])?;
        let location = file.to_str().ok_or_else(|| Error::Pipeline(format!("{} is not UTF-8", file.display())))?;
        let sink = element_with("filesink", &[("async", "false"), ("sync", "false"), ("buffer-mode", "unbuffered")])?;
        sink.set_property("location", location);
        pipeline.chain(&[&mux, &sink])?;
        let mut segment = Self {
            links: Vec::new(),
            sources: Vec::new(),
            awaited: Arc::new(AtomicUsize::new(usize::from(video.is_some()) + usize::from(audio.is_some()))),
            changed: Arc::default(),
            file: file.to_owned(),
            begun: Instant::now(),
            pipeline: None,
        };
        for (producer, parser, template) in [(video, "h264parse", "video_%u"), (audio, "opusparse", "audio_%u")] {
            if let Some(producer) = producer {
                segment.add(&pipeline, &mux, producer, parser, template)?;
            }
        }
        pipeline.play()?;
        segment.pipeline = Some(pipeline);
        Ok(segment)
    }

    fn add(
        &mut self,
        pipeline: &Pipeline,
        mux: &gst::Element,
        from: &StreamProducer,
        parser: &str,
        pad: &str,
    ) -> Result<(), Error> {
        let source = gst_app::AppSrc::builder().format(gst::Format::Time).is_live(true).build();
        StreamProducer::configure_consumer(&source);
        source.set_max_time(PATIENCE);
        let limit = PATIENCE.nseconds().to_string();
        let queue = element_with("queue", &[("max-size-time", &limit), ("max-size-buffers", "0"), ("max-size-bytes", "0")])?;
        let parse = element(parser)?;
        pipeline.chain(&[source.upcast_ref(), &parse, &queue])?;
        queue.link_pads(Some("src"), mux, Some(pad)).map_err(|e| Error::pipeline(&e))?;
        if let Some(pad) = queue.static_pad("src") {
            keep_order(&pad);
        }
        if let Some(pad) = source.static_pad("src") {
            watch(&pad, &self.awaited, &self.changed);
        }
        self.links.push(from.add_consumer(&source).map_err(|e| Error::Pipeline(e.to_string()))?);
        self.sources.push(source);
        Ok(())
    }

    /// Whether something of every stream has come: of pictures a keyframe.
    pub fn writes(&self) -> bool {
        self.awaited.load(Ordering::Relaxed) == 0
    }

    /// Whether a stream is another one than at the beginning: a picture of another size. Nothing more of it is written here.
    pub fn changed(&self) -> bool {
        self.changed.load(Ordering::Relaxed)
    }

    /// Since when.
    pub fn begun(&self) -> Instant {
        self.begun
    }

    /// Where to.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Lets what is under way arrive; [`Report::Ended`] follows.
    pub fn end(&mut self) {
        self.links.clear();
        for source in &self.sources {
            let _ = source.end_of_stream();
        }
    }
}

/// A time before the beginning would be written as one in hundreds of years, and nobody could seek in the file.
fn keep_order(pad: &gst::Pad) {
    let (first, told) = (OnceLock::new(), OnceLock::new());
    pad.add_probe(gst::PadProbeType::BUFFER, move |pad, info| {
        let at = info.buffer().and_then(|buffer| buffer.pts());
        if at.is_some_and(|at| at >= *first.get_or_init(|| at)) {
            return gst::PadProbeReturn::Ok;
        }
        // Once: it may come from a stranger, packet by packet.
        told.get_or_init(
            || tracing::warn!(track = %pad.name(), ?at, first = ?first.get(), "something out of its time is not written down"),
        );
        gst::PadProbeReturn::Drop
    });
}

/// Matroska tells once what a track is.
fn watch(pad: &gst::Pad, awaited: &Arc<AtomicUsize>, changed: &Arc<AtomicBool>) {
    let (awaited, changed, first, came) = (awaited.clone(), changed.clone(), OnceLock::new(), AtomicBool::new(false));
    pad.add_probe(gst::PadProbeType::BUFFER | gst::PadProbeType::EVENT_DOWNSTREAM, move |_, info| {
        if let Some(gst::EventView::Caps(caps)) = info.event().map(|event| event.view()) {
            let size = caps.caps().structure(0).map(|s| (s.get::<i32>("width").ok(), s.get::<i32>("height").ok()));
            if *first.get_or_init(|| size) != size {
                changed.store(true, Ordering::Relaxed);
            }
        }
        let is_end = info.event().is_some_and(|event| event.type_() == gst::EventType::Eos);
        if changed.load(Ordering::Relaxed) && !is_end {
            return gst::PadProbeReturn::Drop;
        }
        if info.buffer().is_some() && !came.swap(true, Ordering::Relaxed) {
            awaited.fetch_sub(1, Ordering::Relaxed);
        }
        gst::PadProbeReturn::Ok
    });
}

impl Drop for Segment {
    fn drop(&mut self) {
        self.links.clear();
    }
}
