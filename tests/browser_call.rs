//! Two real Chromiums in a call through a real hub.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use support::{Browser, Fake, Hub, eventually, hold, secs};

#[tokio::test(flavor = "multi_thread")]
async fn two_people_see_and_hear_each_other_and_one_leaves() {
    let hub = Hub::start();
    let (anna, ben) = tokio::join!(Browser::start(Fake::default()), Browser::start(Fake::default()));
    tokio::join!(anna.join(&hub, "anna", "default:lobby"), ben.join(&hub, "ben", "default:lobby"));

    let seen = eventually(secs(20), "Anna sees Ben move", async || anna.sees("Ben Holm", 10).await).await;
    eventually(secs(10), "Ben sees Anna move", async || ben.sees("Anna Berg", 10).await).await;
    eventually(secs(10), "the frames go on", async || anna.sees("Ben Holm", seen + 20).await).await;
    anna.shot("two-desktop").await;
    let [red, green, blue] = anna.colour(0.45, 0.05, 0.1, 0.1).await;
    assert!(green > red + 60.0 && green > blue + 60.0, "the fake camera is green, this is {red} {green} {blue}");
    eventually(secs(10), "Anna hears Ben's beeps", async || match anna.loudness().await {
        loud if loud > 0.005 => Ok(()),
        silent => Err(silent),
    })
    .await;

    ben.click("call-mic").await;
    eventually(secs(5), "Anna sees that Ben is muted", async || match anna.tile("Ben Holm").await {
        Ok(tile) if tile.label.contains("microphone off") => Ok(()),
        other => Err(other),
    })
    .await;
    eventually(secs(10), "and it is quiet", async || match anna.loudness().await {
        silent if silent < 0.001 => Ok(()),
        loud => Err(loud),
    })
    .await;
    ben.click("call-cam").await;
    eventually(secs(5), "Anna sees an avatar instead of Ben", async || match anna.tile("Ben Holm").await {
        Ok(tile) if !tile.picture && tile.label.contains("camera off") => Ok(()),
        other => Err(other),
    })
    .await;
    anna.shot("muted-desktop").await;
    let before = anna.tile("Ben Holm").await.unwrap().frames;
    ben.click("call-cam").await;
    eventually(secs(10), "the camera is back without a new connection", async || anna.sees("Ben Holm", before + 10).await).await;

    anna.driver.set_window_rect(0, 0, 844, 540).await.unwrap();
    tokio::time::sleep(secs(1)).await; // only for the picture
    anna.shot("two-landscape").await;

    ben.click("leave").await;
    eventually(secs(5), "Ben is gone", async || match anna.tiles().await {
        tiles if tiles.len() == 1 => Ok(()),
        tiles => Err(tiles),
    })
    .await;
    eventually(secs(5), "Ben is in the lobby again", async || ben.text("lobby-note").await.ok_or("no note")).await;
    let present = eventually(secs(5), "and sees who is in", async || {
        ben.text("who").await.filter(|who| who.contains("Anna")).ok_or("nobody")
    });
    present.await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_that_was_off_at_the_join_can_be_switched_on_in_the_call() {
    let hub = Hub::start();
    let (anna, ben) = tokio::join!(Browser::start(Fake::default()), Browser::start(Fake::default()));
    anna.join(&hub, "anna", "default:lobby").await;
    let link = format!("{}/?call=default:lobby&join=1&camera=off&microphone=off#user=ben&password=correct%20horse", hub.url);
    ben.open(&link).await;
    ben.in_call().await;
    eventually(secs(15), "Ben sees Anna", async || ben.sees("Anna Berg", 10).await).await;
    let tile = anna.tile("Ben Holm").await.unwrap();
    assert!(!tile.picture && tile.label.contains("microphone off") && tile.label.contains("camera off"), "{tile:?}");
    let connections: u64 = ben.js("performance.getEntriesByType('resource').length").await;

    ben.click("call-cam").await;
    ben.click("call-mic").await;
    eventually(secs(10), "Anna sees Ben", async || anna.sees("Ben Holm", 10).await).await;
    eventually(secs(10), "and hears him", async || match anna.loudness().await {
        loud if loud > 0.005 => Ok(()),
        silent => Err(silent),
    })
    .await;
    assert!(connections > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_media_go_on_while_the_hub_is_away_and_all_is_well_when_it_is_back() {
    let mut hub = Hub::start();
    let (anna, ben) = tokio::join!(Browser::start(Fake::default()), Browser::start(Fake::default()));
    tokio::join!(anna.join(&hub, "anna", "default:lobby"), ben.join(&hub, "ben", "default:lobby"));
    let mut seen = eventually(secs(20), "Anna sees Ben", async || anna.sees("Ben Holm", 10).await).await;
    eventually(secs(10), "Ben sees Anna", async || ben.sees("Anna Berg", 10).await).await;
    // a mark on the connection itself: it must be the same one at the end
    let epoch = "[...callbox.call.state.remoteParticipants][0].videoTrack.id";
    let before: String = anna.js(epoch).await;

    hub.kill();
    eventually(secs(10), "Anna is told", async || anna.text("banner").await.ok_or("no banner")).await;
    anna.shot("hub-away-desktop").await;
    hold(secs(3), "the picture moves without the hub", async || {
        tokio::time::sleep(secs(1)).await;
        seen = anna.sees("Ben Holm", seen + 5).await?;
        Ok::<_, Vec<support::Tile>>(())
    })
    .await;
    ben.click("call-mic").await;

    hub.restart();
    for (browser, other) in [(&anna, "Ben Holm"), (&ben, "Anna Berg")] {
        eventually(secs(20), "the call is whole again", async || {
            let state: String = browser.js("callbox.call.state.state").await;
            let tiles = browser.tiles().await;
            let tile = browser.tile(other).await?;
            if state == "joined" && tiles.len() == 2 && !tile.label.contains("econnecting") { Ok(()) } else { Err(tiles) }
        })
        .await;
    }
    eventually(secs(10), "what was muted meanwhile is known", async || match anna.tile("Ben Holm").await {
        Ok(tile) if tile.label.contains("microphone off") => Ok(()),
        other => Err(other),
    })
    .await;
    assert!(anna.text("banner").await.is_none(), "the banner is gone");
    eventually(secs(5), "the picture still moves", async || anna.sees("Ben Holm", seen + 10).await).await;
    assert_eq!(anna.js::<String>(epoch).await, before, "the same connection all the time");
}

#[tokio::test(flavor = "multi_thread")]
async fn four_people_fit_on_a_phone() {
    let hub = Hub::start();
    let phone = Browser::start(Fake { phone: true, ..Fake::default() }).await;
    let desk = Browser::start(Fake::default()).await;
    phone.join(&hub, "anna", "default:lobby").await;
    desk.join(&hub, "ben", "default:lobby").await;
    eventually(secs(20), "the phone sees the desk", async || phone.sees("Ben Holm", 10).await).await;
    phone.shot("two-phone").await;
    desk.shot("two-phone-other").await;
    // further windows of the second browser are further participants
    for user in ["carla", "door-1"] {
        let window = desk.driver.new_window().await.unwrap();
        desk.driver.switch_to_window(window).await.unwrap();
        desk.join(&hub, user, "default:lobby").await;
    }
    for name in ["Ben Holm", "Carla", "Front door"] {
        eventually(secs(30), name, async || phone.sees(name, 3).await).await;
    }
    phone.shot("four-phone").await;
    desk.shot("four-desktop").await;
    let overflow: i64 = phone.js("document.documentElement.scrollWidth - document.documentElement.clientWidth").await;
    assert_eq!(overflow, 0, "no horizontal scrolling");
    let outside: Vec<String> = phone
        .js("[...document.querySelectorAll('.tile, .round, .button')].filter((e) => e.checkVisibility()).filter((e) => { \
             const box = e.getBoundingClientRect(); return box.left < 0 || box.right > innerWidth || box.top < 0 || box.bottom > innerHeight; \
             }).map((e) => e.id || e.getAttribute('aria-label'))")
        .await;
    assert!(outside.is_empty(), "outside the screen: {outside:?}");
}
