//! A camera of the kernel: the format to ask it for, and its controls.
//!
//! Cameras with an encoder of their own (H.264, VP8) are decoded, though it would be quicker to pass on what they give: one stream
//! goes to all, and it has to become smaller, slower and whole again when one of them asks for it. A camera takes such wishes late or
//! not at all. So its own stream is taken only where it gives nothing simpler in the size that is wanted.

use std::path::Path;
use std::sync::{Arc, Mutex};

use gstreamer as gst;
use gstreamer::glib;
use gstreamer::prelude::*;

use super::Error;
use super::pipeline::{capsfilter, element, parse_caps};
use super::{decoder, probe};
use crate::config::Camera;
use crate::protocol::control::{CameraTaken, DeviceState};

/// Under which name GStreamer complains to GLib.
const GLIB_DOMAIN: &str = "GStreamer";

/// What gives raw pictures of a V4L2 device, and what it would not do.
pub struct Source {
    /// In a row.
    pub elements: Vec<gst::Element>,
    /// Controls that it refused, for people.
    pub refused: Vec<String>,
    /// What it was asked for, and why.
    pub taken: CameraTaken,
}

/// How pictures come, the simplest first.
static KINDS: [Kind; 5] = [
    Kind { name: "raw", caps: "video/x-raw,format={I420,NV12,YV12,YUY2,UYVY}", coded: None },
    Kind { name: "raw", caps: "video/x-raw", coded: None },
    Kind { name: "motion JPEG", caps: "image/jpeg", coded: Some(Coded::Jpeg) },
    Kind { name: "H.264", caps: "video/x-h264", coded: Some(Coded::H264) },
    Kind { name: "VP8", caps: "video/x-vp8", coded: Some(Coded::Vp8) },
];

struct Kind {
    name: &'static str,
    caps: &'static str,
    coded: Option<Coded>,
}

#[derive(Clone, Copy)]
enum Coded {
    Jpeg,
    H264,
    Vp8,
}

impl Coded {
    /// What makes raw pictures of it, in a row.
    fn decoder(self) -> Result<Vec<gst::Element>, Error> {
        Ok(match self {
            Self::Jpeg => vec![element("jpegdec")?],
            Self::H264 => vec![element("h264parse")?, decoder::h264(probe::decoder()?)?],
            Self::Vp8 => vec![decoder::vp8()?],
        })
    }
}

/// Opens the device, sets its controls and finds the format to ask for.
pub fn open(device: &Path, camera: &Camera) -> Result<Source, Error> {
    let name = device.to_str().ok_or_else(|| Error::Pipeline(format!("{} is not UTF-8", device.display())))?;
    let source = element("v4l2src")?;
    source.set_property("device", name);
    if let Err(error) = std::fs::OpenOptions::new().read(true).write(true).open(device) {
        return Err(Error::open(name, &error));
    }
    source.set_state(gst::State::Ready).map_err(|_| Error::Device {
        state: DeviceState::Busy,
        text: format!("{name} cannot be opened: another program may use it"),
    })?;
    let controls = camera.controls.iter();
    let refused = controls.filter_map(|(control, value)| set_control(&source, name, control, *value).err()).collect();
    let (kind, caps, taken) = choose(&source, name, camera)?;
    let mut elements = vec![source, capsfilter(&caps)?];
    if let Some(coded) = kind.coded {
        elements.extend(coded.decoder()?);
    }
    Ok(Source { elements, refused, taken })
}

/// The camera's own format to ask for: at the size and rate wanted, else at the size, else whatever is scaled afterwards; and of what
/// there is, the simplest.
fn choose(source: &gst::Element, device: &str, camera: &Camera) -> Result<(&'static Kind, String, CameraTaken), Error> {
    let offered = source.static_pad("src").map(|pad| pad.query_caps(None)).unwrap_or_else(gst::Caps::new_empty);
    let size = format!(",width={},height={}", camera.width, camera.height);
    let fits = [format!("{size},framerate={}/1", camera.framerate), size, String::new()];
    for (fit, limits) in fits.iter().enumerate() {
        for kind in &KINDS {
            let caps = format!("{}{limits}", kind.caps);
            if parse_caps(&caps)?.can_intersect(&offered) {
                let taken = CameraTaken { format: kind.name.to_owned(), because: because(kind, fit).to_owned() };
                return Ok((kind, caps, taken));
            }
        }
    }
    Err(Error::Pipeline(format!("{device} gives none of raw pictures, motion JPEG, H.264 and VP8")))
}

fn because(kind: &Kind, fit: usize) -> &'static str {
    match (kind.coded, fit) {
        (None, 0) => "it has the size and the rate that are wanted",
        (Some(_), 0) => {
            "nothing simpler has the size and the rate that are wanted; it is decoded, for what is sent follows the network"
        }
        (None, 1) => "it has the size that is wanted, and nothing has the rate as well",
        (Some(_), 1) => "nothing simpler has the size that is wanted; it is decoded, for what is sent follows the network",
        (None, _) => "nothing has the size that is wanted: it is scaled",
        (Some(_), _) => "the camera gives nothing simpler; it is decoded and scaled",
    }
}

