//! From coded pictures to raw ones: for what the others send, and for cameras that give nothing else.

use gstreamer as gst;
use gstreamer::prelude::*;

use super::Error;
use super::pipeline::{element, set};

/// What decodes VP8, best first.
const VP8: [&str; 2] = ["vp8dec", "avdec_vp8"];

/// A decoder of H.264 that adds no delay of its own and shows nothing that is broken.
pub fn h264(factory: &str) -> Result<gst::Element, Error> {
    let decoder = element(factory)?;
    for (name, value) in [
        // Frame threads add a frame of delay each.
        ("max-threads", "1"),
        ("automatic-request-sync-points", "true"),
        ("output-corrupt", "false"),
        ("discard-corrupted-frames", "true"),
    ] {
        if decoder.find_property(name).is_some() {
            set(&decoder, name, value);
        }
    }
    Ok(decoder)
}

/// A decoder of VP8.
pub fn vp8() -> Result<gst::Element, Error> {
    let found = VP8.iter().find(|name| gst::ElementFactory::find(name).is_some());
    element(found.ok_or_else(|| Error::NoCodec("VP8 decoder", VP8.join(", ")))?)
}
