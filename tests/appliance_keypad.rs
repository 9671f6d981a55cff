//! A keypad of the kernel, made by uinput where that is possible: its keys do what buttons do. The rest, and all of it where there
//! is no uinput, is tested on the virtual board, `tests/device/31-keypad.sh`.
#![cfg(all(feature = "appliance", feature = "hub"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use callbox::protocol::control::{DeviceState, HubState, LineStatus, Status};
use evdev::uinput::VirtualDevice;
use evdev::{AttributeSet, InputEvent, KeyCode};
use support::{Appliance, Hub, eventually, secs};

const NAME: &str = "Callbox test keypad";

fn keypad() -> Option<VirtualDevice> {
    let keys: AttributeSet<KeyCode> = [KeyCode::KEY_ENTER, KeyCode::KEY_ESC].into_iter().collect();
    let made = VirtualDevice::builder().and_then(|builder| builder.name(NAME).with_keys(&keys)?.build());
    made.map_err(|error| eprintln!("skipped: there is no uinput here ({error}); see tests/device/31-keypad.sh")).ok()
}

fn config(device: &str) -> String {
    format!(
        "[camera]\nsource = \"none\"\n[microphone]\nsource = \"test\"\n[speaker]\nsink = \"none\"\n[[keypad]]\ndevice = \"{device}\"\n\
         [keypad.press]\nenter = {{ idle = \"join default:lobby\", in-call = \"toggle mic\" }}\nesc = \"hangup\"\n"
    )
}

async fn shows(door: &Appliance, what: &str, is: impl Fn(&Status) -> bool) {
    eventually(secs(30), what, async || match door.status() {
        Ok(status) if is(&status) => Ok(()),
        other => Err(other),
    })
    .await;
}

fn of(status: &Status) -> &LineStatus {
    status.gpio.others.iter().find(|line| line.name == "keypad").unwrap()
}

#[tokio::test]
async fn a_keypad_that_is_not_there_is_named_and_costs_nothing_else() {
    let hub = Hub::start();
    let door = Appliance::start(&hub, "door-1", &config("/dev/input/by-id/no-such-keypad"));
    shows(&door, "it is signed in, and says what is missing", |status| {
        let keypad = of(status);
        let said = keypad.error.as_ref().is_some_and(|error| error.contains("plug it in"));
        status.hub.state == HubState::Connected && keypad.state == DeviceState::Missing && said
    })
    .await;
    let page = door.cli("status", &[]).unwrap();
    assert!(page.contains("keypad  missing"), "{page}");
}

#[tokio::test]
async fn keys_do_what_buttons_do() {
    let Some(mut keypad) = keypad() else { return };
    let hub = Hub::start();
    let door = Appliance::start(&hub, "door-1", &config(&format!("name:{NAME}")));
    shows(&door, "it has the keypad", |status| status.hub.state == HubState::Connected && of(status).state == DeviceState::Running)
        .await;
    let mut press = |key: KeyCode| {
        for value in [1, 0] {
            keypad.emit(&[InputEvent::new(evdev::EventType::KEY.0, key.0, value)]).unwrap();
        }
    };
    press(KeyCode::KEY_ENTER);
    shows(&door, "a key joins", |status| status.call.as_ref().is_some_and(|call| call.participant.is_some())).await;
    press(KeyCode::KEY_ENTER);
    shows(&door, "in the call it mutes", |status| status.call.as_ref().is_some_and(|call| call.muted.audio)).await;
    press(KeyCode::KEY_ESC);
    shows(&door, "another one hangs up", |status| status.call.is_none()).await;
}
