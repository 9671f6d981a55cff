//! The microphone hears the speaker: `callbox speaker-test`, by the daemon or, without one, by an engine of our own.

use crate::config::{Camera, CameraSource, Recording, Screen, ScreenOutput, SpeakerSink};
use crate::daemon::doctor::judge::{self, Finding};
use crate::daemon::doctor::patient::{Patient, device_advice};
use crate::media;
use crate::protocol::control::{DeviceState, SpeakerTest};

pub async fn check(patient: &Patient) -> Finding {
    if patient.config.speaker.sink == SpeakerSink::None {
        return Finding::skipped("`speaker.sink` is \"none\"");
    }
    if patient.in_call() {
        return Finding::skipped("a call goes on, and the noise would be heard in it")
            .advised("hang up and run this again, or `callbox speaker-test`");
    }
    let test = match &patient.daemon {
        Ok(_) => patient
            .asked("speaker_test")
            .await
            .and_then(|value| serde_json::from_value::<SpeakerTest>(value).map_err(|e| e.to_string())),
        Err(_) => alone(patient).await.map_err(|error| error.to_string()),
    };
    match test {
        Ok(test) => judge::speaker(&test),
        Err(why) => {
            let busy = why.contains("busy") || why.contains("being used");
            let state = if busy { DeviceState::Busy } else { DeviceState::Missing };
            Finding::fail(why, device_advice(state, "/dev/snd/pcm", "audio"))
        }
    }
}

async fn alone(patient: &Patient) -> Result<SpeakerTest, media::Error> {
    let config = &patient.config;
    let (engine, _events, _view) = media::start(media::Config {
        share: config.share.clone(),
        camera: Camera { source: CameraSource::None, ..config.camera.clone() },
        microphone: config.microphone.clone(),
        speaker: config.speaker.clone(),
        video: config.video.clone(),
        audio: config.audio.clone(),
        screen: Screen { output: ScreenOutput::None, ..config.screen.clone() },
        recording: Recording::default(),
        network: config.network.clone(),
        sensors: media::Sensors::default(),
    })?;
    let test = engine.speaker_test().await;
    engine.stop().await;
    test
}
