//! An appliance whose devices are not there, in a real call with another one.
#![cfg(all(feature = "appliance", feature = "hub"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use callbox::protocol::control::{CallState, DeviceState, ParticipantStatus, PeerConnection, Status};
use support::{Appliance, Hub, eventually, secs, speech};

const WHOLE: &str = "[camera]\nsource = \"test\"\nwidth = 320\nheight = 240\n[microphone]\nsource = \"test\"\n\
                     [speaker]\nsink = \"none\"\n[call]\nauto-join = \"default:lobby\"";

fn other(status: &Status) -> Result<&ParticipantStatus, String> {
    let call = status.call.as_ref().ok_or("no call")?;
    call.participants.first().ok_or_else(|| format!("alone: {call:?}"))
}

#[tokio::test]
async fn an_appliance_without_camera_and_microphone_joins_and_takes_them_when_they_come() {
    let hub = Hub::start();
    let directory = tempfile::tempdir().unwrap();
    let microphone = directory.path().join("microphone");
    std::fs::write(&microphone, "nothing that sounds").unwrap();
    let bare = format!(
        "[camera]\nsource = \"v4l2\"\ndevice = \"/dev/video-that-is-not-there\"\n\
                [microphone]\nsource = \"file\"\nfile = \"{}\"\n\
                [speaker]\nsink = \"none\"\n[call]\nauto-join = \"default:lobby\"",
        microphone.display()
    );
    let (door, desk) = (Appliance::start(&hub, "door-1", &bare), Appliance::start(&hub, "door-2", WHOLE));
    eventually(secs(20), "the door sees the desk and says what is missing", async || {
        let status = door.status()?;
        let seen = other(&status)?;
        let media = &status.media;
        let joined = status.call.as_ref().is_some_and(|call| call.state == CallState::Joined);
        let missing = media.camera.state == DeviceState::Missing && media.microphone.state == DeviceState::Failed;
        let named = media.camera.error.as_ref().is_some_and(|text| text.contains("video-that-is-not-there"));
        if joined && missing && named && seen.video.frames_decoded > 10 { Ok(()) } else { Err(format!("{status:?}")) }
    })
    .await;
    std::fs::copy(speech("Now I can speak."), &microphone).unwrap();
    eventually(secs(20), "the desk hears the door", async || {
        let status = desk.status()?;
        let heard = other(&status)?.audio.packets;
        if heard > 10 && door.status()?.media.microphone.state == DeviceState::Running {
            Ok(())
        } else {
            Err(format!("{heard} packets"))
        }
    })
    .await;
}

#[tokio::test]
async fn the_camera_and_the_encoder_run_only_while_somebody_is_there() {
    let hub = Hub::start();
    let door = Appliance::start(&hub, "door-1", WHOLE);
    let idle = |status: &Status| status.media.camera.state == DeviceState::Idle && status.media.encoder.instances == 0;
    eventually(secs(20), "the door is in the call, alone, with its camera off", async || {
        let status = door.status()?;
        let joined = status.call.as_ref().is_some_and(|call| call.state == CallState::Joined);
        if joined && idle(&status) { Ok(()) } else { Err(format!("{status:?}")) }
    })
    .await;
    let desk = Appliance::start(&hub, "door-2", WHOLE);
    eventually(secs(20), "they are connected", async || {
        let status = door.status()?;
        let connected = other(&status)?.connection == PeerConnection::Connected;
        if connected && status.media.encoder.instances == 1 { Ok(()) } else { Err(format!("{status:?}")) }
    })
    .await;
    desk.cli("leave", &[]).unwrap();
    eventually(secs(10), "the camera is off again", async || {
        let status = door.status()?;
        if idle(&status) { Ok(()) } else { Err(format!("{status:?}")) }
    })
    .await;
}

#[tokio::test]
async fn an_appliance_killed_in_a_call_comes_back_as_the_same_participant() {
    let hub = Hub::start();
    let (mut door, desk) = (Appliance::start(&hub, "door-1", WHOLE), Appliance::start(&hub, "door-2", WHOLE));
    let seen = async |least: u64| {
        let status = desk.status()?;
        let other = other(&status)?;
        if other.connection == PeerConnection::Connected && other.video.frames_decoded > least {
            Ok(other.id.clone())
        } else {
            Err(format!("{other:?}"))
        }
    };
    let before = eventually(secs(20), "the desk sees the door", async || seen(10).await).await;
    door.kill();
    door.restart();
    eventually(secs(5), "the desk loses the picture, not the participant", async || {
        let status = desk.status()?;
        let other = other(&status)?;
        if other.video.frames_decoded < 10 { Ok(()) } else { Err(format!("{other:?}")) }
    })
    .await;
    let after = eventually(secs(20), "the desk sees the door again", async || seen(10).await).await;
    assert_eq!(before, after);
}
