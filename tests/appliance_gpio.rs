//! An appliance whose buttons, lights and relays are not there: it works all the same, and says so. What they do when they are
//! there is tested on the virtual board, `tests/device`.
#![cfg(all(feature = "appliance", feature = "hub"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use callbox::protocol::control::{DeviceState, Status};
use support::{Appliance, Hub, eventually, secs};

/// A chip that no machine has.
const NOWHERE: &str = "[camera]\nsource = \"test\"\nwidth = 320\nheight = 240\n[microphone]\nsource = \"test\"\n\
                       [speaker]\nsink = \"none\"\n[call]\nauto-join = \"default:lobby\"\n\
                       [[button]]\nline = \"BELL\"\nchip = \"gpiochip4711\"\npress = \"open door\"\n\
                       [[light]]\nline = 1\nchip = \"gpiochip4711\"\nname = \"lamp\"\nshows = \"in-call\"\n\
                       [[relay]]\nline = 2\nchip = \"gpiochip4711\"\nname = \"door\"\n";

fn lines(status: &Status) -> Vec<&callbox::protocol::control::LineStatus> {
    let gpio = &status.gpio;
    gpio.buttons.iter().chain(&gpio.lights).chain(&gpio.relays).chain(&gpio.privacy).collect()
}

#[tokio::test]
async fn lines_that_are_not_there_are_named_and_cost_nothing_else() {
    let hub = Hub::start();
    let door = Appliance::start(&hub, "door-1", NOWHERE);
    eventually(secs(20), "the door is in the call and says what is missing", async || {
        let status = door.status()?;
        let said = |text: &Option<String>| text.as_ref().is_some_and(|text| text.contains("no GPIO chip"));
        let named = lines(&status).iter().all(|line| line.state == DeviceState::Missing && said(&line.error));
        let joined = status.call.as_ref().is_some_and(|call| call.participant.is_some());
        if named && joined && lines(&status).len() == 3 { Ok(()) } else { Err(format!("{status:?}")) }
    })
    .await;
    let page = door.cli("status", &[]).unwrap();
    assert!(page.contains("relay   missing  door (gpiochip4711 2): "), "{page}");
    let refused = door.cli("open", &["door"]).unwrap_err();
    assert!(refused.contains("the relay door does not work: ") && refused.contains("no GPIO chip"), "{refused}");
    let unknown = door.cli("open", &["dor"]).unwrap_err();
    assert_eq!(unknown, "error: there is no relay named dor: there is door\n");
}

#[tokio::test]
async fn a_privacy_switch_that_cannot_be_read_is_on() {
    let hub = Hub::start();
    let other = "[camera]\nsource = \"test\"\nwidth = 320\nheight = 240\n[microphone]\nsource = \"test\"\n\
                 [speaker]\nsink = \"none\"\n[call]\nauto-join = \"default:lobby\"";
    let door = Appliance::start(&hub, "door-1", &format!("{NOWHERE}[privacy]\nline = 3\nchip = \"gpiochip4711\"\n"));
    let desk = Appliance::start(&hub, "door-2", other);
    eventually(secs(20), "the door sees and hears the desk, and sends nothing itself", async || {
        let status = door.status()?;
        let seen = status.call.as_ref().and_then(|call| call.participants.first()).ok_or("alone")?;
        let cut = status.gpio.privacy.as_ref().is_some_and(|line| line.on && line.state == DeviceState::Missing);
        let idle = [&status.media.camera, &status.media.microphone].iter().all(|device| device.state == DeviceState::Idle);
        let received = seen.video.frames_decoded > 10 && seen.audio.packets > 10;
        if cut && idle && received { Ok(()) } else { Err(format!("{status:?}")) }
    })
    .await;
    let refused = door.cli("unmute", &["all"]).unwrap_err();
    assert!(refused.contains("the privacy switch is on"), "{refused}");
    let status = desk.status().unwrap();
    let door = &status.call.as_ref().unwrap().participants[0];
    assert!(door.muted.audio && door.muted.video, "the others are told: {door:?}");
    assert_eq!((door.video.frames_decoded, door.audio.packets), (0, 0));
}
