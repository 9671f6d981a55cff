//! The picture of the standby screen: read once, as large as it is shown.

use std::path::Path;

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use gstreamer_video as gst_video;

use crate::media::Error;
use crate::media::pipeline::{Pipeline, Timebase, element, parse_caps};
use crate::media::plan::area::Area;
use crate::media::plan::canvas::Rgba;
use crate::media::plan::scene::LOGO_HEIGHT;

const TIMEOUT: gst::ClockTime = gst::ClockTime::from_seconds(10);

/// Reads a PNG or JPEG file. One at least as large as the screen covers it; a smaller one is made to leave room for text, but never
/// larger than it is.
pub fn read(file: &Path, screen: Area) -> Result<Rgba, Error> {
    let bytes = std::fs::read(file).map_err(|error| Error::open(&file.display().to_string(), &error))?;
    let decoder = if bytes.starts_with(b"\x89PNG") { "pngdec" } else { "jpegdec" };
    let source = gst_app::AppSrc::builder().build();
    let sink = gst_app::AppSink::builder().sync(false).build();
    let pipeline = Pipeline::new("standby picture", &Timebase::new(), |_| {});
    pipeline.chain(&[source.upcast_ref(), &element(decoder)?, &element("videoconvert")?, sink.upcast_ref()])?;
    pipeline.play()?;
    let pushed = source.push_buffer(gst::Buffer::from_slice(bytes)).and_then(|_| source.end_of_stream());
    let sample = pushed.ok().and_then(|_| sink.try_pull_sample(TIMEOUT));
    let unreadable = || Error::Pipeline(format!("{} is no PNG or JPEG picture that can be read", file.display()));
    let sample = sample.ok_or_else(unreadable)?;
    let info = sample.caps().and_then(|caps| gst_video::VideoInfo::from_caps(caps).ok()).ok_or_else(unreadable)?;
    let place = place(screen, info.width(), info.height());
    let caps =
        parse_caps(&format!("video/x-raw,format=RGBA,width={},height={},pixel-aspect-ratio=1/1", place.width, place.height))?;
    let scaled = gst_video::convert_sample(&sample, &caps, Some(TIMEOUT)).map_err(|e| Error::pipeline(&e))?;
    let map = scaled.buffer().and_then(|b| b.map_readable().ok()).ok_or_else(unreadable)?;
    Ok(Rgba { width: place.width, height: place.height, bytes: map.to_vec() })
}

fn place(screen: Area, width: u32, height: u32) -> Area {
    if width >= screen.width && height >= screen.height {
        return screen.fit(width, height);
    }
    let room = Area::of(screen.width * 4 / 5, screen.height * LOGO_HEIGHT / 1000);
    if width <= room.width && height <= room.height { Area::of(width, height) } else { room.fit(width, height) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logo_leaves_room_and_a_wall_picture_covers_the_screen() {
        let screen = Area::of(1280, 720);
        assert_eq!(place(screen, 100, 50), Area::of(100, 50));
        assert_eq!(place(screen, 1920, 1080), screen);
        let large = place(screen, 2000, 300);
        assert!(large.width <= 1024 && large.height <= 274, "{large:?}");
    }

    #[test]
    fn what_is_no_picture_is_said_to_be_none() {
        gst::init().unwrap();
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("logo.png");
        assert!(read(&file, Area::of(1280, 720)).unwrap_err().to_string().contains("cannot open"));
        std::fs::write(&file, b"\x89PNG, it says").unwrap();
        assert!(read(&file, Area::of(1280, 720)).unwrap_err().to_string().contains("no PNG or JPEG"));
    }
}
