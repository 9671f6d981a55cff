//! What the screen shows as a PNG, composed on demand: it costs nothing until somebody asks.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use gstreamer as gst;
use gstreamer_video as gst_video;

use super::Error;
use super::peer::Picture;
use super::pipeline::parse_caps;
use super::plan::grid::{Tile, fit, grid};

/// So many snapshots are made at a time.
const AT_A_TIME: usize = 2;
const TIMEOUT: gst::ClockTime = gst::ClockTime::from_seconds(5);
/// The colour behind the pictures, RGB.
const BACKGROUND: [u8; 3] = [16, 18, 24];

/// A PNG file in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Png {
    /// The file.
    pub bytes: Vec<u8>,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

/// Composing takes tens of milliseconds, which peers should not wait for: it is done elsewhere, but only so often at a time.
#[derive(Debug, Default)]
pub struct Desk {
    at_work: Arc<AtomicUsize>,
}

/// One more could be at work as long as this is there.
struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Desk {
    /// Composes on a thread of its own and gives the outcome to `then` there; refuses at once when too many are at work.
    pub fn compose(&self, pictures: Vec<Picture>, width: u32, height: u32, then: impl FnOnce(Result<Png, Error>) + Send + 'static) {
        let Some(place) = self.place() else {
            return then(Err(Error::TooMany("other snapshots are being made: ask again in a moment")));
        };
        let work = move || {
            then(compose(&pictures, width, height));
            drop(place);
        };
        if let Err(error) = std::thread::Builder::new().name("snapshot".into()).spawn(work) {
            tracing::error!("no thread for a snapshot: {error}");
        }
    }

    fn place(&self) -> Option<Place> {
        let enter = |at_work| (at_work < AT_A_TIME).then_some(at_work + 1);
        self.at_work.fetch_update(Ordering::AcqRel, Ordering::Acquire, enter).ok()?;
        Some(Place(self.at_work.clone()))
    }
}

/// Puts the pictures on a screen of this size, as the grid would. Takes some ten milliseconds: not for the engine's thread.
pub fn compose(pictures: &[Picture], width: u32, height: u32) -> Result<Png, Error> {
    let row = width as usize * 3;
    let mut canvas: Vec<u8> = BACKGROUND.iter().copied().cycle().take(row * height as usize).collect();
    for (picture, tile) in pictures.iter().zip(grid(pictures.len(), width, height)) {
        let (w, h) = size(picture);
        let tile = fit(tile, w, h);
        paint(&mut canvas, row, picture, tile)?;
    }
    let caps = parse_caps(&format!("video/x-raw,format=RGB,width={width},height={height},framerate=0/1"))?;
    // GStreamer wants rows padded to four bytes.
    let mut padded = Vec::with_capacity(row.next_multiple_of(4) * height as usize);
    for line in canvas.chunks(row) {
        padded.extend_from_slice(line);
        padded.resize(padded.len().next_multiple_of(4), 0);
    }
    let sample = gst::Sample::builder().buffer(&gst::Buffer::from_mut_slice(padded)).caps(&caps).build();
    encode(&sample, width, height)
}

/// One picture as it is.
pub fn encode(picture: &Picture, width: u32, height: u32) -> Result<Png, Error> {
    let png = convert(picture, "image/png")?;
    let map = png.buffer().and_then(|b| b.map_readable().ok()).ok_or_else(|| Error::Pipeline("an empty picture".to_owned()))?;
    Ok(Png { bytes: map.to_vec(), width, height })
}

fn paint(canvas: &mut [u8], row: usize, picture: &Picture, tile: Tile) -> Result<(), Error> {
    let caps = format!("video/x-raw,format=RGB,width={},height={},pixel-aspect-ratio=1/1", tile.width, tile.height);
    let scaled = convert(picture, &caps)?;
    let map = scaled.buffer().and_then(|b| b.map_readable().ok()).ok_or_else(|| Error::Pipeline("an empty picture".to_owned()))?;
    let length = tile.width as usize * 3;
    for (line, source) in map.chunks(length.next_multiple_of(4)).take(tile.height as usize).enumerate() {
        let start = (tile.y as usize + line) * row + tile.x as usize * 3;
        if let (Some(target), Some(source)) = (canvas.get_mut(start..start + length), source.get(..length)) {
            target.copy_from_slice(source);
        }
    }
    Ok(())
}

fn convert(picture: &Picture, caps: &str) -> Result<gst::Sample, Error> {
    gst_video::convert_sample(picture, &parse_caps(caps)?, Some(TIMEOUT)).map_err(|e| Error::pipeline(&e))
}

/// Width and height of a picture.
pub fn size(picture: &Picture) -> (u32, u32) {
    picture.caps().and_then(|caps| gst_video::VideoInfo::from_caps(caps).ok()).map_or((0, 0), |info| (info.width(), info.height()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use gst::prelude::*;
    use gstreamer_app as gst_app;

    fn picture(width: u32, height: u32, luma: u8) -> Picture {
        let caps = parse_caps(&format!("video/x-raw,format=I420,width={width},height={height},framerate=30/1")).unwrap();
        let (y, c) = ((width * height) as usize, (width * height / 4) as usize);
        let mut data = vec![luma; y];
        data.extend(vec![128; 2 * c]);
        gst::Sample::builder().buffer(&gst::Buffer::from_mut_slice(data)).caps(&caps).build()
    }

    fn decode(png: Vec<u8>) -> gst::Sample {
        let pipeline =
            gst::parse::launch("appsrc name=in ! pngdec ! videoconvert ! video/x-raw,format=RGB ! appsink name=out sync=false")
                .unwrap()
                .downcast::<gst::Pipeline>()
                .unwrap();
        let source = pipeline.by_name("in").unwrap().downcast::<gst_app::AppSrc>().unwrap();
        let sink = pipeline.by_name("out").unwrap().downcast::<gst_app::AppSink>().unwrap();
        pipeline.set_state(gst::State::Playing).unwrap();
        source.push_buffer(gst::Buffer::from_mut_slice(png)).unwrap();
        source.end_of_stream().unwrap();
        let sample = sink.pull_sample().unwrap();
        pipeline.set_state(gst::State::Null).unwrap();
        sample
    }

    #[test]
    fn only_so_many_snapshots_are_made_at_a_time() {
        gst::init().unwrap();
        let desk = Desk::default();
        let (places, (tell, hear)) = ([desk.place(), desk.place()], std::sync::mpsc::channel());
        let other = tell.clone();
        desk.compose(vec![picture(320, 240, 235)], 320, 240, move |png| other.send(png).unwrap());
        assert!(matches!(hear.recv().unwrap(), Err(Error::TooMany(_))));
        drop(places);
        desk.compose(vec![picture(320, 240, 235)], 320, 240, move |png| tell.send(png).unwrap());
        assert_eq!(hear.recv().unwrap().unwrap().width, 320);
    }

    #[test]
    fn two_pictures_stand_side_by_side_on_the_background() {
        gst::init().unwrap();
        let png = compose(&[picture(320, 240, 235), picture(320, 240, 16)], 642, 360).unwrap();
        assert!(png.bytes.starts_with(b"\x89PNG"));
        let rgb = decode(png.bytes);
        let map = rgb.buffer().unwrap().map_readable().unwrap();
        let pixel = |x: usize, y: usize| map[y * 642_usize.strict_mul(3).next_multiple_of(4) + x * 3];
        assert!(pixel(160, 180) > 240, "left is white");
        assert!(pixel(480, 180) < 10, "right is black");
        assert_eq!(pixel(160, 10), BACKGROUND[0], "above is the background");
    }
}
