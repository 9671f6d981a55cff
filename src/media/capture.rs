//! Camera to H.264, once for all viewers.
//!
//! ```text
//!  v4l2src | libcamerasrc | file | test ─► queue(leaky) ─► tee ─► coder ═► StreamProducer of H.264 (one appsrc per peer)
//!                                           └ probe: taken  │      └ probe: coded
//!                                                           └─► appsink ═► StreamProducer of raw pictures
//! ```
//!
//! Whether camera or encoder is to blame when pictures stop is told by the two counters, and by which of them a state change is in.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use gstreamer as gst;
use gstreamer::glib;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use gstreamer_utils::StreamProducer;
use gstreamer_video as gst_video;
use gstreamer_video::prelude::*;

use super::coder::Coder;
use super::pipeline::{Pipeline, Report, Timebase, capsfilter, element, element_with, fan_out, leaky_queue, set, take_any_stride};
use super::plan::canvas::Canvas;
use super::plan::encoder::Encoder;
use super::plan::testcard;
use super::rate::Picture;
use super::stats::timing::{self, Took};
use super::v4l2;
use super::{Error, card};
use crate::config::{Camera, CameraSource};
use crate::protocol::control::CameraTaken;

/// The names of the elements behind the camera that say so when encoding fails.
const ENCODER_SIDE: [&str; 2] = ["to-encoder", "encoder"];

/// Seconds. A picture that is older has time stamps of another kind.
const OLDEST: u64 = 5;

/// Where pictures come from.
#[derive(Debug)]
pub enum Eye {
    /// A camera.
    Camera(Camera),
    /// What is shared, from a source of the same kinds.
    Shared(Camera),
    /// A still picture as large as the camera's.
    Card(Canvas),
}

/// A running camera and its encoder.
#[derive(Debug)]
pub struct Capture {
    coder: Coder,
    raw: StreamProducer,
    source: Source,
    pipeline: Pipeline,
}

/// How many pictures passed, over all runs.
#[derive(Debug, Default)]
pub struct Counters {
    /// The camera gave.
    pub taken: AtomicU64,
    /// The encoder gave.
    pub coded: AtomicU64,
    /// How long the pictures of the camera are on their way here.
    pub arriving: Took,
    /// How long the encoder takes for one.
    pub coding: Took,
}

/// Says whether camera or encoder is to blame.
#[derive(Debug, Default)]
pub struct Witness(OnceLock<Scene>);

#[derive(Debug)]
struct Scene {
    queue: glib::WeakRef<gst::Element>,
    encoder: glib::WeakRef<gst::Element>,
    after: glib::WeakRef<gst::Element>,
}

impl Witness {
    /// Whether the encoder is what does not change its state, or did not: what comes after it is changed before it.
    pub fn blames_encoder(&self) -> bool {
        let Some((Some(encoder), Some(after))) = self.0.get().map(|scene| (scene.encoder.upgrade(), scene.after.upgrade())) else {
            return false;
        };
        encoder.pending_state() != gst::State::VoidPending || encoder.current_state() != after.current_state()
    }

    /// The camera is who says that nobody takes its pictures any more.
    fn judge(&self, report: Report) -> Report {
        let refused = || {
            let pad = self.0.get()?.queue.upgrade()?.static_pad("src")?;
            let outcome = pad.last_flow_result();
            Some(matches!(outcome, Err(gst::FlowError::Error | gst::FlowError::NotNegotiated | gst::FlowError::NotSupported)))
        };
        match report {
            Report::Failed { state, text, element } if !ENCODER_SIDE.contains(&element.as_str()) && refused() == Some(true) => {
                Report::Failed { state, text: format!("it takes no pictures ({text})"), element: ENCODER_SIDE[0].to_owned() }
            }
            Report::Failed { .. } | Report::Ended | Report::Latency => report,
        }
    }
}

/// Whether this report is about the encoder rather than the camera.
pub fn is_encoders(report: &Report) -> bool {
    matches!(report, Report::Failed { element, .. } if ENCODER_SIDE.contains(&element.as_str()))
}

/// What a camera is called in `status`.
pub fn name(source: &CameraSource) -> String {
    match source {
        CameraSource::V4l2 { device } => device.display().to_string(),
        CameraSource::Libcamera { camera } => camera.clone().unwrap_or_else(|| "libcamera".to_owned()),
        CameraSource::File { file } => file.display().to_string(),
        CameraSource::Test => "test".to_owned(),
        CameraSource::None => "none".to_owned(),
    }
}

