//! From drawing a picture to having it decoded at the other side, read from the picture itself (`media::plan::testcard`).

use super::table::{Table, percentile};
use crate::support::{Appliance, Browser, Fake, Hub, deep_link, eventually, secs};

const TOML: &str = "[camera]\nsource = \"test\"\n[microphone]\nsource = \"test\"\n[speaker]\nsink = \"none\"\n\
                    [screen]\nread-test-card = true\n[call]\nauto-join = \"default:lobby\"";
/// A window of the card reader, and the time before it that is thrown away.
const FRAMES: u64 = 300;
const SETTLE: u64 = 300;

/// Remembers peer connections, so that what they send can be replaced.
pub const REMEMBER: &str = "
window.connections = [];
const Real = RTCPeerConnection;
window.RTCPeerConnection = class extends Real { constructor(...args) { super(...args); window.connections.push(this); } };";

/// Sends a canvas with a card, 1280x720 at 30 a second, in place of the camera.
const SEND_CARDS: &str = "
const canvas = document.createElement('canvas'); canvas.width = 1280; canvas.height = 720;
const context = canvas.getContext('2d', { alpha: false });
let frame = 0;
const draw = () => {
  frame = (frame + 1) & 0xffff;
  context.fillStyle = '#446'; context.fillRect(0, 0, 1280, 720);
  context.fillStyle = '#fa4'; context.fillRect((frame * 4) % 1280, 300, 120, 120);
  const drawn = Date.now() & 0xffff;
  [frame, drawn, frame ^ drawn].forEach((bits, row) => {
    for (let column = 0; column < 16; column++) {
      context.fillStyle = (bits >> (15 - column)) & 1 ? '#fff' : '#000';
      context.fillRect(column * 40, row * 40, 40, 40);
    }
  });
};
setInterval(draw, 1000 / 30);
const [track] = canvas.captureStream(30).getVideoTracks();
const sender = window.connections.at(-1).getSenders().find((one) => one.track?.kind === 'video');
await sender.replaceTrack(track);
return true;";

/// Ages of the cards that are shown, milliseconds.
const READ_CARDS: &str = "
const video = document.querySelector('.tile:not(.local) video');
const canvas = new OffscreenCanvas(64, 12);
const context = canvas.getContext('2d', { willReadFrequently: true });
window.ages = [];
const read = () => {
  const now = Date.now();
  context.drawImage(video, 0, 0, video.videoWidth / 2, video.videoWidth / 32 * 3, 0, 0, 64, 12);
  const { data } = context.getImageData(0, 0, 64, 12);
  const row = (index) => Array.from({ length: 16 }, (_, c) => data[((index * 4 + 2) * 64 + c * 4 + 2) * 4] > 128 ? 1 : 0)
    .reduce((sum, one) => sum * 2 + one, 0);
  const [frame, drawn, check] = [row(0), row(1), row(2)];
  if ((frame ^ drawn) === check && frame) window.ages.push((now - drawn) & 0xffff);
  video.requestVideoFrameCallback(read);
};
video.requestVideoFrameCallback(read);
return true;";

pub async fn measure(table: &mut Table) {
    let (ours_p50, ours_p95) = appliances().await;
    let theirs = browsers().await;
    let (p50, p95) = (percentile(&theirs, 0.5), percentile(&theirs, 0.95));
    let verdict = if ours_p50 <= p50 + 5.0 { "met" } else { "MISSED" };
    table.line(
        "picture drawn to decoded, p50",
        format!("{ours_p50:.0} ms"),
        format!("{p50:.0} ms"),
        format!("{:+.0} ms", ours_p50 - p50),
        &format!("at most +5 ms: {verdict}"),
    );
    table.ratio("picture drawn to decoded, p95", "ms", ours_p95, p95, 1.2);
}

async fn appliances() -> (f64, f64) {
    let hub = Hub::start();
    let (_door, desk) = (Appliance::start(&hub, "door-1", TOML), Appliance::start(&hub, "door-2", TOML));
    let card = eventually(secs(60), "cards of an appliance", async || {
        let call = desk.status()?.call.ok_or_else(|| "no call".to_owned())?;
        let card = call.participants.into_iter().find_map(|other| other.video.test_card);
        card.filter(|card| card.read > SETTLE + FRAMES).ok_or_else(|| "not enough cards".to_owned())
    })
    .await;
    (card.latency_p50_ms, card.latency_p95_ms)
}

async fn browsers() -> Vec<f64> {
    let hub = Hub::start();
    let (anna, ben) = (Browser::start(Fake::default()).await, Browser::start(Fake::default()).await);
    ben.join(&hub, "ben", "default:lobby").await;
    anna.open(&deep_link(&hub, "anna", "default:lobby").replace("&join=1", "")).await;
    eventually(secs(20), "the lobby", async || {
        if anna.js("document.getElementById('join')?.checkVisibility()").await { Ok(()) } else { Err(()) }
    })
    .await;
    anna.js_async::<Option<()>>(REMEMBER).await;
    anna.click("join").await;
    anna.in_call().await;
    eventually(secs(20), "ben sees anna", async || ben.sees("Anna Berg", 30).await).await;
    anna.js_async::<bool>(SEND_CARDS).await;
    ben.js_async::<bool>(READ_CARDS).await;
    let ages: Vec<f64> = eventually(secs(60), "cards of a browser", async || {
        let ages: Vec<f64> = ben.js("window.ages").await;
        if ages.len() as u64 > SETTLE + FRAMES { Ok(ages) } else { Err(ages.len()) }
    })
    .await;
    ages[SETTLE as usize..].to_vec()
}
