//! Going live, ending for everyone, recording.

use serde_json::Value;

use super::create::rfc3339;
use super::{Answer, Caller, Calls, Refused, check};
use crate::protocol::Cid;
use crate::protocol::hub::{Capability, EventBody, LeaveReason, RecordingMode, RingEnd, WithExtension};

impl Calls {
    /// Everybody may join from now on (G34).
    pub(super) fn go_live(&mut self, by: &Caller, cid: &Cid) -> Result<Answer, Refused> {
        let call = self.allowed(by, cid, Capability::UpdateCall)?;
        if !call.info.settings.backstage.enabled {
            return Err(Refused::NoBackstage(cid.clone()));
        }
        if call.info.ended_at.is_some() {
            return Err(Refused::Ended(cid.clone()));
        }
        let call = self.call_mut(cid)?;
        if call.info.live_since.is_none() {
            call.info.live_since = Some(rfc3339(by.wall));
            call.refresh();
            let view = Box::new(call.view());
            self.tell_followers(cid, EventBody::LiveStarted { call: view }, None);
            self.changed(cid);
        }
        self.whole(by, cid)
    }

    /// Back to backstage: who may not be there has to go.
    pub(super) fn stop_live(&mut self, by: &Caller, cid: &Cid) -> Result<Answer, Refused> {
        self.allowed(by, cid, Capability::UpdateCall)?;
        let call = self.call_mut(cid)?;
        if call.info.live_since.take().is_some() {
            call.refresh();
            let view = Box::new(call.view());
            self.tell_followers(cid, EventBody::LiveStopped { call: view }, None);
            self.changed(cid);
            let call = self.calls.get(cid).ok_or_else(|| Refused::NoSuchCall(cid.clone()))?;
            let stays = |user| self.capabilities(cid, Some(call), user).contains(&Capability::JoinBackstage);
            let leaves: Vec<_> = call.participants.iter().filter(|p| !stays(&p.seen.user)).map(|p| p.seen.id.clone()).collect();
            for id in leaves {
                self.remove(cid, &id, LeaveReason::Backstage, Value::Null);
            }
        }
        self.whole(by, cid)
    }

    /// Over for everyone (G15): the ring stops, everybody leaves.
    pub(super) fn end(&mut self, by: &Caller, end: WithExtension) -> Result<Answer, Refused> {
        let WithExtension { cid, extension } = end;
        check::custom("`extension`", &extension)?;
        let call = self.allowed(by, &cid, Capability::EndCall)?;
        if call.info.ended_at.is_none() {
            let everybody: Vec<_> = call.participants.iter().map(|p| p.seen.id.clone()).collect();
            let ended_at = rfc3339(by.wall);
            let call = self.call_mut(&cid)?;
            call.info.ended_at = Some(ended_at.clone());
            call.info.live_since = None;
            call.refresh();
            self.stop_ring(&cid, RingEnd::CallEnded, Some(&by.user.id), None, Value::Null);
            let body = EventBody::Ended { by: by.user.id.clone(), ended_at, extension };
            self.tell_followers(&cid, body, None);
            for id in everybody {
                self.remove(&cid, &id, LeaveReason::Ended, Value::Null);
            }
            self.changed(&cid);
        }
        self.whole(by, &cid)
    }

    pub(super) fn start_recording(&mut self, by: &Caller, cid: &Cid) -> Result<Answer, Refused> {
        let call = self.allowed(by, cid, Capability::StartRecordCall)?;
        if call.info.settings.recording.mode == RecordingMode::Disabled {
            return Err(Refused::NoRecording(cid.clone()));
        }
        if call.info.session.is_none() {
            return Err(Refused::NotIn(cid.clone()));
        }
        self.set_recording(by, cid, true)
    }

    pub(super) fn stop_recording(&mut self, by: &Caller, cid: &Cid) -> Result<Answer, Refused> {
        self.allowed(by, cid, Capability::StopRecordCall)?;
        self.set_recording(by, cid, false)
    }

    fn set_recording(&mut self, by: &Caller, cid: &Cid, recording: bool) -> Result<Answer, Refused> {
        let call = self.call_mut(cid)?;
        if call.info.recording != recording {
            call.info.recording = recording;
            self.tell_followers(cid, EventBody::Recording { recording, by: Some(by.user.id.clone()) }, None);
            self.changed(cid);
        }
        self.whole(by, cid)
    }
}
