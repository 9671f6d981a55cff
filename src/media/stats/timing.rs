//! How long pictures take on a stretch of their way.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use gstreamer as gst;
use gstreamer::prelude::*;

/// More pictures than this are in no encoder at a time.
const MOST: usize = 32;
/// The mean is of about so many.
const MEMORY: u64 = 16;

/// The mean of the last times; written from any thread.
#[derive(Debug, Default)]
pub struct Took(AtomicU64);

impl Took {
    /// One more.
    pub fn take(&self, took: Duration) {
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX / MEMORY).clamp(1, u64::MAX / MEMORY);
        let before = self.0.load(Ordering::Relaxed);
        self.0.store(if before == 0 { took } else { (before * (MEMORY - 1) + took) / MEMORY }, Ordering::Relaxed);
    }

    /// Milliseconds; none before the first.
    pub fn ms(&self) -> Option<f64> {
        let micros = self.0.load(Ordering::Relaxed);
        (micros > 0).then(|| micros as f64 / 1000.0)
    }
}

/// Measures how long each picture is in this element. Several may be in it at a time, and some never come out.
pub fn through(element: &gst::Element, tell: impl Fn(Duration) + Send + Sync + 'static) {
    let (Some(sink), Some(source)) = (element.static_pad("sink"), element.static_pad("src")) else {
        return;
    };
    let inside = Arc::new(Mutex::new(Inside::default()));
    let entering = inside.clone();
    sink.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        if let (Some(buffer), Ok(mut inside)) = (info.buffer(), entering.lock()) {
            inside.enter(buffer.pts().map(gst::ClockTime::nseconds), Instant::now());
        }
        gst::PadProbeReturn::Ok
    });
    source.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        let took = info.buffer().and_then(|buffer| {
            let pts = buffer.pts().map(gst::ClockTime::nseconds);
            inside.lock().ok()?.leave(pts, Instant::now())
        });
        if let Some(took) = took {
            tell(took);
        }
        gst::PadProbeReturn::Ok
    });
}

/// What is in an element, in the order in which it came. Some elements move all time stamps by the same span.
#[derive(Debug, Default)]
struct Inside {
    entered: VecDeque<(Option<u64>, Instant)>,
    moved: u64,
}

impl Inside {
    fn enter(&mut self, pts: Option<u64>, now: Instant) {
        if self.entered.len() >= MOST {
            self.entered.pop_front();
        }
        self.entered.push_back((pts, now));
    }

    fn leave(&mut self, pts: Option<u64>, now: Instant) -> Option<Duration> {
        let known =
            pts.and_then(|pts| self.entered.iter().position(|(at, _)| at.map(|at| at.wrapping_add(self.moved)) == Some(pts)));
        // Whatever came before it will not come any more.
        let (entered, at) = self.entered.drain(..=known.unwrap_or(0).min(self.entered.len().checked_sub(1)?)).next_back()?;
        if let (None, Some(pts), Some(entered)) = (known, pts, entered) {
            self.moved = pts.wrapping_sub(entered);
        }
        Some(now.saturating_duration_since(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_known_again_by_their_time_stamps_though_they_are_moved_and_some_are_lost() {
        let (mut inside, begun) = (Inside::default(), Instant::now());
        let at = |ms: u64| begun + Duration::from_millis(ms);
        for n in 0..4 {
            inside.enter(Some(n * 33), at(n * 33));
        }
        assert_eq!(inside.leave(Some(1_000_000), at(7)), Some(Duration::from_millis(7)), "the first");
        assert_eq!(inside.leave(Some(1_000_066), at(76)), Some(Duration::from_millis(10)), "the second was dropped");
        assert_eq!(inside.leave(Some(1_000_099), at(100)), Some(Duration::from_millis(1)));
        assert_eq!(inside.leave(Some(1_000_132), at(140)), None, "it never came in");
        for n in 0..100 {
            inside.enter(None, at(n));
        }
        assert!(inside.entered.len() <= MOST && inside.leave(None, at(100)).is_some());
    }

    #[test]
    fn the_mean_follows() {
        let took = Took::default();
        assert_eq!(took.ms(), None);
        took.take(Duration::from_millis(10));
        assert_eq!(took.ms(), Some(10.0));
        for _ in 0..200 {
            took.take(Duration::from_millis(20));
        }
        assert!((took.ms().unwrap() - 20.0).abs() < 0.1);
    }
}
