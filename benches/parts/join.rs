//! Asked to join until the first remote picture is decoded: by turns, with the same appliance waiting alone in the call, its camera
//! still off.

use super::table::{Table, median, percentile};
use crate::support::{Appliance, Browser, Fake, Hub, deep_link, eventually, secs};

const TOML: &str = "[camera]\nsource = \"test\"\n[microphone]\nsource = \"test\"\n[speaker]\nsink = \"none\"";

/// Clicks `join` and waits for the first remote picture; milliseconds.
const CLICK: &str = "
const begun = performance.now();
document.getElementById('join').click();
for (;;) {
  const video = document.querySelector('.tile:not(.local) video');
  if (video) return await new Promise((resolve) => video.requestVideoFrameCallback(() => resolve(performance.now() - begun)));
  await new Promise((resolve) => requestAnimationFrame(resolve));
}";

pub async fn measure(table: &mut Table, times: usize) {
    let hub = Hub::start();
    let waiting = Appliance::start(&hub, "door-2", &format!("{TOML}\n[call]\nauto-join = \"default:lobby\""));
    let appliance = Appliance::start(&hub, "door-1", TOML);
    let browser = Browser::start(Fake::default()).await;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..times {
        // A link that differs in nothing would not be loaded again.
        browser.open("about:blank").await;
        browser.open(&deep_link(&hub, "anna", "default:lobby").replace("&join=1", "")).await;
        ready_to_join(&browser).await;
        alone(&waiting).await;
        theirs.push(browser.js_async::<f64>(CLICK).await);
        browser.click("leave").await;
        alone(&waiting).await;
        appliance.cli("join", &["default:lobby"]).unwrap();
        let first = eventually(secs(10), "the appliance sees the other", async || {
            appliance.status()?.call.and_then(|call| call.first_picture_ms).ok_or_else(|| "no picture".to_owned())
        })
        .await;
        ours.push(first as f64);
        appliance.cli("leave", &[]).unwrap();
    }
    let (a, b) = (median(&ours), median(&theirs));
    table.ratio("join to first remote picture, p50", "ms", a, b, 1.0);
    table.ratio("join to first remote picture, p95", "ms", percentile(&ours, 0.95), percentile(&theirs, 0.95), 1.0);
}

async fn ready_to_join(browser: &Browser) {
    eventually(secs(20), "the lobby with a preview", async || {
        let ready = "document.getElementById('join')?.checkVisibility() && !document.getElementById('join').disabled\
                     && document.getElementById('preview-video').videoWidth > 0";
        if browser.js::<bool>(ready).await { Ok(()) } else { Err(browser.js::<String>("document.body.innerText").await) }
    })
    .await;
}

async fn alone(waiting: &Appliance) {
    eventually(secs(10), "the other one is alone again, its camera off", async || {
        let status = waiting.status()?;
        let call = status.call.ok_or_else(|| "no call".to_owned())?;
        if call.participant.is_some() && call.participants.is_empty() && status.media.encoder.instances == 0 {
            Ok(())
        } else {
            Err(format!("{call:?}"))
        }
    })
    .await;
}
