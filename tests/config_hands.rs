//! What is said of doors, keypads, screens, brokers and hours that make no sense, and what is made of those that do.
#![cfg(all(feature = "appliance", feature = "hub"))]
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use callbox::config::{Appliance, Door, Inputs, Trust, load_appliance};
use callbox::protocol::action::Phase;

const HUB: &str = "[hub]\nurl = \"wss://hub.example.org\"\nuser = \"door-1\"\npassword-file = \"password\"\n";

fn load(text: &str) -> Result<(Appliance, String), String> {
    let directory = tempfile::tempdir().unwrap();
    for (name, content) in [("password", "secret"), ("ca.pem", ""), ("door.toml", &format!("{HUB}{text}"))] {
        fs::write(directory.path().join(name), content).unwrap();
        fs::set_permissions(directory.path().join(name), fs::Permissions::from_mode(0o600)).unwrap();
    }
    let inputs = Inputs { file: Some(directory.path().join("door.toml")), ..Inputs::default() };
    match load_appliance(&inputs) {
        Ok(loaded) => Ok((loaded.config, loaded.warnings.to_string())),
        Err(report) => Err(report.to_string()),
    }
}

const RELAY: &str = "[[relay]]\nline = \"OPENER\"\nname = \"strike\"\n";

#[test]
fn what_makes_no_sense_is_pointed_at_with_a_way_out() {
    let cases = [
        ("[door]\nrelay = \"strik\"\n[[relay]]\nline = \"A\"\nname = \"strike\"", "did you mean \"strike\"?"),
        ("[door]\nrelay = \"strike\"", "write a [[relay]] with name = \"strike\""),
        ("[door]\ncode = \"5\"", "name the [[relay]] that opens it"),
        ("[door]\nrelay = \"strike\"\ncode = \"five\"\n[[relay]]\nline = \"A\"\nname = \"strike\"", "1 to 16 of 0123456789*#ABCD"),
        ("[[keypad]]\n[keypad.press]\nenter = \"answer\"", "`keypad.device` is missing"),
        ("[[keypad]]\ndevice = \"/dev/input/event0\"", "say what its keys do"),
        ("[[keypad]]\ndevice = \"event0\"\n[keypad.press]\nenter = \"answer\"", "a part of its name"),
        ("[[keypad]]\ndevice = \"name:pad\"\n[keypad.press]\nentr = \"answer\"", "did you mean enter?"),
        ("[[keypad]]\ndevice = \"name:pad\"\n[keypad.press]\nenter = \"anser\"", "`keypad.press.enter` makes no sense"),
        ("[[keypad]]\ndevice = \"name:pad\"\n[keypad.press]\nenter = 5", "must be a text, not"),
        ("[[keypad]]\ndevice = \"name:pad\"\n[keypad.press]\nenter = { idel = \"answer\" }", "idel"),
        ("[[keypad]]\ndevice = \"name:pad\"\npress = \"answer\"", "must be a table of keys"),
        ("[[keypad]]\ndevice = \"name:pad\"\n[keypad.hold]\n1 = \"open gate\"", "there is no relay named \"gate\""),
        ("[cec]\nname = \"A name that is far too long\"", "1 to 14 letters"),
        ("[mqtt]\ntopic = \"house\"", "name the broker"),
        ("[mqtt]\nurl = \"http://broker\"", "the scheme must be"),
        ("[mqtt]\nurl = \"mqtt://broker\"\ntopic = \"house/#\"", "without + and #"),
        ("[mqtt]\nurl = \"mqtt://broker\"\npassword-file = \"password\"", "a password needs a user"),
        ("[mqtt]\nurl = \"mqtt://broker\"\nca-file = \"ca.pem\"", "`mqtt.ca-file` needs mqtts://"),
        ("[[schedule]]\ndays = [\"mo\"]\ncall = \"default:desk\"", "did you mean \"mon\"?"),
        ("[[schedule]]\ntime = \"8-18\"\ncall = \"default:desk\"", "`schedule.time` makes no sense"),
        ("[[schedule]]\ndays = []\ncall = \"default:desk\"", "name at least one day"),
        ("[[schedule]]\ntime = \"08:00-18:00\"", "say which call to be in"),
        ("[speaker]\nnight = [\"22:00-07:00\"]", "both belong together"),
        ("[speaker]\nnight-volume = 30", "both belong together"),
        ("[call]\nreset-after = 30", "name the unit"),
    ];
    for (text, wanted) in cases {
        let said = load(text).map(|_| ()).unwrap_err();
        assert!(said.contains(wanted), "{text}\n--- says:\n{said}\n--- without: {wanted}");
    }
}

