//! `callbox events`: what a person would call an event, found between two states. Counters are not events.

use super::figures;
use super::text::{self, clean};
use crate::protocol::control::{
    CallStatus, DeviceStatus, HubState, LineStatus, OutgoingStatus, ParticipantStatus, RingStatus, Status,
};

/// One line for each thing that changed; with nothing before, one for each thing there is.
pub fn changes(before: Option<&Status>, now: &Status) -> Vec<String> {
    let mut lines = Vec::new();
    let mut differs = |old: Option<String>, new: String| {
        if old.as_ref() != Some(&new) {
            lines.push(new);
        }
    };
    differs(before.map(hub), hub(now));
    differs(before.map(|status| call(status.call.as_ref())), call(now.call.as_ref()));
    let last = |status: &Status| status.last_call.as_ref().map(|call| figures::last(call).join("  "));
    if let Some(new) = now.last_call.as_ref().filter(|_| before.is_some()).and_then(|_| last(now)) {
        differs(before.and_then(last), new);
    }
    let was_ringing = before.and_then(|status| status.ring.as_ref()).map(ring);
    if let Some(new) = now.ring.as_ref().map(ring) {
        differs(was_ringing, new);
    }
    let was_calling = before.and_then(|status| status.outgoing.as_ref()).map(outgoing);
    if let Some(new) = now.outgoing.as_ref().map(outgoing) {
        differs(was_calling, new);
    }
    let quiet = |status: &Status| format!("do not disturb {}", if status.do_not_disturb { "on" } else { "off" });
    if before.is_some() || now.do_not_disturb {
        differs(before.map(quiet), quiet(now));
    }
    let others = |status: &Status| status.call.as_ref().map_or_else(Vec::new, |call| call.participants.clone());
    let (were, are) = (before.map_or_else(Vec::new, others), others(now));
    for other in &are {
        differs(were.iter().find(|old| old.id == other.id).map(participant), participant(other));
    }
    for gone in were.iter().filter(|old| are.iter().all(|other| other.id != old.id)) {
        differs(None, format!("{} left", clean(&gone.name)));
    }
    for (new, old) in devices(now).into_iter().zip(before.map_or([const { None }; 4], |status| devices(status).map(Some))) {
        differs(old, new);
    }
    let shared = |status: &Status| {
        let share = status.media.share.as_ref().map(|share| &share.device);
        share.map_or_else(|| "nothing is shared".to_owned(), |share| device("share", share))
    };
    if before.is_some() || now.media.share.is_some() {
        differs(before.map(shared), shared(now));
    }
    let gpio = |status: &Status| {
        let gpio = &status.gpio;
        gpio.buttons
            .iter()
            .chain(&gpio.lights)
            .chain(&gpio.relays)
            .chain(&gpio.privacy)
            .chain(&gpio.others)
            .map(line)
            .collect::<Vec<_>>()
    };
    let were = before.map_or_else(Vec::new, gpio);
    for (index, new) in gpio(now).into_iter().enumerate() {
        differs(were.get(index).cloned(), new);
    }
    lines
}

fn line(line: &LineStatus) -> String {
    let state = if line.on { "on" } else { text::device(line.state) };
    with(&format!("line {}", clean(&line.name)), state, line.error.as_deref())
}

fn hub(status: &Status) -> String {
    let state = match (status.hub.state, &status.hub.error) {
        // Every further attempt that fails in the same way is not news.
        (HubState::Connecting, Some(_)) => HubState::Disconnected,
        (state, _) => state,
    };
    with("hub", text::hub(state), status.hub.error.as_deref())
}

fn call(call: Option<&CallStatus>) -> String {
    let Some(call) = call else { return "no call".to_owned() };
    let state = text::call(call.state);
    let mut state = text::muted(call.muted).map_or_else(|| state.to_owned(), |muted| format!("{state}, {muted}"));
    if call.recorded {
        state.push_str(", recorded");
    }
    with(&format!("call {}", call.cid), &state, call.error.as_deref())
}

