//! What a client knows of its calls, from answers and events alone.

use std::collections::BTreeMap;

use crate::protocol::Cid;
use crate::protocol::hub::{Call as View, EventBody};

#[derive(Debug, Default)]
pub struct Replica {
    pub calls: BTreeMap<Cid, View>,
}

impl Replica {
    pub fn answered(&mut self, call: View) {
        self.calls.insert(call.cid.clone(), call);
    }

    pub fn told(&mut self, cid: &Cid, body: &EventBody) {
        // Rings and notifications reach devices that do not follow the call.
        let Some(call) = self.calls.get_mut(cid) else {
            let uninvited = matches!(
                body,
                EventBody::Ringing { .. }
                    | EventBody::Accepted { .. }
                    | EventBody::Rejected { .. }
                    | EventBody::Missed { .. }
                    | EventBody::Cancelled { .. }
                    | EventBody::Notification { .. }
            );
            assert!(uninvited, "told of {cid} without following it: {body:?}");
            return;
        };
        match body {
            EventBody::ParticipantJoined { participant } => match call.participants.iter_mut().find(|p| p.id == participant.id) {
                Some(known) => *known = participant.clone(),
                None => call.participants.push(participant.clone()),
            },
            EventBody::ParticipantUpdated { participant } => {
                *call.participants.iter_mut().find(|p| p.id == participant.id).unwrap() = participant.clone();
            }
            EventBody::ParticipantLeft { participant, .. } => {
                let before = call.participants.len();
                call.participants.retain(|p| p.id != *participant);
                assert_eq!(call.participants.len() + 1, before, "somebody left who was not there");
            }
            EventBody::Signal { from, .. } => assert!(call.participants.iter().any(|p| p.id == *from)),
            EventBody::Replaced { .. } | EventBody::Closed { .. } => {
                self.calls.remove(cid);
            }
            EventBody::Updated { call: new, .. }
            | EventBody::LiveStarted { call: new }
            | EventBody::LiveStopped { call: new }
            | EventBody::Ringing { call: new, .. } => {
                *call = View { own_capabilities: std::mem::take(&mut call.own_capabilities), ..(**new).clone() };
            }
            EventBody::Capabilities { own_capabilities } => call.own_capabilities.clone_from(own_capabilities),
            EventBody::Ended { ended_at, .. } => {
                call.ended_at = Some(ended_at.clone());
                call.live_since = None;
                call.backstage = call.settings.backstage.enabled;
            }
            EventBody::SessionStarted { session } => call.session = Some(session.clone()),
            EventBody::SessionEnded { .. } => call.session = None,
            EventBody::Accepted { ring, .. }
            | EventBody::Rejected { ring, .. }
            | EventBody::Missed { ring, .. }
            | EventBody::Cancelled { ring, .. } => call.ring = Some(ring.clone()),
            EventBody::Recording { recording, .. } => call.recording = *recording,
            EventBody::Door { .. } | EventBody::DoorWanted { .. } | EventBody::Digits { .. } => {}
            EventBody::Notification { .. } | EventBody::Muted { .. } => {}
        }
    }
}
