//! Something shown beside the camera (C33), between a real appliance and the page in a real Chromium: both see both, large and small,
//! and nothing is negotiated for it.
#![cfg(all(feature = "appliance", feature = "hub"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use callbox::protocol::control::ParticipantStatus;
use support::{Appliance, Browser, Fake, Hub, eventually, secs};

const DOOR: &str = "
[call]
auto-join = \"default:lobby\"
[camera]
source = \"test\"
width = 640
height = 360
[share]
source = \"test\"
[microphone]
source = \"test\"
[speaker]
sink = \"none\"
[screen]
output = \"none\"
width = 640
height = 360
";

/// Counts descriptions from here on, and lets a blue canvas stand in for a screen that a person would choose.
const PREPARE: &str = "globalThis.negotiations = 0;
    for (const name of ['setLocalDescription', 'setRemoteDescription']) { const real = RTCPeerConnection.prototype[name];
      RTCPeerConnection.prototype[name] = function (...all) { negotiations++; return real.apply(this, all); }; }
    navigator.mediaDevices.getDisplayMedia = async () => { const canvas = document.createElement('canvas');
      canvas.width = 1280; canvas.height = 720; const context = canvas.getContext('2d'); let count = 0;
      const draw = () => { context.fillStyle = `rgb(0, 0, ${200 + (count++ % 50)})`; context.fillRect(0, 0, 1280, 720); };
      draw(); globalThis.drawing = setInterval(draw, 100); return canvas.captureStream(10); };
    return true;";

/// The only other participant, as the appliance sees it.
fn other(door: &Appliance) -> Result<ParticipantStatus, String> {
    let call = door.status()?.call.ok_or("not in a call")?;
    let [one] = call.participants.as_slice() else { return Err(format!("{:?}", call.participants)) };
    Ok(one.clone())
}

/// How colourful the picture in a tile is: 0 is grey.
async fn colour(page: &Browser, tile: &str) -> f64 {
    page.js_async(&format!(
        "const video = document.querySelector('{tile} video'); const canvas = new OffscreenCanvas(64, 36);
         const context = canvas.getContext('2d'); context.drawImage(video, 0, 0, 64, 36);
         const {{ data }} = context.getImageData(0, 12, 64, 20); let sum = 0;
         for (let i = 0; i < data.length; i += 4) sum += Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2]);
         return sum / (data.length / 4);"
    ))
    .await
}

/// The part of what the door shows that is blue.
fn blue(door: &Appliance) -> Result<f64, String> {
    let (width, height, rgb) = door.snapshot()?;
    let count = rgb.chunks_exact(3).filter(|p| p[2] > 120 && p[0] < 80 && p[1] < 80).count();
    Ok(count as f64 / (f64::from(width) * f64::from(height)))
}

async fn in_call() -> (Hub, Appliance, Browser) {
    let hub = Hub::start();
    // Who makes the call may change its settings.
    let anna = Browser::start(Fake::default()).await;
    anna.join(&hub, "anna", "default:lobby").await;
    let door = Appliance::start(&hub, "door-1", DOOR);
    eventually(secs(30), "Anna sees the door", async || anna.sees("Front door", 10).await).await;
    eventually(secs(30), "the door sees Anna", async || match other(&door)? {
        one if one.video.frames_decoded > 10 => Ok(()),
        one => Err(format!("{one:?}")),
    })
    .await;
    let _: bool = anna.js_async(PREPARE).await;
    (hub, door, anna)
}

