//! The second rung: a small picture by an encoder of its own, for those whose way does not carry the main one.
//!
//! ```text
//!  capture's raw pictures ═► appsrc ─► coder ═► StreamProducer (one appsrc per peer on this rung)
//! ```

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use gstreamer_utils::streamproducer::ConsumerSettings;
use gstreamer_utils::{ConsumptionLink, StreamProducer};

use super::Error;
use super::coder::Coder;
use super::pipeline::{Pipeline, Report, Timebase};
use super::plan::encoder::Encoder;
use super::rate::Picture;

/// Pictures that wait for the encoder; older ones are dropped.
const WAITING: u64 = 2;

/// A running second rung.
#[derive(Debug)]
pub struct Second {
    link: Option<ConsumptionLink>,
    source: gst_app::AppSrc,
    coder: Coder,
    pipeline: Pipeline,
}

impl Second {
    /// Builds and starts it; may take as long as the driver likes. It gets its pictures by [`Second::link`].
    pub fn start(
        encoder: &'static Encoder,
        picture: Picture,
        time: &Timebase,
        report: impl Fn(Report) + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let pipeline = Pipeline::new("second", time, report);
        let source = gst_app::AppSrc::builder().format(gst::Format::Time).is_live(true).build();
        StreamProducer::configure_consumer(&source);
        pipeline.chain(&[source.upcast_ref()])?;
        let coder = Coder::build(&pipeline, source.upcast_ref(), encoder, picture)?;
        pipeline.play()?;
        Ok(Self { link: None, source, coder, pipeline })
    }

    /// Takes pictures from here, or from nowhere.
    pub fn link(&mut self, raw: Option<&StreamProducer>) {
        if self.link.as_ref().and_then(ConsumptionLink::stream_producer) == raw {
            return;
        }
        self.link = None;
        let settings = ConsumerSettings { max_buffer: WAITING, ..ConsumerSettings::default() };
        self.link = raw.and_then(|raw| match raw.add_consumer_with(&self.source, settings) {
            Ok(link) => Some(link),
            Err(error) => {
                tracing::warn!(%error, "the second encoder gets no pictures");
                None
            }
        });
    }

    /// The encoder, and where peers get their stream.
    pub fn coder(&self) -> &Coder {
        &self.coder
    }

    /// The pipeline, for latency.
    pub fn pipeline(&self) -> &Pipeline {
        &self.pipeline
    }
}
