//! How the way to one peer is, as its reports on our packets tell (transport-wide congestion control).

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use gstreamer as gst;
use gstreamer::glib;
use gstreamer::prelude::*;

use crate::media::rate::Way;

/// Losses are told of so many packets or more; of fewer they say little.
const ENOUGH: u32 = 20;
/// What is lost now counts so much beside what was lost before.
const FRESH: f32 = 0.5;
/// A way that loses so much...
const LOSSY: std::ops::Range<f32> = 0.03..0.4;
/// ...while packets wait no longer than this is not full: it is bad.
const WAIT: Duration = Duration::from_millis(70);

/// Collects what is reported.
#[derive(Debug, Default)]
pub struct Meter {
    estimate: AtomicU64,
    limit: AtomicU64,
    heard: Mutex<Heard>,
}

#[derive(Debug, Default)]
struct Heard {
    sent: u32,
    lost: u32,
    loss: f32,
    delay: Option<Duration>,
    shortest: Option<Duration>,
}

impl Meter {
    /// The bandwidth estimate, bit/s.
    pub fn estimate(&self) -> Option<u64> {
        Some(self.estimate.load(Ordering::Relaxed)).filter(|rate| *rate > 0)
    }

    /// Takes a new estimate; gives back the one before.
    pub fn estimated(&self, bits: u64) -> u64 {
        self.estimate.swap(bits, Ordering::Relaxed)
    }

    /// The most the peer wants of the picture, bit/s.
    pub fn limit(&self, bits: Option<u64>) {
        self.limit.store(bits.unwrap_or(0), Ordering::Relaxed);
    }

    /// All that is known. What was collected since the last time is judged now.
    pub fn way(&self) -> Way {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        if heard.sent >= ENOUGH {
            let loss = heard.lost as f32 / heard.sent as f32;
            heard.loss += (loss - heard.loss) * FRESH;
            (heard.sent, heard.lost) = (0, 0);
        }
        let limit = Some(self.limit.load(Ordering::Relaxed)).filter(|bits| *bits > 0);
        Way { estimate: self.estimate(), loss: heard.loss, delay: heard.delay, limit }
    }

    /// Whether packets are lost though no queue is full: sending less would not help.
    pub fn is_bad(&self) -> bool {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = heard.delay.zip(heard.shortest).is_none_or(|(delay, shortest)| delay > shortest + WAIT);
        LOSSY.contains(&heard.loss) && !waits
    }

    /// Reads a report on packets that comes up the branch.
    pub fn hear(&self, event: &gst::EventRef) {
        let Some(packets) = event.structure().filter(|of| of.name() == "RTPTWCCPackets").and_then(packets) else {
            return;
        };
        self.note(packets, gst::SystemClock::obtain().time());
    }

    fn note(&self, packets: Vec<Packet>, now: gst::ClockTime) {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        for packet in packets {
            heard.sent = heard.sent.saturating_add(1);
            heard.lost = heard.lost.saturating_add(u32::from(packet.lost));
            heard.delay = packet.sent.map(|sent| Duration::from(now.saturating_sub(sent))).or(heard.delay);
        }
        heard.shortest = [heard.shortest, heard.delay].into_iter().flatten().min();
    }
}

struct Packet {
    lost: bool,
    sent: Option<gst::ClockTime>,
}

fn packets(report: &gst::StructureRef) -> Option<Vec<Packet>> {
    let list = report.get::<glib::ValueArray>("packets").ok()?;
    let packets = list.iter().filter_map(|value| value.get::<gst::Structure>().ok());
    let read = |packet: gst::Structure| Packet {
        lost: packet.get("lost").unwrap_or(false),
        sent: packet.get::<Option<gst::ClockTime>>("local-ts").ok().flatten(),
    };
    Some(packets.map(read).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many packets, sent a millisecond apart, the last one 100 ms ago.
    fn report(meter: &Meter, lost: u32, of: u32) {
        let now = gst::ClockTime::from_seconds(1000);
        let packet = |number| Packet {
            lost: number < lost,
            sent: Some(now.saturating_sub(gst::ClockTime::from_mseconds(u64::from(99 + of - number)))),
        };
        meter.note((0..of).map(packet).collect(), now);
    }

    #[test]
    fn loss_and_delay_come_from_the_reports() {
        let meter = Meter::default();
        assert_eq!(meter.way(), Way::default());
        report(&meter, 2, 10);
        assert_eq!(meter.way().loss, 0.0, "too few to say");
        report(&meter, 2, 10);
        let way = meter.way();
        assert_eq!(way.loss, 0.1, "half of what is lost now");
        assert_eq!(way.delay, Some(Duration::from_millis(100)));
        assert!(meter.is_bad(), "nothing waits");
        report(&meter, 0, 40);
        assert_eq!(meter.way().loss, 0.05);
        meter.estimated(500_000);
        assert_eq!((meter.way().estimate, meter.estimated(1)), (Some(500_000), 500_000));
    }

    #[test]
    fn other_events_and_reports_without_packets_say_nothing() {
        gst::init().unwrap();
        let meter = Meter::default();
        meter.hear(&gst::event::CustomUpstream::new(gst::Structure::new_empty("Other")));
        meter.hear(&gst::event::CustomUpstream::new(gst::Structure::new_empty("RTPTWCCPackets")));
        assert_eq!(meter.way(), Way::default());
    }
}
