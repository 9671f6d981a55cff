//! Something shown to the others beside the camera (C33): whether it may be, and until when.

use super::core::Core;
use super::room::{InCall, Joining};
use super::{Effect, Refused};
use crate::config::{CameraSource, Share};
use crate::protocol::hub::Capability;

impl InCall {
    /// Why nothing may be shown in this call.
    fn may_share(&self) -> Result<(), Refused> {
        if self.settings.as_ref().is_some_and(|settings| !settings.screensharing.enabled) {
            return Err(Refused::SharingDisabled);
        }
        // A hub that says nothing at all is older than capabilities.
        if !self.capabilities.is_empty() && !self.capabilities.contains(&Capability::Screenshare) {
            return Err(Refused::NotAllowed("share", Capability::Screenshare.name()));
        }
        Ok(())
    }
}

impl Core {
    /// A person begins to show something, takes something else, or ends it.
    pub(super) fn share(&mut self, on: bool, source: Option<&str>) -> Result<(), Refused> {
        if !on {
            self.sharing = None;
            return Ok(());
        }
        let source = match source {
            Some(text) => Share::source_named(text).map_err(Refused::BadSource)?,
            None if self.settings.share == CameraSource::None => return Err(Refused::NothingToShare),
            None => self.settings.share.clone(),
        };
        if self.private {
            return Err(Refused::Private);
        }
        self.room.as_ref().filter(|room| room.joining == Joining::Done).ok_or(Refused::NoCall)?.may_share()?;
        self.sharing = Some(source);
        Ok(())
    }

    /// What must not be shown any more ends, and does not come back by itself. It goes on while the hub is away: the call does too.
    pub(super) fn settle_sharing(&mut self) {
        let may = |room: &InCall| room.me.is_some() && room.may_share().is_ok();
        if self.private || !self.room.as_ref().is_some_and(may) {
            self.sharing = None;
        }
        if self.sharing != self.shown {
            self.shown.clone_from(&self.sharing);
            self.effects.push_back(Effect::Share(self.sharing.clone()));
        }
    }
}