impl Capture {
    /// Builds and starts it; may take as long as the drivers like.
    pub fn start(
        eye: &Eye,
        encoder: &'static Encoder,
        picture: Picture,
        counters: &Arc<Counters>,
        witness: &Arc<Witness>,
        time: &Timebase,
        report: impl Fn(Report) + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let judge = witness.clone();
        let pipeline = Pipeline::new("capture", time, move |found| report(judge.judge(found)));
        let queue = leaky_queue(2)?;
        queue.set_property("name", ENCODER_SIDE[0]);
        let tee = element_with("tee", &[("allow-not-linked", "true")])?;
        pipeline.chain(&[&queue, &tee])?;
        let coder = Coder::build(&pipeline, &tee, encoder, picture)?;
        let raw = gst_app::AppSink::builder().name("raw").sync(false).async_(false).max_buffers(1).drop(true).build();
        take_any_stride(&raw);
        pipeline.chain(&[raw.upcast_ref()])?;
        tee.link(&raw).map_err(|e| Error::pipeline(&e))?;
        let source = match eye {
            Eye::Camera(camera) => add_source(&pipeline, camera, &queue, time)?,
            Eye::Shared(camera) => add_source_with(&pipeline, camera, "gradient", &queue, time)?,
            Eye::Card(card) => {
                prepend(&pipeline, &card::source(card)?.iter().collect::<Vec<_>>(), &queue)?;
                Source::default()
            }
        };
        count(&queue, "sink", counters, |counters| &counters.taken);
        count(&coder.element, "src", counters, |counters| &counters.coded);
        watch_time(&queue, &coder.element, counters, time);
        let raw = fan_out(&raw);
        let (element, after) = (coder.element.downgrade(), coder.after.downgrade());
        let _ = witness.0.set(Scene { queue: queue.downgrade(), encoder: element, after });
        let refused = |error: Error| Error::Encoder(format!("{} does not start: {error}", encoder.element));
        let ready = coder.element.set_state(gst::State::Ready);
        ready.map_err(|e| refused(pipeline.failure().unwrap_or_else(|| Error::pipeline(&e))))?;
        pipeline.play().map_err(|error| if witness.blames_encoder() { refused(error) } else { error })?;
        Ok(Self { coder, raw, source, pipeline })
    }

    /// The encoder, and where peers get their stream.
    pub fn coder(&self) -> &Coder {
        &self.coder
    }

    /// The camera's pictures as they are, for whoever takes each as it comes.
    pub fn raw(&self) -> &StreamProducer {
        &self.raw
    }

    /// What the camera would not do, for people; the rest works.
    pub fn refused(&self) -> Option<String> {
        (!self.source.refused.is_empty()).then(|| self.source.refused.join("; "))
    }

    /// What the camera was asked for, where there was a choice.
    pub fn taken(&self) -> Option<&CameraTaken> {
        self.source.taken.as_ref()
    }

    /// Lets go of the camera, whatever the encoder does.
    pub fn release_camera(&self) {
        if let Some(source) = &self.source.device {
            source.set_locked_state(true);
            let _ = source.set_state(gst::State::Null);
        }
    }

    /// The pipeline, for latency.
    pub fn pipeline(&self) -> &Pipeline {
        &self.pipeline
    }
}

fn count(element: &gst::Element, pad: &str, counters: &Arc<Counters>, which: fn(&Counters) -> &AtomicU64) {
    let counters = counters.clone();
    if let Some(pad) = element.static_pad(pad) {
        pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
            which(&counters).fetch_add(1, Ordering::Relaxed);
            gst::PadProbeReturn::Ok
        });
    }
}

/// How old a picture is when it comes here, and how long it is in the encoder.
fn watch_time(queue: &gst::Element, encoder: &gst::Element, counters: &Arc<Counters>, time: &Timebase) {
    let (arriving, coding, time) = (counters.clone(), counters.clone(), time.clone());
    if let Some(pad) = queue.static_pad("sink") {
        pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
            // A camera's time stamps are running time.
            if let Some(taken) = info.buffer().and_then(|buffer| buffer.pts())
                && let Some(age) = time.running_time().checked_sub(taken).filter(|age| age.seconds() < OLDEST)
            {
                arriving.arriving.take(age.into());
            }
            gst::PadProbeReturn::Ok
        });
    }
    timing::through(encoder, move |took| coding.coding.take(took));
}

/// What was put before the encoder's side.
#[derive(Debug, Default)]
pub struct Source {
    /// The camera's own element, where there is one to let go of.
    pub device: Option<gst::Element>,
    /// What the camera would not do, for people.
    pub refused: Vec<String>,
    /// What it was asked for, where there was a choice.
    pub taken: Option<CameraTaken>,
}

/// Puts the camera before `next`.
pub fn add_source(pipeline: &Pipeline, camera: &Camera, next: &gst::Element, time: &Timebase) -> Result<Source, Error> {
    add_source_with(pipeline, camera, "smpte", next, time)
}

