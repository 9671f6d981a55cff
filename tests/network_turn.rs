//! Calls by way of a real TURN server: what has no direct path, or may not use it.
#![cfg(all(feature = "appliance", feature = "hub"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use callbox::protocol::control::{ParticipantStatus, Path, PeerConnection, Status};
use serde_json::Value;
use support::{Appliance, Browser, Fake, Hub, Turn, eventually, hold, secs};

const DEVICES: &str = "[call]\nauto-join = \"default:lobby\"\n[camera]\nsource = \"test\"\nwidth = 320\nheight = 240\nframerate = 15\n\
     [microphone]\nsource = \"test\"\n[speaker]\nsink = \"none\"\n";
const RELAY_ONLY: &str = "[network]\nrelay-only = true\n";

fn start(hub: &Hub, user: &str, more: &str) -> Appliance {
    Appliance::start(hub, user, &format!("{DEVICES}{more}"))
}

/// The one other, when its pictures and its sound come in: more than so many of each.
fn talking(status: &Status, more: u64) -> Option<&ParticipantStatus> {
    let other = status.call.as_ref()?.participants.first()?;
    let up = other.connection == PeerConnection::Connected;
    (up && other.video.frames_decoded > more && other.audio.packets > more).then_some(other)
}

async fn talk(appliances: &[&Appliance], more: u64) {
    for appliance in appliances {
        eventually(secs(40), "it sees and hears the other", async || {
            let status = appliance.status()?;
            talking(&status, more).map(drop).ok_or(format!("{status:?}"))
        })
        .await;
    }
}

/// Whether all that comes from the other comes by way of the relay.
async fn relayed(appliance: &Appliance) {
    let stats = eventually(secs(20), "the other is heard for a while", async || {
        let status = appliance.status()?;
        let stats = talking(&status, 0).and_then(|other| other.stats.clone()).ok_or("no figures")?;
        let heard = stats.received.packets > 100 && stats.received.audio_bitrate > 10_000;
        heard.then_some(stats.clone()).ok_or(format!("{stats:?}"))
    })
    .await;
    assert_eq!(stats.path, Some(Path::Relayed), "{stats:?}");
    let page = appliance.cli("status", &[]).unwrap();
    assert!(page.contains("  relayed  "), "{page}");
}

/// Two appliances that may only relay, by way of these urls.
async fn two_relayed(turn: &Turn, urls: &str, keys: &str) {
    let hub = Hub::with(&turn.hub(urls, "1h"));
    let begin = |user| Appliance::trusting(&hub, user, keys, &format!("{DEVICES}{RELAY_ONLY}"));
    let both = vec![begin("door-1"), begin("door-2")];
    talk(&[&both[0], &both[1]], 60).await;
    for appliance in &both {
        let log = appliance.process.output();
        assert!(!log.contains("turn://"), "a secret is in the log: {log}");
    }
    for appliance in &both {
        relayed(appliance).await;
    }
    assert!(turn.said("CHANNEL_BIND processed, success") >= 2, "{}", turn.process.output());
    both[0].cli("leave", &[]).unwrap();
    let summary = eventually(secs(5), "the call is summed up", async || both[0].status()?.last_call.ok_or("none".to_owned())).await;
    assert!(summary.frames_decoded > 60 && summary.frames_sent > 60 && summary.packets > 100, "{summary:?}");
    assert!(both[0].process.output().contains("the call is over"), "{}", both[0].process.output());
}

#[tokio::test]
async fn c36_two_appliances_that_may_only_relay_talk_through_the_relay() {
    let turn = Turn::start();
    two_relayed(&turn, "\"turn:HOST:PORT\"", "").await;
}

#[tokio::test]
async fn where_udp_is_not_let_out_the_relay_is_reached_over_tcp() {
    let turn = Turn::with(&["--no-udp"]);
    two_relayed(&turn, "\"turn:HOST:PORT?transport=tcp\"", "").await;
}

#[tokio::test]
async fn where_nothing_but_tls_is_let_out_the_relay_is_reached_over_tls() {
    let turn = Turn::secure();
    let ca = format!("ca-file = {:?}\n", turn.certificate());
    two_relayed(&turn, "\"turns:HOST:TLS\"", &ca).await;
    assert!(turn.said("TLS") > 0, "{}", turn.process.output());
}

