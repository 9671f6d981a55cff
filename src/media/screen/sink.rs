//! The element that leads to the display. On a device that is GStreamer's `kmssink`, which knows graphics drivers by name and takes
//! the first that is there; but that may be one that only computes, or one that nothing is plugged into. So it is given the display.

use std::fs::File;
use std::os::fd::AsRawFd as _;
use std::path::Path;

use gstreamer as gst;
use gstreamer::prelude::*;

use crate::media::Error;
use crate::media::inventory::displays;
use crate::media::pipeline::{element_with, set};

const KMS: &str = "kmssink";

/// The sink, and what has to stay open as long as it is used.
pub struct Sink {
    /// The element.
    pub element: gst::Element,
    /// The graphics card.
    pub card: Option<File>,
}

impl Sink {
    /// Opens it.
    pub fn open(factory: &str) -> Result<Self, Error> {
        let element = element_with(factory, &[("sync", "false")])?;
        if factory != KMS {
            return Ok(Self { element, card: None });
        }
        let card = plugged_in(Path::new("/sys/class/drm")).and_then(|card| open(&card));
        let give = || card.iter().for_each(|card| set(&element, "fd", &card.as_raw_fd().to_string()));
        give();
        if !starts(&element) {
            // A console is on the display, and the hardware has no plane beside it.
            set(&element, "force-modesetting", "true");
        }
        // It forgets it when it stops.
        give();
        Ok(Self { element, card })
    }
}

/// The graphics card of the first display that is there.
fn plugged_in(class: &Path) -> Option<String> {
    displays(class).into_iter().find(|display| display.connected).map(|display| display.card)
}

fn open(card: &str) -> Option<File> {
    let opened = File::options().read(true).write(true).open(card);
    opened.inspect_err(|error| tracing::warn!("cannot open {card}: {error}")).ok()
}

/// Whether it starts as it is.
fn starts(element: &gst::Element) -> bool {
    let outcome = element.set_state(gst::State::Paused);
    let _ = element.set_state(gst::State::Null);
    outcome.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_card_with_a_display_is_taken_and_not_the_first() {
        let class = tempfile::tempdir().unwrap();
        for (name, status) in
            [("card0-Writeback-1", "unknown"), ("card1-HDMI-A-1", "disconnected"), ("card2-HDMI-A-1", "connected")]
        {
            let path = class.path().join(name);
            std::fs::create_dir(&path).unwrap();
            for (file, text) in [("status", status), ("modes", "1280x720"), ("enabled", "disabled")] {
                std::fs::write(path.join(file), format!("{text}\n")).unwrap();
            }
        }
        assert_eq!(plugged_in(class.path()).as_deref(), Some("/dev/dri/card2"));
        assert_eq!(plugged_in(&class.path().join("none")), None);
    }
}
