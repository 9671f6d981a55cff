//! How loud everything is, and who is heard how.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::leaving::Leaving;
use super::room::Engine;
use super::{Config, Device};
use crate::config::{CameraSource, MicrophoneSource, SpeakerSink};
use crate::media::devices::Flow;
use crate::media::node::Node;
use crate::media::sound::{Branch, Canceller};
use crate::media::speaker::{VoiceSetting, Volume};
use crate::media::{PeerKey, PeerView};
use crate::protocol::ParticipantId;
use crate::protocol::control::{DeviceKind, DeviceState, ProcessingStatus, SoundStatus};

/// A busy processor is late with sound, but not by so much.
const PATIENCE: Duration = Duration::from_secs(5);

/// What microphone and speaker have in common, and what people asked for.
#[derive(Debug)]
pub(in crate::media) struct Sound {
    pub(super) canceller: Arc<Canceller>,
    pub(super) volume: Volume,
    max_volume: u8,
    /// Whether the microphone gives and the speaker takes anything.
    hears: Flow,
    plays: Flow,
    /// By participant: it keeps its volume when its connection is made anew.
    voices: BTreeMap<ParticipantId, VoiceSetting>,
}

impl Sound {
    pub(super) fn new(config: &Config, now: Instant) -> Self {
        Self {
            canceller: Arc::new(Canceller::new(&config.audio)),
            volume: Volume { percent: config.speaker.volume, silent: false },
            max_volume: config.speaker.max_volume,
            hears: Flow::new(None, now),
            plays: Flow::new(None, now),
            voices: BTreeMap::new(),
        }
    }

    /// The loudest that can be asked for from now on.
    pub(super) fn allow_volume(&mut self, most: u8) {
        self.max_volume = most;
    }

    pub(super) fn voice(&self, key: &PeerKey) -> VoiceSetting {
        self.voices.get(&key.id).copied().unwrap_or_default()
    }
}

impl Engine {
    /// A microphone or a speaker was started.
    pub(super) fn listen_from(&mut self, now: Instant) {
        (self.sound.hears, self.sound.plays) = (Flow::new(None, now), Flow::new(None, now));
    }

    /// A card can stop without an error, or its driver never come back from playing.
    pub(super) fn watch_sound(&mut self, now: Instant) {
        let (taken, played) = (self.sound.canceller.taken.count(), self.sound.canceller.played.count());
        let is_card = matches!(self.config.microphone.source, MicrophoneSource::Alsa { .. });
        if is_card
            && self.microphone.get().is_some()
            && let Some(stalled) = self.sound.hears.stalled(taken, PATIENCE, now)
        {
            let text = format!("no sound came for {} s", stalled.as_secs());
            self.device_failed(Device::Microphone, DeviceState::Failed, text, now);
        }
        if self.speaker.get().is_some()
            && let Some(stalled) = self.sound.plays.stalled(played, PATIENCE, now)
        {
            let text = format!("it took no sound for {} s", stalled.as_secs());
            self.device_failed(Device::Speaker, DeviceState::Failed, text, now);
        }
    }

    /// Changes how loud the speaker is; none leaves it as it is.
    pub(super) fn set_speaker(&mut self, percent: Option<u8>, silent: Option<bool>, now: Instant) {
        let sound = &mut self.sound;
        sound.volume.percent = percent.map(|percent| percent.min(sound.max_volume)).or(sound.volume.percent);
        sound.volume.silent = silent.unwrap_or(sound.volume.silent);
        let card = self.speaker.get().and_then(|speaker| speaker.set_volume(self.sound.volume));
        if let Some(set) = card {
            self.retired.add(Leaving::Device(Device::Speaker), now, set);
        }
    }

    /// Another device from now on, also in a call.
    pub(super) fn use_device(&mut self, kind: DeviceKind, name: String, now: Instant) {
        match kind {
            DeviceKind::Camera => {
                self.config.camera.source = CameraSource::V4l2 { device: name.clone().into() };
                self.node = Node::default();
                self.cut_links();
                let (running, starting) = self.camera.replace(name, now);
                self.forget(Device::Camera, starting);
                if let Some(capture) = running {
                    self.retire_camera(capture, false, now);
                }
                self.link_all();
            }
            DeviceKind::Microphone => {
                self.config.microphone.source = MicrophoneSource::Alsa { device: name.clone() };
                self.cut_links();
                let (running, starting) = self.microphone.replace(name, now);
                self.forget(Device::Microphone, starting);
                if let Some(microphone) = running {
                    self.retire(Device::Microphone, microphone, now);
                }
                self.link_all();
            }
            DeviceKind::Speaker => {
                self.config.speaker.sink = SpeakerSink::Alsa { device: name.clone() };
                let (running, starting) = self.speaker.replace(name, now);
                self.forget(Device::Speaker, starting);
                if let Some(speaker) = running {
                    self.retire(Device::Speaker, speaker, now);
                }
            }
        }
    }

    pub(super) fn forget(&mut self, device: Device, starting: bool) {
        if starting {
            self.runs.forget(device);
        }
    }

    /// Changes how a participant is heard, now and whenever it connects again.
    pub(super) fn set_voice(&mut self, id: ParticipantId, setting: VoiceSetting) {
        if let Some(speaker) = self.speaker.get_mut() {
            for key in self.peers.keys().filter(|key| key.id == id) {
                speaker.set(key, setting);
            }
        }
        self.sound.voices.insert(id, setting);
    }

    pub(super) fn silence(&mut self, key: &PeerKey) {
        let branch = self.speaker.get_mut().and_then(|speaker| speaker.remove(key));
        self.retire_branch(branch);
    }

    pub(super) fn play_tone(&mut self) {
        let tone = self.tone;
        match self.speaker.get_mut().map(|speaker| speaker.play(tone)) {
            Some(Ok(before)) => self.retire_branch(before),
            Some(Err(error)) => tracing::warn!(%error, "a tone cannot be played"),
            None => {}
        }
    }

    /// Out of the mixer, where nobody waits for it.
    pub(super) fn retire_branch(&mut self, branch: Option<Branch>) {
        if let Some(branch) = branch {
            self.retired.add(Leaving::Voice, Instant::now(), move || drop(branch));
        }
    }

    pub(super) fn heard(&self, key: &PeerKey, mut view: PeerView) -> PeerView {
        view.audio.voice = self.speaker.get().and_then(|speaker| speaker.voice(key));
        view
    }

    pub(super) fn sound_status(&self) -> SoundStatus {
        let sound = &self.sound;
        let is_card = matches!(self.config.microphone.source, MicrophoneSource::Alsa { .. });
        SoundStatus {
            volume: sound.volume.percent,
            silent: sound.volume.silent,
            speaker_level: self.speaker.get().map(|_| sound.canceller.played.level()),
            microphone_level: self.microphone.get().map(|_| sound.canceller.said.level()),
            processing: if is_card { sound.canceller.status() } else { ProcessingStatus::default() },
            echo: sound.canceller.echo().filter(|_| is_card),
        }
    }
}
