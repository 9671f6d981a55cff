//! Raw pictures to H.264, in a size, at a frame rate and at a bit rate that may change with every picture.
//!
//! ```text
//!  ─► convert, scale ─► rate ─► size ─► encoder ─► h264parse ─► appsink ═► StreamProducer (one appsrc per peer)
//!  └ probe: shape                       └ probe: bit rate, keyframes
//! ```
//!
//! A new size is new caps before the encoder, which begins anew with parameters and a keyframe: nothing is negotiated with the peers.
//! All is set where pictures pass: a driver that does not return holds up nobody else there.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use gstreamer as gst;
use gstreamer::glib;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use gstreamer_utils::StreamProducer;
use gstreamer_video as gst_video;

use super::Error;
use super::pipeline::{Pipeline, capsfilter, element, element_with, fan_out, parse_caps, set};
use super::plan::encoder::{Encoder, Keyframe, v4l2_controls};
use super::rate::{Picture, Shape};

/// Keyframe requests of several viewers that come closer than this become one keyframe. Who was not served asks again.
const KEYFRAME_PAUSE: Duration = Duration::from_millis(100);

/// An encoder with what belongs to it.
#[derive(Debug)]
pub struct Coder {
    producer: StreamProducer,
    encoder: &'static Encoder,
    wanted: Arc<Mutex<Picture>>,
    /// The encoder itself.
    pub element: gst::Element,
    /// What comes right after it.
    pub after: gst::Element,
}

impl Coder {
    /// Builds it into a pipeline, behind `before`.
    pub fn build(pipeline: &Pipeline, before: &gst::Element, encoder: &'static Encoder, picture: Picture) -> Result<Self, Error> {
        let convert = element_with("videoconvertscale", &[("add-borders", "true")])?;
        // Only drops: to repeat a picture it would have to hold each one back until the next.
        let rate = element_with("videorate", &[("drop-only", "true"), ("max-rate", &picture.shape.framerate.to_string())])?;
        let size = capsfilter(&raw_caps(picture.shape))?;
        let coder = element(encoder.element)?;
        coder.set_property("name", "encoder");
        let Shape { width, height, .. } = picture.shape;
        for (name, value) in encoder.properties(picture.bitrate, u64::from(width) * u64::from(height)) {
            set(&coder, name, &value);
        }
        let mut chain = vec![convert.clone(), rate.clone(), size.clone()];
        if let Some((upload, caps)) = encoder.upload {
            chain.extend([element(upload)?, capsfilter(caps)?]);
        }
        let coded = capsfilter(encoder.output_caps())?;
        let parse = element_with("h264parse", &[("config-interval", "-1")])?;
        let sink = gst_app::AppSink::builder().name("coded").sync(false).build();
        chain.extend([coder.clone(), coded.clone(), parse, sink.clone().upcast()]);
        pipeline.chain(&chain.iter().collect::<Vec<_>>())?;
        before.link(&convert).map_err(|e| Error::pipeline(&e))?;
        let wanted = Arc::new(Mutex::new(picture));
        follow_shape(&convert, &rate, &size, &wanted);
        let keyframe = Arc::new(AtomicBool::new(false));
        tell_encoder(&coder, encoder, &wanted, &keyframe);
        merge_keyframe_requests(&coder, keyframe);
        Ok(Self { producer: fan_out(&sink), encoder, wanted, element: coder, after: coded })
    }

    /// Which encoder it is.
    pub fn encoder(&self) -> &'static Encoder {
        self.encoder
    }

    /// Where peers get their stream.
    pub fn producer(&self) -> &StreamProducer {
        &self.producer
    }

    /// What it makes from the next picture on.
    pub fn make(&self, picture: Picture) {
        *self.wanted.lock().unwrap_or_else(PoisonError::into_inner) = picture;
    }

    /// Asks for a keyframe.
    pub fn request_keyframe(&self) {
        let event = gst_video::UpstreamForceKeyUnitEvent::builder().all_headers(true).build();
        if let Some(pad) = self.producer.appsink().static_pad("sink") {
            pad.push_event(event);
        }
    }
}

