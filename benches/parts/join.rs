//! Asked to join until the first remote picture is decoded: by turns, so that both meet the same machine and the same other side.

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
    let appliance = Appliance::start(&hub, "door-1", TOML);
    let browser = Browser::start(Fake::default()).await;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..times {
        let _ = appliance.cli("leave", &[]);
        // A link that differs in nothing would not be loaded again.
        browser.open("about:blank").await;
        browser.open(&deep_link(&hub, "anna", "default:lobby").replace("&join=1", "")).await;
        ready_to_join(&browser).await;
        appliance.cli("join", &["default:lobby"]).unwrap();
        eventually(secs(10), "the appliance waits in the call", async || match appliance.status()?.call {
            Some(call) if call.participant.is_some() => Ok(()),
            other => Err(format!("{other:?}")),
        })
        .await;
        theirs.push(browser.js_async::<f64>(CLICK).await);
        appliance.cli("leave", &[]).unwrap();
        alone(&browser).await;
        appliance.cli("join", &["default:lobby"]).unwrap();
        let first = eventually(secs(10), "the appliance sees the browser", async || {
            appliance.status()?.call.and_then(|call| call.first_picture_ms).ok_or_else(|| "no picture".to_owned())
        })
        .await;
        ours.push(first as f64);
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

async fn alone(browser: &Browser) {
    eventually(secs(10), "the browser is alone", async || {
        let tiles = browser.js::<u64>("document.querySelectorAll('.tile:not(.local)').length").await;
        if tiles == 0 { Ok(()) } else { Err(tiles) }
    })
    .await;
}
