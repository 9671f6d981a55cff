//! What an appliance tells Prometheus (`docs/metrics.md`), and whether it is ready: made of its state and its counts when somebody
//! asks.

mod media;
mod ready;
mod way;

use std::collections::BTreeMap;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

pub use ready::missing;

use super::process::Process;
use super::sheet::Sheet;
use crate::protocol::control::{CallState, CallStatus, HubState, LineStatus, Status, StepReason};
use crate::protocol::event::EventKind;

/// Counts without an end.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Totals {
    /// What happened, by name.
    pub events: BTreeMap<EventKind, u64>,
    /// Gestures, by button and gesture.
    pub presses: BTreeMap<(String, String), u64>,
    /// Pulses, by relay.
    pub openings: BTreeMap<String, u64>,
    /// Steps of the picture that is sent, by reason.
    pub steps: BTreeMap<StepReason, u64>,
    /// What all connections have carried.
    pub carried: Carried,
    /// Calls that were joined.
    pub calls: u64,
    /// Connections to somebody who was connected before in the same call.
    pub reconnected: u64,
    /// In calls that are over.
    pub seconds_in_calls: f64,
    /// Since when in this one.
    pub in_call_since: Option<Instant>,
}

/// What one connection has carried, or all together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Carried {
    /// Encoded pictures that went out.
    pub sent: u64,
    /// Encoded pictures that did not.
    pub dropped: u64,
    /// Pictures that were decoded.
    pub decoded: u64,
    /// Packets that came.
    pub packets: u64,
    /// Packets that did not.
    pub lost: u64,
    /// How often the picture stood still.
    pub freezes: u64,
    /// For how long in all.
    pub frozen_ms: u64,
}

impl Carried {
    fn with(self, other: &Self, how: impl Fn(u64, u64) -> u64) -> Self {
        Self {
            sent: how(self.sent, other.sent),
            dropped: how(self.dropped, other.dropped),
            decoded: how(self.decoded, other.decoded),
            packets: how(self.packets, other.packets),
            lost: how(self.lost, other.lost),
            freezes: how(self.freezes, other.freezes),
            frozen_ms: how(self.frozen_ms, other.frozen_ms),
        }
    }

    /// What came to it since.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        self.with(before, u64::saturating_sub)
    }

    /// Adds it.
    pub fn add(&mut self, more: &Self) {
        *self = self.with(more, u64::saturating_add);
    }
}

/// All that a page is made of.
#[derive(Debug)]
pub struct Seen<'a> {
    /// How it is.
    pub status: &'a Status,
    /// What was counted.
    pub totals: &'a Totals,
    /// What this process takes.
    pub process: &'a Process,
    /// Of the hottest zone, degrees.
    pub heat: Option<f64>,
    /// The part of the last ten seconds in which something waited for the processor.
    pub pressure: Option<f64>,
    /// When it was started.
    pub started: SystemTime,
    /// Now.
    pub now: Instant,
}

/// Everything there is to tell.
pub fn sheet(seen: &Seen<'_>) -> Sheet {
    let mut sheet = Sheet::default();
    general(seen, &mut sheet);
    call(seen, &mut sheet);
    way::fill(seen, &mut sheet);
    media::fill(seen, &mut sheet);
    hands(seen, &mut sheet);
    seen.process.fill(&mut sheet);
    sheet
}

fn general(Seen { status, totals, heat, pressure, started, .. }: &Seen<'_>, sheet: &mut Sheet) {
    let version = status.version.rsplit('/').next().unwrap_or_default();
    sheet.info("callbox_build", "What runs here").with(&[("version", version)], 1.0);
    let started = started.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    sheet.gauge("callbox_start_time_seconds", "When callbox was started, seconds since 1970").is(started);
    let connected = f64::from(status.hub.state == HubState::Connected);
    sheet.gauge("callbox_signaling_connected", "1 while signed in at the hub").is(connected);
    let events = sheet.counter("callbox_events", "Things that happened, by name (docs/events.md)");
    for kind in appliance_events() {
        events.counts_with(&[("event", kind.name())], totals.events.get(&kind).copied().unwrap_or_default());
    }
    sheet.gauge("callbox_temperature_celsius", "Of the hottest zone of the board").may_be(*heat);
    let name = "callbox_processor_pressure_ratio";
    sheet.gauge(name, "Part of the last ten seconds in which something waited for the processor").may_be(*pressure);
}

/// The hub's own are not an appliance's.
fn appliance_events() -> impl Iterator<Item = EventKind> {
    let own = |kind: &EventKind| !["service.", "store.", "webhook."].iter().any(|hub| kind.name().starts_with(hub));
    EventKind::ALL.iter().copied().filter(own)
}

