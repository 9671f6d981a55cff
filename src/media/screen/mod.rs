//! The display: painted by a thread of its own whenever something has changed, and left alone when nothing has.
//!
//! ```text
//!   peer's pictures ═► feed (scaled to its tile) ─┐
//!   own camera ═► mirror ─► feed ─────────────────┼─► board ─► painter: scene, canvas ─► appsrc ─► convert ─► kmssink | autovideosink
//!   engine: what goes on ─────────────────────────┘                         └─► snapshot
//! ```
//!
//! Each feed is a pipeline, and so is what leads to the display: one that stands still or gets stuck holds up nobody else. Without a
//! display nothing of this runs: [`super::snapshot`] paints the same scene when asked.

mod board;
mod feed;
mod painter;
mod sink;
mod still;
#[cfg(test)]
mod tests;
mod text;

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::JoinHandle;

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use gstreamer_utils::StreamProducer;

pub use board::{Look, Pictures, Shown};
pub use feed::{Feed, frame, screen_caps, shape};
pub use painter::{Painted, Painter, Shared};
pub use text::Pen;

use self::board::Board;
use self::sink::Sink;
use super::mirror::Mirror;
use super::peer::Part;
use super::pipeline::{Pipeline, Report, Timebase, element, parse_caps};
use super::plan::area::Area;
use super::plan::canvas::{Canvas, Rgba};
use super::plan::paint::Brush;
use super::plan::scene::{Own, Style, Who};
use super::plan::stage::Stage;
use super::{Error, PeerKey};
use crate::config;

/// What every painter paints with: how the screen is to look, letters, and the standby picture, which is read when first needed.
#[derive(Debug, Clone)]
pub struct Palette {
    /// `[screen]`.
    pub config: config::Screen,
    /// Writes.
    pub pen: Pen,
    /// What came of the pictures of the others.
    pub painted: Arc<Painted>,
    logo: Arc<OnceLock<Option<Rgba>>>,
}

impl Palette {
    /// Of a screen that is to look so.
    pub fn new(config: config::Screen) -> Self {
        Self { config, pen: Pen::default(), painted: Arc::default(), logo: Arc::default() }
    }

    /// The whole screen.
    pub fn size(&self) -> Area {
        Area::of(self.config.width, self.config.height)
    }

    /// One who paints. May read a file.
    pub fn painter(&self) -> Painter {
        let read = || {
            let picture = still::read(self.config.standby.picture.as_ref()?, self.size());
            picture.inspect_err(|error| tracing::warn!("the standby screen has no picture: {error}")).ok()
        };
        let logo = self.logo.get_or_init(read).clone();
        let style = Style {
            layout: self.config.layout,
            self_view: self.config.self_view,
            names: self.config.names,
            text: self.config.standby.text.clone(),
            clock: self.config.standby.clock,
            logo: logo.as_ref().map(|logo| (logo.width, logo.height)),
        };
        Painter { style, brush: Brush::new(logo), pen: self.pen.clone(), painted: self.painted.clone() }
    }
}

/// A running display.
#[derive(Debug)]
pub struct Screen {
    feeds: BTreeMap<Who, (Option<PeerKey>, Feed)>,
    board: Arc<Board>,
    canvas: Shared,
    painter: Option<JoinHandle<()>>,
    time: Timebase,
    pipeline: Pipeline,
    // Last: the sink does not close it.
    _card: Option<File>,
}

impl Screen {
    /// Opens the display through this sink element.
    pub fn start(
        sink: &str,
        palette: &Palette,
        mirror: &Arc<Mirror>,
        time: &Timebase,
        report: impl Fn(Report) + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let size = palette.size();
        let caps = parse_caps(&format!("{},framerate=30/1", screen_caps(size.width, size.height)))?;
        let source = gst_app::AppSrc::builder().caps(&caps).format(gst::Format::Time).is_live(true).do_timestamp(true);
        let source = source.max_buffers(2).max_bytes(0).leaky_type(gst_app::AppLeakyType::Downstream).build();
        let sink = Sink::open(sink)?;
        let pipeline = Pipeline::new("screen", time, report);
        pipeline.chain(&[source.upcast_ref(), &element("videoconvert")?, &sink.element])?;
        pipeline.play()?;
        let (board, canvas) = (Arc::new(Board::default()), Arc::new(Mutex::new(Canvas::new(size.width, size.height))));
        let mut feeds = BTreeMap::new();
        if palette.config.self_view.is_some() {
            feeds.insert(Who::Own, (None, Feed::own(mirror, &board, time)?));
        }
        let (painter, theirs, shared) = (palette.painter(), board.clone(), canvas.clone());
        let painter = std::thread::Builder::new().name("painter".into()).spawn(move || painter.run(&theirs, &shared, &source));
        let painter = Some(painter.map_err(|error| Error::Pipeline(format!("no thread to paint: {error}")))?);
        Ok(Self { feeds, board, canvas, painter, time: time.clone(), pipeline, _card: sink.card })
    }

    /// Something else goes on.
    pub fn stage(&self, stage: &Arc<Stage>, own: Own) {
        self.board.stage(stage, own);
    }

    /// Shows a peer, or what it shares. What showed it in an earlier epoch is given back to be dropped elsewhere; the last picture stays until there is
    /// a new one.
    pub fn add(&mut self, key: &PeerKey, part: Part, producer: &StreamProducer) -> Result<Option<Feed>, Error> {
        let who = who(key, part);
        if self.feeds.get(&who).is_some_and(|(of, _)| of.as_ref().is_some_and(|of| of.epoch >= key.epoch)) {
            return Ok(None);
        }
        let feed = Feed::of(who.clone(), producer, &self.board, &self.time)?;
        Ok(self.feeds.insert(who, (Some(key.clone()), feed)).map(|(_, feed)| feed))
    }

    /// Takes nothing more from a peer. What showed it is given back to be dropped elsewhere.
    #[must_use = "dropping it takes a while"]
    pub fn remove(&mut self, key: &PeerKey, part: Part) -> Option<Feed> {
        let who = who(key, part);
        if self.feeds.get(&who).is_none_or(|(of, _)| of.as_ref() != Some(key)) {
            return None;
        }
        let (_, mut feed) = self.feeds.remove(&who)?;
        feed.cut();
        Some(feed)
    }

    /// What is on it.
    pub fn canvas(&self) -> Shared {
        self.canvas.clone()
    }

    /// The pipeline, for latency.
    pub fn pipeline(&self) -> &Pipeline {
        &self.pipeline
    }
}

/// Whose picture that is.
pub fn who(key: &PeerKey, part: Part) -> Who {
    match part {
        Part::Camera => Who::Other(key.id.clone()),
        Part::Share => Who::Share(key.id.clone()),
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.board.end();
        if let Some(painter) = self.painter.take() {
            let _ = painter.join();
        }
    }
}
