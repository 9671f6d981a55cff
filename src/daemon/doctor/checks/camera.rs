//! The camera gives pictures. When the daemon has it, it is asked.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use crate::config::CameraSource;
use crate::daemon::doctor::judge::{self, Finding, Pictures};
use crate::daemon::doctor::patient::{Patient, device_advice, elsewhere};
use crate::media::{self, examine};
use crate::protocol::control::{DeviceState, DeviceStatus, Status};

/// The daemon's count of pictures is read twice, so far apart.
const APART: Duration = Duration::from_secs(3);

pub async fn check(patient: &Patient) -> Finding {
    let camera = patient.config.camera.clone();
    if camera.source == CameraSource::None {
        return Finding::skipped("`camera.source` is \"none\"");
    }
    if let Ok(status) = &patient.daemon {
        match status.media.camera.state {
            DeviceState::Running => return of_daemon(patient, status).await,
            DeviceState::Missing | DeviceState::Busy | DeviceState::Denied | DeviceState::Failed => {
                return broken(&status.media.camera, "`callbox run` says: ");
            }
            DeviceState::Idle | DeviceState::Starting | DeviceState::Disabled => {}
        }
    }
    let wanted = (camera.width, camera.height, camera.framerate);
    match elsewhere(move || examine::camera(&camera)).await {
        Err(why) => Finding::fail(why, device_advice(DeviceState::Failed, "/dev/video", "video")),
        Ok(Err(media::Error::Device { state, text })) => {
            let name = media_name(patient);
            let found = if text.contains(&name) { text } else { format!("{name}: {text}") };
            Finding::fail(found, device_advice(state, &name_of_node(&name), "video"))
        }
        Ok(Err(error)) => Finding::fail(error.to_string(), device_advice(DeviceState::Failed, "/dev/video", "video")),
        Ok(Ok(seen)) => {
            let pictures = Pictures {
                name: seen.name,
                format: seen.format,
                size: seen.size,
                wanted,
                fps: seen.fps,
                first_ms: seen.first.as_millis() as u64,
                luma: seen.luma,
                refused: seen.refused,
            };
            *patient.picture.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen.picture);
            judge::pictures(&pictures)
        }
    }
}

fn media_name(patient: &Patient) -> String {
    match &patient.config.camera.source {
        CameraSource::V4l2 { device } => device.display().to_string(),
        CameraSource::File { file } => file.display().to_string(),
        CameraSource::Libcamera { .. } => "libcamera".to_owned(),
        CameraSource::Test | CameraSource::None => "test".to_owned(),
    }
}

/// Behind a name that udev gives for good there is a node.
fn name_of_node(name: &str) -> String {
    let node = std::fs::canonicalize(name).ok().and_then(|node| node.to_str().map(str::to_owned));
    node.unwrap_or_else(|| "/dev/video".to_owned())
}

fn broken(camera: &DeviceStatus, who: &str) -> Finding {
    let why = camera.error.clone().unwrap_or_else(|| "it does not run".to_owned());
    Finding::fail(format!("{who}{why}"), device_advice(camera.state, &name_of_node(&camera.device), "video"))
}

async fn of_daemon(patient: &Patient, before: &Status) -> Finding {
    let begun = Instant::now();
    tokio::time::sleep(APART).await;
    let after: Option<Status> = patient.asked("status").await.ok().and_then(|value| serde_json::from_value(value).ok());
    let Some(after) = after else {
        return Finding::fail("`callbox run` had it, and went away", "see `journalctl -u callbox`");
    };
    if after.media.camera.state != DeviceState::Running {
        return broken(&after.media.camera, "`callbox run` had it: ");
    }
    let (encoder, camera) = (&after.media.encoder, &after.media.camera);
    let count = encoder.frames.saturating_sub(before.media.encoder.frames);
    let fps = count as f64 / begun.elapsed().as_secs_f64();
    let found = format!("`callbox run` has {}, and sends {fps:.1} fps of it", camera.device);
    if count == 0 {
        return Finding::warn(
            found,
            "nobody looks at it now, or it stands still: see `callbox status`, or run this without a call",
        );
    }
    Finding::pass(found).figure("fps", (fps * 10.0).round() / 10.0)
}
