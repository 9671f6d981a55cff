//! A camera of the kernel: the format to ask it for, and its controls.

use std::path::Path;
use std::sync::{Arc, Mutex};

use gstreamer as gst;
use gstreamer::glib;
use gstreamer::prelude::*;

use super::Error;
use super::pipeline::{capsfilter, element, parse_caps};
use crate::config::Camera;
use crate::protocol::control::DeviceState;

/// Under which name GStreamer complains to GLib.
const GLIB_DOMAIN: &str = "GStreamer";

/// What gives raw pictures of a V4L2 device, and what it would not do.
pub struct Source {
    /// In a row.
    pub elements: Vec<gst::Element>,
    /// Controls that it refused, for people.
    pub refused: Vec<String>,
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
    let caps = caps(&source, name, camera)?;
    let mut elements = vec![source, capsfilter(&caps)?];
    if caps.starts_with("image/jpeg") {
        elements.push(element("jpegdec")?);
    }
    Ok(Source { elements, refused })
}

/// The camera's own format to ask for: raw at the size wanted, else motion JPEG, else whatever is scaled afterwards.
fn caps(source: &gst::Element, device: &str, camera: &Camera) -> Result<String, Error> {
    let offered = source.static_pad("src").map(|pad| pad.query_caps(None)).unwrap_or_else(gst::Caps::new_empty);
    let size = format!("width={},height={},framerate={}/1", camera.width, camera.height, camera.framerate);
    let tries = [
        format!("video/x-raw,format={{I420,NV12,YV12,YUY2,UYVY}},{size}"),
        format!("image/jpeg,{size}"),
        format!("video/x-raw,width={},height={}", camera.width, camera.height),
        format!("image/jpeg,width={},height={}", camera.width, camera.height),
        "video/x-raw".to_owned(),
        "image/jpeg".to_owned(),
    ];
    for caps in tries {
        if parse_caps(&caps)?.can_intersect(&offered) {
            return Ok(caps);
        }
    }
    Err(Error::Pipeline(format!("{device} gives neither raw pictures nor motion JPEG")))
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
