//! The door of an appliance, from a page: who may has a button, and is told what came of it. That the relay really moves is
//! tested on the virtual board, `tests/device`; here its line is not there, and the refusal says so.
#![cfg(all(feature = "appliance", feature = "hub"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use support::{Appliance, Browser, Fake, Hub, eventually, secs};

const DOOR: &str = "[camera]\nsource = \"test\"\nwidth = 320\nheight = 240\n[microphone]\nsource = \"none\"\n[speaker]\nsink = \"none\"\n\
    [call]\nauto-join = \"default:lobby\"\n[[relay]]\nline = 2\nchip = \"gpiochip4711\"\nname = \"strike\"\n\
    [door]\nrelay = \"strike\"\ncode = \"*1#\"\n";

async fn in_lobby(hub: &Hub, user: &str, fake: Fake) -> Browser {
    let browser = Browser::start(fake).await;
    browser.open(&format!("{}/?call=default:lobby#user={user}&password=correct%20horse", hub.url)).await;
    eventually(secs(20), "the lobby", async || browser.text("join").await.ok_or("no lobby")).await;
    browser.click("join").await;
    browser.in_call().await;
    browser
}

async fn told(browser: &Browser, part: &str) {
    eventually(secs(20), part, async || match browser.text("toasts").await {
        Some(text) if text.contains(part) => Ok(()),
        text => Err(text),
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_open_the_door_has_a_button_and_is_told_why_it_stays_shut() {
    let hub = Hub::start();
    // Who makes the call is its host and may; Ben is somebody else.
    let anna = in_lobby(&hub, "anna", Fake { phone: true, two_cameras: true, ..Fake::default() }).await;
    let ben = in_lobby(&hub, "ben", Fake::default()).await;
    assert!(anna.text("open-door").await.is_none(), "there is no door yet");
    let mut door = Appliance::start(&hub, "door-1", DOOR);
    eventually(secs(30), "Anna has the button", async || {
        match anna.js::<bool>("!document.getElementById('open-door').hidden").await {
            true => Ok(()),
            false => Err(anna.tiles().await),
        }
    })
    .await;
    eventually(secs(20), "Ben sees the door", async || ben.tile("Front door").await).await;
    assert!(ben.js::<bool>("document.getElementById('open-door').hidden").await, "Ben may not");
    anna.shot("door-phone").await;
    let outside = "[...document.querySelectorAll('.bar button')].filter((one) => !one.hidden && one.offsetWidth).filter((one) => {\
         const { left, right, width } = one.getBoundingClientRect(); return left < 0 || right > innerWidth || width < 44; }).length";
    assert_eq!(anna.js::<u32>(outside).await, 0, "all buttons fit on a phone");
    anna.click("open-door").await;
    told(&anna, "no GPIO chip").await;
    told(&ben, "stays shut").await;
    door.process.wait_for_line("the door stays shut", secs(5));
    let why: String = anna.js_async("return await callbox.call.openDoor().catch((error) => error.message);").await;
    assert!(why.contains("the relay strike does not work"), "{why}");
    let refused: String = ben.js_async("return await callbox.call.sendDigits('*1#').catch((error) => error.capability);").await;
    assert_eq!(refused, "open-door");
    let before = door.process.output().matches("the door stays shut").count();
    anna.js_async::<bool>("await callbox.call.sendDigits('*1'); await callbox.call.sendDigits('#'); return true;").await;
    eventually(secs(10), "the code works the relay", async || {
        let now = door.process.output().matches("the door stays shut").count();
        if now > before { Ok(()) } else { Err(door.process.output()) }
    })
    .await;
}
