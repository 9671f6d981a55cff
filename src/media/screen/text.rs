//! Writing with pango, GStreamer's way: a line is rendered once, kept as what it covers, and painted from that whenever needed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use gstreamer as gst;
use gstreamer::glib;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;

use crate::media::Error;
use crate::media::pipeline::{Pipeline, Timebase, capsfilter, element_with};
use crate::media::plan::canvas::Mask;
use crate::media::plan::scene::{Letters, Text};

/// So many lines are kept; a screen has fewer.
const LINES: usize = 64;
const TIMEOUT: gst::ClockTime = gst::ClockTime::from_seconds(5);
/// As wide as a line may be, pixels.
const WIDEST: u32 = 8192;

/// Writes, and remembers what it wrote. Not for the engine's thread: a new line takes some milliseconds.
#[derive(Debug, Clone, Default)]
pub struct Pen(Arc<Mutex<Lines>>);

#[derive(Debug, Default)]
struct Lines {
    written: BTreeMap<Text, Option<Arc<Mask>>>,
    broken: bool,
}

impl Letters for Pen {
    fn write(&mut self, text: &Text) -> Option<Arc<Mask>> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = lines.written.get(text) {
            return line.clone();
        }
        if lines.broken {
            return None;
        }
        let line = match render(text) {
            Ok(mask) => Some(Arc::new(mask)),
            Err(error @ Error::MissingElement(_)) => {
                tracing::warn!("the screen shows marks but no text: {error}");
                lines.broken = true;
                None
            }
            Err(error) => {
                tracing::warn!("a text is not shown: {error}");
                None
            }
        };
        if lines.written.len() >= LINES {
            lines.written.clear();
        }
        lines.written.insert(text.clone(), line.clone());
        line
    }
}

fn render(text: &Text) -> Result<Mask, Error> {
    let letters = u32::try_from(text.text.chars().count()).unwrap_or(u32::MAX);
    let width = letters.saturating_add(1).saturating_mul(text.size * 3 / 2).min(WIDEST).next_multiple_of(4);
    let height = (text.size * 3 / 2).next_multiple_of(4);
    let weight = if text.bold { " Bold" } else { "" };
    let font = format!("DejaVu Sans, Sans{weight} {}px", text.size);
    let source = element_with("videotestsrc", &[("num-buffers", "1"), ("pattern", "black")])?;
    let caps = capsfilter(&format!("video/x-raw,format=BGRx,width={width},height={height},framerate=1/1"))?;
    let properties = [
        ("auto-resize", "false"),
        ("wrap-mode", "none"),
        ("halignment", "left"),
        ("valignment", "top"),
        ("xpad", "2"),
        ("ypad", "0"),
        ("draw-shadow", "false"),
        ("draw-outline", "false"),
    ];
    let overlay = element_with("textoverlay", &properties)?;
    overlay.set_property("font-desc", &font);
    // It takes markup.
    overlay.set_property("text", glib::markup_escape_text(&text.text).as_str());
    let sink = gst_app::AppSink::builder().sync(false).build();
    let pipeline = Pipeline::new("text", &Timebase::new(), |_| {});
    pipeline.chain(&[&source, &caps, &overlay, sink.upcast_ref()])?;
    pipeline.play()?;
    let sample = sink.try_pull_sample(TIMEOUT).ok_or_else(|| Error::Pipeline("pango gives nothing".to_owned()))?;
    let map = sample.buffer().and_then(|b| b.map_readable().ok()).ok_or_else(|| Error::Pipeline("an empty picture".to_owned()))?;
    Ok(trim(&map, width, height))
}

/// What is white in a picture of four bytes per pixel, without what is empty on the left and on the right.
fn trim(pixels: &[u8], width: u32, height: u32) -> Mask {
    let at = |x: u32, y: u32| pixels.get((y as usize * width as usize + x as usize) * 4 + 1).copied().unwrap_or(0);
    let inked = |x: &u32| (0..height).any(|y| at(*x, y) > 0);
    let (Some(left), Some(right)) = ((0..width).find(inked), (0..width).rev().find(inked)) else {
        return Mask { width: 0, height, cover: Vec::new() };
    };
    Mask::of(right + 1 - left, height, |x, y| at(left + x, y))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_as_long_as_its_letters_and_markup_is_text() {
        gst::init().unwrap();
        let mut pen = Pen::default();
        let mut write = |text: &str| pen.write(&Text { text: text.to_owned(), size: 40, bold: true });
        let (one, two) = (write("Anna").unwrap(), write("Anna Anna").unwrap());
        assert!(one.width > 80 && two.width > 2 * one.width && one.height == two.height, "{} {}", one.width, two.width);
        let markup = write("<b>&").unwrap();
        assert!(markup.width > 90, "{}", markup.width);
        assert!(Arc::ptr_eq(&one, &write("Anna").unwrap()), "rendered once");
        assert_eq!(write(" ").unwrap().width, 0);
    }
}