fn call(Seen { status, totals, now, .. }: &Seen<'_>, sheet: &mut Sheet) {
    let call = status.call.as_ref();
    let states = [
        ("none", None),
        ("joining", Some(CallState::Joining)),
        ("lobby", Some(CallState::Lobby)),
        ("joined", Some(CallState::Joined)),
        ("reconnecting", Some(CallState::Reconnecting)),
        ("ended", Some(CallState::Ended)),
        ("out", Some(CallState::Out)),
    ];
    let state = call.map(|call| call.state);
    let family = sheet.gauge("callbox_call_state", "1 for the state that the call is in");
    family.states("state", states.map(|(name, of)| (name, of == state)));
    let running = totals.in_call_since.map_or(0.0, |since| now.saturating_duration_since(since).as_secs_f64());
    sheet.gauge("callbox_call_duration_seconds", "How long this call lasts; 0 without one").is(running);
    sheet.counter("callbox_call_seconds", "Time in calls, this one included").is(totals.seconds_in_calls + running);
    sheet.counter("callbox_calls", "Calls that were joined").counts(totals.calls);
    let count = |kind: EventKind| totals.events.get(&kind).copied().unwrap_or_default();
    let ends = sheet.counter("callbox_call_ends", "Calls that are over, by reason");
    for (reason, kind) in [("left", EventKind::CallLeft), ("ended", EventKind::CallEnded), ("out", EventKind::CallOut)] {
        ends.counts_with(&[("reason", reason)], count(kind));
    }
    let rings = sheet.counter("callbox_rings", "Rings, by direction and how far they came");
    for (direction, outcome, kind) in [
        ("in", "begun", EventKind::RingStarted),
        ("in", "answered", EventKind::RingAnswered),
        ("in", "unanswered", EventKind::RingEnded),
        ("out", "begun", EventKind::DialStarted),
        ("out", "answered", EventKind::DialAnswered),
        ("out", "unanswered", EventKind::DialEnded),
    ] {
        rings.counts_with(&[("direction", direction), ("outcome", outcome)], count(kind));
    }
    let others = call.map_or(0, |call| call.participants.len());
    sheet.gauge("callbox_call_participants", "Others in the call").is(others as f64);
    let muted = sheet.gauge("callbox_muted", "1 for what is switched off in the call");
    for (media, off) in [("audio", call.is_some_and(|call| call.muted.audio)), ("video", call.is_some_and(|call| call.muted.video))]
    {
        muted.with(&[("media", media)], off.into());
    }
    sheet
        .gauge("callbox_recorded", "1 while the call is recorded, here or elsewhere")
        .is(call.is_some_and(|call| call.recorded).into());
    sheet.gauge("callbox_do_not_disturb", "1 while nobody may disturb").is(status.do_not_disturb.into());
    let first = |call: &CallStatus| call.first_picture_ms.map(|ms| ms as f64 / 1000.0);
    let name = "callbox_first_picture_seconds";
    sheet.gauge(name, "From the wish to join to the first picture of another, in this call").may_be(call.and_then(first));
}

fn hands(Seen { status, totals, .. }: &Seen<'_>, sheet: &mut Sheet) {
    let gpio = &status.gpio;
    let privacy: &[LineStatus] = gpio.privacy.as_slice();
    let lines = [
        ("button", &gpio.buttons[..]),
        ("light", &gpio.lights),
        ("relay", &gpio.relays),
        ("privacy", privacy),
        ("other", &gpio.others),
    ];
    let lines = || lines.iter().flat_map(|(kind, lines)| lines.iter().map(move |line| (*kind, line)));
    let up = sheet.gauge("callbox_line_up", "1 for a button, light or relay that works");
    for (kind, line) in lines() {
        let works = line.state == crate::protocol::control::DeviceState::Running && line.error.is_none();
        up.with(&[("kind", kind), ("name", &line.name)], works.into());
    }
    let on = sheet.gauge("callbox_line_on", "1 for a button that is pressed, a light that shows something, a relay that is on");
    for (kind, line) in lines() {
        on.with(&[("kind", kind), ("name", &line.name)], line.on.into());
    }
    let presses = sheet.counter("callbox_button_gestures", "What was done with buttons");
    for ((button, gesture), count) in &totals.presses {
        presses.counts_with(&[("button", button), ("gesture", gesture)], *count);
    }
    let openings = sheet.counter("callbox_relay_openings", "How often a relay was switched on");
    for line in &gpio.relays {
        openings.counts_with(&[("relay", &line.name)], totals.openings.get(&line.name).copied().unwrap_or_default());
    }
}