/// One at a time, while the device is open: then it is set at once, and what `v4l2src` says is about this one. It says so in
/// GStreamer's log only.
fn set_control(source: &gst::Element, device: &str, control: &str, value: i32) -> Result<(), String> {
    let complaints = overhear("v4l2", || {
        source.set_property("extra-controls", gst::Structure::builder("controls").field(control, value).build());
    });
    match complaints.first() {
        None => Ok(()),
        Some(text) if text.contains("does not exist") => {
            Err(format!("{device} has no control `{control}`: `v4l2-ctl -d {device} --list-ctrls` says which it has"))
        }
        Some(_) => Err(format!(
            "{device} has no control `{control}`, or does not take {value}: `v4l2-ctl -d {device} --list-ctrls` says what it has"
        )),
    }
}

/// The warnings that GStreamer logs under a category, on this thread, while something is done. In place of some of them 1.22 complains
/// to GLib that what it logs about is no object.
fn overhear(category: &str, act: impl FnOnce()) -> Vec<String> {
    let Some(category) = gst::DebugCategory::get(category) else {
        act();
        return Vec::new();
    };
    let heard = Arc::new(Mutex::new(Vec::new()));
    let here = std::thread::current().id();
    let (ear, other_ear) = (heard.clone(), heard.clone());
    let levels = glib::LogLevels::LEVEL_WARNING | glib::LogLevels::LEVEL_CRITICAL;
    let handler = glib::log_set_handler(Some(GLIB_DOMAIN), levels, false, false, move |domain, level, text| {
        if std::thread::current().id() != here {
            glib::log_default_handler(domain, level, Some(text));
        } else if let Ok(mut heard) = other_ear.lock() {
            heard.push(text.to_owned());
        }
    });
    let before = category.threshold();
    category.set_threshold(before.max(gst::DebugLevel::Warning));
    let listener = gst::log::add_log_function(move |of, level, _, _, _, _, message| {
        if of == category
            && level <= gst::DebugLevel::Warning
            && std::thread::current().id() == here
            && let (Ok(mut heard), Some(text)) = (ear.lock(), message.get())
        {
            heard.push(text.to_string());
        }
    });
    act();
    gst::log::remove_log_function(listener);
    glib::log_remove_handler(Some(GLIB_DOMAIN), handler);
    category.set_threshold(before);
    heard.lock().map(|mut heard| std::mem::take(&mut *heard)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The format that is asked for of a camera that offers this at 1280x720 and 30 pictures a second, and why.
    fn asked(offered: &str) -> Result<(String, String), Error> {
        crate::media::pipeline::init().unwrap();
        let camera = Camera::default();
        let (_, caps, taken) = choose(&capsfilter(offered).unwrap(), "/dev/video7", &camera)?;
        Ok((format!("{} {}", taken.format, caps.contains("width=1280")), taken.because))
    }

    #[test]
    fn the_simplest_format_that_has_the_size_and_the_rate_is_asked_for() {
        let hd = "width=1280,height=720,framerate=30/1";
        for (offered, wanted) in [
            (format!("video/x-h264,{hd};image/jpeg,{hd};video/x-raw,format=YUY2,{hd}"), "raw true"),
            (
                format!("video/x-h264,{hd};image/jpeg,{hd};video/x-raw,format=YUY2,width=640,height=480,framerate=30/1"),
                "motion JPEG true",
            ),
            (format!("video/x-h264,{hd};video/x-raw,format=YUY2,width=640,height=480,framerate=30/1"), "H.264 true"),
            (format!("video/x-vp8,{hd}"), "VP8 true"),
            (format!("video/x-h264,{hd};video/x-raw,format=YUY2,width=1280,height=720,framerate=5/1"), "H.264 true"),
            ("video/x-h264,width=1920,height=1080;image/jpeg,width=640,height=480".to_owned(), "motion JPEG false"),
            ("video/x-h264,width=1920,height=1080,framerate=15/1".to_owned(), "H.264 false"),
            ("video/x-raw,format=RGB,width=64,height=64".to_owned(), "raw false"),
        ] {
            assert_eq!(asked(&offered).unwrap().0, wanted, "{offered}");
        }
        assert!(asked(&format!("video/x-h264,{hd}")).unwrap().1.contains("it is decoded"));
        let error = asked("video/x-h265,width=1280,height=720").unwrap_err().to_string();
        assert!(error.contains("/dev/video7") && error.contains("VP8"), "{error}");
    }

    #[test]
    fn what_gstreamer_logs_meanwhile_is_overheard_and_nothing_else() {
        gst::init().unwrap();
        let category = gst::DebugCategory::new("callbox-test", gst::DebugColorFlags::empty(), None);
        gst::warning!(category, "before");
        let heard = overhear("callbox-test", || {
            gst::warning!(category, "a warning");
            gst::info!(category, "only news");
            gst::error!(gst::CAT_RUST, "of somebody else");
            glib::g_critical!(GLIB_DOMAIN, "not an object");
            std::thread::scope(|scope| {
                scope.spawn(|| gst::warning!(category, "on another thread"));
            });
        });
        gst::warning!(category, "afterwards");
        assert_eq!(heard, ["a warning", "not an object"]);
    }
}
