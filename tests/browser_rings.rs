//! Calling somebody from one page to another, as people do it: real Chromiums, a real hub.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use support::{Browser, Fake, Hub, eventually, secs};

/// Signed in and in the lobby.
async fn lobby(hub: &Hub, browser: &Browser, user: &str) {
    browser.open(&format!("{}/?call=default:lobby#user={user}&password=correct%20horse", hub.url)).await;
    eventually(secs(20), "the lobby", async || browser.text("join").await.ok_or("no lobby")).await;
}

async fn two(hub: &Hub) -> (Browser, Browser) {
    let (anna, ben) = tokio::join!(Browser::start(Fake::default()), Browser::start(Fake::default()));
    tokio::join!(lobby(hub, &anna, "anna"), lobby(hub, &ben, "ben"));
    (anna, ben)
}

async fn rings(browser: &Browser, caller: &str) {
    let title = format!("{caller} is calling");
    eventually(secs(10), "it rings", async || match browser.text("ring-title").await {
        Some(shown) if shown == title => Ok(()),
        shown => Err(shown),
    })
    .await;
}

async fn silent(browser: &Browser) {
    eventually(secs(10), "it is silent", async || match browser.text("ring-title").await {
        None => Ok(()),
        Some(shown) => Err(shown),
    })
    .await;
}

async fn dial(browser: &Browser, user: &str, button: &str) {
    browser.type_into("dial-user", user).await;
    browser.click(button).await;
    eventually(secs(10), "it is calling", async || match browser.text("waiting-text").await {
        Some(text) if text.contains(user) => Ok(()),
        text => Err((text, browser.text("dial-error").await)),
    })
    .await;
}

async fn told(browser: &Browser, id: &str, part: &str) {
    eventually(secs(15), part, async || match browser.text(id).await {
        Some(text) if text.contains(part) => Ok(()),
        text => Err(text),
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k9_a_call_rings_at_every_device_and_one_answer_stops_the_others() {
    let hub = Hub::start();
    let (anna, ben) = two(&hub).await;
    // another window of Ben's is another device of his
    let first = ben.driver.window().await.unwrap();
    let second = ben.driver.new_window().await.unwrap();
    ben.driver.switch_to_window(second.clone()).await.unwrap();
    lobby(&hub, &ben, "ben").await;
    dial(&anna, "ben", "dial-video").await;
    assert_eq!(anna.js::<String>("document.getElementById('leave').title").await, "Cancel the call");
    rings(&ben, "Anna Berg").await;
    assert_eq!(ben.js::<String>("document.activeElement.id").await, "ring-video", "one key answers");
    ben.shot("ring-desktop").await;
    anna.shot("calling-desktop").await;
    ben.driver.switch_to_window(first.clone()).await.unwrap();
    rings(&ben, "Anna Berg").await;

    ben.click("ring-video").await;
    ben.in_call().await;
    eventually(secs(20), "Anna sees Ben", async || anna.sees("Ben Holm", 5).await).await;
    eventually(secs(20), "Ben sees Anna", async || ben.sees("Anna Berg", 5).await).await;
    assert_eq!(anna.js::<String>("document.getElementById('leave').title").await, "Leave the call");
    ben.driver.switch_to_window(second).await.unwrap();
    silent(&ben).await;
    told(&ben, "toasts", "answered elsewhere").await;
    ben.driver.switch_to_window(first).await.unwrap();

    ben.click("leave").await;
    told(&anna, "lobby-note", "The call is over").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c23_who_declines_is_named_to_the_caller() {
    let hub = Hub::start();
    let (anna, ben) = two(&hub).await;
    dial(&anna, "ben", "dial-video").await;
    rings(&ben, "Anna Berg").await;
    ben.click("ring-decline").await;
    silent(&ben).await;
    told(&anna, "lobby-note", "ben declined").await;
    anna.shot("declined-desktop").await;
    // and the lobby that it had before is there again
    assert_eq!(anna.text("lobby-title").await.as_deref(), Some("lobby"));
    assert_eq!(anna.js::<String>("callbox.call.cid").await, "default:lobby");
}

#[tokio::test(flavor = "multi_thread")]
async fn c17_a_call_that_nobody_answers_is_missed_on_both_sides() {
    let hub = Hub::start();
    let (anna, ben) = two(&hub).await;
    let ring = "{ ring: { incoming_call_timeout_ms: 2000, auto_cancel_timeout_ms: 4000 } }";
    let script = format!(
        "const call = await callbox.client.make('ben', {{ data: {{ settings_override: {ring} }} }}); globalThis.missed = [];\
         call.on('call.missed', ({{ user }}) => missed.push(user)); call.on('sessionTerminated', ({{ reason }}) => missed.push(reason));"
    );
    let _: Option<bool> = anna.js_async(&script).await;
    rings(&ben, "Anna Berg").await;
    silent(&ben).await;
    told(&ben, "toasts", "Missed call from Anna Berg").await;
    eventually(secs(5), "Anna is told", async || match anna.js::<Vec<String>>("globalThis.missed").await {
        told if told == ["ben", "alone"] => Ok(()),
        other => Err(other),
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k11_a_caller_that_gives_up_stops_the_ringing() {
    let hub = Hub::start();
    let (anna, ben) = two(&hub).await;
    dial(&anna, "ben", "dial-video").await;
    rings(&ben, "Anna Berg").await;
    anna.click("leave").await;
    silent(&ben).await;
    told(&ben, "toasts", "Missed call from Anna Berg").await;
    told(&anna, "lobby-note", "You left the call").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g26_a_call_without_video_is_answered_without_and_c21_reaches_who_comes_later() {
    let hub = Hub::start();
    let anna = Browser::start(Fake::default()).await;
    lobby(&hub, &anna, "anna").await;
    dial(&anna, "ben", "dial-sound").await;
    let ben = Browser::start(Fake { phone: true, ..Fake::default() }).await;
    lobby(&hub, &ben, "ben").await;
    rings(&ben, "Anna Berg").await;
    assert_eq!(ben.text("ring-text").await.as_deref(), Some("Call without video"));
    assert!(ben.text("ring-video").await.is_none(), "there is no video to answer with");
    ben.shot("ring-phone").await;
    ben.click("ring-sound").await;
    ben.in_call().await;
    eventually(secs(15), "Anna hears Ben, and sees an avatar", async || match anna.tile("Ben Holm").await {
        Ok(tile) if !tile.picture && tile.label.contains("camera off") && !tile.label.contains("microphone off") => Ok(()),
        other => Err(other),
    })
    .await;
    let cameras = "[callbox.call.camera.status, callbox.call.microphone.status]";
    assert_eq!(anna.js::<Vec<String>>(cameras).await, ["off", "on"]);
    assert_eq!(ben.js::<Vec<String>>(cameras).await, ["off", "on"]);
}
