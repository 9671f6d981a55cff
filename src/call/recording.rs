//! Recording: the hub says whether the call is recorded (G18), and this appliance writes it down if it has a place for that (C37).

use std::collections::BTreeMap;

use super::core::Core;
use super::room::Joining;
use super::{Effect, Recorded, Refused, Request};
use crate::protocol::hub::{Capability, RecordingMode};
use crate::protocol::rpc;

impl Core {
    /// A person begins or ends the recording of the call. The hub decides, and everybody in the call is told.
    pub(super) fn record(&mut self, on: bool) -> Result<(), Refused> {
        let room = self.room.as_ref().filter(|room| room.joining == Joining::Done).ok_or(Refused::NoCall)?;
        if !self.hub_open {
            return Err(Refused::HubAway);
        }
        if on && !self.settings.records {
            return Err(Refused::NoPlaceForRecordings);
        }
        if on && room.settings.as_ref().is_some_and(|settings| settings.recording.mode == RecordingMode::Disabled) {
            return Err(Refused::RecordingDisabled);
        }
        let (what, needed) =
            if on { ("begin a recording", Capability::StartRecordCall) } else { ("end a recording", Capability::StopRecordCall) };
        if !room.capabilities.is_empty() && !room.capabilities.contains(&needed) {
            return Err(Refused::NotAllowed(what, needed.name()));
        }
        let cid = room.cid.clone();
        self.record_tag = Some(self.next_tag);
        self.request(if on { Request::StartRecording(cid) } else { Request::StopRecording(cid) });
        Ok(())
    }

    /// Whether this was the answer to such a request.
    pub(super) fn recording_reply(&mut self, tag: u64, outcome: &Result<serde_json::Value, rpc::Error>) -> bool {
        if self.record_tag != Some(tag) {
            return false;
        }
        self.record_tag = None;
        if let (Some(room), Err(error)) = (&mut self.room, outcome) {
            room.error = Some(format!("recording: {}", error.message));
        }
        true
    }

    /// What is to be written down now. It goes on while the hub is away: the call does too.
    pub(super) fn settle_recording(&mut self) {
        let wanted = self.room.as_ref().filter(|room| room.recorded && self.settings.records).and_then(|room| {
            let me = room.me.as_ref()?;
            let mut names: BTreeMap<_, _> = room.peers.iter().map(|(id, peer)| (id.clone(), peer.user().clone())).collect();
            names.insert(me.id.clone(), self.settings.user.clone());
            Some(Recorded { cid: room.cid.clone(), me: me.id.clone(), names })
        });
        if wanted != self.recorded {
            self.recorded.clone_from(&wanted);
            self.effects.push_back(Effect::Record(wanted));
        }
    }
}
