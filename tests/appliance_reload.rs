//! The configuration is read anew while appliances are in a call: what changed is seen, and the connection is the same.
#![cfg(all(feature = "appliance", feature = "hub"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use callbox::protocol::control::{CallState, HubState, ParticipantStatus, PeerConnection, Status};
use support::{Appliance, Hub, eventually, secs};

const WHOLE: &str = "[camera]\nsource = \"test\"\nwidth = 320\nheight = 240\n[microphone]\nsource = \"test\"\n\
                     [speaker]\nsink = \"none\"\n[call]\nauto-join = \"default:lobby\"\n[video]\nbitrate = \"500 kbit/s\"";

fn edit(appliance: &Appliance, from: &str, to: &str) {
    let file = appliance.file("callbox.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains(from), "{text}");
    std::fs::write(&file, text.replace(from, to)).unwrap();
}

fn other(status: &Status) -> Result<&ParticipantStatus, String> {
    let call = status.call.as_ref().ok_or("no call")?;
    call.participants.first().ok_or_else(|| format!("alone: {call:?}"))
}

/// The picture of the other one: its width, and how many came over this connection.
fn seen(appliance: &Appliance) -> Result<(u32, u64), String> {
    let status = appliance.status()?;
    let other = other(&status)?;
    if other.connection != PeerConnection::Connected {
        return Err(format!("{other:?}"));
    }
    Ok((other.video.width, other.video.frames_decoded))
}

async fn connected(hub: &Hub, toml: &str) -> (Appliance, Appliance) {
    let (door, desk) = (Appliance::start(hub, "door-1", toml), Appliance::start(hub, "door-2", WHOLE));
    for appliance in [&door, &desk] {
        eventually(secs(30), "they see each other", async || match seen(appliance)? {
            (320, frames) if frames > 5 => Ok(()),
            other => Err(format!("{other:?}")),
        })
        .await;
    }
    (door, desk)
}

/// Whatever its columns are.
fn page(appliance: &Appliance) -> String {
    appliance.cli("status", &[]).unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn connections(appliance: &Appliance) -> usize {
    appliance.process.output().matches("state=Connected").count()
}

#[tokio::test]
async fn a_section_that_changes_in_a_call_is_started_anew_and_the_connection_stays() {
    let hub = Hub::start();
    let (door, desk) = connected(&hub, WHOLE).await;
    let before = seen(&desk).unwrap().1;
    edit(&door, "width = 320\nheight = 240", "width = 640\nheight = 480");
    edit(&door, "[video]", "[log]\nlevel = \"debug\"\n[video]");
    let said = door.cli("reload", &[]).unwrap();
    assert_eq!(said, "taken: log, camera\n");
    eventually(secs(20), "the desk sees the larger picture", async || match seen(&desk)? {
        (640, frames) if frames > before => Ok(()),
        other => Err(format!("{other:?} after {before} pictures")),
    })
    .await;
    assert_eq!((connections(&door), connections(&desk)), (1, 1), "the connection is the same");
    assert_eq!(door.cli("reload", &[]).unwrap(), "nothing has changed\n");
}

#[tokio::test]
async fn a_broken_file_is_refused_with_its_report_and_the_last_good_one_goes_on() {
    let hub = Hub::start();
    let (mut door, desk) = connected(&hub, WHOLE).await;
    edit(&door, "width = 320", "widht = 641");
    let refused = door.cli("reload", &[]).unwrap_err();
    assert!(refused.contains("callbox.toml:") && refused.contains("did you mean `width`?"), "{refused}");
    assert!(refused.contains("1 problem: the configuration of before goes on"), "{refused}");
    let error = door.status().unwrap().config.error.unwrap();
    assert!(error.contains("`widht` is not a key of [camera]"), "{error}");
    assert!(page(&door).contains("config refused"), "{}", page(&door));

    door.process.signal("HUP");
    door.process.wait_for_line("the last good one goes on", secs(10));
    let (width, frames) = seen(&desk).unwrap();
    assert_eq!(width, 320);

    edit(&door, "widht = 641", "width = 640");
    edit(&door, "height = 240", "height = 480");
    door.process.signal("HUP");
    door.process.wait_for_line("the configuration was read anew", secs(10));
    eventually(secs(20), "the mended file is taken", async || match (seen(&desk)?, door.status()?.config.error) {
        ((640, now), None) if now > frames => Ok(()),
        other => Err(format!("{other:?}")),
    })
    .await;
    assert_eq!((connections(&door), connections(&desk)), (1, 1), "the connection is the same");
}

#[tokio::test]
async fn what_a_connection_was_made_with_waits_until_nobody_is_connected() {
    let hub = Hub::start();
    let (door, desk) = connected(&hub, WHOLE).await;
    edit(&door, "500 kbit/s", "400 kbit/s");
    edit(&door, "[video]", "[network]\njitter-buffer = \"80ms\"\n[video]");
    assert_eq!(door.cli("reload", &[]).unwrap(), "waits until nobody is connected: video, network\n");
    assert_eq!(door.status().unwrap().config.pending, ["video", "network"]);
    assert!(page(&door).contains("config pending video, network: when nobody is connected"), "{}", page(&door));
    assert_eq!(connections(&door), 1);
    desk.cli("leave", &[]).unwrap();
    eventually(secs(15), "alone, the door takes it", async || {
        let pending = door.status()?.config.pending;
        if pending.is_empty() { Ok(()) } else { Err(format!("{pending:?}")) }
    })
    .await;
    desk.cli("join", &["default:lobby"]).unwrap();
    eventually(secs(20), "with the new limit", async || {
        let bitrate = door.status()?.media.encoder.bitrate;
        if seen(&desk).is_ok() && (1..=400_000).contains(&bitrate) { Ok(()) } else { Err(format!("{bitrate} bit/s")) }
    })
    .await;
}

#[tokio::test]
async fn another_password_file_is_another_sign_in_and_media_do_not_notice() {
    let hub = Hub::start();
    let (door, desk) = connected(&hub, WHOLE).await;
    let right = hub.password_file().display().to_string();
    let wrong = door.file("wrong-password").display().to_string();
    std::fs::write(&wrong, "guessed").unwrap();
    std::fs::set_permissions(&wrong, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    edit(&door, &right, &wrong);
    assert_eq!(door.cli("reload", &[]).unwrap(), "taken: hub\n");
    eventually(secs(20), "the hub does not let it in", async || match door.status()?.hub {
        hub if hub.state != HubState::Connected && hub.error.is_some() => Ok(()),
        hub => Err(format!("{hub:?}")),
    })
    .await;
    let before = seen(&desk).unwrap().1;
    edit(&door, &wrong, &right);
    assert_eq!(door.cli("reload", &[]).unwrap(), "taken: hub\n");
    eventually(secs(20), "signed in anew, and in the call", async || {
        let (status, frames) = (door.status()?, seen(&desk)?.1);
        let joined = status.call.as_ref().is_some_and(|call| call.state == CallState::Joined);
        if joined && frames > before { Ok(()) } else { Err(format!("{frames} {status:?}")) }
    })
    .await;
    assert_eq!((connections(&door), connections(&desk)), (1, 1), "the connection is the same");
}

#[tokio::test]
async fn another_user_waits_for_quiet_and_then_everything_is_started_anew() {
    let hub = Hub::start();
    let (door, desk) = connected(&hub, WHOLE).await;
    edit(&door, "user = \"door-1\"", "user = \"anna\"");
    assert_eq!(door.cli("reload", &[]).unwrap(), "waits until nobody is connected: hub.user\n");
    desk.cli("leave", &[]).unwrap();
    let user = async |name: &str| {
        eventually(secs(20), "somebody else is there", async || match door.status()? {
            status if status.user.as_str() == name && status.call.is_some() => Ok(()),
            status => Err(format!("{status:?}")),
        })
        .await;
    };
    user("anna").await;
    assert_eq!(door.status().unwrap().config.pending, Vec::<String>::new());

    // What cannot work is noticed when it is tried; then the last good configuration is there again.
    edit(&door, &door.file("control.sock").display().to_string(), "/proc/nowhere/control.sock");
    door.cli("reload", &[]).unwrap();
    eventually(secs(20), "it goes on as before and says why", async || match door.status()?.config.error {
        Some(error) if error.contains("/proc/nowhere") => Ok(()),
        error => Err(format!("{error:?}")),
    })
    .await;
    user("anna").await;
}
