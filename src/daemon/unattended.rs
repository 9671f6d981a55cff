//! What goes on without anybody asking for it: the time of day, softer nights, making ready for the next user, and remembering what
//! was said about disturbing.

use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use gstreamer::glib;
use tokio::sync::watch;

use super::driver::Driver;
use super::nights::Nights;
use super::quiet;
use super::reload::plan::Part;
use super::reset::{self, Reset};
use crate::call::Input;
use crate::config::{Appliance, CameraSource, MicrophoneSource, SpeakerSink};
use crate::media::VoiceSetting;
use crate::protocol::control::{DeviceKind, Status};

const MINUTE: Duration = Duration::from_secs(60);

/// What is looked after.
#[derive(Debug)]
pub(super) struct Unattended {
    nights: Nights,
    reset: Reset,
    /// What was said about disturbing is written down by whoever listens.
    quiet: watch::Sender<Option<bool>>,
    /// Devices as they are configured, as far as they can be changed.
    devices: Vec<(DeviceKind, String)>,
    /// Those that somebody changed.
    chosen: Vec<DeviceKind>,
}

impl Unattended {
    /// Must be called within a tokio runtime. `said` is what was said about disturbing before.
    pub fn new(config: &Appliance, state_directory: PathBuf, said: Option<bool>) -> Self {
        Self {
            nights: Nights::new(&config.speaker),
            reset: Reset::new(config.call.reset_after),
            quiet: quiet::keep(state_directory, said),
            devices: devices(config),
            chosen: Vec::new(),
        }
    }

    /// This part is configured differently from now on.
    #[allow(clippy::wildcard_enum_match_arm)] // only these two are looked after
    pub fn configure(&mut self, part: Part, config: &Appliance) {
        match part {
            Part::Speaker | Part::HasSpeaker => self.nights = Nights::new(&config.speaker),
            Part::Call => self.reset = Reset::new(config.call.reset_after),
            _ => {}
        }
        self.devices = devices(config);
    }

    /// How things are now.
    pub fn see(&mut self, status: &Status, quiet: Option<bool>, now: Instant) {
        self.reset.see(reset::busy(status), now);
        self.quiet.send_if_modified(|said| std::mem::replace(said, quiet) != quiet);
    }

    /// Somebody wants the speaker as loud as this: how loud it may be.
    pub fn volume(&mut self, percent: u8) -> u8 {
        self.nights.ask(percent)
    }

    pub fn deadline(&self) -> Option<tokio::time::Instant> {
        self.reset.deadline().map(tokio::time::Instant::from_std)
    }

    /// Somebody chose another device.
    pub fn chosen(&mut self, kind: DeviceKind) {
        if !self.chosen.contains(&kind) {
            self.chosen.push(kind);
        }
    }

    /// Devices to go back to.
    fn usual(&mut self) -> Vec<(DeviceKind, String)> {
        let chosen = std::mem::take(&mut self.chosen);
        self.devices.iter().filter(|(kind, _)| chosen.contains(kind)).cloned().collect()
    }
}

/// As they are configured, as far as they can be changed.
fn devices(config: &Appliance) -> Vec<(DeviceKind, String)> {
    let camera = match &config.camera.source {
        CameraSource::V4l2 { device } => Some((DeviceKind::Camera, device.display().to_string())),
        CameraSource::Libcamera { .. } | CameraSource::File { .. } | CameraSource::Test | CameraSource::None => None,
    };
    let microphone = match &config.microphone.source {
        MicrophoneSource::Alsa { device } => Some((DeviceKind::Microphone, device.clone())),
        MicrophoneSource::File { .. } | MicrophoneSource::Test { .. } | MicrophoneSource::None => None,
    };
    let speaker = match &config.speaker.sink {
        SpeakerSink::Alsa { device } => Some((DeviceKind::Speaker, device.clone())),
        SpeakerSink::File { .. } | SpeakerSink::None => None,
    };
    camera.into_iter().chain(microphone).chain(speaker).collect()
}

impl Driver {
    /// What time it is, here and in the world.
    pub(super) fn clock(&mut self) {
        let (day, minute) = local();
        if let Some(percent) = self.unattended.nights.clock(minute) {
            tracing::info!(percent, "the speaker is as loud as it may be at this time");
            self.set_volume(Some(percent), None);
        }
        self.input(Input::Clock { wall: SystemTime::now(), day, minute });
    }

    /// The last user has been gone for a while: volume, switches, voices and devices are as configured for the next one.
    pub(super) fn next_user(&mut self) {
        if !self.unattended.reset.take(Instant::now()) {
            return;
        }
        tracing::info!("made ready for the next user");
        let volume = self.unattended.nights.reset();
        self.set_volume(volume, Some(false));
        let gone = std::mem::take(&mut self.voices);
        let here = self.core.status().map(|call| call.participants).unwrap_or_default();
        for other in here.into_iter().filter(|other| gone.contains_key(&other.user)) {
            if let Err(error) = self.engine.voice(other.id, VoiceSetting::default()) {
                tracing::error!("{error}");
            }
        }
        for (kind, device) in self.unattended.usual() {
            if let Err(error) = self.engine.use_device(kind, device) {
                tracing::error!("{error}");
            }
        }
        self.input(Input::NextUser);
    }

    fn set_volume(&self, percent: Option<u8>, silent: Option<bool>) {
        if let Err(error) = self.engine.speaker(percent, silent) {
            tracing::error!("{error}");
        }
    }
}

/// The day of the week, counted from Monday, and the minute of the day: by the zone of this machine, daylight saving and all; without
/// one it is UTC.
fn local() -> (u8, u16) {
    let time = glib::DateTime::now_local().or_else(|_| glib::DateTime::now_utc());
    time.map_or((0, 0), |time| {
        let minute = time.hour() * 60 + time.minute();
        (u8::try_from(time.day_of_week() - 1).unwrap_or(0), u16::try_from(minute).unwrap_or(0))
    })
}

/// Every minute, as it begins.
pub(super) fn minutes() -> tokio::time::Interval {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let into = Duration::from_secs(since.as_secs() % 60) + Duration::from_nanos(since.subsec_nanos().into());
    // A little later, so that it has begun by every clock.
    let first = tokio::time::Instant::now() + MINUTE.saturating_sub(into) + Duration::from_millis(50);
    let mut minutes = tokio::time::interval_at(first, MINUTE);
    minutes.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    minutes
}
