//! Drivers that do not return.

use std::time::{Duration, Instant};

use super::leaving::Leaving;
use super::room::Engine;
use crate::media::devices::Slot;
use crate::protocol::control::DeviceState;

/// How long the end of the engine waits for what is being taken down.
const FAREWELL: Duration = Duration::from_millis(1500);

impl Engine {
    /// When to look for what does not return.
    pub(super) fn stuck_at(&self) -> Option<Instant> {
        let slots = [
            self.camera.deadline(),
            self.second.deadline(),
            self.stand_in.deadline(),
            self.sharing.slot.deadline(),
            self.microphone.deadline(),
            self.speaker.deadline(),
            self.screen.deadline(),
        ];
        slots.into_iter().flatten().chain(self.retired.deadline()).min()
    }

    /// Reports drivers that do not return, and goes on without them.
    pub(super) fn notice_stuck(&mut self, now: Instant) {
        if self.camera.stuck(now) {
            match self.encoder() {
                Some(Ok(encoder)) if self.witness.blames_encoder() => {
                    self.encoder_failed(encoder, "it does not answer".to_owned(), true, now);
                }
                Some(_) | None => self.camera.say(DeviceState::Failed, does_not_answer(&self.camera)),
            }
        }
        if self.second.stuck(now) {
            self.second.say(DeviceState::Failed, does_not_answer(&self.second));
        }
        if self.stand_in.stuck(now) {
            self.stand_in.say(DeviceState::Failed, does_not_answer(&self.stand_in));
        }
        if self.sharing.slot.stuck(now) {
            let text = does_not_answer(&self.sharing.slot);
            self.sharing.slot.say(DeviceState::Failed, text);
        }
        if self.microphone.stuck(now) {
            self.microphone.say(DeviceState::Failed, does_not_answer(&self.microphone));
        }
        if self.speaker.stuck(now) {
            self.speaker.say(DeviceState::Failed, does_not_answer(&self.speaker));
        }
        if self.screen.stuck(now) {
            self.screen.say(DeviceState::Failed, does_not_answer(&self.screen));
        }
        for leaving in self.retired.overdue(now) {
            match leaving {
                Leaving::Encoder(element) => self.encoder_is_lost(element),
                Leaving::Device(device) => tracing::error!(?device, "a device's driver does not come back"),
                Leaving::WarmUp => tracing::info!("what a first connection needs takes long to make"),
                Leaving::Voice => tracing::warn!("a voice takes long to end: the speaker may be stuck"),
                Leaving::Recorder => tracing::warn!("the files of a recording take long to finish: the disk may be slow"),
                Leaving::Peer(key) => tracing::warn!(peer = %key.id, "a peer connection takes long to end: a driver may be stuck"),
            }
        }
    }

    pub(super) fn wait_for_farewells(&mut self) {
        self.retired.wait(FAREWELL);
    }
}

fn does_not_answer<T>(slot: &Slot<T>) -> String {
    format!("the driver of {} does not answer", slot.status().device)
}