fn ring(ring: &RingStatus) -> String {
    let name = format!("call from {} ({})", clean(&ring.name), text::kind(ring.video));
    with(&name, text::ring(ring.state), ring.reason.as_deref())
}

fn outgoing(outgoing: &OutgoingStatus) -> String {
    let name = format!("call to {} ({})", clean(&outgoing.to), text::kind(outgoing.video));
    with(&name, text::outgoing(outgoing.state), outgoing.reason.as_deref())
}

fn participant(other: &ParticipantStatus) -> String {
    let state = text::connection(other.connection);
    let state = text::muted(other.muted).map_or_else(|| state.to_owned(), |muted| format!("{state}, {muted}"));
    let state = if other.sharing { format!("{state}, shares") } else { state };
    with(&clean(&other.name), &state, other.error.as_deref())
}

fn devices(status: &Status) -> [String; 4] {
    let media = &status.media;
    [
        device("camera", &media.camera),
        device("microphone", &media.microphone),
        device("speaker", &media.speaker),
        device("screen", &media.screen),
    ]
}

fn device(name: &str, device: &DeviceStatus) -> String {
    with(&format!("{name} {}", clean(&device.device)), text::device(device.state), device.error.as_deref())
}

fn with(what: &str, state: &str, error: Option<&str>) -> String {
    match error {
        Some(error) => format!("{what} {state}: {}", clean(error)),
        None => format!("{what} {state}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::client::page::tests::example;
    use crate::protocol::control::{DeviceState, PeerConnection};

    #[test]
    fn a_change_is_told_once_and_counters_are_not_changes() {
        let before = example();
        let mut now = before.clone();
        now.media.encoder.frames += 1;
        now.call.as_mut().unwrap().participants[0].video.frames_decoded += 30;
        assert!(changes(Some(&before), &now).is_empty());
        now.hub.state = HubState::Connected;
        now.hub.error = None;
        now.media.camera.state = DeviceState::Running;
        now.media.camera.error = None;
        let call = now.call.as_mut().unwrap();
        call.participants.remove(0);
        call.participants[0].connection = PeerConnection::Connected;
        assert_eq!(
            changes(Some(&before), &now),
            ["hub connected", "Kiosk connected, microphone off", "Anna[31m left", "camera test running"]
        );
    }

    #[test]
    fn rings_are_told_from_beginning_to_end() {
        let before = example();
        let mut now = before.clone();
        let ring = serde_json::json!({
            "cid": "default:visit", "by": "anna", "name": "Anna", "video": true, "since": "2026-01-01T10:00:00Z", "state": "ringing",
            "reason": null
        });
        now.ring = serde_json::from_value(ring).unwrap();
        now.do_not_disturb = true;
        assert_eq!(changes(Some(&before), &now), ["call from Anna (video) ringing", "do not disturb on"]);
        let before = now.clone();
        let ring = now.ring.as_mut().unwrap();
        (ring.state, ring.reason) = (crate::protocol::control::RingState::Ended, Some("missed".into()));
        assert_eq!(changes(Some(&before), &now), ["call from Anna (video) ended: missed"]);
        let before = now.clone();
        now.ring = None;
        assert!(changes(Some(&before), &now).is_empty());
    }

    #[test]
    fn attempts_that_fail_alike_are_told_once() {
        let before = example();
        let mut now = before.clone();
        now.hub.state = HubState::Connecting;
        assert!(changes(Some(&before), &now).is_empty());
        now.hub.error = Some("it has expired".into());
        assert_eq!(changes(Some(&before), &now), ["hub disconnected: it has expired"]);
    }

    #[test]
    fn the_first_state_is_told_whole() {
        let lines = changes(None, &example());
        assert_eq!(lines.len(), 10, "{lines:?}");
        assert_eq!(lines[1], "call default:lobby reconnecting, camera off");
    }
}
