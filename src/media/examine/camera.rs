//! Looks through the camera for a few seconds.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use gstreamer_video as gst_video;
use gstreamer_video::prelude::*;

use super::wait;
use crate::config::Camera;
use crate::media::capture::add_source;
use crate::media::node::Node;
use crate::media::pipeline::{self, Pipeline, Report, Timebase, leaky_queue, parse_caps};
use crate::media::snapshot::Png;
use crate::media::{Error, capture};
use crate::protocol::control::DeviceState;

/// A camera that takes longer for its first picture is stuck.
const FIRST: Duration = Duration::from_secs(6);
/// Exposure settles, and what a driver kept back comes at once.
const SETTLE: Duration = Duration::from_millis(700);
/// Pictures are counted for so long.
const COUNT: Duration = Duration::from_secs(2);
/// Every so many pixels are looked at.
const STEP: usize = 7;

/// What was seen.
#[derive(Debug)]
pub struct Seen {
    /// Which camera.
    pub name: String,
    /// As it comes from the camera: `image/jpeg 1280x720`.
    pub format: String,
    /// Pixels.
    pub size: (u32, u32),
    /// Per second.
    pub fps: f64,
    /// Until the first one.
    pub first: Duration,
    /// Luma of the darkest and of the brightest places, and on the whole.
    pub luma: (u8, u8, u8),
    /// The last picture.
    pub picture: Png,
    /// What the camera would not do, for people.
    pub refused: Option<String>,
}

#[derive(Default)]
struct Eye {
    pictures: AtomicU64,
    last: Mutex<Option<gst::Sample>>,
}

/// Takes pictures for about three seconds. The camera must not be in use.
pub fn camera(camera: &Camera) -> Result<Seen, Error> {
    pipeline::init()?;
    let camera = Camera { source: Node::default().find(&camera.source), ..camera.clone() };
    let failed = Arc::new(Mutex::new(None));
    let tell = failed.clone();
    let time = Timebase::new();
    let pipeline = Pipeline::new("camera", &time, move |report| {
        if let Report::Failed { state, text, .. } = report {
            tell.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(Error::Device { state, text });
        }
    });
    let eye = Arc::new(Eye::default());
    let sees = eye.clone();
    let callbacks = gst_app::AppSinkCallbacks::builder().new_sample(move |sink| {
        let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
        sees.pictures.fetch_add(1, Ordering::AcqRel);
        *sees.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(sample);
        Ok(gst::FlowSuccess::Ok)
    });
    let sink = gst_app::AppSink::builder().sync(false).max_buffers(1).drop(true).callbacks(callbacks.build()).build();
    let queue = leaky_queue(2)?;
    pipeline.chain(&[&queue, sink.upcast_ref()])?;
    let source = add_source(&pipeline, &camera, &queue, &time)?;
    let begun = Instant::now();
    pipeline.play()?;
    let count = || eye.pictures.load(Ordering::Acquire);
    wait(&failed, begun + FIRST, || count() > 0)?;
    if count() == 0 {
        let text = format!("{} gives no picture within {} s", capture::name(&camera.source), FIRST.as_secs());
        return Err(Error::Device { state: DeviceState::Failed, text });
    }
    let first = begun.elapsed();
    wait(&failed, Instant::now() + SETTLE, || false)?;
    let (from, before) = (Instant::now(), count());
    wait(&failed, from + COUNT, || false)?;
    let fps = (count() - before) as f64 / from.elapsed().as_secs_f64();
    let sample = eye.last.lock().unwrap_or_else(PoisonError::into_inner).take();
    let sample = sample.ok_or_else(|| Error::Pipeline("the camera gave a picture without content".to_owned()))?;
    let info = sample.caps().and_then(|caps| gst_video::VideoInfo::from_caps(caps).ok());
    let info = info.ok_or_else(|| Error::Pipeline("the camera's pictures have no format".to_owned()))?;
    let size = (info.width(), info.height());
    let format = source.device.as_ref().and_then(|source| source.static_pad("src")?.current_caps());
    Ok(Seen {
        name: capture::name(&camera.source),
        format: format.map_or_else(|| format!("{}x{}", size.0, size.1), |caps| format_of(&caps, size)),
        size,
        fps,
        first,
        luma: luma(&sample)?,
        picture: png(&sample)?,
        refused: (!source.refused.is_empty()).then(|| source.refused.join("; ")),
    })
}

