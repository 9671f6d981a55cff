//! A call outlives what networks do: blackouts, another address, a peer that dies. Two real appliances in network namespaces.
#![cfg(all(feature = "appliance", feature = "hub"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

mod support;

use std::time::{Duration, Instant};

use callbox::protocol::control::{ParticipantStatus, PeerConnection};
use support::{Appliance, Goal, Hub, Net, Side, eventually, figure, hold, secs};

const DEVICES: &str = "[call]\nauto-join = \"default:lobby\"\n[camera]\nsource = \"test\"\nwidth = 320\nheight = 240\nframerate = 15\n\
     [microphone]\nsource = \"test\"\n[speaker]\nsink = \"none\"\n";

/// A door at one end of a wire; a desk and the hub at the other.
struct Call {
    door: Appliance,
    desk: Appliance,
    _hub: Hub,
    net: Net,
}

impl Call {
    /// None where there are no network namespaces.
    async fn begin() -> Option<Self> {
        let net = Net::lay()?;
        let hub = Hub::start_in(&net, Side::B);
        let door = Appliance::start_in(&net, Side::A, &hub, "door-1", DEVICES);
        let desk = Appliance::start_in(&net, Side::B, &hub, "door-2", DEVICES);
        let call = Self { door, desk, _hub: hub, net };
        call.pictures_come(secs(40)).await;
        Some(call)
    }

    /// Waits until each sees and hears more of the other than now.
    async fn pictures_come(&self, within: Duration) {
        for appliance in [&self.door, &self.desk] {
            let before = other(appliance).ok();
            eventually(within, "it sees and hears the other", async || {
                let now = other(appliance)?;
                let seen = |one: &ParticipantStatus| (one.video.frames_decoded, one.audio.packets);
                // Another connection counts from the start.
                let (pictures, sounds) = before.as_ref().map(seen).filter(|before| seen(&now).0 >= before.0).unwrap_or_default();
                let more = seen(&now).0 > pictures + 5 && seen(&now).1 > sounds + 5;
                if now.connection == PeerConnection::Connected && more { Ok(()) } else { Err(format!("{now:?}")) }
            })
            .await;
        }
    }

    async fn notice(&self, within: Duration) {
        for appliance in [&self.door, &self.desk] {
            gone(appliance, within).await;
        }
    }
}

fn other(appliance: &Appliance) -> Result<ParticipantStatus, String> {
    let status = appliance.status()?;
    status.call.as_ref().and_then(|call| call.participants.first()).cloned().ok_or(format!("nobody else: {status:?}"))
}

/// It took so long, which should be less than so many seconds.
fn passed(what: &str, seconds: f64, since: Instant) {
    figure(what, Goal::Under(seconds), since.elapsed().as_secs_f64(), "s");
}

/// Waits until it says that nothing comes.
async fn gone(appliance: &Appliance, within: Duration) {
    eventually(within, "it notices", async || match other(appliance) {
        Ok(other) if other.connection == PeerConnection::Connected => Err(other),
        _ => Ok(()),
    })
    .await;
}

#[tokio::test]
#[ignore = "make test-network"]
async fn after_a_blackout_the_call_goes_on_within_a_second() {
    let Some(call) = Call::begin().await else { return };
    let before = other(&call.desk).unwrap();
    call.net.plug(Side::A, false);
    let begun = Instant::now();
    call.notice(secs(5)).await;
    passed("blackout: noticed after", 5.0, begun);
    tokio::time::sleep(secs(5).saturating_sub(begun.elapsed())).await;
    call.net.plug(Side::A, true);
    let begun = Instant::now();
    call.pictures_come(secs(5)).await;
    passed("blackout of 5 s: pictures come again after", 1.0, begun);
    assert_eq!(other(&call.desk).unwrap().id, before.id, "the same participant");
}

#[tokio::test]
#[ignore = "make test-network"]
async fn a_path_that_dies_is_noticed_within_five_seconds_and_another_one_found_when_there_is_one() {
    let Some(call) = Call::begin().await else { return };
    // Signaling goes on: only media have no way.
    call.net.block(Side::A);
    call.net.block(Side::B);
    let begun = Instant::now();
    call.notice(secs(5)).await;
    passed("path that dies: noticed after", 5.0, begun);
    tokio::time::sleep(secs(20)).await;
    call.net.heal(Side::A);
    call.net.heal(Side::B);
    let begun = Instant::now();
    call.pictures_come(secs(20)).await;
    passed("20 s without a path: pictures come again after", 5.0, begun);
}

#[tokio::test]
#[ignore = "make test-network"]
async fn a_peer_that_dies_without_a_word_is_noticed_within_five_seconds_and_freed() {
    let Some(mut call) = Call::begin().await else { return };
    call.door.kill();
    let begun = Instant::now();
    gone(&call.desk, secs(5)).await;
    passed("peer that dies: noticed after", 5.0, begun);
    let begun = Instant::now();
    call.door.restart();
    call.pictures_come(secs(20)).await;
    passed("peer that dies: started again, pictures come after", 5.0, begun);
}

#[tokio::test]
#[ignore = "make test-network"]
async fn another_address_is_followed_within_three_seconds_as_the_same_participant() {
    let Some(call) = Call::begin().await else { return };
    let before = other(&call.desk).unwrap();
    // A second network, to which the door could go as well: nothing changes yet.
    let (a, b) = (call.net.name(Side::A), call.net.name(Side::B));
    call.net.run(Side::A, &["ip", "link", "add", "second", "type", "veth", "peer", "name", "second", "netns", b]);
    for (side, address) in [(Side::A, "10.98.0.1/24"), (Side::B, "10.98.0.2/24")] {
        call.net.run(side, &["ip", "address", "add", address, "dev", "second"]);
        call.net.run(side, &["ip", "link", "set", "second", "up"]);
    }
    call.net.run(Side::A, &["ip", "route", "add", Side::B.address(), "via", "10.98.0.2", "metric", "500"]);
    hold(secs(2), "a new network changes nothing", async || {
        let now = other(&call.desk)?;
        if now.connection == PeerConnection::Connected { Ok(()) } else { Err(format!("{now:?} in {a}")) }
    })
    .await;
    call.net.run(Side::A, &["ip", "address", "del", &format!("{}/24", Side::A.address()), "dev", "wire"]);
    let begun = Instant::now();
    call.pictures_come(secs(20)).await;
    passed("another address: pictures come again after", 3.0, begun);
    assert_eq!(other(&call.desk).unwrap().id, before.id, "the same participant");
}

#[tokio::test]
#[ignore = "make test-network"]
async fn who_switches_everything_off_is_not_taken_for_dead() {
    let Some(call) = Call::begin().await else { return };
    call.door.cli("mute", &["audio", "video"]).unwrap();
    call.desk.cli("mute", &["audio"]).unwrap();
    hold(secs(12), "both are connected", async || {
        for appliance in [&call.door, &call.desk] {
            let now = other(appliance)?;
            if now.connection != PeerConnection::Connected {
                return Err(format!("{now:?}"));
            }
        }
        Ok(())
    })
    .await;
    let connections = call.desk.process.output().matches("state=Connected").count();
    assert_eq!(connections, 1, "no other connection was made");
}
