//! What happens here, told to whom it may concern: the log, `callbox events --named`, metrics.

use std::time::Instant;

use tokio::sync::{broadcast, watch};

use super::news::News;
use super::record::Record;
use super::totals::Counting;
use crate::media::View;
use crate::protocol::control::{CallStatus, CallSummary, Status};
use crate::protocol::event::{Event, EventKind};
use crate::telemetry::appliance::Totals;
use crate::telemetry::say;

/// Events that a slow reader may be behind.
const BEHIND: usize = 128;

/// Follows what is shown.
#[derive(Debug)]
pub(super) struct Chronicle {
    record: Record,
    news: News,
    counting: Counting,
    told: broadcast::Sender<Event>,
    counted: watch::Sender<Totals>,
}

impl Chronicle {
    /// With nothing in it.
    pub(super) fn new() -> Self {
        let (told, counted) = (broadcast::Sender::new(BEHIND), watch::Sender::default());
        Self { record: Record::default(), news: News::default(), counting: Counting::default(), told, counted }
    }

    /// Where events are heard.
    pub(super) fn events(&self) -> broadcast::Sender<Event> {
        self.told.clone()
    }

    /// What was counted.
    pub(super) fn totals(&self) -> watch::Receiver<Totals> {
        self.counted.subscribe()
    }

    /// How the call is now; the summary of one that has ended.
    pub(super) fn call(&mut self, call: Option<&CallStatus>, view: &View) -> Option<CallSummary> {
        self.record.see(call, view, Instant::now())
    }

    /// Something else is shown.
    pub(super) fn shown(&mut self, status: &Status, view: &View) {
        let news = self.news.since(status);
        for event in &news {
            self.tell(event);
        }
        let totals = self.counting.take(status, view, &news, Instant::now());
        self.counted.send_replace(totals);
    }

    /// Somebody used a button.
    pub(super) fn pressed(&mut self, button: &str, gesture: &str) {
        let event = Event { to: Some(gesture.to_owned()), ..Event::new(EventKind::ButtonPressed).named(button) };
        self.tell(&event);
        self.counting.count(&event);
    }

    /// The end.
    pub(super) fn finish(&mut self) {
        if let Some(summary) = self.record.finish(Instant::now()) {
            let event = Event::new(EventKind::CallSummary).in_call(&summary.cid);
            self.tell(&Event { summary: Some(Box::new(summary)), ..event });
        }
        self.tell(&Event::new(EventKind::ApplianceStopping));
    }

    fn tell(&self, event: &Event) {
        say(event);
        // Nobody may listen.
        let _ = self.told.send(event.clone());
    }
}
