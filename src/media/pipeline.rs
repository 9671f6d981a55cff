//! One GStreamer pipeline of ours: shares the clock of all others, and its bus is consumed for its whole life.
//!
//! A bus that nobody reads keeps references to elements alive (20 open files per peer were measured), so every message is turned
//! into a [`Report`] where it is posted, and dropped. A state change may take as long as a
//! driver likes: pipelines of devices are started, and all are dropped, on threads made for that.

use std::str::FromStr as _;
use std::sync::{Arc, OnceLock};

use gstreamer as gst;
use gstreamer::glib;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use gstreamer_utils::StreamProducer;
use gstreamer_utils::streamproducer::ProducerSettings;
use gstreamer_video as gst_video;

use super::Error;
use crate::protocol::control::DeviceState;

/// What a pipeline says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// It stopped working.
    Failed {
        /// For `status`.
        state: DeviceState,
        /// For people.
        text: String,
        /// The name of the element of the pipeline that says so, or in which another does.
        element: String,
    },
    /// A file came to its end.
    Ended,
    /// An element's latency changed; [`Pipeline::settle_latency`] is due.
    Latency,
}

/// The clock and base time that all pipelines share, so that buffers keep their meaning from one to the next.
#[derive(Debug, Clone)]
pub struct Timebase {
    clock: gst::Clock,
    base: gst::ClockTime,
}

impl Timebase {
    /// Starts counting now.
    pub fn new() -> Self {
        let clock = gst::SystemClock::obtain();
        let base = clock.time();
        Self { clock, base }
    }

    /// Time since the start.
    pub fn running_time(&self) -> gst::ClockTime {
        self.clock.time().saturating_sub(self.base)
    }
}

/// A pipeline; dropping it stops it.
#[derive(Debug)]
pub struct Pipeline {
    inner: gst::Pipeline,
    /// The first failure says why; what follows from it says less.
    failure: Arc<OnceLock<(DeviceState, String)>>,
}

impl Pipeline {
    /// An empty pipeline. `report` is called on GStreamer's threads: it must not block.
    pub fn new(name: &str, time: &Timebase, report: impl Fn(Report) + Send + Sync + 'static) -> Self {
        let inner = gst::Pipeline::with_name(name);
        inner.use_clock(Some(&time.clock));
        inner.set_base_time(time.base);
        inner.set_start_time(gst::ClockTime::NONE);
        let failure = Arc::new(OnceLock::new());
        if let Some(bus) = inner.bus() {
            let (name, failure) = (name.to_owned(), failure.clone());
            bus.set_sync_handler(move |_, message| {
                if let Some(found) = read(&name, message) {
                    if let Report::Failed { state, text, .. } = &found {
                        let _ = failure.set((*state, text.clone()));
                    }
                    report(found);
                }
                gst::BusSyncReply::Drop
            });
        }
        Self { inner, failure }
    }

    /// Adds the elements and links them in a row.
    pub fn chain(&self, elements: &[&gst::Element]) -> Result<(), Error> {
        self.inner.add_many(elements.iter().copied()).map_err(|e| Error::pipeline(&e))?;
        gst::Element::link_many(elements.iter().copied()).map_err(|e| Error::pipeline(&e))?;
        Ok(())
    }

    /// The bin behind it.
    pub fn bin(&self) -> &gst::Pipeline {
        &self.inner
    }

    /// Starts it. A live pipeline has no preroll: data flow when there are data.
    pub fn play(&self) -> Result<(), Error> {
        self.inner.set_state(gst::State::Playing).map_err(|e| self.failure().unwrap_or_else(|| Error::pipeline(&e)))?;
        Ok(())
    }

    /// Its first failure, if there was one.
    pub fn failure(&self) -> Option<Error> {
        self.failure.get().map(|(state, text)| Error::Device { state: *state, text: text.clone() })
    }

    /// Ends streams properly so that a file sink can finish its file; waits at most 300 ms.
    pub fn finish(&self) {
        let Some(sink) = self.inner.iterate_sinks().into_iter().flatten().next() else {
            return;
        };
        let Some(pad) = sink.static_pad("sink") else {
            return;
        };
        let (done, wait) = std::sync::mpsc::sync_channel(1);
        pad.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, move |_, info| {
            if info.event().is_some_and(|event| event.type_() == gst::EventType::Eos) {
                let _ = done.try_send(());
            }
            gst::PadProbeReturn::Ok
        });
        self.inner.send_event(gst::event::Eos::new());
        let _ = wait.recv_timeout(std::time::Duration::from_millis(300));
    }

    /// Answers a [`Report::Latency`].
    pub fn settle_latency(&self) {
        let _ = self.inner.recalculate_latency();
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        let _ = self.inner.set_state(gst::State::Null);
        if let Some(bus) = self.inner.bus() {
            bus.set_flushing(true);
            bus.unset_sync_handler();
        }
    }
}