#[tokio::test]
async fn credentials_that_end_in_the_call_do_not_end_the_call_and_fresh_ones_are_used_after_them() {
    let turn = Turn::start();
    let hub = Hub::with(&turn.hub("\"turn:HOST:PORT\"", "12s"));
    let (door, mut desk) = (start(&hub, "door-1", RELAY_ONLY), start(&hub, "door-2", RELAY_ONLY));
    talk(&[&door, &desk], 10).await;
    let frames = || talking(&door.status()?, 0).map(|other| other.video.frames_decoded).ok_or("no longer connected".to_owned());
    let before = frames().unwrap();
    hold(secs(20), "the connection is up", async || frames()).await;
    assert!(frames().unwrap() > before + 100, "pictures went on: {before}, {:?}", frames());
    // A connection that begins now would be refused with the credentials of the beginning.
    desk.kill();
    desk.restart();
    talk(&[&desk, &door], 10).await;
    let output = turn.process.output();
    let allocated = output.lines().filter(|line| line.contains("ALLOCATE processed, success"));
    let users: std::collections::BTreeSet<&str> =
        allocated.filter_map(|line| line.split("user <").nth(1)?.split('>').next()).collect();
    assert!(users.iter().filter(|user| user.ends_with(":door-1")).count() >= 2, "{users:?}");
}

#[tokio::test]
async fn a_turn_server_that_is_down_delays_nothing() {
    let mut turn = Turn::start();
    // One that refuses, and one that says nothing at all.
    let urls = "\"turn:HOST:PORT\", \"turn:192.0.2.77:3478?transport=tcp\", \"turn:198.51.100.7:3478\", \"stun:198.51.100.8:3478\"";
    let hub = Hub::with(&turn.hub(urls, "1h"));
    turn.kill();
    let (door, desk) = (start(&hub, "door-1", ""), start(&hub, "door-2", ""));
    talk(&[&door, &desk], 10).await;
    for appliance in [&door, &desk] {
        let first = appliance.status().unwrap().call.unwrap().first_picture_ms.unwrap();
        assert!(first < 3000, "the first picture came after {first} ms");
    }
}

#[tokio::test]
async fn an_appliance_that_may_only_relay_says_so_where_there_is_no_relay() {
    let hub = Hub::start();
    let (door, _desk) = (start(&hub, "door-1", RELAY_ONLY), start(&hub, "door-2", ""));
    eventually(secs(30), "it says why", async || {
        let status = door.status()?;
        let other = status.call.as_ref().and_then(|call| call.participants.first()).ok_or("nobody")?.clone();
        if other.error.as_ref().is_some_and(|text| text.contains("network.relay-only")) {
            Ok(())
        } else {
            Err(format!("{other:?}"))
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c36_an_appliance_and_a_page_that_may_only_relay_see_each_other() {
    let turn = Turn::start();
    let hub = Hub::with(&turn.hub("\"turn:HOST:PORT\"", "1h"));
    let door = start(&hub, "door-1", RELAY_ONLY);
    let browser = Browser::start(Fake::default()).await;
    browser.open(&format!("{}/style.css", hub.url)).await;
    let seen: Value = browser
        .sdk(
            "const client = new Client({ relayOnly: true }); await client.signIn('anna', 'correct horse');
             const call = client.call('default', 'lobby'); await call.join();
             const other = () => call.state.remoteParticipants[0];
             await soon('connected', () => other()?.connected, 30_000);
             const report = async () => [...((await call.stats(other())) ?? new Map()).values()];
             await soon('pictures', async () => (await report()).some((one) => one.type === 'inbound-rtp' && one.framesDecoded > 30));
             const all = await report(); const pair = all.find((one) => one.type === 'candidate-pair' && one.nominated);
             globalThis.keep = [client, call];
             return all.find(({ id }) => id === pair.localCandidateId).candidateType;",
        )
        .await;
    assert_eq!(seen, "relay");
    talk(&[&door], 30).await;
    relayed(&door).await;
    drop(browser);
}
