//! What is asked about devices, and about who is heard how. None of it is about the call.

use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::driver::Driver;
use crate::call::PeerId;
use crate::controls::socket::{Ask, What};
use crate::media::{self, VoiceSetting, inventory};
use crate::protocol::UserId;
use crate::protocol::control::{Command, DeviceKind, EncoderStatus};
use crate::protocol::rpc::{Error, ErrorKind};

/// A voice can be made twice as loud, not more: it would only be distorted.
const LOUDEST_VOICE: u8 = 200;
const LOUDEST: u8 = 100;

type Reply = oneshot::Sender<Result<Value, Error>>;

impl Driver {
    /// Answers what is about devices or voices; gives back what is not.
    pub(super) fn listening(&mut self, ask: Ask) -> Option<Ask> {
        let Ask { what, reply } = ask;
        let answer = match what {
            What::Command(Command::Volume { percent, silent, user: None }) => self.speaker(percent, silent),
            What::Command(Command::Volume { percent, silent, user: Some(user) }) => self.volume(user, percent, silent),
            What::Command(Command::Balance { user, balance }) => self.balance(user, balance),
            What::Command(Command::Use { kind, device }) => {
                self.unattended.chosen(kind);
                tokio::spawn(use_device(self.engine.clone(), kind, device, reply));
                return None;
            }
            What::Devices => {
                let media = &self.view.borrow().media;
                let chosen = [&media.camera, &media.microphone, &media.speaker].map(|device| device.device.clone());
                tokio::spawn(devices(chosen, media.encoder.clone(), reply));
                return None;
            }
            What::SpeakerTest => {
                tokio::spawn(speaker_test(self.engine.clone(), reply));
                return None;
            }
            What::Command(_) | What::Snapshot | What::Reload => return Some(Ask { what, reply }),
        };
        let _ = reply.send(answer.map(|()| Value::Null));
        None
    }

    fn speaker(&mut self, percent: Option<u8>, silent: Option<bool>) -> Result<(), Error> {
        if percent.is_none() && silent.is_none() {
            return Err(invalid("`volume` needs `percent` or `silent`"));
        }
        if percent.is_some_and(|percent| percent > LOUDEST) {
            return Err(invalid(format!("the speaker has at most {LOUDEST} percent")));
        }
        let percent = percent.map(|percent| self.unattended.volume(percent));
        self.engine.speaker(percent, silent).map_err(|error| failed(&error))
    }

    fn volume(&mut self, user: UserId, percent: Option<u8>, silent: Option<bool>) -> Result<(), Error> {
        let percent = match (percent, silent) {
            (_, Some(true)) => 0,
            (Some(percent), _) => percent,
            (None, Some(false)) => VoiceSetting::default().volume,
            (None, None) => return Err(invalid("`volume` needs `percent` or `silent`")),
        };
        if percent > LOUDEST_VOICE {
            return Err(invalid(format!("a participant has at most {LOUDEST_VOICE} percent")));
        }
        self.change(user, |setting| setting.volume = percent)
    }

    fn balance(&mut self, user: UserId, balance: i8) -> Result<(), Error> {
        if !(-100..=100).contains(&balance) {
            return Err(invalid("a balance goes from -100, left, to 100, right"));
        }
        self.change(user, |setting| setting.balance = balance)
    }

    fn change(&mut self, user: UserId, change: impl FnOnce(&mut VoiceSetting)) -> Result<(), Error> {
        let participants = self.core.status().map(|call| call.participants).unwrap_or_default();
        let theirs: Vec<_> = participants.into_iter().filter(|other| other.user == user).collect();
        if theirs.is_empty() {
            return Err(Error::new(ErrorKind::NotFound, format!("nobody named {user} is in the call")));
        }
        let setting = self.voices.entry(user).or_default();
        change(setting);
        let setting = *setting;
        theirs.into_iter().try_for_each(|other| self.engine.voice(other.id, setting)).map_err(|error| failed(&error))
    }

    /// A participant connects: it is heard as was asked for its user.
    pub(super) fn hear(&self, peer: &PeerId) -> Result<(), media::Error> {
        let Some(call) = self.core.status().filter(|_| !self.voices.is_empty()) else {
            return Ok(());
        };
        let other = call.participants.iter().find(|other| other.id == peer.participant);
        match other.and_then(|other| self.voices.get(&other.user)) {
            Some(setting) => self.engine.voice(peer.participant.clone(), *setting),
            None => Ok(()),
        }
    }
}

async fn devices(chosen: [String; 3], encoder: EncoderStatus, reply: Reply) {
    let answer = super::inventory::all(chosen, encoder).await.map_err(|error| failed(&error));
    let _ = reply.send(answer.map(|devices| json!(devices)));
}

async fn use_device(engine: media::Handle, kind: DeviceKind, device: String, reply: Reply) {
    let found = inventory::find(kind, device).await;
    let used = found.and_then(|found| engine.use_device(kind, found.device_id.clone()).map(|()| found));
    if let Ok(found) = &used {
        tracing::info!(?kind, device = found.device_id, "another device is used");
    }
    let _ = reply.send(used.map(|found| json!(found)).map_err(|error| failed(&error)));
}

async fn speaker_test(engine: media::Handle, reply: Reply) {
    let answer = engine.speaker_test().await.map_err(|error| failed(&error));
    let _ = reply.send(answer.map(|test| json!(test)));
}

fn invalid(text: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidParams, text.into())
}

fn failed(error: &media::Error) -> Error {
    let kind = match error {
        media::Error::Device { .. } => ErrorKind::NotFound,
        media::Error::TooMany(_) => ErrorKind::Unavailable,
        media::Error::Init(_)
        | media::Error::MissingElement(_)
        | media::Error::NoCodec(..)
        | media::Error::Encoder(_)
        | media::Error::Description(_)
        | media::Error::Certificate(_)
        | media::Error::Pipeline(_)
        | media::Error::Gone => ErrorKind::InternalError,
    };
    Error::new(kind, error.to_string())
}