#[test]
fn what_makes_sense_is_taken() {
    let text = format!(
        "{RELAY}[door]\nrelay = \"strike\"\ncode = \"*1#\"\n\
         [[keypad]]\ndevice = \"name:pad\"\ngrab = false\nhold-time = \"2s\"\n[keypad.press]\nkp1 = \"open strike\"\n\
         enter = {{ ringing = \"answer\", calling = \"hangup\" }}\n[keypad.hold]\nkp1 = \"leave\"\n\
         [cec]\nstandby = false\n[call]\nreset-after = \"30s\"\n\
         [[schedule]]\ndays = [\"sat\", \"sun\"]\ntime = \"10:00-16:00\"\ncall = \"default:weekend\"\n"
    );
    let (config, warnings) = load(&text).unwrap();
    assert_eq!(warnings, "0 warnings");
    assert_eq!(config.door, Some(Door { relay: "strike".into(), code: Some("*1#".into()) }));
    let [keypad] = &config.gpio.keypads[..] else { panic!() };
    let names: Vec<_> = keypad.keys.iter().map(|key| (key.name.as_str(), key.code)).collect();
    assert_eq!(names, [("enter", 28), ("kp1", 79)]);
    assert!(!keypad.grab && keypad.hold_time == Duration::from_secs(2));
    let enter = &keypad.keys[0].press;
    assert!(enter.now(Phase::Ringing).is_some() && enter.now(Phase::Calling).is_some() && enter.now(Phase::Idle).is_none());
    assert!(!keypad.keys[1].hold.is_empty() && keypad.keys[1].press.now(Phase::InCall).is_some());
    let cec = config.gpio.cec.unwrap();
    assert!(!cec.standby && cec.device.ends_with("cec0"));
    assert_eq!(config.call.reset_after, Some(Duration::from_secs(30)));
    assert!(config.call.schedules[0].holds(5, 12 * 60) && !config.call.schedules[0].holds(0, 12 * 60));
}

#[test]
fn a_broker_is_off_unless_named_and_in_the_clear_only_with_a_warning() {
    assert_eq!(load("").unwrap().0.gpio.mqtt, None);
    let secured =
        "[mqtt]\nurl = \"mqtts://broker.example.org\"\nca-file = \"ca.pem\"\nuser = \"house\"\npassword-file = \"password\"\n";
    let (config, warnings) = load(secured).unwrap();
    let mqtt = config.gpio.mqtt.unwrap();
    assert_eq!(
        (mqtt.host.as_str(), mqtt.port, mqtt.topic.as_str(), mqtt.discovery),
        ("broker.example.org", 8883, "callbox/door-1", None)
    );
    assert!(matches!(mqtt.tls, Some(Trust::CaFile(_))) && warnings == "0 warnings", "{warnings}");
    let clear =
        "[mqtt]\nurl = \"mqtt://broker:1884/\"\nuser = \"house\"\npassword-file = \"password\"\ndiscovery = \"homeassistant\"\n";
    let (config, warnings) = load(clear).unwrap();
    let mqtt = config.gpio.mqtt.unwrap();
    assert_eq!((mqtt.port, mqtt.tls, mqtt.discovery.as_deref()), (1884, None, Some("homeassistant")));
    assert!(warnings.contains("in the clear"), "{warnings}");
}
