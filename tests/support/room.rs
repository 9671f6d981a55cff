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

/// A minute of somebody before a wall of this colour, 640x360, five pictures a second.
pub fn film(directory: &Path, wall: Rgb) -> PathBuf {
    gst::init().unwrap();
    let file = directory.join(format!("room-{:02x}{:02x}{:02x}.mkv", wall.0, wall.1, wall.2));
    let caps = "video/x-raw,format=I420,width=640,height=360,framerate=5/1,colorimetry=bt709";
    let pipeline = gst::parse::launch(&format!(
        "appsrc name=room format=time caps={caps} ! imagefreeze num-buffers=300 ! x264enc speed-preset=ultrafast key-int-max=5 ! \
         h264parse ! matroskamux ! filesink location={}",
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
    let end = bus.timed_pop_filtered(gst::ClockTime::from_seconds(60), &[gst::MessageType::Eos, gst::MessageType::Error]).unwrap();
    pipeline.set_state(gst::State::Null).unwrap();
    assert_eq!(end.type_(), gst::MessageType::Eos, "{end:?}");
    file
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
