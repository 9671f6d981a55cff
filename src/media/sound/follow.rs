//! Sound of another clock, on its way into ours: samples are put in and taken out where two clocks drift apart, and a voice is held
//! back as long as its way to us varies.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use gstreamer as gst;
use gstreamer::prelude::*;

use super::RATE;
use super::meter::{Meter, samples};
use crate::media::pipeline::Timebase;
use crate::media::plan::loudness;
use crate::media::plan::playout::Playout;
use crate::media::plan::steady::Steady;

/// A card without time stamps of its own is as late as the thread that reads it. Buffers of 10 ms.
const CARD_PATIENCE: u32 = 10;

/// For how long a voice is held back, nanoseconds.
pub type Held = Arc<AtomicU64>;

struct Follower {
    channels: usize,
    steady: Steady,
    playout: Option<(Playout, Timebase, Held)>,
    meter: Arc<Meter>,
}

/// A sound card's time stamps become those of a stream without steps, for the canceller compares them to the millisecond.
pub fn follow_card(element: &gst::Element, channels: usize, meter: &Arc<Meter>) {
    follow(element, Follower { channels, steady: Steady::new(RATE).patient(CARD_PATIENCE), playout: None, meter: meter.clone() });
}

/// A voice is laid on the mixer's time so that it comes neither too late nor later than it must.
pub fn follow_voice(element: &gst::Element, channels: usize, time: &Timebase, meter: &Arc<Meter>) -> Held {
    let held = Held::default();
    let playout = Some((Playout::default(), time.clone(), held.clone()));
    follow(element, Follower { channels, steady: Steady::new(RATE), playout, meter: meter.clone() });
    held
}

fn follow(element: &gst::Element, follower: Follower) {
    let Some(pad) = element.static_pad("src") else {
        return;
    };
    let follower = Mutex::new(follower);
    pad.add_probe(gst::PadProbeType::BUFFER, move |pad, info| {
        if let (Some(buffer), Ok(mut follower)) = (info.buffer_mut(), follower.lock()) {
            // What has no time is left as it is.
            let _ = follower.take(pad, buffer);
        }
        gst::PadProbeReturn::Ok
    });
}

impl Follower {
    fn take(&mut self, pad: &gst::Pad, buffer: &mut gst::Buffer) -> Option<()> {
        let segment = pad.sticky_event::<gst::event::Segment>(0)?;
        let segment = segment.segment().downcast_ref::<gst::ClockTime>()?;
        let at = segment.to_running_time(buffer.pts()?)?.nseconds();
        let heard = samples(&buffer.map_readable().ok()?);
        let power = loudness::power(&heard);
        self.meter.take(power);
        let frames = heard.len() / self.channels;
        let at = self.hold_back(at, frames, loudness::decibels(power) > loudness::SPEAKS);
        let step = self.steady.take(at, frames);
        if step.samples != frames {
            *buffer = gst::Buffer::from_mut_slice(stretch(&heard, self.channels, step.samples));
        }
        let buffer = buffer.make_mut();
        buffer.set_pts(segment.position_from_running_time(gst::ClockTime::from_nseconds(step.at)));
        buffer.set_duration(gst::ClockTime::from_nseconds(step.samples as u64 * 1_000_000_000 / u64::from(RATE)));
        if step.leap {
            buffer.set_flags(gst::BufferFlags::DISCONT);
        } else {
            buffer.unset_flags(gst::BufferFlags::DISCONT | gst::BufferFlags::RESYNC);
        }
        Some(())
    }

    fn hold_back(&mut self, at: u64, frames: usize, speaks: bool) -> u64 {
        let Some((playout, time, held)) = &mut self.playout else {
            return at;
        };
        let length = frames as u64 * 1_000_000_000 / u64::from(RATE);
        if playout.take(at, length, time.running_time().nseconds(), speaks) {
            self.steady.restart();
        }
        held.store(playout.delay(), Ordering::Relaxed);
        at + playout.delay()
    }
}

/// The same sound with so many samples, each between its two neighbours.
fn stretch(heard: &[i16], channels: usize, frames: usize) -> Vec<u8> {
    let last = (heard.len() / channels).saturating_sub(1);
    let step = last as f32 / frames.saturating_sub(1).max(1) as f32;
    let mut bytes = Vec::with_capacity(frames * channels * 2);
    for frame in 0..frames {
        let place = frame as f32 * step;
        let (before, share) = (place as usize, place.fract());
        for channel in 0..channels {
            let one = f32::from(heard[before.min(last) * channels + channel]);
            let other = f32::from(heard[(before + 1).min(last) * channels + channel]);
            bytes.extend_from_slice(&((one + (other - one) * share).round() as i16).to_le_bytes());
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretched_sound_keeps_its_ends_and_its_channels() {
        let heard: Vec<i16> = (0..480).flat_map(|n| [n * 10, -n * 10]).collect();
        for frames in [479, 481, 482] {
            let stretched = samples(&stretch(&heard, 2, frames));
            assert_eq!(stretched.len(), frames * 2);
            assert_eq!((stretched[0], stretched[1]), (0, 0));
            assert_eq!((stretched[frames * 2 - 2], stretched[frames * 2 - 1]), (4790, -4790));
            assert!(stretched.as_chunks::<2>().0.windows(2).all(|pair| (8..=11).contains(&(pair[1][0] - pair[0][0]))));
        }
        assert!(stretch(&[], 2, 0).is_empty());
    }
}
