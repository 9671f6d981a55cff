//! Another configuration while everything runs: what a changed section concerns is started anew, connections stay.

use std::sync::Arc;
use std::time::Instant;

use super::Device;
use super::room::{Engine, screen_name, sink_element};
use crate::config::{self, CameraSource, MicrophoneSource, SpeakerSink};
use crate::media::node::Node;
use crate::media::screen::Palette;
use crate::media::sound::Canceller;
use crate::media::{capture, microphone, speaker};

/// A section that was changed.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// The camera is started anew.
    Camera(config::Camera),
    /// The microphone is started anew.
    Microphone(config::Microphone),
    /// The speaker is started anew if it is another one. Whether there is one at all concerns connections that begin from now on.
    Speaker(config::Speaker),
    /// The microphone is started anew, and the speaker where it has to do with it.
    Audio(config::Audio),
    /// What is sent at most; and another encoder, which takes the place of the present one.
    Video(config::Video),
    /// The screen is started anew. Whether test cards are read concerns connections that begin from now on.
    Screen(config::Screen),
    /// What is shared next.
    Share(config::Share),
    /// The next recording.
    Recording(config::Recording),
    /// Connections that begin from now on.
    Network(config::Network),
}

impl Engine {
    pub(super) fn change(&mut self, change: Change, now: Instant) {
        match change {
            Change::Camera(camera) => {
                self.config.camera = camera;
                self.renew_camera(now);
                self.given(now);
            }
            Change::Microphone(microphone) => {
                self.config.microphone = microphone;
                self.renew_microphone(now);
            }
            Change::Speaker(speaker) => self.change_speaker(speaker, now),
            Change::Audio(audio) => {
                let same_bitrate = config::Audio { bitrate: self.config.audio.bitrate, ..audio.clone() };
                let processing = same_bitrate != self.config.audio;
                self.config.audio = audio;
                if processing {
                    self.sound.canceller = Arc::new(Canceller::new(&self.config.audio));
                    self.renew_speaker(now);
                }
                self.renew_microphone(now);
                self.given(now);
            }
            Change::Video(video) => {
                let encoder = video.encoder != self.config.video.encoder;
                self.config.video = video;
                if encoder {
                    self.forget_encoder();
                    self.renew_camera(now);
                }
                self.given(now);
            }
            Change::Screen(screen) => {
                self.config.screen = screen;
                self.renew_screen(now);
            }
            Change::Share(share) => {
                self.config.share = share;
                self.given(now);
            }
            Change::Recording(recording) => self.config.recording = recording,
            Change::Network(network) => self.config.network = network,
        }
    }

    fn renew_camera(&mut self, now: Instant) {
        let source = &self.config.camera.source;
        let (name, is_there) = (capture::name(source), *source != CameraSource::None);
        self.node = Node::default();
        self.settle_stand_in(false, now);
        self.settle_second(false, now);
        self.cut_links();
        let (running, starting) = self.camera.replace(name, now);
        self.forget(Device::Camera, starting);
        if let Some(capture) = running {
            self.retire_camera(capture, false, now);
        }
        self.camera.allow(is_there);
        self.stand_in.allow(is_there);
        self.second.allow(is_there);
        self.link_all();
    }

    fn renew_microphone(&mut self, now: Instant) {
        let source = &self.config.microphone.source;
        let (name, is_there) = (microphone::name(source), *source != MicrophoneSource::None);
        self.cut_links();
        let (running, starting) = self.microphone.replace(name, now);
        self.forget(Device::Microphone, starting);
        if let Some(microphone) = running {
            self.retire(Device::Microphone, microphone, now);
        }
        self.microphone.allow(is_there);
        self.link_all();
    }

    fn change_speaker(&mut self, speaker: config::Speaker, now: Instant) {
        let before = std::mem::replace(&mut self.config.speaker, speaker);
        let after = &self.config.speaker;
        let (sink, volume) = (after.sink != before.sink, after.volume);
        self.sound.allow_volume(after.max_volume);
        if volume != before.volume {
            self.set_speaker(volume, None, now);
        }
        if sink {
            self.renew_speaker(now);
        }
    }

    fn renew_speaker(&mut self, now: Instant) {
        let sink = &self.config.speaker.sink;
        let (name, is_there) = (speaker::name(sink), *sink != SpeakerSink::None);
        let (running, starting) = self.speaker.replace(name, now);
        self.forget(Device::Speaker, starting);
        if let Some(speaker) = running {
            self.retire(Device::Speaker, speaker, now);
        }
        self.speaker.allow(is_there);
    }

    fn renew_screen(&mut self, now: Instant) {
        let output = &self.config.screen.output;
        let (name, is_there) = (screen_name(output), sink_element(output).is_some());
        self.showing.repaint(Palette::new(self.config.screen.clone()), now);
        let (running, starting) = self.screen.replace(name, now);
        self.forget(Device::Screen, starting);
        if let Some(screen) = running {
            self.retire(Device::Screen, screen, now);
        }
        self.screen.allow(is_there);
    }
}
