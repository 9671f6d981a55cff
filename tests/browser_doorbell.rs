//! Two Chromiums and an appliance: somebody rings at the door, one of two answers, and the other way round.
#![cfg(all(feature = "appliance", feature = "hub"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use callbox::protocol::control::{CallState, HubState, RingState, Status};
use support::{Appliance, Browser, Fake, Hub, eventually, secs};

const DOOR: &str = "[camera]\nsource = \"test\"\nwidth = 320\nheight = 240\n[microphone]\nsource = \"test\"\n[speaker]\nsink = \"none\"\n\
    [[speed-dial]]\nname = \"reception\"\nusers = [\"anna\", \"ben\"]\n";

async fn shows(door: &Appliance, what: &str, is: impl Fn(&Status) -> bool) {
    eventually(secs(30), what, async || match door.status() {
        Ok(status) if is(&status) => Ok(()),
        other => Err(other),
    })
    .await;
}

async fn door(hub: &Hub) -> Appliance {
    let door = Appliance::start(hub, "door-1", DOOR);
    shows(&door, "it is signed in", |status| status.hub.state == HubState::Connected).await;
    door
}

async fn lobby(hub: &Hub, user: &str) -> Browser {
    let browser = Browser::start(Fake::default()).await;
    browser.open(&format!("{}/?call=default:lobby#user={user}&password=correct%20horse", hub.url)).await;
    eventually(secs(20), "the lobby", async || browser.text("join").await.ok_or("no lobby")).await;
    browser
}

async fn told(browser: &Browser, id: &str, part: &str) {
    eventually(secs(20), part, async || match browser.text(id).await {
        Some(text) if text.contains(part) => Ok(()),
        text => Err(text),
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k20_the_door_rings_at_two_and_when_one_answers_the_other_stops() {
    let hub = Hub::start();
    let (door, anna, ben) = tokio::join!(door(&hub), lobby(&hub, "anna"), lobby(&hub, "ben"));
    door.cli("call", &["reception"]).unwrap();
    told(&anna, "ring-title", "Front door is calling").await;
    told(&ben, "ring-title", "Front door is calling").await;
    ben.shot("doorbell-desktop").await;
    ben.click("ring-video").await;
    ben.in_call().await;
    eventually(secs(30), "Ben sees the door", async || ben.sees("Front door", 10).await).await;
    told(&anna, "toasts", "answered elsewhere").await;
    assert!(anna.text("ring-title").await.is_none());
    shows(&door, "the door sees Ben", |status| {
        let call = status.call.as_ref().filter(|call| call.state == CallState::Joined);
        call.is_some_and(|call| call.participants.iter().any(|other| other.name == "Ben Holm" && other.video.frames_decoded > 10))
    })
    .await;
    door.cli("hangup", &[]).unwrap();
    told(&ben, "lobby-note", "The call is over").await;
    shows(&door, "the door is in no call", |status| status.call.is_none()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k9_the_door_answers_a_page_and_c23_rejects_with_a_reason() {
    let hub = Hub::start();
    let (door, anna) = tokio::join!(door(&hub), lobby(&hub, "anna"));
    let rings = |status: &Status| status.ring.as_ref().is_some_and(|ring| ring.state == RingState::Ringing);
    anna.type_into("dial-user", "door-1").await;
    anna.click("dial-video").await;
    shows(&door, "the door rings", rings).await;
    door.cli("answer", &[]).unwrap();
    eventually(secs(30), "Anna sees the door", async || anna.sees("Front door", 10).await).await;
    anna.click("leave").await;
    told(&anna, "lobby-note", "You left the call").await;
    shows(&door, "the door is in no call", |status| status.call.is_none()).await;

    anna.type_into("dial-user", "door-1").await;
    anna.click("dial-sound").await;
    shows(&door, "the door rings again", rings).await;
    door.cli("reject", &["--reason", "busy"]).unwrap();
    told(&anna, "toasts", "is busy").await;
    told(&anna, "lobby-note", "declined").await;
}
