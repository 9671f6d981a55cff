//! What GStreamer's RTP session knows of each stream. `webrtcbin`'s own `get-stats` mixes up bundled streams before 1.26, swaps local
//! and remote candidates before 1.22.5, and can crash on relayed ones before 1.28; the session below it does not.

use std::time::Duration;

use gstreamer as gst;
use gstreamer::glib;
use gstreamer::prelude::*;

/// One stream, ours or the other side's.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Source {
    /// Its number on the wire.
    pub ssrc: u32,
    /// Whether we send it.
    pub ours: bool,
    /// 90000 for pictures; none before the first packet.
    pub clock_rate: Option<u32>,
    /// Sent or received.
    pub packets: u64,
    /// Sent or received, without headers.
    pub octets: u64,
    /// Of those that should have come.
    pub lost: i64,
    /// How unevenly they come, in ticks of the clock.
    pub jitter: u32,
    /// What was asked for by us.
    pub asked: Asked,
    /// What was asked for by the other side.
    pub asked_of_us: Asked,
    /// What the other side said last about one stream of ours.
    pub report: Option<Report>,
}

/// How often something was asked for, about one stream or by it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Asked {
    /// Packets, again (RFC 4585 section 6.2.1: one for up to 17 of them).
    pub again: u64,
    /// A picture that stands alone.
    pub keyframes: u64,
}

/// What the other side says about a stream of ours (RFC 3550 section 6.4.1).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Report {
    /// Which stream of ours.
    pub about: u32,
    /// Of the packets since its report before, 0 to 1.
    pub loss: f64,
    /// In ticks of the stream's clock.
    pub jitter: u32,
    /// There and back; zero while it has seen no report of ours.
    pub round_trip: Duration,
}

/// Reads the one session that all streams of a `webrtcbin` share.
pub fn read(webrtc: &gst::Element) -> Vec<Source> {
    let rtpbin = webrtc.downcast_ref::<gst::Bin>().and_then(|bin| bin.by_name("rtpbin"));
    let session = rtpbin.and_then(|rtpbin| rtpbin.emit_by_name::<Option<glib::Object>>("get-internal-session", &[&0u32]));
    let Some(session) = session.filter(|session| session.find_property("stats").is_some()) else {
        return Vec::new();
    };
    let Some(stats) = session.property::<Option<gst::Structure>>("stats") else {
        return Vec::new();
    };
    let Ok(sources) = stats.get::<glib::ValueArray>("source-stats") else {
        return Vec::new();
    };
    sources.iter().filter_map(|value| value.get::<gst::Structure>().ok()).map(|stats| source(&stats)).collect()
}

fn source(stats: &gst::StructureRef) -> Source {
    let ours = stats.get("internal").unwrap_or(false);
    let whole = |name: &str| stats.get::<u64>(name).unwrap_or(0);
    let (packets, octets) = match ours {
        true => (whole("packets-sent"), whole("octets-sent")),
        false => (whole("packets-received"), whole("octets-received")),
    };
    Source {
        ssrc: stats.get("ssrc").unwrap_or(0),
        ours,
        clock_rate: stats.get::<i32>("clock-rate").ok().and_then(|rate| u32::try_from(rate).ok()).filter(|rate| *rate > 0),
        packets,
        octets,
        lost: stats.get::<i32>("packets-lost").unwrap_or(0).into(),
        jitter: stats.get("jitter").unwrap_or(0),
        asked: asked(stats, "sent"),
        asked_of_us: asked(stats, "recv"),
        report: stats.get("have-rb").unwrap_or(false).then(|| report(stats)),
    }
}

fn asked(stats: &gst::StructureRef, way: &str) -> Asked {
    let number = |what: &str| u64::from(stats.get::<u32>(&format!("{way}-{what}-count")).unwrap_or(0));
    Asked { again: number("nack"), keyframes: number("pli") + number("fir") }
}

fn report(stats: &gst::StructureRef) -> Report {
    let number = |name: &str| stats.get::<u32>(name).unwrap_or(0);
    Report {
        about: number("rb-ssrc"),
        loss: f64::from(number("rb-fractionlost")) / 256.0,
        jitter: number("rb-jitter"),
        // Seconds, with 16 bits before and 16 behind the point.
        round_trip: Duration::from_secs_f64(f64::from(number("rb-round-trip")) / 65_536.0),
    }
}
