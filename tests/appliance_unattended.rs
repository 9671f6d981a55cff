//! An appliance with nobody there to look after it: the call of the hour, soft nights, the next user, and quiet that outlives a
//! restart.
#![cfg(all(feature = "appliance", feature = "hub"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use callbox::protocol::control::{HubState, Status};
use support::{Appliance, Hub, eventually, secs};

const PLAIN: &str =
    "[camera]\nsource = \"none\"\n[microphone]\nsource = \"test\"\n[speaker]\nsink = \"file\"\nfile = \"{dir}/heard.wav\"\n";

async fn shows(door: &Appliance, what: &str, is: impl Fn(&Status) -> bool) {
    eventually(secs(30), what, async || match door.status() {
        Ok(status) if is(&status) => Ok(()),
        other => Err(other),
    })
    .await;
}

fn is_in(status: &Status, cid: &str) -> bool {
    status.call.as_ref().is_some_and(|call| call.cid.to_string() == cid && call.participant.is_some())
}

#[tokio::test]
async fn the_call_of_the_hour_comes_before_the_one_of_all_other_hours() {
    let hub = Hub::start();
    // Two halves of every day, so that one of them holds now.
    let toml = format!(
        "{PLAIN}[call]\nauto-join = \"default:other\"\n[[schedule]]\ntime = \"00:00-12:00\"\ncall = \"default:hour\"\n\
         [[schedule]]\ntime = \"12:00-00:00\"\ncall = \"default:hour\"\n"
    );
    let door = Appliance::start(&hub, "door-1", &toml);
    shows(&door, "it is in the call of the hour", |status| is_in(status, "default:hour")).await;
    door.cli("leave", &[]).unwrap();
    shows(&door, "who leaves stays out", |status| status.call.is_none()).await;
}

#[tokio::test]
async fn what_was_said_about_disturbing_outlives_a_restart() {
    let hub = Hub::start();
    let mut door = Appliance::start(&hub, "door-1", PLAIN);
    shows(&door, "it is signed in", |status| status.hub.state == HubState::Connected && !status.do_not_disturb).await;
    door.cli("do-not-disturb", &["on"]).unwrap();
    let file = door.file("state/do-not-disturb");
    eventually(secs(10), "it is written down", async || {
        std::fs::read_to_string(&file).ok().filter(|text| text == "on\n").ok_or(())
    })
    .await;
    door.kill();
    door.restart();
    shows(&door, "it is quiet after the restart", |status| status.hub.state == HubState::Connected && status.do_not_disturb).await;
    door.cli("do-not-disturb", &["off"]).unwrap();
    eventually(
        secs(10),
        "the schedule says the same: there is nothing to remember",
        async || {
            if file.exists() { Err(()) } else { Ok(()) }
        },
    )
    .await;
}

#[tokio::test]
async fn the_night_is_softer_whatever_is_asked_for() {
    let hub = Hub::start();
    let night = format!("{PLAIN}volume = 60\nmax-volume = 80\nnight = [\"00:00-12:00\", \"12:00-00:00\"]\nnight-volume = 30\n");
    let door = Appliance::start(&hub, "door-1", &night);
    shows(&door, "it is as loud as the night allows", |status| status.media.sound.volume == Some(30)).await;
    door.cli("volume", &["70"]).unwrap();
    door.cli("volume", &["20"]).unwrap();
    shows(&door, "softer is possible", |status| status.media.sound.volume == Some(20)).await;
    door.cli("volume", &["70"]).unwrap();
    shows(&door, "louder is not", |status| status.media.sound.volume == Some(30)).await;
}

#[tokio::test]
async fn the_next_user_finds_everything_as_it_is_configured() {
    let hub = Hub::start();
    let lobby = "[call]\nauto-join = \"default:lobby\"\nreset-after = \"1s\"\n";
    let door = Appliance::start(&hub, "door-1", &format!("{PLAIN}volume = 60\n{lobby}"));
    let desk = Appliance::start(&hub, "door-2", &format!("{PLAIN}[call]\nauto-join = \"default:lobby\"\n"));
    let with_desk = |status: &Status| status.call.as_ref().is_some_and(|call| !call.participants.is_empty());
    shows(&door, "both are in", with_desk).await;
    door.cli("mute", &[]).unwrap();
    door.cli("volume", &["90"]).unwrap();
    door.cli("volume", &["150", "door-2"]).unwrap();
    shows(&door, "it is as the user wants it", |status| {
        status.media.sound.volume == Some(90) && status.call.as_ref().is_some_and(|call| call.muted.audio)
    })
    .await;
    desk.cli("leave", &[]).unwrap();
    shows(&door, "it is ready for the next user", |status| {
        status.media.sound.volume == Some(60)
            && status.call.as_ref().is_some_and(|call| !call.muted.audio && call.participants.is_empty())
    })
    .await;
}

#[tokio::test]
async fn of_two_who_command_at_once_each_is_told_and_nothing_is_half_done() {
    let hub = Hub::start();
    let door = Appliance::start(&hub, "door-1", PLAIN);
    shows(&door, "it is signed in", |status| status.hub.state == HubState::Connected).await;
    for _ in 0..5 {
        let (ben, carla) = std::thread::scope(|scope| {
            let ben = scope.spawn(|| door.cli("call", &["ben"]));
            let carla = scope.spawn(|| door.cli("call", &["carla"]));
            (ben.join().unwrap(), carla.join().unwrap())
        });
        let (called, why) = match (ben, carla) {
            (Ok(_), Err(why)) => ("ben", why),
            (Err(why), Ok(_)) => ("carla", why),
            both => panic!("exactly one is called: {both:?}"),
        };
        assert!(why.contains(&format!("calling {called} already")), "{why}");
        assert_eq!(door.status().unwrap().outgoing.unwrap().to, called);
        let (one, other) = std::thread::scope(|scope| {
            let one = scope.spawn(|| door.cli("hangup", &[]));
            let other = scope.spawn(|| door.cli("hangup", &[]));
            (one.join().unwrap(), other.join().unwrap())
        });
        let refused = [one, other].into_iter().filter_map(Result::err).collect::<Vec<_>>();
        assert!(refused.len() == 1 && refused[0].contains("not in a call"), "one hangs up, the other is told: {refused:?}");
        let calls = |status: &Status| status.outgoing.as_ref().is_some_and(|call| call.reason.is_none());
        assert!(!calls(&door.status().unwrap()) && door.status().unwrap().call.is_none());
    }
    let (on, off) = std::thread::scope(|scope| {
        let on = scope.spawn(|| door.cli("do-not-disturb", &["on"]));
        let off = scope.spawn(|| door.cli("do-not-disturb", &["off"]));
        (on.join().unwrap(), off.join().unwrap())
    });
    assert!(on.is_ok() && off.is_ok(), "either may be the last: {on:?} {off:?}");
    let (join, call) = std::thread::scope(|scope| {
        let join = scope.spawn(|| door.cli("join", &["default:lobby"]));
        let call = scope.spawn(|| door.cli("call", &["ben"]));
        (join.join().unwrap(), call.join().unwrap())
    });
    assert!(join.is_ok(), "{join:?}");
    shows(&door, "it is in one place", |status| {
        let calls = status.outgoing.as_ref().is_some_and(|outgoing| outgoing.reason.is_none());
        is_in(status, "default:lobby") && calls == (call.is_ok() && calls)
    })
    .await;
}
