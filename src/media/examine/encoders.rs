//! Which encoder is chosen and why, and how fast it really is.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;

use crate::config;
use crate::media::pipeline::{self, capsfilter, element, element_with, set};
use crate::media::plan::encoder::{ENCODERS, Encoder};
use crate::media::{Error, probe};

/// So many different pictures, over and over: they are made beforehand, and 1080p takes 3 MB each.
const DIFFERENT: usize = 8;
/// Two seconds of a call.
const PICTURES: u64 = 60;
/// A board that is slow is stopped after so long.
const LIMIT: Duration = Duration::from_millis(2500);
/// A driver that says nothing for so long is stuck.
const STUCK: Duration = Duration::from_secs(3);
const LOOK: Duration = Duration::from_millis(5);
/// Of a usual call in each of the sizes, bit/s.
const BITS_PER_PIXEL: f64 = 1.6;

/// The encoder for this machine.
#[derive(Debug)]
pub struct Chosen {
    /// It.
    pub encoder: &'static Encoder,
    /// Why it and no other.
    pub because: String,
    /// Those that are installed and do not work, each with why.
    pub rejected: Vec<(&'static str, String)>,
}

/// How fast one size was encoded.
#[derive(Debug, Clone, PartialEq)]
pub struct Speed {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Pictures per second, or why not.
    pub fps: Result<f64, String>,
}

/// Chooses as a call does.
pub fn chosen(video: &config::Video, width: u32, height: u32) -> Result<Chosen, Error> {
    pipeline::init()?;
    let wanted = match &video.encoder {
        config::Encoder::Auto => "auto",
        config::Encoder::Element(name) => name,
    };
    let candidates: Vec<&'static Encoder> = Encoder::candidates(wanted).collect();
    let found = probe::encoder(wanted, &candidates, width, height);
    let encoder = found.encoder?;
    let rejected: Vec<_> = found.rejected.into_iter().map(|one| (one.element, one.why)).collect();
    if wanted != "auto" {
        return Ok(Chosen { encoder, because: "the configuration names it (`video.encoder`), and it works".to_owned(), rejected });
    }
    let before = ENCODERS.iter().take_while(|other| other.element != encoder.element).map(|other| {
        let why = rejected.iter().find(|(element, _)| *element == other.element);
        format!("{} {}", other.element, why.map_or("is not installed", |(_, why)| why.as_str()))
    });
    let before: Vec<String> = before.collect();
    let kind = if encoder.hardware { "hardware, " } else { "" };
    let because = match before.is_empty() {
        true => format!("it is {kind}the best there is, and works"),
        false => format!("it is {kind}the first that works ({})", before.join(", ")),
    };
    Ok(Chosen { encoder, because, rejected })
}

/// Encodes two seconds of a call in each size, as fast as it goes. The encoder must not be in use.
pub fn speeds(encoder: &'static Encoder, sizes: &[(u32, u32)]) -> Vec<Speed> {
    let one =
        |&(width, height): &(u32, u32)| Speed { width, height, fps: speed(encoder, width, height).map_err(|e| e.to_string()) };
    sizes.iter().map(one).collect()
}

fn speed(encoder: &'static Encoder, width: u32, height: u32) -> Result<f64, Error> {
    let caps = format!("video/x-raw,format=I420,width={width},height={height},framerate=30/1");
    let pictures = pictures(&caps)?;
    let pipeline = gst::Pipeline::new();
    let source = gst_app::AppSrc::builder().format(gst::Format::Time).max_buffers(2).block(true).build();
    source.set_caps(Some(&pipeline::parse_caps(&caps)?));
    let coder = element(encoder.element)?;
    let pixels = u64::from(width) * u64::from(height);
    for (name, value) in encoder.properties((pixels as f64 * BITS_PER_PIXEL) as u64, pixels) {
        set(&coder, name, &value);
    }
    let mut chain = vec![source.clone().upcast::<gst::Element>(), element("videoconvert")?];
    if let Some((upload, caps)) = encoder.upload {
        chain.extend([element(upload)?, capsfilter(caps)?]);
    }
    let sink = element_with("fakesink", &[("sync", "false"), ("async", "false")])?;
    chain.extend([coder, capsfilter(encoder.output_caps())?, sink.clone()]);
    pipeline.add_many(&chain).map_err(|e| Error::pipeline(&e))?;
    gst::Element::link_many(&chain).map_err(|e| Error::pipeline(&e))?;
    let (coded, times) = (Arc::new(AtomicU64::new(0)), Arc::new(Mutex::new(None::<(Instant, Instant)>)));
    if let Some(pad) = sink.static_pad("sink") {
        let (coded, times) = (coded.clone(), times.clone());
        pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
            let (now, mut times) = (Instant::now(), times.lock().unwrap_or_else(PoisonError::into_inner));
            *times = Some((times.map_or(now, |(first, _)| first), now));
            coded.fetch_add(1, Ordering::AcqRel);
            gst::PadProbeReturn::Ok
        });
    }
    let outcome = run(&pipeline, &source, &pictures, &coded);
    // Before stopping: what waits for room in the source would wait for ever.
    let _ = pipeline.set_state(gst::State::Null);
    outcome?;
    let times = *times.lock().unwrap_or_else(PoisonError::into_inner);
    let (count, Some((first, last))) = (coded.load(Ordering::Acquire), times) else {
        return Err(Error::Encoder("it takes pictures and gives none".to_owned()));
    };
    // The first one pays for everything that is done once.
    match (count.saturating_sub(1), last - first) {
        (0, _) | (_, Duration::ZERO) => Err(Error::Encoder("it gives one picture, then no more".to_owned())),
        (count, took) => Ok(count as f64 / took.as_secs_f64()),
    }
}

