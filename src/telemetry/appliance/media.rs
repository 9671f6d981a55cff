//! Pictures, sound and devices.

use super::Seen;
use crate::protocol::control::{DeviceState, DeviceStatus, MediaStatus, PeerStats, SoundStatus, StepReason};
use crate::protocol::event::EventKind;
use crate::telemetry::sheet::Sheet;

const STATES: [(&str, DeviceState); 8] = [
    ("idle", DeviceState::Idle),
    ("starting", DeviceState::Starting),
    ("running", DeviceState::Running),
    ("disabled", DeviceState::Disabled),
    ("missing", DeviceState::Missing),
    ("busy", DeviceState::Busy),
    ("denied", DeviceState::Denied),
    ("failed", DeviceState::Failed),
];

/// As `status` calls them.
const STEPS: [&str; 4] = ["1080p", "720p", "360p", "360p slow"];

/// Writes it down.
pub fn fill(seen: &Seen<'_>, sheet: &mut Sheet) {
    pictures(seen, sheet);
    encoder(seen, sheet);
    sound(&seen.status.media.sound, seen, sheet);
    devices(seen, sheet);
}

fn pictures(seen: &Seen<'_>, sheet: &mut Sheet) {
    let (media, carried) = (&seen.status.media, &seen.totals.carried);
    let frames = sheet.counter("callbox_frames", "Pictures, by how far they came; sent and decoded for each of the others");
    for (stage, count) in [
        ("captured", media.stages.captured),
        ("encoded", media.encoder.frames),
        ("sent", carried.sent),
        ("dropped", carried.dropped),
        ("decoded", carried.decoded),
        ("rendered", media.stages.rendered),
    ] {
        frames.counts_with(&[("stage", stage)], count);
    }
    sheet.counter("callbox_freezes", "How often a picture of the others stood still").counts(carried.freezes);
    let name = "callbox_frozen_seconds";
    sheet.counter(name, "For how long pictures of the others stood still").is(carried.frozen_ms as f64 / 1000.0);
    let peers = seen.status.call.iter().flat_map(|call| &call.participants).filter_map(|other| other.stats.as_ref());
    let stats: Vec<&PeerStats> = peers.collect();
    let worst = |of: fn(&PeerStats) -> Option<f64>| stats.iter().filter_map(|stats| of(stats)).reduce(f64::max);
    let latency = sheet.gauge("callbox_latency_seconds", "How long a picture takes on each stretch, the worst of the others");
    for (stage, ms) in [
        ("capture", media.stages.capture_ms),
        ("encode", media.stages.encode_ms),
        ("buffer", worst(|stats| stats.received.buffer_ms)),
        ("decode", worst(|stats| stats.received.decode_ms)),
        ("render", media.stages.render_ms),
    ] {
        latency.may_be_with(&[("stage", stage)], ms.map(|ms| ms / 1000.0));
    }
}

fn encoder(seen: &Seen<'_>, sheet: &mut Sheet) {
    let encoder = &seen.status.media.encoder;
    let family = sheet.info("callbox_encoder", "Which encoder makes the pictures");
    if let Some(element) = &encoder.element {
        family.with(&[("element", element), ("hardware", if encoder.hardware { "yes" } else { "no" })], 1.0);
    }
    sheet.gauge("callbox_encoder_instances", "Encoders that run now").is(encoder.instances.into());
    let name = "callbox_encoder_bits_per_second";
    sheet.gauge(name, "What the encoder is told to make").is(encoder.bitrate as f64);
    sheet.gauge("callbox_encoders_rejected", "Encoders that are not used because they failed").is(encoder.rejected.len() as f64);
    let picture = &encoder.picture;
    let size = sheet.gauge("callbox_picture_pixels", "Size of the picture that is sent");
    size.with(&[("side", "width")], picture.width.into()).with(&[("side", "height")], picture.height.into());
    sheet.gauge("callbox_picture_rate_hertz", "The most pictures that are sent in a second").is(picture.framerate.into());
    let step = sheet.gauge("callbox_rate_step", "1 for the step of the ladder that the picture is on");
    step.states("step", STEPS.map(|step| (step, step == picture.step)));
    let steps = sheet.counter("callbox_rate_steps", "How often the picture that is sent changed its step, by reason");
    for reason in StepReason::ALL {
        steps.counts_with(&[("reason", reason.name())], seen.totals.steps.get(&reason).copied().unwrap_or_default());
    }
}

fn sound(sound: &SoundStatus, seen: &Seen<'_>, sheet: &mut Sheet) {
    let decibels = |level: Option<i32>| level.map(f64::from);
    let others = seen.status.call.iter().flat_map(|call| &call.participants);
    let voices = others.clone().filter_map(|other| other.audio.voice.as_ref()).map(|voice| voice.level).max();
    let level = sheet.gauge("callbox_level_decibels", "How loud it is, below the loudest that there is; of the others the loudest");
    level.may_be_with(&[("of", "microphone")], decibels(sound.microphone_level));
    level.may_be_with(&[("of", "speaker")], decibels(sound.speaker_level));
    level.may_be_with(&[("of", "others")], decibels(voices));
    let speaking = others.filter(|other| other.audio.speaking).count();
    sheet.gauge("callbox_speaking", "Others who speak at this moment").is(speaking as f64);
    let echo = sound.echo.as_ref();
    let name = "callbox_echo_loss_decibels";
    sheet.gauge(name, "By how much the microphone hears the speaker less than it plays").may_be(echo.map(|echo| echo.loss.into()));
    let name = "callbox_echo_removed_decibels";
    sheet.gauge(name, "How many decibels of the echo the canceller takes away").may_be(echo.map(|echo| echo.removed.into()));
    let volume = sound.volume.map(|percent| f64::from(percent) / 100.0);
    sheet.gauge("callbox_speaker_volume_ratio", "How far the speaker is turned up").may_be(volume);
}

fn devices(seen: &Seen<'_>, sheet: &mut Sheet) {
    let MediaStatus { camera, microphone, speaker, screen, .. } = &seen.status.media;
    let all: [(&str, &DeviceStatus, EventKind); 4] = [
        ("camera", camera, EventKind::CameraLost),
        ("microphone", microphone, EventKind::MicrophoneLost),
        ("speaker", speaker, EventKind::SpeakerLost),
        ("screen", screen, EventKind::ScreenLost),
    ];
    let states = sheet.gauge("callbox_device_state", "1 for the state that each device is in");
    for (name, device, _) in all {
        for (state, of) in STATES {
            states.with(&[("device", name), ("state", state)], (device.state == of).into());
        }
    }
    let losses = sheet.counter("callbox_device_losses", "How often a device was lost");
    for (name, _, lost) in all {
        losses.counts_with(&[("device", name)], seen.totals.events.get(&lost).copied().unwrap_or_default());
    }
    let recording = seen.status.media.recording.as_ref();
    let running = recording.is_some_and(|recording| recording.state == DeviceState::Running);
    sheet.gauge("callbox_recording_running", "1 while this appliance writes the call down").is(running.into());
    let bytes = recording.map(|recording| recording.open_bytes as f64);
    sheet.gauge("callbox_recording_open_bytes", "Bytes of the files that are being written").may_be(bytes);
}
