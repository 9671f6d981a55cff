//! What the others see while our camera cannot be had: a card with our name, through the same encoder and in the same stream, so that
//! nothing is negotiated anew. It begins as soon as the camera is said to be lost, and ends with the camera's first picture.

use std::sync::Arc;
use std::time::Instant;

use super::room::Engine;
use super::{Device, Started};
use crate::media::capture::{Capture, Eye, Witness};
use crate::media::plan::canvas::Canvas;
use crate::media::plan::paint::{Brush, shapes};
use crate::media::plan::scene::stand_in;
use crate::media::screen::Pen;
use crate::protocol::control::DeviceState;

impl Engine {
    /// What the others see of us.
    pub(super) fn eye(&self) -> Option<&Capture> {
        let proven = self.camera.status().state == DeviceState::Running;
        self.camera.get().filter(|_| proven).or(self.stand_in.get()).or(self.camera.get())
    }

    /// What the second encoder is fed: what is shared, or else the camera.
    pub(super) fn seen_by_second(&self) -> Option<&Capture> {
        self.sharing.slot.get().or(self.eye())
    }

    pub(super) fn settle_stand_in(&mut self, camera_wanted: bool, now: Instant) {
        let lost = match self.camera.status().state {
            DeviceState::Missing | DeviceState::Busy | DeviceState::Denied | DeviceState::Failed => true,
            DeviceState::Idle | DeviceState::Starting | DeviceState::Running | DeviceState::Disabled => false,
        };
        if !(camera_wanted && lost) {
            if let Some(card) = self.stand_in.stop(now) {
                self.cut_links();
                self.retire(Device::StandIn, card, now);
                self.link_all();
            }
            return;
        }
        let Some(Ok(encoder)) = self.stand_in.due(now).then(|| self.encoder()).flatten() else {
            return;
        };
        let run = self.runs.next(Device::StandIn);
        let report = self.reporter(Device::StandIn, run);
        let ((width, height), name, pen) = (
            (self.config.camera.width, self.config.camera.height),
            self.showing.stage.name.clone(),
            self.showing.palette.pen.clone(),
        );
        let (picture, time) = (self.adapting.main(), self.time.clone());
        self.stand_in.starting(now);
        self.begin(run, Started::StandIn, move || {
            let card = card(&name, width, height, pen);
            Capture::start(&Eye::Card(card), encoder, picture, &Arc::default(), &Arc::new(Witness::default()), &time, report)
        });
    }
}

fn card(name: &str, width: u32, height: u32, mut pen: Pen) -> Canvas {
    let mut canvas = Canvas::new(width, height);
    let painted = stand_in(name, canvas.area(), &mut pen);
    shapes(&mut canvas, &painted, &mut Brush::default(), &mut pen);
    canvas
}
