//! How loud it is now.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use gstreamer as gst;
use gstreamer::prelude::*;

use crate::media::plan::loudness::{self, SILENCE};

/// After so long without sound it is silent.
const STALE: Duration = Duration::from_millis(400);
/// What is left of the loudness one buffer later, at least.
const DECAY: f64 = 0.85;

/// The loudness of one stream: quick to rise, slow to fall, as people expect of a meter.
#[derive(Debug, Default)]
pub struct Meter {
    shown: Mutex<Option<(f64, Instant)>>,
    buffers: AtomicU64,
}

impl Meter {
    /// Takes the mean square of a buffer.
    pub fn take(&self, power: f64) {
        self.buffers.fetch_add(1, Ordering::Relaxed);
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let before = shown.map_or(0.0, |(power, _)| power);
        *shown = Some((power.max(before * DECAY), Instant::now()));
    }

    /// The mean square now.
    pub fn power(&self) -> f64 {
        let shown = *self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.filter(|(_, at)| at.elapsed() < STALE).map_or(0.0, |(power, _)| power)
    }

    /// How many buffers it has seen.
    pub fn count(&self) -> u64 {
        self.buffers.load(Ordering::Relaxed)
    }

    /// Decibels below the loudest that there is.
    pub fn level(&self) -> i32 {
        let power = self.power();
        if power > 0.0 { loudness::decibels(power).round() as i32 } else { SILENCE }
    }
}

/// Measures every buffer of 16-bit samples that leaves the element.
pub fn measure(element: &gst::Element, meter: &Arc<Meter>) {
    let meter = meter.clone();
    watch(element, move |power, _| meter.take(power));
}

/// Calls `tell` with the mean square of every buffer that leaves the element, and its seconds.
pub fn watch(element: &gst::Element, tell: impl Fn(f64, f64) + Send + Sync + 'static) {
    let Some(pad) = element.static_pad("src") else {
        return;
    };
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        if let Some(buffer) = info.buffer()
            && let Ok(map) = buffer.map_readable()
        {
            let seconds = buffer.duration().map_or(0.0, |duration| duration.nseconds() as f64 / 1e9);
            tell(loudness::power(&samples(&map)), seconds);
        }
        gst::PadProbeReturn::Ok
    });
}

/// 16-bit samples, little endian.
pub fn samples(bytes: &[u8]) -> Vec<i16> {
    bytes.as_chunks::<2>().0.iter().map(|pair| i16::from_le_bytes(*pair)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_meter_rises_at_once_and_falls_slowly() {
        let meter = Meter::default();
        assert_eq!(meter.level(), SILENCE);
        meter.take(0.01);
        assert_eq!(meter.level(), -20);
        meter.take(0.0);
        assert_eq!(meter.level(), -21);
        for _ in 0..100 {
            meter.take(0.0);
        }
        assert!(meter.level() <= -80);
    }
}
