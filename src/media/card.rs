//! A still picture in place of a camera's.

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;

use super::Error;
use super::pipeline::{capsfilter, element_with, parse_caps};
use super::plan::canvas::Canvas;
use super::screen::screen_caps;

/// Pictures a second: it does not move, and who comes in later should not wait for it.
const RATE: u32 = 5;

/// The same picture again and again, as a camera would give it: elements in a row.
pub fn source(card: &Canvas) -> Result<[gst::Element; 3], Error> {
    let size = card.area();
    let caps = screen_caps(size.width, size.height);
    let caps = parse_caps(&format!("{caps},framerate={RATE}/1,interlace-mode=progressive"))?;
    let source = gst_app::AppSrc::builder().caps(&caps).format(gst::Format::Time).build();
    let mut picture = gst::Buffer::from_slice(card.bytes().to_vec());
    if let Some(picture) = picture.get_mut() {
        picture.set_pts(gst::ClockTime::ZERO);
    }
    source.push_buffer(picture).map_err(|error| Error::Pipeline(format!("a picture is not taken: {error}")))?;
    let again = element_with("imagefreeze", &[("is-live", "true")])?;
    Ok([source.upcast(), again, capsfilter(&format!("video/x-raw,framerate={RATE}/1"))?])
}
