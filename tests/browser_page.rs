//! The page outside a call, in a real Chromium: signing in, the lobby, what is said when something is wrong, phones.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use support::{Browser, Fake, Hub, PASSWORD, eventually, secs};

/// What is too small for a finger, or sticks out of the screen.
const BAD_TARGETS: &str = "[...document.querySelectorAll('button, input')].filter((e) => e.checkVisibility()).filter((e) => { \
    const box = e.getBoundingClientRect(); return box.height < 43.5 || box.width < 43.5 || box.left < 0 || box.right > innerWidth; \
    }).map((e) => `${e.id} ${e.getBoundingClientRect().width}x${e.getBoundingClientRect().height}`)";
const OVERFLOW: &str = "document.documentElement.scrollWidth - document.documentElement.clientWidth";

async fn signed_in(browser: &Browser, hub: &Hub, user: &str, password: &str) {
    browser.open(&hub.url).await;
    eventually(secs(10), "the form is there", async || browser.text("signin-submit").await.ok_or("no form")).await;
    browser.type_into("username", user).await;
    browser.type_into("password", password).await;
    browser.click("signin-submit").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_told_and_a_right_one_leads_to_the_lobby() {
    let hub = Hub::start();
    let anna = Browser::start(Fake::default()).await;
    signed_in(&anna, &hub, "anna", "wrong").await;
    let told = eventually(secs(10), "an error", async || anna.text("signin-error").await.ok_or("none")).await;
    assert!(told.to_lowercase().contains("password"), "{told}");
    anna.shot("signin-error-desktop").await;

    anna.type_into("password", PASSWORD).await;
    anna.click("signin-submit").await;
    eventually(secs(10), "the lobby", async || anna.text("lobby-title").await.ok_or("no lobby")).await;
    eventually(secs(10), "a preview", async || match anna.js::<u64>("document.getElementById('preview-video').videoWidth").await {
        0 => Err("no picture"),
        _ => Ok(()),
    })
    .await;
    assert!(anna.text("who").await.unwrap().contains("Nobody"), "nobody is in");
    anna.shot("lobby-desktop").await;

    anna.open(&hub.url).await;
    eventually(secs(10), "a reload does not ask again", async || anna.text("lobby-title").await.ok_or("no lobby")).await;
    anna.click("join").await;
    anna.in_call().await;
    anna.shot("alone-desktop").await;
    anna.click("leave").await;
    eventually(secs(5), "back in the lobby", async || anna.text("lobby-note").await.ok_or("no note")).await;
    anna.click("signout").await;
    eventually(secs(5), "the form again", async || anna.text("signin-submit").await.ok_or("no form")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deep_link_leads_to_the_lobby_and_leaves_no_secret_in_the_address() {
    let hub = Hub::start();
    let anna = Browser::start(Fake::default()).await;
    anna.open(&format!("{}/?call=default:kitchen#user=anna&password={}", hub.url, PASSWORD.replace(' ', "%20"))).await;
    let title = eventually(secs(10), "the lobby", async || anna.text("lobby-title").await.ok_or("no lobby")).await;
    assert_eq!(title, "kitchen");
    let address: String = anna.js("location.href").await;
    assert_eq!(address, format!("{}/?call=default:kitchen", hub.url));
    assert!(!hub.output().contains("horse"), "no password in the hub's log");

    let token: String = anna.js("JSON.parse(sessionStorage.getItem('callbox.token')).accessToken").await;
    let ben = Browser::start(Fake::default()).await;
    ben.open(&format!("{}/?call=default:kitchen&join=1#token={token}", hub.url)).await;
    ben.in_call().await;
    eventually(secs(10), "Anna's lobby says who is in", async || match anna.text("who").await {
        Some(who) if who.contains("Anna Berg") => Ok(()),
        who => Err(who),
    })
    .await;
    anna.shot("lobby-with-somebody-desktop").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn over_https_the_page_joins_as_well() {
    let hub = Hub::secure();
    assert!(hub.url.starts_with("https://"), "{}", hub.url);
    let anna = Browser::start(Fake { host: Some("callbox.test".into()), ..Fake::default() }).await;
    let port = hub.url.rsplit(':').next().unwrap();
    anna.open(&format!("https://callbox.test:{port}/?call=default:lobby&join=1#user=anna&password=correct%20horse")).await;
    anna.in_call().await;
    eventually(secs(10), "its own picture", async || anna.sees("You", 5).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_token_asks_for_the_password() {
    let hub = Hub::start();
    let anna = Browser::start(Fake::default()).await;
    anna.open(&format!("{}/?call=default:lobby#token=forged", hub.url)).await;
    let told = eventually(secs(10), "an error", async || anna.text("signin-error").await.ok_or("none")).await;
    assert!(told.len() > 10, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_permission_the_page_says_so_and_lets_one_in() {
    let hub = Hub::start();
    let anna = Browser::start(Fake { denied: true, ..Fake::default() }).await;
    signed_in(&anna, &hub, "anna", PASSWORD).await;
    let told = eventually(secs(10), "a word about the permission", async || anna.text("device-alert").await.ok_or("none")).await;
    assert!(told.contains("may not use the camera and microphone"), "{told}");
    anna.shot("denied-desktop").await;
    anna.click("join").await;
    anna.in_call().await;
    let state: serde_json::Value = anna.js_async("return callbox.client.getPermissionState();").await;
    assert_eq!((&state["state"], &state["camera"]), (&"denied".into(), &"denied".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_phone_everything_fits_and_can_be_tapped() {
    let hub = Hub::start();
    let anna = Browser::start(Fake { phone: true, ..Fake::default() }).await;
    anna.open(&hub.url).await;
    eventually(secs(10), "the form is there", async || anna.text("signin-submit").await.ok_or("no form")).await;
    anna.shot("signin-phone").await;
    assert_eq!(anna.js::<Vec<String>>(BAD_TARGETS).await, Vec::<String>::new());
    assert_eq!(anna.js::<i64>(OVERFLOW).await, 0);

    signed_in(&anna, &hub, "anna", PASSWORD).await;
    eventually(secs(10), "the lobby", async || anna.text("lobby-title").await.ok_or("no lobby")).await;
    eventually(secs(10), "who is in", async || anna.text("who").await.filter(|who| !who.is_empty()).ok_or("nothing yet")).await;
    anna.shot("lobby-phone").await;
    assert_eq!(anna.js::<Vec<String>>(BAD_TARGETS).await, Vec::<String>::new());
    assert_eq!(anna.js::<i64>(OVERFLOW).await, 0);

    anna.click("join").await;
    anna.in_call().await;
    anna.shot("alone-phone").await;
    assert_eq!(anna.js::<Vec<String>>(BAD_TARGETS).await, Vec::<String>::new());
    assert_eq!(anna.js::<i64>(OVERFLOW).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_camera_can_be_chosen_in_the_lobby_and_turned_round_in_the_call() {
    let hub = Hub::start();
    let anna = Browser::start(Fake { two_cameras: true, phone: true, ..Fake::default() }).await;
    anna.open(&format!("{}/?call=default:lobby#user=anna&password=correct%20horse", hub.url)).await;
    let cameras = eventually(secs(10), "two cameras", async || {
        match anna.js::<Vec<String>>("[...document.getElementById('choose-camera').options].map((one) => one.value)").await {
            all if all.len() == 2 && anna.text("choose-camera").await.is_some() => Ok(all),
            all => Err(all),
        }
    })
    .await;
    let current = "callbox.call.camera.track?.getSettings().deviceId ?? ''";
    let first = eventually(secs(10), "the camera is on", async || match anna.js::<String>(current).await {
        none if none.is_empty() => Err("off"),
        first => Ok(first),
    })
    .await;
    let second = cameras.iter().find(|id| **id != first).unwrap();
    let _: Option<bool> = anna
        .js(&format!(
            "(s => {{ s.value = {second:?}; s.dispatchEvent(new Event('change')); }})(document.getElementById('choose-camera'))"
        ))
        .await;
    let is = async |wanted: &String| match anna.js::<String>(current).await {
        now if now == *wanted => Ok(()),
        now => Err(now),
    };
    eventually(secs(10), "the second camera", async || is(second).await).await;
    anna.shot("lobby-choice-phone").await;
    assert_eq!(anna.js::<Vec<String>>(BAD_TARGETS).await, Vec::<String>::new());
    anna.click("join").await;
    anna.in_call().await;
    anna.click("flip").await;
    eventually(secs(10), "the first camera again", async || is(&first).await).await;
    anna.shot("flip-phone").await;
    assert_eq!(anna.js::<Vec<String>>(BAD_TARGETS).await, Vec::<String>::new());
    assert_eq!(anna.js::<i64>(OVERFLOW).await, 0);
}
