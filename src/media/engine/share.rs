//! What is shown to the others beside the camera (C33): a capture pipeline of its own with an encoder of its own, which exist only while
//! something is shared. Its m-line has been there from the start, so that nothing is negotiated when it begins or ends.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use gstreamer as gst;

use super::room::Engine;
use super::{Device, Started};
use crate::config::{self, CameraSource};
use crate::media::Error;
use crate::media::capture::{self, Capture, Counters, Eye, Witness};
use crate::media::devices::{Flow, Slot};
use crate::media::node::Node;
use crate::media::plan::encoder::{ENCODERS, Encoder};
use crate::media::rate::{Shape, Shared};
use crate::protocol::control::{DeviceState, ShareStatus};

/// What is shared, and how it is.
#[derive(Debug)]
pub(in crate::media) struct Sharing {
    source: Option<CameraSource>,
    pub(super) slot: Slot<Capture>,
    counters: Arc<Counters>,
    flow: Flow,
    node: Node,
    /// An encoder that works for the camera may not work twice.
    needs_software: bool,
}

impl Sharing {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            source: None,
            slot: Slot::new(String::new(), true),
            counters: Arc::default(),
            flow: Flow::new(None, now),
            node: Node::default(),
            needs_software: false,
        }
    }

    /// For rate control.
    pub(super) fn shared(&self, config: &config::Share, alone: bool) -> Option<Shared> {
        let shape = Shape { width: config.width, height: config.height, framerate: config.framerate };
        self.source.is_some().then_some(Shared { shape, most: config.bitrate.0, alone })
    }

    /// It failed.
    pub(super) fn distrust_encoder(&mut self) {
        self.needs_software = true;
    }

    /// Whether something is to be shared, if it can be had or not.
    pub(super) fn is_on(&self) -> bool {
        self.source.is_some()
    }
}

impl Engine {
    /// Somebody wants this to be shown from now on, or nothing.
    pub(super) fn share(&mut self, source: Option<CameraSource>, now: Instant) {
        if self.sharing.source == source {
            return;
        }
        self.cut_links();
        let name = source.as_ref().map(capture::name).unwrap_or_default();
        let (running, starting) = self.sharing.slot.replace(name, now);
        if starting {
            self.runs.forget(Device::Share);
        }
        if let Some(running) = running {
            self.retire(Device::Share, running, now);
        }
        (self.sharing.source, self.sharing.node, self.sharing.counters) = (source, Node::default(), Arc::default());
        self.sharing.needs_software = false;
        self.given(now);
        self.link_all();
    }

    pub(super) fn settle_share(&mut self, wanted: bool, now: Instant) {
        let Some(source) = self.sharing.source.clone().filter(|_| wanted) else {
            if let Some(running) = self.sharing.slot.stop(now) {
                self.cut_links();
                self.retire(Device::Share, running, now);
                self.link_all();
            }
            return;
        };
        let (true, Some(picture)) = (self.sharing.slot.due(now), self.adapting.share()) else {
            return;
        };
        let encoder = match self.share_encoder() {
            Some(Ok(encoder)) => encoder,
            Some(Err(text)) => return drop(self.sharing.slot.started(Err(Error::Pipeline(text)), now)),
            None => return,
        };
        let run = self.runs.next(Device::Share);
        let report = self.reporter(Device::Share, run);
        let eye = Eye::Shared(self.config.share.eye(self.sharing.node.find(&source)));
        let (counters, time) = (self.sharing.counters.clone(), self.time.clone());
        self.sharing.slot.starting(now);
        self.begin(run, Started::Share, move || {
            Capture::start(&eye, encoder, picture, &counters, &Arc::new(Witness::default()), &time, report)
        });
    }

    fn share_encoder(&mut self) -> Option<Result<&'static Encoder, String>> {
        let software = |encoder: &&Encoder| !encoder.hardware && gst::ElementFactory::find(encoder.element).is_some();
        match ENCODERS.iter().find(software).filter(|_| self.sharing.needs_software) {
            Some(encoder) => Some(Ok(encoder)),
            None => self.encoder(),
        }
    }

    /// A start returned.
    pub(super) fn share_started(&mut self, outcome: Result<Capture, Error>, now: Instant) -> Option<super::Report> {
        self.sharing.needs_software |= matches!(outcome, Err(Error::Encoder(_)));
        self.sharing.flow = Flow::new(Some(self.sharing.counters.taken.load(Ordering::Relaxed)), now);
        let early = self.sharing.slot.started(outcome, now);
        let refused = self.sharing.slot.get().and_then(Capture::refused);
        self.sharing.slot.remark(refused);
        early
    }

    pub(super) fn share_failed(&mut self, state: DeviceState, text: String, now: Instant) {
        if self.sharing.slot.get().is_none() {
            return;
        }
        self.cut_links();
        if let Some(running) = self.sharing.slot.failed(state, text, now) {
            self.retire(Device::Share, running, now);
        }
        self.link_all();
    }

    /// A capture stick without a signal stops without an error.
    pub(super) fn watch_share(&mut self, now: Instant) {
        if self.sharing.slot.get().is_none() {
            return;
        }
        let between = Duration::from_secs(3) / self.config.share.framerate.max(1);
        if let Some(stalled) = self.sharing.flow.stalled(self.sharing.counters.taken.load(Ordering::Relaxed), between, now) {
            self.share_failed(DeviceState::Failed, format!("no picture came for {} s", stalled.as_secs()), now);
        }
    }

    pub(super) fn share_status(&self) -> Option<ShareStatus> {
        let picture = self.adapting.share()?;
        self.sharing.is_on().then(|| ShareStatus {
            device: self.sharing.slot.status().clone(),
            width: picture.shape.width,
            height: picture.shape.height,
            framerate: picture.shape.framerate,
            bitrate: picture.bitrate,
            frames: self.sharing.counters.coded.load(Ordering::Relaxed),
        })
    }
}
