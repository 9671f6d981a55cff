//! One participant's pictures, made as large as their tile: a pipeline of its own, so that it can come, go and stand still without
//! touching the others.
//!
//! ```text
//!   StreamProducer ═► appsrc ─► convert, scale ─► size of the picture in the tile ─► appsink ─► board
//! ```

use std::sync::{Arc, Mutex, PoisonError};

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use gstreamer_utils::{ConsumptionLink, StreamProducer};
use gstreamer_video as gst_video;

use super::board::Board;
use crate::media::Error;
use crate::media::mirror::Mirror;
use crate::media::pipeline::{Pipeline, Timebase, element, element_with, parse_caps};
use crate::media::plan::area::Area;
use crate::media::plan::scene::Who;

/// A picture as the screen takes it, mapped.
pub type Frame = gst_video::VideoFrame<gst_video::video_frame::Readable>;

/// Caps of pictures that the screen takes as they are.
pub fn screen_caps(width: u32, height: u32) -> String {
    format!("video/x-raw,format=I420,width={width},height={height},pixel-aspect-ratio=1/1,colorimetry=bt709")
}

/// Pictures on their way to the screen. Dropping it stops them, which should not be waited for.
#[derive(Debug)]
pub struct Feed {
    link: Option<ConsumptionLink>,
    mirror: Option<Arc<Mirror>>,
    _aim: Arc<Aim>,
    _pipeline: Pipeline,
}

/// How large pictures are wanted.
#[derive(Debug)]
pub struct Aim {
    filter: gst::Element,
    sizes: Mutex<Sizes>,
}

#[derive(Debug, Default)]
struct Sizes {
    /// What comes.
    comes: Option<(u32, u32)>,
    /// The tile.
    tile: Option<Area>,
    /// What was last asked for.
    asked: Option<(u32, u32)>,
}

impl Aim {
    /// Takes the tile that these pictures are for.
    pub fn at(&self, tile: Area) {
        self.change(|sizes| sizes.tile = Some(Area::of(tile.width, tile.height)));
    }

    fn comes(&self, info: &gst_video::VideoInfo) {
        self.change(|sizes| sizes.comes = Some(shape(info)));
    }

    fn change(&self, change: impl FnOnce(&mut Sizes)) {
        let mut sizes = self.sizes.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut sizes);
        let (Some(comes), Some(tile)) = (sizes.comes, sizes.tile) else {
            return;
        };
        let fit = tile.fit(comes.0, comes.1);
        if sizes.asked.replace((fit.width, fit.height)) == Some((fit.width, fit.height)) {
            return;
        }
        drop(sizes);
        if let Ok(caps) = parse_caps(&screen_caps(fit.width, fit.height)) {
            self.filter.set_property("caps", caps);
        }
    }
}

impl Feed {
    /// Pictures of one of the others.
    pub fn of(who: Who, producer: &StreamProducer, board: &Arc<Board>, time: &Timebase) -> Result<Self, Error> {
        let (mut feed, source) = Self::build(who, board, time)?;
        feed.link = Some(producer.add_consumer(&source).map_err(|e| Error::Pipeline(e.to_string()))?);
        Ok(feed)
    }

    /// Our own.
    pub fn own(mirror: &Arc<Mirror>, board: &Arc<Board>, time: &Timebase) -> Result<Self, Error> {
        let (mut feed, source) = Self::build(Who::Own, board, time)?;
        StreamProducer::configure_consumer(&source);
        mirror.show(Some(source));
        feed.mirror = Some(mirror.clone());
        Ok(feed)
    }

    fn build(who: Who, board: &Arc<Board>, time: &Timebase) -> Result<(Self, gst_app::AppSrc), Error> {
        let source = gst_app::AppSrc::builder().format(gst::Format::Time).is_live(true).build();
        let filter = element("capsfilter")?;
        filter.set_property("caps", parse_caps("video/x-raw,format=I420")?);
        let sink = gst_app::AppSink::builder().sync(false).async_(false).max_buffers(1).drop(true).build();
        let aim = Arc::new(Aim { filter: filter.clone(), sizes: Mutex::default() });
        let (weak, theirs) = (Arc::downgrade(board), who.clone());
        sink.set_callbacks(
            gst_app::AppSinkCallbacks::builder()
                .new_sample(move |sink| {
                    let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
                    let board = weak.upgrade().ok_or(gst::FlowError::Eos)?;
                    if let Some(frame) = frame(&sample) {
                        board.picture(&theirs, frame);
                    }
                    Ok(gst::FlowSuccess::Ok)
                })
                .build(),
        );
        if let Some(pad) = source.static_pad("src") {
            let aim = Arc::downgrade(&aim);
            pad.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, move |_, info| {
                if let (Some(aim), Some(gst::EventView::Caps(caps))) = (aim.upgrade(), info.event().map(|event| event.view()))
                    && let Ok(info) = gst_video::VideoInfo::from_caps(caps.caps())
                {
                    aim.comes(&info);
                }
                gst::PadProbeReturn::Ok
            });
        }
        let pipeline = Pipeline::new("tile", time, |_| {});
        let scale = element_with("videoconvertscale", &[("add-borders", "false")])?;
        pipeline.chain(&[source.upcast_ref(), &scale, &filter, sink.upcast_ref()])?;
        pipeline.play()?;
        board.aim(who, &aim);
        Ok((Self { link: None, mirror: None, _aim: aim, _pipeline: pipeline }, source))
    }

    /// No more pictures are taken from where they come from; at once.
    pub fn cut(&mut self) {
        self.link.take();
        if let Some(mirror) = self.mirror.take() {
            mirror.show(None);
        }
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.cut();
    }
}

/// Width and height of pictures as they are to be seen, with square pixels.
pub fn shape(info: &gst_video::VideoInfo) -> (u32, u32) {
    let (n, d) = (u64::try_from(info.par().numer()).unwrap_or(1), u64::try_from(info.par().denom()).unwrap_or(1).max(1));
    let width = u64::from(info.width()) * n / d;
    (u32::try_from(width).unwrap_or(info.width()), info.height())
}

/// Maps a picture in the screen's format; none if it is in another one.
pub fn frame(sample: &gst::Sample) -> Option<Frame> {
    let info = gst_video::VideoInfo::from_caps(sample.caps()?).ok()?;
    if info.format() != gst_video::VideoFormat::I420 {
        return None;
    }
    Frame::from_buffer_readable(sample.buffer_owned()?, &info).ok()
}