/// `MJPG 1280x720` and the like.
fn format_of(caps: &gst::Caps, (width, height): (u32, u32)) -> String {
    let kind = caps.structure(0).map_or_else(String::new, |structure| match structure.get::<&str>("format") {
        Ok(format) => format.to_owned(),
        Err(_) => structure.name().trim_start_matches("image/").trim_start_matches("video/x-").to_uppercase(),
    });
    format!("{kind} {width}x{height}")
}

fn luma(sample: &gst::Sample) -> Result<(u8, u8, u8), Error> {
    let grey = convert(sample, "video/x-raw,format=GRAY8")?;
    let info = grey.caps().and_then(|caps| gst_video::VideoInfo::from_caps(caps).ok());
    let (Some(info), Some(buffer)) = (info, grey.buffer()) else { return Ok((0, 0, 0)) };
    let frame = gst_video::VideoFrameRef::from_buffer_ref_readable(buffer, &info).map_err(|error| Error::pipeline(&error))?;
    let (width, stride) = (info.width() as usize, frame.plane_stride()[0].unsigned_abs() as usize);
    let plane = frame.plane_data(0).map_err(|error| Error::pipeline(&error))?;
    let rows = plane.chunks(stride).step_by(STEP).filter_map(|row| row.get(..width));
    let mut places: Vec<u8> = rows.flat_map(|row| row.iter().step_by(STEP).copied()).collect();
    places.sort_unstable();
    let (Some(last), false) = (places.len().checked_sub(1), places.is_empty()) else { return Ok((0, 0, 0)) };
    let mean = places.iter().map(|place| u64::from(*place)).sum::<u64>() / places.len() as u64;
    // A few bright dots are a camera's own noise.
    Ok((places[last / 100], places[last - last / 100], mean as u8))
}

fn png(sample: &gst::Sample) -> Result<Png, Error> {
    let png = convert(sample, "image/png")?;
    let info = sample.caps().and_then(|caps| gst_video::VideoInfo::from_caps(caps).ok());
    let map = png.buffer().and_then(|buffer| buffer.map_readable().ok());
    let (Some(map), Some(info)) = (map, info) else { return Err(Error::Pipeline("an empty picture".to_owned())) };
    Ok(Png { bytes: map.to_vec(), width: info.width(), height: info.height() })
}

fn convert(sample: &gst::Sample, caps: &str) -> Result<gst::Sample, Error> {
    let timeout = gst::ClockTime::from_seconds(5);
    gst_video::convert_sample(sample, &parse_caps(caps)?, Some(timeout)).map_err(|error| Error::pipeline(&error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::CameraSource;

    fn of(source: CameraSource) -> Camera {
        Camera { source, width: 320, height: 240, framerate: 15, controls: Vec::new() }
    }

    #[test]
    fn a_camera_is_counted_measured_and_photographed() {
        let seen = camera(&of(CameraSource::Test)).unwrap();
        assert_eq!((seen.size, seen.name.as_str()), ((320, 240), "test"));
        assert!((5.0..20.0).contains(&seen.fps), "{}", seen.fps);
        assert!(seen.luma.0 < 60 && seen.luma.1 > 150, "{:?}", seen.luma);
        assert!(seen.picture.bytes.starts_with(b"\x89PNG"));
    }

    #[test]
    fn a_camera_that_is_not_there_is_missing() {
        let error = camera(&of(CameraSource::V4l2 { device: "/dev/video4711".into() })).unwrap_err();
        assert!(matches!(error, Error::Device { state: DeviceState::Missing, .. }), "{error}");
    }
}
