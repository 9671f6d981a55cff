//! Whether the speaker can be heard: a noise is played, and the microphone listens.

use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::room::Engine;
use crate::config::MicrophoneSource;
use crate::media::Error;
use crate::protocol::control::{DeviceState, SpeakerTest};

/// For how long devices may take to start.
const START: Duration = Duration::from_secs(5);
/// Speaker and microphone settle for so long.
const SETTLE: Duration = Duration::from_millis(600);
/// For so long the room is listened to before, and then the noise, at most.
const BEFORE: Duration = Duration::from_millis(500);
const NOISE: Duration = Duration::from_secs(3);
/// How much louder than the room it must be.
const CLEARLY: i32 = 6;
/// How often the microphone is asked.
const LOOK: Duration = Duration::from_millis(50);

/// A test that goes on.
#[derive(Debug)]
pub(in crate::media) struct Test {
    reply: oneshot::Sender<Result<SpeakerTest, Error>>,
    stage: Stage,
    next: Instant,
    before: i32,
    heard: i32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Devices start; until then at most.
    Starting(Instant),
    Before(Instant),
    Noise(Instant),
}

impl Engine {
    pub(super) fn begin_test(&mut self, reply: oneshot::Sender<Result<SpeakerTest, Error>>, now: Instant) {
        if self.test.is_some() || !self.speaker.enabled() {
            let busy = Error::TooMany("a test goes on already");
            let why = if self.test.is_some() { busy } else { Error::missing("no speaker is configured".to_owned()) };
            let _ = reply.send(Err(why));
            return;
        }
        let stage = Stage::Starting(now + START);
        self.test = Some(Test { reply, stage, next: now + SETTLE, before: i32::MIN, heard: i32::MIN });
    }

    /// When it goes on.
    pub(super) fn test_at(&self) -> Option<Instant> {
        self.test.as_ref().map(|test| test.next)
    }

    /// Whether devices are needed for it.
    pub(super) fn tests(&self) -> bool {
        self.test.is_some()
    }

    /// One step, if it is time.
    pub(super) fn go_on_testing(&mut self, now: Instant) {
        let Some(test) = self.test.as_mut().filter(|test| test.next <= now) else {
            return;
        };
        test.next = now + LOOK;
        let level = self.sound.canceller.taken.level();
        match test.stage {
            Stage::Starting(until) => {
                let is_card = matches!(self.config.microphone.source, MicrophoneSource::Alsa { .. });
                let hears = !is_card || self.muted.audio || self.microphone.get().is_some();
                if self.speaker.get().is_some() && (hears || now >= until) {
                    test.stage = Stage::Before(now + BEFORE);
                } else if now >= until {
                    let status = self.speaker.status();
                    let text = status.error.clone().unwrap_or_else(|| "the speaker does not start".to_owned());
                    let state = if status.error.is_some() { status.state } else { DeviceState::Failed };
                    self.end_test(Err(Error::Device { state, text }));
                }
            }
            Stage::Before(until) => {
                test.before = test.before.max(level);
                if now >= until {
                    test.stage = Stage::Noise(now + NOISE);
                    self.make_noise(true);
                }
            }
            Stage::Noise(until) => {
                test.heard = test.heard.max(level);
                if now >= until || test.heard.saturating_sub(test.before) >= 2 * CLEARLY {
                    let (heard, before) = (test.heard, test.before);
                    let is_card = matches!(self.config.microphone.source, MicrophoneSource::Alsa { .. });
                    let listened = is_card && self.microphone.get().is_some();
                    self.make_noise(false);
                    self.end_test(Ok(SpeakerTest {
                        heard: listened.then_some(heard),
                        before: listened.then_some(before),
                        works: listened.then_some(heard - before >= CLEARLY),
                    }));
                }
            }
        }
    }

    fn make_noise(&mut self, on: bool) {
        match self.speaker.get_mut().map(|speaker| speaker.noise(on)) {
            Some(Ok(before)) => self.retire_branch(before),
            Some(Err(error)) => self.end_test(Err(error)),
            None => self.end_test(Err(Error::missing("the speaker is gone".to_owned()))),
        }
    }

    fn end_test(&mut self, outcome: Result<SpeakerTest, Error>) {
        if let Some(test) = self.test.take() {
            let _ = test.reply.send(outcome);
        }
    }
}
