//! Films of people who are easily told apart: somebody before a wall of some colour.

use std::path::{Path, PathBuf};

use callbox::media::plan::area::Area;
use callbox::media::plan::canvas::{Canvas, Color};
use callbox::media::plan::marks::Mark;
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;

/// Red, green and blue.
pub type Rgb = (u8, u8, u8);

/// Size and frame rate of a film.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    pub width: u32,
    pub height: u32,
    pub rate: u32,
}

/// A minute of somebody before a wall of this colour, 640x360, five pictures a second.
pub fn film(directory: &Path, wall: Rgb) -> PathBuf {
    film_of(directory, wall, Format { width: 640, height: 360, rate: 5 }, 60)
}

/// So many seconds of somebody, as H.264 in Matroska: for appliances.
pub fn film_of(directory: &Path, wall: Rgb, format: Format, seconds: u32) -> PathBuf {
    let file = directory.join(format!("room-{:02x}{:02x}{:02x}.mkv", wall.0, wall.1, wall.2));
    let coding = format!("x264enc speed-preset=ultrafast key-int-max={} ! h264parse ! matroskamux", format.rate);
    write(&file, wall, format, seconds, &coding);
    file
}

/// So many seconds of somebody, uncompressed: for browsers, which play it again and again.
pub fn raw_film_of(directory: &Path, wall: Rgb, format: Format, seconds: u32) -> PathBuf {
    let file = directory.join(format!("room-{:02x}{:02x}{:02x}.y4m", wall.0, wall.1, wall.2));
    write(&file, wall, format, seconds, "y4menc");
    file
}

fn write(file: &Path, wall: Rgb, format: Format, seconds: u32, coding: &str) {
    gst::init().unwrap();
    let Format { width, height, rate } = format;
    let caps = "video/x-raw,format=I420,width=640,height=360,framerate=1/1,pixel-aspect-ratio=1/1,colorimetry=bt709";
    let pipeline = gst::parse::launch(&format!(
        "appsrc name=room format=time caps={caps} ! videoconvertscale ! video/x-raw,width={width},height={height} ! \
         imagefreeze num-buffers={} ! video/x-raw,framerate={rate}/1 ! {coding} ! filesink location={}",
        seconds * rate,
        file.display()
    ));
    let pipeline = pipeline.unwrap().downcast::<gst::Pipeline>().unwrap();
    let source = pipeline.by_name("room").unwrap().downcast::<gst_app::AppSrc>().unwrap();
    pipeline.set_state(gst::State::Playing).unwrap();
    let mut picture = gst::Buffer::from_slice(somebody(wall).bytes().to_vec());
    picture.get_mut().unwrap().set_pts(gst::ClockTime::ZERO);
    source.push_buffer(picture).unwrap();
    source.end_of_stream().unwrap();
    let bus = pipeline.bus().unwrap();
    let end = bus.timed_pop_filtered(gst::ClockTime::from_seconds(90), &[gst::MessageType::Eos, gst::MessageType::Error]).unwrap();
    pipeline.set_state(gst::State::Null).unwrap();
    assert_eq!(end.type_(), gst::MessageType::Eos, "{end:?}");
}

fn somebody((r, g, b): Rgb) -> Canvas {
    let mut canvas = Canvas::new(640, 360);
    let shade = |by: i16| {
        let change = |value: u8| (i16::from(value) + by).clamp(0, 255) as u8;
        Color::rgb(change(r), change(g), change(b))
    };
    canvas.fill(canvas.area(), shade(0), 255);
    canvas.fill(Area { x: 440, y: 40, width: 130, height: 150 }, shade(28), 255);
    canvas.fill(Area { x: 500, y: 40, width: 8, height: 150 }, shade(0), 255);
    canvas.fill(Area { x: 0, y: 310, width: 640, height: 50 }, shade(-24), 255);
    canvas.stamp(&Mark::Person.mask(380), 130, 20, shade(-70), 255);
    canvas
}
