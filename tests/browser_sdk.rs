//! callbox.js by itself, as another page would use it: several clients in one Chromium, through a real hub.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use serde_json::{Value, json};
use support::{Browser, Fake, Hub, eventually, secs};

async fn page(hub: &Hub) -> Browser {
    let browser = Browser::start(Fake::default()).await;
    browser.open(&format!("{}/favicon.svg", hub.url)).await; // of the hub's origin, and nothing of ours runs in it
    browser
}

#[tokio::test(flavor = "multi_thread")]
async fn the_idiom_of_the_seeds_works() {
    let hub = Hub::start();
    let page = page(&hub).await;
    let seen: Value = page
        .sdk(
            "const anna = await signedIn('anna'); const ben = await signedIn('ben'); const log = [];
             const missing = await anna.call('default', 'nowhere').join({ create: false }).catch((e) => [e.name, e.kind]);
             const unknown = await anna.call('default', 'nowhere').get().catch((e) => e.kind);
             const call = anna.call('default', 'seeds');
             await call.getOrCreate({ data: { custom: { color: 'blue' } } });
             await call.camera.enable(); await call.microphone.enable();
             call.on('stateChange', ({ previous, state }) => log.push(`${previous.state} > ${state}`));
             call.on('localParticipant', (local) => { log.push(`local ${local.user.name}`); local.on('videoCreated', () => log.push('local video')); });
             call.on('participantJoined', (one) => { log.push(`joined ${one.user.name} ${JSON.stringify(one.custom)}`);
               one.on('videoCreated', (stream) => log.push(`video ${stream.getVideoTracks().length}`)); });
             call.on('participantUpdated', (one) => one.isLocal || log.push(`muted ${one.muted.audio} ${one.muted.video}`));
             call.on('participantLeft', ({ id, reason }) => log.push(`left ${typeof id} ${reason}`));
             call.on('sessionTerminated', ({ reason, unexpected }) => log.push(`terminated ${reason} ${unexpected}`));
             const never = call.on('participantJoined', () => log.push('never')); never();
             await call.join();
             const other = ben.call('default', 'seeds');
             const loaded = await other.get();
             const present = [loaded.custom.color, loaded.createdBy, loaded.present.length];
             await other.join({ custom: { seat: 4 } });
             await soon('video', () => log.includes('video 1'));
             await soon('connected', () => call.state.remoteParticipants[0].connected);
             await other.microphone.enable();
             await soon('unmuted', () => log.includes('muted false true'));
             const states = call.state.remoteParticipants.map((one) => [one.user.id, one.kind, one.connected]);
             await other.leave();
             await soon('left', () => log.some((line) => line.startsWith('left')));
             await call.leave();
             const hasty = anna.call('default', 'seeds'); const joining = hasty.join().catch((e) => e.kind); await hasty.leave();
             const left = [await joining, hasty.state.state, (await anna.call('default', 'seeds').get()).present.length];
             const after = [call.state.state, call.state.participants.size, call.camera.status, call.microphone.status];
             return { missing, unknown, present, states, after, left, log };",
        )
        .await;
    assert_eq!(seen["missing"], json!(["CallboxError", "not_found"]), "{seen:#}");
    assert_eq!(seen["unknown"], "not_found");
    assert_eq!(seen["present"], json!(["blue", "anna", 1]));
    assert_eq!(seen["states"], json!([["ben", "browser", true]]));
    assert_eq!(seen["after"], json!(["left", 0, "off", "off"]));
    assert_eq!(seen["left"], json!(["conflict", "left", 0]), "who leaves while joining is not in");
    let log: Vec<&str> = seen["log"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(log[..4], ["idle > joining", "joining > joined", "local Anna Berg", "local video"]);
    assert!(log.contains(&"joined Ben Holm {\"seat\":4}") && log.contains(&"left string left"), "{log:?}");
    assert!(log.ends_with(&["joined > left", "terminated left false"]) && !log.contains(&"never"), "{log:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_send_each_other_h264() {
    let hub = Hub::start();
    let page = page(&hub).await;
    let codec: String = page
        .sdk(
            "const [anna, ben] = [await signedIn('anna'), await signedIn('ben')].map((client) => client.call('default', 'codec'));
             await anna.camera.enable(); await anna.join({ create: true }); await ben.join();
             let codec = null;
             await soon('a codec', async () => {
               const report = await ben.stats(ben.state.remoteParticipants[0]);
               const video = [...(report?.values() ?? [])].find((one) => one.type === 'inbound-rtp' && one.kind === 'video' && one.codecId);
               codec = video && report.get(video.codecId).mimeType;
               return codec; });
             return codec;",
        )
        .await;
    assert_eq!(codec, "video/H264");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_call_says_so_and_the_lobby_stays() {
    let hub = Hub::start();
    let page = page(&hub).await;
    let _: Value = page
        .sdk("for (let i = 0; i < 4; i++) await (await signedIn('anna')).call('default', 'lobby').join({ create: true });")
        .await;
    let window = page.driver.new_window().await.unwrap();
    page.driver.switch_to_window(window).await.unwrap();
    page.open(&support::deep_link(&hub, "ben", "default:lobby")).await;
    let told = eventually(secs(15), "a word about it", async || page.text("join-error").await.ok_or("nothing")).await;
    assert!(told.to_lowercase().contains("full"), "{told}");
    assert!(told.starts_with("default:lobby"), "a name is not spelt like a word: {told}");
    let who =
        eventually(secs(5), "who is in", async || page.text("who").await.filter(|who| !who.is_empty()).ok_or("nothing")).await;
    assert!(who.contains("4 in the call"), "{who}");
    page.shot("full-desktop").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_reloaded_leaves_no_ghost() {
    let hub = Hub::start();
    let page = page(&hub).await;
    page.join(&hub, "anna", "default:lobby").await;
    page.driver.refresh().await.unwrap();
    eventually(secs(10), "the lobby says that nobody is in", async || match page.text("who").await {
        Some(who) if who.contains("Nobody") => Ok(()),
        who => Err(who),
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_hangs_is_noticed_and_one_that_thaws_is_welcome() {
    let hub = Hub::start();
    let page = page(&hub).await;
    page.join(&hub, "anna", "default:lobby").await;
    hub.freeze();
    let told = eventually(secs(20), "the banner", async || page.text("banner").await.ok_or("no banner")).await;
    hub.thaw();
    assert!(told.contains("The call goes on"), "{told}");
    eventually(secs(30), "the call is whole again", async || {
        match (page.js::<String>("callbox.call.state.state").await, page.text("banner").await) {
            (state, None) if state == "joined" => Ok(()),
            other => Err(other),
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_insecure_page_says_why_there_is_no_camera() {
    let hub = Hub::start();
    let port = hub.url.rsplit(':').next().unwrap();
    // a name that is not localhost: to a browser this is a page from the network, without HTTPS
    let page = Browser::start(Fake { host: Some("callbox.test".into()), ..Fake::default() }).await;
    page.open(&format!("http://callbox.test:{port}/?call=default:lobby#user=anna&password=correct%20horse")).await;
    let told = eventually(secs(15), "a word about it", async || page.text("device-alert").await.ok_or("nothing")).await;
    assert!(told.contains("HTTPS"), "{told}");
    page.click("join").await;
    page.in_call().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_socket_is_resumed_and_nobody_leaves() {
    let hub = Hub::start();
    let page = page(&hub).await;
    let seen: Value = page
        .sdk(
            "const sockets = []; const Real = WebSocket;
             globalThis.WebSocket = class extends Real { constructor(url) { super(url); sockets.push(this); } };
             const anna = await signedIn('anna'); const call = anna.call('default', 'drop'); await call.join({ create: true });
             const other = (await signedIn('ben')).call('default', 'drop'); await other.microphone.enable(); await other.join();
             await soon('connected', () => call.state.remoteParticipants[0]?.connected);
             const log = []; const track = call.state.remoteParticipants[0].videoTrack.id;
             call.on('stateChange', ({ state }) => log.push(state));
             call.on('participantUpdated', (one) => log.push(`muted ${one.muted.audio}`));
             for (const one of [call, other]) one.on('participantLeft', ({ id }) => log.push(`left ${id}`));
             other.on('participantUpdated', (one) => log.push(`others see ${one.state}`));
             sockets[0].close();
             await soon('away', () => log.includes('reconnecting'));
             await other.microphone.disable();
             await soon('back', () => log.includes('joined'));
             await soon('muted', () => log.includes('muted true'));
             return { log, same: call.state.remoteParticipants[0].videoTrack.id === track, sockets: sockets.length };",
        )
        .await;
    let log: Vec<&str> = seen["log"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(log.contains(&"others see reconnecting") && log.contains(&"others see joined"), "{log:?}");
    assert!(log.iter().all(|line| !line.starts_with("left")), "{log:?}");
    assert_eq!((&seen["same"], &seen["sockets"]), (&json!(true), &json!(3)), "{seen:#}");
}
