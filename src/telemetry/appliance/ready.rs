//! Whether an appliance could take a call now.

use crate::protocol::control::{DeviceState, DeviceStatus, HubState, LineStatus, Status};

/// What is missing, a line for each thing; nothing when it is ready. A device that no call needs at the moment is not missed.
pub fn missing(status: &Status) -> Vec<String> {
    let mut missing = Vec::new();
    if status.hub.state != HubState::Connected {
        missing.push(with("not signed in at the hub", status.hub.error.as_deref()));
    }
    let media = &status.media;
    for (name, device) in
        [("camera", &media.camera), ("microphone", &media.microphone), ("speaker", &media.speaker), ("screen", &media.screen)]
    {
        missing.extend(trouble(name, device));
    }
    let gpio = &status.gpio;
    let lines = gpio.buttons.iter().chain(&gpio.lights).chain(&gpio.relays).chain(&gpio.privacy).chain(&gpio.others);
    missing.extend(lines.filter(|line| !works(line)).map(|line| with(&format!("line {}", line.name), line.error.as_deref())));
    missing
}

fn trouble(name: &str, device: &DeviceStatus) -> Option<String> {
    let word = match device.state {
        DeviceState::Idle | DeviceState::Starting | DeviceState::Running | DeviceState::Disabled => return None,
        DeviceState::Missing => "is missing",
        DeviceState::Busy => "is busy",
        DeviceState::Denied => "may not be used",
        DeviceState::Failed => "does not work",
    };
    Some(with(&format!("{name} {} {word}", device.device), device.error.as_deref()))
}

fn works(line: &LineStatus) -> bool {
    line.state == DeviceState::Running && line.error.is_none()
}

/// On one line, whatever the reason holds.
fn with(what: &str, why: Option<&str>) -> String {
    let text = why.map_or_else(|| what.to_owned(), |why| format!("{what}: {why}"));
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::UserId;
    use crate::protocol::control::HubStatus;

    #[test]
    fn all_that_is_missing_is_named_and_what_rests_is_not() {
        let hub = HubStatus { url: String::new(), state: HubState::Connected, error: None, retry_in_s: None };
        let mut status = Status::new(UserId::new("door").unwrap(), String::new(), hub);
        assert_eq!(missing(&status), [""; 0]);
        status.hub.state = HubState::Connecting;
        status.media.camera =
            DeviceStatus { state: DeviceState::Missing, device: "/dev/video0".into(), error: Some("no\nsuch file".into()) };
        status.gpio.relays.push(LineStatus { name: "door".into(), error: Some("busy".into()), ..LineStatus::default() });
        let expected = ["not signed in at the hub", "camera /dev/video0 is missing: no such file", "line door: busy"];
        assert_eq!(missing(&status), expected);
    }
}
