//! What is sent: whether microphone and camera are on, and how much bandwidth they may take.

use std::time::Instant;

use super::core::Core;
use super::room::{InCall, Joining, Origin};
use super::{Effect, Refused, Request, Tone};
use crate::protocol::hub::{Capability, Muted};

/// What a person said about microphone and camera, whatever the call's settings are (G13). None: as the call has it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Wish {
    /// Microphone off.
    pub audio: Option<bool>,
    /// Camera off.
    pub video: Option<bool>,
}

impl Wish {
    pub(super) fn or(self, other: Self) -> Self {
        Self { audio: self.audio.or(other.audio), video: self.video.or(other.video) }
    }
}

impl InCall {
    /// What the call's settings say (G30, G31); everything on until they are known.
    fn by_default(&self) -> Muted {
        let Some(settings) = &self.settings else { return Muted::default() };
        let video_call = match &self.origin {
            Origin::Room => true,
            Origin::Rung { video, .. } => *video,
        };
        Muted { audio: !settings.audio.mic_default_on, video: !settings.video.camera_default_on || !video_call }
    }

    /// What nobody here can change.
    fn forbidden(&self) -> Muted {
        // A hub that says nothing at all is older than capabilities.
        let may = |capability| self.capabilities.is_empty() || self.capabilities.contains(&capability);
        let video = self.settings.as_ref().is_none_or(|settings| settings.video.enabled);
        Muted { audio: !may(Capability::SendAudio), video: !video || !may(Capability::SendVideo) }
    }
}

impl Core {
    /// A person switches microphone or camera.
    pub(super) fn switch(&mut self, audio: Option<bool>, video: Option<bool>) -> Result<(), Refused> {
        if self.private && (audio == Some(false) || video == Some(false)) {
            return Err(Refused::Private);
        }
        let forbidden = self.room.as_ref().map_or(Muted::default(), InCall::forbidden);
        if audio == Some(false) && forbidden.audio {
            return Err(Refused::NotAllowed("send sound", Capability::SendAudio.name()));
        }
        if video == Some(false) && forbidden.video {
            return Err(Refused::NotAllowed("send pictures", Capability::SendVideo.name()));
        }
        self.wish = Wish { audio, video }.or(self.wish);
        Ok(())
    }

    /// What is off now.
    fn off(&self) -> Muted {
        let (default, forbidden) =
            self.room.as_ref().map_or((Muted::default(), Muted::default()), |room| (room.by_default(), room.forbidden()));
        Muted {
            audio: self.private || self.wish.audio.unwrap_or(default.audio) || forbidden.audio,
            video: self.private || self.wish.video.unwrap_or(default.video) || forbidden.video,
        }
    }

    /// The lowest of all limits, bit/s: our own (C8, C11), and the call's for everybody (C10).
    fn lowest(&self) -> Option<u64> {
        let of_call =
            self.room.as_ref().and_then(|room| room.settings.as_ref()).map_or(0, |settings| settings.limits.max_bandwidth);
        [self.own_limit, of_call].into_iter().filter(|kbits| *kbits > 0).min().map(|kbits| u64::from(kbits) * 1000)
    }

    /// Brings media and hub up to date with what is sent; before any connection is opened, so that nothing slips out.
    pub(super) fn settle_limits(&mut self) {
        let off = self.off();
        if off != self.muted {
            self.muted = off;
            self.effects.push_back(Effect::Mute(off));
        }
        let lowest = self.lowest();
        if lowest != self.max_bitrate {
            self.max_bitrate = lowest;
            self.effects.push_back(Effect::SetMaxBitrate(lowest));
        }
        let (own, hub_open, sharing) = (self.own_limit, self.hub_open, self.sharing.is_some());
        let Some(room) = self.room.as_mut().filter(|room| room.joining == Joining::Done && hub_open) else {
            return;
        };
        let cid = room.cid.clone();
        let mute = room.told_muted != Some((off, sharing));
        let limit = room.told_limit != Some(own);
        (room.told_muted, room.told_limit) = (Some((off, sharing)), Some(own));
        if mute {
            self.request(Request::Mute(cid.clone(), off, sharing));
        }
        if limit {
            self.request(Request::SetMaxBandwidth(cid, own));
        }
    }

    /// What the speaker should play at this moment.
    pub(super) fn settle_tone(&mut self, now: Instant) {
        let tone = match (&self.incoming, &self.outgoing) {
            _ if !self.settings.call.tones => None,
            (Some(incoming), _) if incoming.rings() => Some(Tone::Ringing),
            (_, Some(outgoing)) => outgoing.tone(now),
            _ => None,
        };
        if tone != self.tone {
            self.tone = tone;
            self.effects.push_back(Effect::Tone(tone));
        }
    }
}
