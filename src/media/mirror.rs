//! The own picture: what the camera gives, before it is encoded.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;

use super::peer::Picture;
use super::pipeline::Pipeline;

/// One picture of so many goes to the screen: a small picture of oneself need not move faster.
const ONE_OF: u64 = 2;

/// Keeps the last picture of the camera, and hands pictures to the screen if there is one.
#[derive(Debug, Default)]
pub struct Mirror {
    last: Mutex<Option<Picture>>,
    screen: Mutex<Option<gst_app::AppSrc>>,
    count: AtomicU64,
}

impl Mirror {
    /// Looks at what the encoder of a capture pipeline is given.
    pub fn face(self: &Arc<Self>, capture: &Pipeline) {
        let Some(pad) = capture.bin().by_name("encoder").and_then(|encoder| encoder.static_pad("sink")) else {
            return;
        };
        let mirror = Arc::downgrade(self);
        pad.add_probe(gst::PadProbeType::BUFFER, move |pad, info| {
            if let (Some(mirror), Some(buffer)) = (mirror.upgrade(), info.buffer()) {
                mirror.reflect(pad, buffer);
            }
            gst::PadProbeReturn::Ok
        });
    }

    fn reflect(&self, pad: &gst::Pad, buffer: &gst::Buffer) {
        if !self.count.fetch_add(1, Ordering::Relaxed).is_multiple_of(ONE_OF) {
            return;
        }
        let Some(caps) = pad.current_caps() else {
            return;
        };
        let picture = gst::Sample::builder().buffer(buffer).caps(&caps).build();
        if let Some(screen) = self.screen.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            // It drops what is not taken and never waits.
            let _ = screen.push_sample(&picture);
        }
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(picture);
    }

    /// Where pictures go from now on.
    pub fn show(&self, screen: Option<gst_app::AppSrc>) {
        *self.screen.lock().unwrap_or_else(PoisonError::into_inner) = screen;
    }

    /// The last picture.
    pub fn picture(&self) -> Option<Picture> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What was seen last is not true any more.
    pub fn clear(&self) {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}