#[tokio::test(flavor = "multi_thread")]
async fn c33_the_page_shows_the_appliances_camera_and_what_it_shares() {
    let (_hub, door, anna) = in_call().await;
    door.cli("share", &["start"]).unwrap();
    let screen = "Front door\u{2019}s screen";
    let seen = eventually(secs(20), "the shared picture", async || anna.sees(screen, 5).await).await;
    let tile = anna.tile(screen).await.unwrap();
    assert_eq!((tile.width, tile.height), (1280, 720));
    let camera = anna.tile("Front door").await.unwrap();
    assert!(camera.label.contains("shows the screen") && (camera.width, camera.height) == (640, 360), "{camera:?}");
    eventually(secs(10), "both move", async || {
        anna.sees(screen, seen + 10).await?;
        anna.sees("Front door", camera.frames + 20).await
    })
    .await;
    let (shared, own) = (colour(&anna, ".tile.screen").await, colour(&anna, ".strip .tile:not(.local)").await);
    assert!(shared < 25.0 && own > 60.0, "the grey share is not the coloured camera: {shared} and {own}");
    let widths: [f64; 2] =
        anna.js("['.grid .tile.screen', '.strip .tile:not(.local)'].map((one) => document.querySelector(one).clientWidth)").await;
    assert!(widths[0] > 3.0 * widths[1], "large and small: {widths:?}");
    anna.shot("share-desktop").await;
    let status = door.status().unwrap().media;
    assert_eq!((status.encoder.instances, status.share.unwrap().device.device.as_str()), (2, "test"));

    door.cli("share", &["stop"]).unwrap();
    eventually(secs(10), "its end", async || match anna.tile(screen).await {
        Ok(tile) => Err(format!("{tile:?}")),
        Err(_) => Ok(()),
    })
    .await;
    let frames = anna.tile("Front door").await.unwrap().frames;
    eventually(secs(10), "the camera goes on", async || anna.sees("Front door", frames + 10).await).await;
    assert_eq!(anna.js::<u32>("negotiations").await, 0, "nothing was negotiated");
}

#[tokio::test(flavor = "multi_thread")]
async fn c33_the_appliance_shows_the_pages_screen_large_while_its_camera_goes_on() {
    let (_hub, door, anna) = in_call().await;
    anna.click("call-screen").await;
    let seen = eventually(secs(20), "the page's screen", async || match other(&door)? {
        one if one.sharing && one.share.as_ref().is_some_and(|share| share.frames_decoded > 5) => Ok(one),
        one => Err(format!("{one:?}")),
    })
    .await;
    assert!(!seen.muted.video, "the camera is on: {seen:?}");
    eventually(secs(10), "both move", async || match other(&door)? {
        one if one.video.frames_decoded > seen.video.frames_decoded + 20
            && one.share.as_ref().unwrap().frames_decoded > seen.share.as_ref().unwrap().frames_decoded + 5 =>
        {
            Ok(())
        }
        one => Err(format!("{one:?}")),
    })
    .await;
    eventually(secs(10), "it is large, and not all", async || match blue(&door)? {
        part if (0.4..0.8).contains(&part) => Ok(()),
        part => Err(part.to_string()),
    })
    .await;
    let frames = anna.frames_sent().await;
    eventually(secs(5), "the camera is still sent", async || match anna.frames_sent().await {
        now if now > frames + 10 => Ok(()),
        now => Err(now),
    })
    .await;
    anna.click("call-screen").await;
    eventually(secs(10), "its end", async || match (other(&door)?.sharing, blue(&door)?) {
        (false, part) if part < 0.05 => Ok(()),
        seen => Err(format!("{seen:?}")),
    })
    .await;
    assert_eq!(anna.js::<u32>("negotiations").await, 0, "nothing was negotiated");
}

#[tokio::test(flavor = "multi_thread")]
async fn c33_what_the_call_does_not_allow_is_not_shared_and_the_reason_is_said() {
    let (_hub, door, anna) = in_call().await;
    door.cli("share", &["start", "test"]).unwrap();
    eventually(secs(20), "it is shared", async || anna.sees("Front door\u{2019}s screen", 2).await).await;
    let _: bool = anna
        .js_async("await callbox.call.update({ settings_override: { screensharing: { enabled: false } } }); return true;")
        .await;
    eventually(secs(10), "it ends by itself", async || match door.status()?.media.share {
        None => Ok(()),
        share => Err(format!("{share:?}")),
    })
    .await;
    let refused = door.cli("share", &["start", "test"]).unwrap_err();
    assert!(refused.contains("nobody may share in this call"), "{refused}");
    let refused = door.cli("share", &["start", "screen"]).unwrap_err();
    assert!(refused.contains("cannot share `screen`"), "{refused}");
}
