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

#[tokio::test(flavor = "multi_thread")]
async fn c17_a_door_that_nobody_answers_is_told_and_so_are_the_two_who_missed_it() {
    // Two seconds of ringing, and the same for everybody.
    let hub = Hub::with("[[call-type]]\nname = \"default\"\nsettings = { ring = { incoming_call_timeout_ms = 2000 } }\n");
    let (door, anna, ben) = tokio::join!(door(&hub), lobby(&hub, "anna"), lobby(&hub, "ben"));
    door.cli("call", &["reception"]).unwrap();
    told(&anna, "ring-title", "Front door is calling").await;
    told(&anna, "toasts", "Missed call from Front door").await;
    told(&ben, "toasts", "Missed call from Front door").await;
    let over = |status: &Status| status.outgoing.as_ref().is_some_and(|call| call.reason.is_some());
    shows(&door, "the door is told", |status| status.call.is_none() && (over(status) || status.outgoing.is_none())).await;
}

/// Backstage and going live, a member put out, the end for all, and who may join after it: two pages and an appliance in one call.
#[tokio::test(flavor = "multi_thread")]
async fn g34_g41_g15_g16_two_pages_and_the_door_go_live_lose_a_member_end_and_come_back_as_they_may() {
    let show = "[[call-type]]\nname = \"show\"\nsettings = { backstage = { enabled = true } }\n\
        grants = { user = [\"create-call\", \"read-call\"], call-member = [\"read-call\", \"join-call\", \"send-audio\", \"send-video\"] }\n\
        [[user]]\nid = \"root\"\nrole = \"admin\"\npassword-hash = \"$argon2id$v=19$m=19456,t=2,p=1$P6BopYW7qmX4nfbUgBp3+w$Yriio6wLz4n0o+3d8UmNbuB0fuVmIhuVTV7Ukhc/fcs\"\n";
    let hub = Hub::with(show);
    let (door, anna, ben) = tokio::join!(door(&hub), Browser::start(Fake::default()), Browser::start(Fake::default()));
    anna.join(&hub, "anna", "show:tonight").await;
    let members =
        async |change: &str| anna.js_async::<Option<bool>>(&format!("await callbox.call.updateCallMembers({change});")).await;
    members("{ update_members: [{ user_id: 'ben' }, { user_id: 'door-1' }] }").await;
    let state = |wanted: CallState| move |status: &Status| status.call.as_ref().is_some_and(|call| call.state == wanted);

    ben.open(&format!("{}/?call=show:tonight#user=ben&password=correct%20horse", hub.url)).await;
    eventually(secs(20), "the lobby", async || ben.text("join").await.ok_or("no lobby")).await;
    ben.click("join").await;
    told(&ben, "backstage", "This call is not live yet").await;
    door.cli("join", &["show:tonight"]).unwrap();
    shows(&door, "the door waits in the lobby", state(CallState::Lobby)).await;
    anna.click("go-live").await;
    ben.in_call().await;
    shows(&door, "the door is in", state(CallState::Joined)).await;
    eventually(secs(30), "Ben sees the door", async || ben.sees("Front door", 5).await).await;
    eventually(secs(30), "Anna sees the door", async || anna.sees("Front door", 5).await).await;

    members("{ remove_members: ['door-1'] }").await;
    shows(&door, "the door is out", |status| status.call.as_ref().is_none_or(|call| call.participant.is_none())).await;
    eventually(secs(10), "Anna and Ben are alone", async || match ben.tiles().await {
        tiles if tiles.len() == 2 => Ok(()),
        tiles => Err(tiles),
    })
    .await;
    members("{ update_members: [{ user_id: 'door-1' }] }").await;
    door.cli("join", &["show:tonight"]).unwrap();
    shows(&door, "the door is in again", state(CallState::Joined)).await;

    anna.click("call-people").await;
    anna.click("end-all").await;
    told(&anna, "end-all", "Tap again").await;
    anna.click("end-all").await;
    told(&ben, "lobby-note", "The call was ended by Anna Berg").await;
    shows(&door, "it has ended for the door as well", state(CallState::Ended)).await;
    ben.click("join").await;
    told(&ben, "join-error", "join-ended-call").await;
    door.cli("join", &["show:tonight"]).unwrap();
    shows(&door, "the door may not come back", |status| {
        status.call.as_ref().and_then(|call| call.error.as_ref()).is_some_and(|error| error.contains("join-ended-call"))
    })
    .await;
    let grant = "const call = (await signedIn('root')).call('show', 'tonight');\
        for (const user of ['ben', 'door-1']) await call.updatePermissions(user, { grant: ['join-ended-call', 'join-backstage'] });";
    let _: Option<bool> = anna.sdk(grant).await;
    ben.click("join").await;
    ben.in_call().await;
    shows(&door, "the door comes back by itself", state(CallState::Joined)).await;
}