fn raw_caps(shape: Shape) -> String {
    let Shape { width, height, framerate } = shape;
    format!(
        "video/x-raw,format={{I420,NV12}},width={width},height={height},framerate=[0/1,{framerate}/1],pixel-aspect-ratio=1/1,\
         interlace-mode=progressive"
    )
}

/// Sets size and frame rate before the picture from which on they hold.
fn follow_shape(convert: &gst::Element, rate: &gst::Element, size: &gst::Element, wanted: &Arc<Mutex<Picture>>) {
    let Some(pad) = convert.static_pad("sink") else {
        return;
    };
    let (rate, size, wanted) = (rate.downgrade(), size.downgrade(), wanted.clone());
    let present = Mutex::new(wanted.lock().unwrap_or_else(PoisonError::into_inner).shape);
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
        let shape = wanted.lock().unwrap_or_else(PoisonError::into_inner).shape;
        let before = std::mem::replace(&mut *present.lock().unwrap_or_else(PoisonError::into_inner), shape);
        if shape != before
            && let (Some(rate), Some(size), Ok(caps)) = (rate.upgrade(), size.upgrade(), parse_caps(&raw_caps(shape)))
        {
            set(&rate, "max-rate", &shape.framerate.to_string());
            size.set_property("caps", caps);
        }
        gst::PadProbeReturn::Ok
    });
}

/// Sets the bit rate and asks for keyframes right before a picture goes into the encoder.
fn tell_encoder(coder: &gst::Element, encoder: &'static Encoder, wanted: &Arc<Mutex<Picture>>, keyframe: &Arc<AtomicBool>) {
    let Some(pad) = coder.static_pad("sink") else {
        return;
    };
    let (wanted, keyframe) = (wanted.clone(), keyframe.clone());
    let present = Mutex::new(wanted.lock().unwrap_or_else(PoisonError::into_inner).bitrate);
    let (major, minor, micro, _) = gst::version();
    let way = encoder.keyframe((major, minor, micro));
    pad.add_probe(gst::PadProbeType::BUFFER, move |pad, _| {
        let bitrate = wanted.lock().unwrap_or_else(PoisonError::into_inner).bitrate;
        let before = std::mem::replace(&mut *present.lock().unwrap_or_else(PoisonError::into_inner), bitrate);
        let keyframe = keyframe.swap(false, Ordering::AcqRel);
        let Some(coder) = pad.parent_element() else {
            return gst::PadProbeReturn::Ok;
        };
        if bitrate != before {
            let (name, value) = encoder.bitrate_property(bitrate);
            set(&coder, name, &value);
        }
        match way {
            Keyframe::Event => {}
            Keyframe::Signal(_) | Keyframe::V4l2Control if !keyframe => {}
            Keyframe::Signal(name) => {
                if glib::subclass::SignalId::lookup(name, coder.type_()).is_some() {
                    coder.emit_by_name::<()>(name, &[]);
                }
            }
            Keyframe::V4l2Control => {
                // A button is pressed by being set, and is not to be pressed again with the next bit rate.
                set(&coder, "extra-controls", &v4l2_controls(bitrate, true));
                set(&coder, "extra-controls", &v4l2_controls(bitrate, false));
            }
        }
        gst::PadProbeReturn::Ok
    });
}

/// `GstVideoEncoder:min-force-key-unit-interval` would do this, but 1.22's `x264enc` takes its own time for standing still with it
/// and makes no second keyframe ever. `wanted` tells those that do not hear the event.
fn merge_keyframe_requests(encoder: &gst::Element, wanted: Arc<AtomicBool>) {
    let Some(pad) = encoder.static_pad("src") else {
        return;
    };
    let last = Mutex::new(None::<Instant>);
    pad.add_probe(gst::PadProbeType::EVENT_UPSTREAM, move |_, info| {
        if info.event().is_none_or(|event| gst_video::UpstreamForceKeyUnitEvent::parse(event).is_err()) {
            return gst::PadProbeReturn::Ok;
        }
        let Ok(mut last) = last.lock() else {
            return gst::PadProbeReturn::Ok;
        };
        if last.is_some_and(|at| at.elapsed() < KEYFRAME_PAUSE) {
            drop(info.take_event());
            return gst::PadProbeReturn::Handled;
        }
        *last = Some(Instant::now());
        wanted.store(true, Ordering::Release);
        gst::PadProbeReturn::Ok
    });
}