/// `pattern`: of the test picture.
fn add_source_with(
    pipeline: &Pipeline,
    camera: &Camera,
    pattern: &str,
    next: &gst::Element,
    time: &Timebase,
) -> Result<Source, Error> {
    let wanted = format!("width={},height={},framerate={}/1", camera.width, camera.height, camera.framerate);
    match &camera.source {
        CameraSource::V4l2 { device } => {
            let v4l2::Source { elements, refused, taken } = v4l2::open(device, camera)?;
            prepend(pipeline, &elements.iter().collect::<Vec<_>>(), next)?;
            Ok(Source { device: elements.into_iter().next(), refused, taken: Some(taken) })
        }
        CameraSource::Libcamera { camera: name } => {
            let source = element("libcamerasrc")?;
            if let Some(name) = name {
                set(&source, "camera-name", name);
            }
            prepend(pipeline, &[&source, &capsfilter(&format!("video/x-raw,format=NV12,{wanted}"))?], next)?;
            Ok(Source { device: Some(source), ..Source::default() })
        }
        CameraSource::Test => {
            // A camera's has a patch of snow: like a real picture, it takes whatever bit rate it is given.
            let source = element_with("videotestsrc", &[("is-live", "true"), ("pattern", pattern), ("horizontal-speed", "2")])?;
            let filter = capsfilter(&format!("video/x-raw,format=I420,{wanted}"))?;
            draw_cards(&filter);
            match clock(camera.height) {
                Some(clock) => prepend(pipeline, &[&source, &clock, &filter], next)?,
                None => prepend(pipeline, &[&source, &filter], next)?,
            }
            Ok(Source { device: Some(source), ..Source::default() })
        }
        CameraSource::File { file } => {
            if !file.exists() {
                return Err(Error::missing(format!("there is no file {}", file.display())));
            }
            add_file(pipeline, file, "video/", next, time)?;
            Ok(Source::default())
        }
        CameraSource::None => Err(Error::Pipeline("the camera is switched off".to_owned())),
    }
}

fn prepend(pipeline: &Pipeline, elements: &[&gst::Element], next: &gst::Element) -> Result<(), Error> {
    pipeline.chain(elements)?;
    if let Some(last) = elements.last() {
        last.link(next).map_err(|e| Error::pipeline(&e))?;
    }
    Ok(())
}

fn device_text(device: &Path) -> Result<&str, Error> {
    device.to_str().ok_or_else(|| Error::Pipeline(format!("{} is not UTF-8", device.display())))
}

/// The wall clock at the bottom of the test picture, where pango is installed.
fn clock(height: u32) -> Option<gst::Element> {
    let font = format!("DejaVu Sans, {}", (height / 24).max(8));
    let properties =
        [("font-desc", font.as_str()), ("halignment", "center"), ("valignment", "center"), ("time-format", "%H:%M:%S")];
    element_with("clockoverlay", &properties).ok()
}

/// Draws the test card into every picture that leaves `filter`, I420.
fn draw_cards(filter: &gst::Element) {
    let Some(pad) = filter.static_pad("src") else {
        return;
    };
    let mut frame = 0u16;
    let mut info = None;
    let frame_cell = std::sync::Mutex::new(move |pad: &gst::Pad, buffer: &mut gst::Buffer| {
        if info.is_none() {
            info = pad.current_caps().and_then(|caps| gst_video::VideoInfo::from_caps(&caps).ok());
        }
        let Some(info) = &info else {
            return;
        };
        let Ok(mut picture) = gst_video::VideoFrameRef::from_buffer_ref_writable(buffer.make_mut(), info) else {
            return;
        };
        frame = frame.wrapping_add(1);
        let drawn_ms = now_ms() as u16;
        let (stride, width) = (picture.plane_stride()[0].unsigned_abs() as usize, info.width() as usize);
        if let Ok(plane) = picture.plane_data_mut(0) {
            testcard::draw(plane, stride, width, testcard::Card { frame, drawn_ms });
        }
    });
    pad.add_probe(gst::PadProbeType::BUFFER, move |pad, info| {
        if let (Some(buffer), Ok(mut draw)) = (info.buffer_mut(), frame_cell.lock()) {
            draw(pad, buffer);
        }
        gst::PadProbeReturn::Ok
    });
}

/// Milliseconds since 1970, for test cards only.
pub fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis() as u64)
}

/// Decodes the first stream of the kind (`video/` or `audio/`) in a file, in real time from now on.
pub fn add_file(pipeline: &Pipeline, file: &Path, kind: &'static str, next: &gst::Element, time: &Timebase) -> Result<(), Error> {
    let source = element("filesrc")?;
    source.set_property("location", device_text(file)?);
    let decode = element("decodebin")?;
    let pace = element("identity")?;
    pace.set_property("sync", true);
    pipeline.chain(&[&source, &decode])?;
    prepend(pipeline, &[&pace], next)?;
    let time = time.clone();
    let pace = pace.downgrade();
    decode.connect_pad_added(move |_, pad| {
        let Some(sink) = pace.upgrade().and_then(|pace| pace.static_pad("sink")) else {
            return;
        };
        let fits = pad
            .current_caps()
            .or_else(|| Some(pad.query_caps(None)))
            .is_some_and(|caps| caps.structure(0).is_some_and(|s| s.name().starts_with(kind)));
        if fits && !sink.is_linked() {
            // The file begins at zero, the shared running time long before: move it to now. What began earlier than it comes would
            // come in a burst, by which the other side would judge all that follows as late.
            pad.set_offset(i64::try_from(time.running_time().nseconds()).unwrap_or(0));
            if let Err(error) = pad.link(&sink) {
                tracing::warn!(?error, "cannot play the file's {kind} stream");
            }
        }
    });
    Ok(())
}
