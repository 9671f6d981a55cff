//! The encoder keeps up.

use crate::daemon::doctor::judge::{self, Finding, Speed};
use crate::daemon::doctor::patient::{Patient, elsewhere};
use crate::media::examine;

/// What a call sends, and more than most boards can.
const SIZES: [(u32, u32); 3] = [(640, 360), (1280, 720), (1920, 1080)];

pub async fn check(patient: &Patient) -> Finding {
    if let Ok(status) = &patient.daemon
        && patient.in_call()
    {
        let element = status.media.encoder.element.as_deref().unwrap_or("an encoder");
        return Finding::skipped(format!("a call goes on with {element}, and measuring would disturb it"))
            .advised("hang up, and run this again");
    }
    let (video, camera) = (patient.config.video.clone(), &patient.config.camera);
    let wanted = (camera.width, camera.height, camera.framerate);
    let measured = elsewhere(move || {
        let chosen = examine::chosen(&video, wanted.0, wanted.1)?;
        let speeds = examine::speeds(chosen.encoder, &SIZES);
        Ok::<_, crate::media::Error>((chosen, speeds))
    });
    match measured.await {
        Ok(Ok((chosen, speeds))) => {
            let speeds: Vec<Speed> =
                speeds.into_iter().map(|one| Speed { width: one.width, height: one.height, fps: one.fps }).collect();
            judge::encoder(chosen.encoder.element, &chosen.because, &speeds, wanted)
        }
        Ok(Err(error)) => Finding::fail(
            error.to_string(),
            "without an encoder no picture is sent: install gstreamer1.0-plugins-ugly (x264enc), or set `video.encoder` to \"auto\"",
        ),
        Err(why) => Finding::fail(why, "run this check again"),
    }
}