fn run(pipeline: &gst::Pipeline, source: &gst_app::AppSrc, pictures: &[gst::Buffer], coded: &Arc<AtomicU64>) -> Result<(), Error> {
    pipeline.set_state(gst::State::Playing).map_err(|_| Error::Encoder("it does not start".to_owned()))?;
    let feeder = {
        let (source, pictures, begun) = (source.clone(), pictures.to_vec(), Instant::now());
        move || {
            for number in 0..PICTURES {
                let Some(picture) = pictures.get(number as usize % pictures.len()) else { return };
                let mut picture = picture.copy();
                if let Some(picture) = picture.get_mut() {
                    picture.set_pts(gst::ClockTime::from_mseconds(number * 1000 / 30));
                }
                if source.push_buffer(picture).is_err() || begun.elapsed() > LIMIT {
                    break;
                }
            }
            let _ = source.end_of_stream();
        }
    };
    let fed = std::thread::Builder::new().name("pictures".into()).spawn(feeder).map_err(|e| Error::pipeline(&e))?;
    let bus = pipeline.bus().ok_or_else(|| Error::Pipeline("no bus".to_owned()))?;
    let (mut seen, mut since) = (0, Instant::now());
    loop {
        let message = bus.pop_filtered(&[gst::MessageType::Eos, gst::MessageType::Error]);
        match message.as_ref().map(|message| message.view()) {
            Some(gst::MessageView::Error(error)) => return Err(Error::Encoder(error.error().message().to_owned())),
            Some(_) => break,
            None => {}
        }
        let now = coded.load(Ordering::Acquire);
        if now > seen {
            (seen, since) = (now, Instant::now());
        } else if since.elapsed() > STUCK {
            return Err(Error::Encoder(format!("it gave {seen} pictures, then none for {} s", STUCK.as_secs())));
        }
        std::thread::sleep(LOOK);
    }
    let _ = fed.join();
    Ok(())
}

/// Pictures with something that moves, and a patch of snow that is hard to encode.
fn pictures(caps: &str) -> Result<Vec<gst::Buffer>, Error> {
    let pipeline = gst::Pipeline::new();
    let count = DIFFERENT.to_string();
    let source = element_with("videotestsrc", &[("num-buffers", &count), ("pattern", "smpte"), ("horizontal-speed", "6")])?;
    let sink = gst_app::AppSink::builder().sync(false).build();
    let chain = [source, capsfilter(caps)?, sink.clone().upcast()];
    pipeline.add_many(&chain).map_err(|e| Error::pipeline(&e))?;
    gst::Element::link_many(&chain).map_err(|e| Error::pipeline(&e))?;
    pipeline.set_state(gst::State::Playing).map_err(|e| Error::pipeline(&e))?;
    let pulled = (0..DIFFERENT).map_while(|_| sink.try_pull_sample(gst::ClockTime::from_seconds(5)));
    let pictures: Vec<gst::Buffer> = pulled.filter_map(|sample| sample.buffer_owned()).collect();
    let _ = pipeline.set_state(gst::State::Null);
    if pictures.is_empty() { Err(Error::Pipeline("no test pictures can be made".to_owned())) } else { Ok(pictures) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encoder_is_chosen_with_a_reason_and_measured() {
        let video = config::Video::default();
        let chosen = chosen(&video, 320, 180).unwrap();
        assert!(chosen.because.contains("works"), "{}", chosen.because);
        let speeds = speeds(chosen.encoder, &[(320, 180), (640, 360)]);
        assert!(speeds.iter().all(|speed| speed.fps.as_ref().is_ok_and(|fps| *fps > 5.0)), "{speeds:?}");
    }

    #[test]
    fn an_encoder_that_is_named_and_missing_is_an_error() {
        let video = config::Video { encoder: config::Encoder::Element("mpph264enc".into()), ..config::Video::default() };
        if gst::init().is_ok() && gst::ElementFactory::find("mpph264enc").is_none() {
            assert!(matches!(super::chosen(&video, 320, 180), Err(Error::NoCodec(..))));
        }
    }
}
