//! The others on a display: a grid that is rebuilt in place when somebody comes or goes.
//!
//! ```text
//!  background (2 fps) ───────────┐
//!  appsrc (peer) ─► convert ─────┼─► compositor ─► convert ─► kmssink | autovideosink
//!  appsrc (peer) ─► convert ─────┘
//! ```
//!
//! Without a display nothing of this runs: [`super::snapshot`] composes the same grid when asked.

use std::collections::BTreeMap;

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use gstreamer_utils::{ConsumptionLink, StreamProducer};

use super::pipeline::{Pipeline, Report, Timebase, capsfilter, element, element_with, leaky_queue};
use super::plan::grid::grid;
use super::{Error, PeerKey};

/// A running display.
#[derive(Debug)]
pub struct Screen {
    tiles: BTreeMap<PeerKey, Picture>,
    mixer: gst::Element,
    width: u32,
    height: u32,
    pipeline: Pipeline,
}

#[derive(Debug)]
struct Picture {
    _link: ConsumptionLink,
    elements: Vec<gst::Element>,
    pad: gst::Pad,
}

impl Screen {
    /// Opens the display through this sink element, at this size in pixels.
    pub fn start(
        sink: &str,
        width: u32,
        height: u32,
        time: &Timebase,
        report: impl Fn(Report) + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let pipeline = Pipeline::new("screen", time, report);
        let ground =
            element_with("videotestsrc", &[("is-live", "true"), ("pattern", "solid-color"), ("foreground-color", "0xff101218")])?;
        let ground_caps = capsfilter(&format!("video/x-raw,format=I420,width={width},height={height},framerate=2/1"))?;
        let mixer = element_with(
            "compositor",
            &[
                ("background", "black"),
                ("ignore-inactive-pads", "true"),
                ("latency", "20000000"),
                ("start-time-selection", "first"),
            ],
        )?;
        let caps = capsfilter(&format!("video/x-raw,width={width},height={height},framerate=30/1"))?;
        let convert = element("videoconvert")?;
        let sink = element_with(sink, &[("sync", "false")])?;
        pipeline.chain(&[&ground, &ground_caps, &mixer, &caps, &convert, &sink])?;
        pipeline.play()?;
        Ok(Self { tiles: BTreeMap::new(), mixer, width, height, pipeline })
    }

    /// Shows a peer.
    pub fn add(&mut self, key: &PeerKey, producer: &StreamProducer) -> Result<(), Error> {
        if self.tiles.contains_key(key) {
            return Ok(());
        }
        let source = gst_app::AppSrc::builder().format(gst::Format::Time).is_live(true).build();
        let link = producer.add_consumer(&source).map_err(|e| Error::Pipeline(e.to_string()))?;
        let elements = vec![source.upcast::<gst::Element>(), leaky_queue(2)?, element("videoconvert")?];
        let chain: Vec<&gst::Element> = elements.iter().collect();
        self.pipeline.chain(&chain)?;
        let pad = self.mixer.request_pad_simple("sink_%u").ok_or_else(|| Error::Pipeline("the screen is full".to_owned()))?;
        pad.set_property("zorder", 1u32);
        pad.set_property_from_str("sizing-policy", "keep-aspect-ratio");
        let last = elements.last().and_then(|e| e.static_pad("src")).ok_or_else(|| Error::Pipeline("no source pad".to_owned()))?;
        last.link(&pad).map_err(|e| Error::Pipeline(format!("cannot link to the screen: {e}")))?;
        for element in &elements {
            element.sync_state_with_parent().map_err(|e| Error::pipeline(&e))?;
        }
        self.tiles.insert(key.clone(), Picture { _link: link, elements, pad });
        self.arrange();
        Ok(())
    }

    /// Takes a peer off the screen.
    pub fn remove(&mut self, key: &PeerKey) {
        let Some(Picture { _link: link, elements, pad }) = self.tiles.remove(key) else {
            return;
        };
        drop(link);
        for element in &elements {
            element.set_locked_state(true);
            let _ = element.set_state(gst::State::Null);
        }
        if let Some(peer) = pad.peer() {
            let _ = peer.unlink(&pad);
        }
        self.mixer.release_request_pad(&pad);
        let _ = self.pipeline.bin().remove_many(&elements);
        self.arrange();
    }

    /// The pipeline, for latency.
    pub fn pipeline(&self) -> &Pipeline {
        &self.pipeline
    }

    fn arrange(&self) {
        for (picture, tile) in self.tiles.values().zip(grid(self.tiles.len(), self.width, self.height)) {
            for (name, value) in [("xpos", tile.x), ("ypos", tile.y), ("width", tile.width), ("height", tile.height)] {
                picture.pad.set_property(name, i32::try_from(value).unwrap_or(0));
            }
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let keys: Vec<PeerKey> = self.tiles.keys().cloned().collect();
        for key in keys {
            self.remove(&key);
        }
    }
}
