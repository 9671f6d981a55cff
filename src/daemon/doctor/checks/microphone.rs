//! The microphone hears. When the daemon has it, it is asked.

use crate::config::MicrophoneSource;
use crate::daemon::doctor::judge::{self, Finding};
use crate::daemon::doctor::patient::{Patient, device_advice, elsewhere};
use crate::media::{self, examine};
use crate::protocol::control::DeviceState;

pub async fn check(patient: &Patient) -> Finding {
    let microphone = patient.config.microphone.clone();
    if microphone.source == MicrophoneSource::None {
        return Finding::skipped("`microphone.source` is \"none\"");
    }
    if let Ok(status) = &patient.daemon {
        let of_daemon = &status.media.microphone;
        match of_daemon.state {
            DeviceState::Running => {
                // After processing, so that a quiet room may well be silent.
                let found = format!("`callbox run` has {}", of_daemon.device);
                return match status.media.sound.microphone_level {
                    Some(level) => Finding::pass(format!("{found}: {level} dB now")).figure("level-db", f64::from(level)),
                    None => Finding::pass(found),
                };
            }
            DeviceState::Missing | DeviceState::Busy | DeviceState::Denied | DeviceState::Failed => {
                let why = of_daemon.error.clone().unwrap_or_else(|| "it does not run".to_owned());
                return Finding::fail(
                    format!("`callbox run` says: {why}"),
                    device_advice(of_daemon.state, "/dev/snd/pcm", "audio"),
                );
            }
            DeviceState::Idle | DeviceState::Starting | DeviceState::Disabled => {}
        }
    }
    match elsewhere(move || examine::microphone(&microphone)).await {
        Err(why) => Finding::fail(why, device_advice(DeviceState::Failed, "/dev/snd/pcm", "audio")),
        Ok(Err(media::Error::Device { state, text })) => Finding::fail(text, device_advice(state, "/dev/snd/pcm", "audio")),
        Ok(Err(error)) => Finding::fail(error.to_string(), device_advice(DeviceState::Failed, "/dev/snd/pcm", "audio")),
        Ok(Ok(heard)) => judge::level(&heard.name, heard.peak, heard.usual),
    }
}