#[allow(clippy::wildcard_enum_match_arm)] // not our enum: it grows with every release
fn read(name: &str, message: &gst::MessageRef) -> Option<Report> {
    match message.view() {
        gst::MessageView::Error(error) => {
            let source = message.src().map(top_level).unwrap_or_default();
            tracing::warn!(pipeline = name, element = source, error = %error.error(), detail = ?error.debug(), "pipeline failed");
            let state = device_state(&error.error(), &error.debug().unwrap_or_default());
            Some(Report::Failed { state, text: error.error().message().to_owned(), element: source })
        }
        gst::MessageView::Warning(warning) => {
            tracing::debug!(pipeline = name, warning = %warning.error(), "pipeline warning");
            None
        }
        gst::MessageView::Eos(_) => Some(Report::Ended),
        gst::MessageView::Latency(_) => Some(Report::Latency),
        _ => None,
    }
}

/// The name of what holds this, right below the pipeline.
fn top_level(object: &gst::Object) -> String {
    match object.parent() {
        Some(parent) if parent.parent().is_some() => top_level(&parent),
        _ => object.name().to_string(),
    }
}

/// GStreamer's resource errors in the words of B5.
fn device_state(error: &glib::Error, detail: &str) -> DeviceState {
    match error.kind::<gst::ResourceError>() {
        Some(gst::ResourceError::NotFound) => DeviceState::Missing,
        Some(gst::ResourceError::Busy) => DeviceState::Busy,
        Some(gst::ResourceError::NotAuthorized) => DeviceState::Denied,
        // ALSA and V4L2 sources say only "could not open"; the text tells more.
        Some(gst::ResourceError::OpenRead | gst::ResourceError::OpenWrite | gst::ResourceError::OpenReadWrite) => {
            let text = error.message();
            match text {
                _ if text.contains("busy") || text.contains("being used") => DeviceState::Busy,
                _ if text.contains("ermission") || detail.contains("ermission denied") => DeviceState::Denied,
                _ => DeviceState::Missing,
            }
        }
        _ => DeviceState::Failed,
    }
}

/// GStreamer, and the plugin that is linked in. To register that twice would leave its elements without their factory.
pub fn init() -> Result<(), Error> {
    static ONCE: OnceLock<Result<(), String>> = OnceLock::new();
    let outcome = ONCE.get_or_init(|| {
        gst::init().map_err(|e| e.to_string())?;
        gstrsrtp::plugin_register_static().map_err(|e| e.to_string())
    });
    outcome.clone().map_err(Error::Init)
}

/// An element by its factory's name.
pub fn element(factory: &str) -> Result<gst::Element, Error> {
    gst::ElementFactory::make(factory).build().map_err(|_| Error::MissingElement(factory.to_owned()))
}

/// An element with properties in GStreamer's text form; properties this version does not have are skipped.
pub fn element_with(factory: &str, properties: &[(&str, &str)]) -> Result<gst::Element, Error> {
    let element = element(factory)?;
    for (name, value) in properties {
        set(&element, name, value);
    }
    Ok(element)
}

/// Sets a property from text. An unknown name or a value that does not parse is logged, never a panic.
pub fn set(element: &gst::Element, name: &str, value: &str) {
    let Some(spec) = element.find_property(name) else {
        tracing::debug!(element = %element.name(), property = name, "this version has no such property");
        return;
    };
    match glib::Value::deserialize_with_pspec(value, &spec) {
        Ok(value) => element.set_property_from_value(name, &value),
        Err(_) => tracing::warn!(element = %element.name(), property = name, value, "not a value for this property"),
    }
}

/// A filter on caps written as text.
pub fn capsfilter(caps: &str) -> Result<gst::Element, Error> {
    let filter = element("capsfilter")?;
    filter.set_property("caps", parse_caps(caps)?);
    Ok(filter)
}

/// Caps from text.
pub fn parse_caps(caps: &str) -> Result<gst::Caps, Error> {
    gst::Caps::from_str(caps).map_err(|_| Error::Pipeline(format!("bad caps {caps}")))
}

/// A short queue that drops the oldest rather than stalling what feeds it.
pub fn leaky_queue(buffers: u32) -> Result<gst::Element, Error> {
    let size = buffers.to_string();
    element_with("queue", &[("leaky", "downstream"), ("max-size-buffers", &size), ("max-size-bytes", "0"), ("max-size-time", "0")])
}

/// Lets pictures with lines of any length into `sink`. It does not say by itself that it can (1.22), and a camera whose lines have
/// an end of their own copies each picture then, or fails at an odd width.
pub fn take_any_stride(sink: &gst_app::AppSink) {
    let Some(pad) = sink.static_pad("sink") else {
        return;
    };
    pad.add_probe(gst::PadProbeType::QUERY_DOWNSTREAM, |_, info| {
        let Some(gst::QueryViewMut::Allocation(query)) = info.query_mut().map(gst::QueryRef::view_mut) else {
            return gst::PadProbeReturn::Ok;
        };
        query.add_allocation_meta::<gst_video::VideoMeta>(None);
        gst::PadProbeReturn::Handled
    });
}

/// Hands on what reaches `sink` at once. By default it would be held back until its time to be shown, and each pipeline after it
/// would wait again.
pub fn fan_out(sink: &gst_app::AppSink) -> StreamProducer {
    let producer = StreamProducer::with(sink, ProducerSettings { sync: false });
    // The end of a file is not the end of the call: an end of stream in one m-line would end sending in all of the bundle.
    producer.set_forward_events([gst::EventType::Gap]);
    producer
}
