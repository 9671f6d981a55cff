//! PURE. What happened, told by name: found between what was shown and what is shown now.

use std::collections::BTreeSet;

use crate::protocol::control::{
    CallState, CallStatus, DeviceState, DeviceStatus, GpioStatus, HubState, LineStatus, MediaStatus, OutgoingState, OutgoingStatus,
    ParticipantStatus, PeerConnection, RingState, RingStatus, SentPicture, Status,
};
use crate::protocol::event::{Event, EventKind};
use crate::protocol::hub::Muted;

/// Each device, and what is told of it.
const DEVICES: [(&str, EventKind, EventKind); 4] = [
    ("camera", EventKind::CameraLost, EventKind::CameraBack),
    ("microphone", EventKind::MicrophoneLost, EventKind::MicrophoneBack),
    ("speaker", EventKind::SpeakerLost, EventKind::SpeakerBack),
    ("screen", EventKind::ScreenLost, EventKind::ScreenBack),
];

/// Looks for news.
#[derive(Debug, Default)]
pub(super) struct News {
    before: Option<Status>,
    /// Devices and lines of which it was told that they are lost: each further attempt that fails is no news.
    lost: BTreeSet<String>,
    /// Whether it was told that the hub is away.
    offline: bool,
}

impl News {
    /// What happened since it was asked last.
    pub(super) fn since(&mut self, now: &Status) -> Vec<Event> {
        let mut events = Vec::new();
        let before = self.before.take();
        // At the start nothing has happened yet; what does not work is news then as well.
        if let Some(before) = &before {
            calls(before.call.as_ref(), now.call.as_ref(), &mut events);
            rings(before.ring.as_ref(), now.ring.as_ref(), &mut events);
            dials(before.outgoing.as_ref(), now.outgoing.as_ref(), now.call.as_ref(), &mut events);
            if before.do_not_disturb != now.do_not_disturb {
                events.push(Event::new(EventKind::QuietChanged).step(on(before.do_not_disturb), on(now.do_not_disturb)));
            }
            media(before, now, &mut events);
            if let Some(summary) = now.last_call.as_ref().filter(|summary| before.last_call.as_ref() != Some(*summary)) {
                let event = Event::new(EventKind::CallSummary).in_call(&summary.cid);
                events.push(Event { summary: Some(Box::new(summary.clone())), ..event });
            }
            for relay in now.gpio.relays.iter().filter(|relay| relay.on) {
                if before.gpio.relays.iter().any(|old| old.name == relay.name && !old.on) {
                    events.push(Event::new(EventKind::RelayOpened).named(&relay.name));
                }
            }
            let was_private = before.gpio.privacy.as_ref().is_some_and(|line| line.on);
            if let Some(privacy) = now.gpio.privacy.as_ref().filter(|line| line.on != was_private) {
                let kind = if privacy.on { EventKind::PrivacyOn } else { EventKind::PrivacyOff };
                events.push(Event::new(kind).named(&privacy.name));
            }
        }
        self.hub(before.as_ref(), now, &mut events);
        self.devices(before.as_ref(), now, &mut events);
        self.lines(&now.gpio, &mut events);
        self.before = Some(now.clone());
        events
    }

    fn hub(&mut self, before: Option<&Status>, now: &Status, events: &mut Vec<Event>) {
        let is_connected = |status: &Status| status.hub.state == HubState::Connected;
        let connected = is_connected(now);
        // An attempt that has not failed yet is none.
        let away = !connected && now.hub.error.is_some();
        if connected && !before.is_some_and(is_connected) {
            events.push(Event::new(EventKind::HubConnected).named(&now.hub.url));
        } else if away && !self.offline {
            events.push(Event::new(EventKind::HubLost).named(&now.hub.url).because(now.hub.error.as_deref()));
        }
        self.offline = !connected && (self.offline || away);
    }

    fn devices(&mut self, before: Option<&Status>, now: &Status, events: &mut Vec<Event>) {
        for (index, (name, lost, back)) in DEVICES.into_iter().enumerate() {
            let device = devices(&now.media)[index];
            let was = before.map(|before| devices(&before.media)[index].state);
            if is_trouble(device.state) {
                if self.lost.insert(name.to_owned()) {
                    events.push(Event::new(lost).named(&device.device).because(device.error.as_deref()));
                }
            } else if is_well(device.state, was) && self.lost.remove(name) {
                events.push(Event::new(back).named(&device.device));
            }
        }
    }

    fn lines(&mut self, now: &GpioStatus, events: &mut Vec<Event>) {
        let all = [("button", &now.buttons), ("light", &now.lights), ("relay", &now.relays), ("other", &now.others)];
        let lines = all.into_iter().flat_map(|(kind, lines)| lines.iter().map(move |line| (kind, line)));
        for (kind, line) in lines.chain(now.privacy.iter().map(|line| ("privacy", line))) {
            self.line(kind, line, events);
        }
    }

    fn line(&mut self, kind: &str, line: &LineStatus, events: &mut Vec<Event>) {
        let key = format!("{kind} {}", line.name);
        let works = line.state == DeviceState::Running && line.error.is_none();
        if works && self.lost.remove(&key) {
            events.push(Event::new(EventKind::LineBack).named(key));
        } else if !works && line.error.is_some() && self.lost.insert(key.clone()) {
            events.push(Event::new(EventKind::LineLost).named(key).because(line.error.as_deref()));
        }
    }
}

fn devices(media: &MediaStatus) -> [&DeviceStatus; 4] {
    [&media.camera, &media.microphone, &media.speaker, &media.screen]
}

/// Whether a device is not to be had.
pub(super) fn is_trouble(state: DeviceState) -> bool {
    match state {
        DeviceState::Missing | DeviceState::Busy | DeviceState::Denied | DeviceState::Failed => true,
        DeviceState::Idle | DeviceState::Starting | DeviceState::Running | DeviceState::Disabled => false,
    }
}

/// It runs; or, without a call, what was not there is there again.
fn is_well(state: DeviceState, was: Option<DeviceState>) -> bool {
    let appeared = matches!(was, Some(DeviceState::Missing | DeviceState::Denied));
    matches!(state, DeviceState::Running | DeviceState::Disabled) || state == DeviceState::Idle && appeared
}

fn on(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

fn calls(before: Option<&CallStatus>, now: Option<&CallStatus>, events: &mut Vec<Event>) {
    let was = before.filter(|before| now.is_none_or(|now| now.cid != before.cid));
    if let Some(left) = was {
        others(&left.participants, &[], left, events);
        if in_call(left.state) {
            events.push(Event::new(EventKind::CallLeft).in_call(&left.cid).because(left.error.as_deref()));
        }
    }
    let Some(now) = now else { return };
    let before = before.filter(|before| before.cid == now.cid);
    let old = before.map(|before| before.state);
    if old != Some(now.state) {
        let kind = match now.state {
            CallState::Joined => Some(EventKind::CallJoined),
            CallState::Lobby => Some(EventKind::CallLobby),
            CallState::Reconnecting => Some(EventKind::CallReconnecting),
            CallState::Ended => Some(EventKind::CallEnded),
            CallState::Out => Some(EventKind::CallOut),
            CallState::Joining => None,
        };
        if let Some(kind) = kind {
            let mut event = Event::new(kind).in_call(&now.cid).because(now.error.as_deref());
            event.participant = now.participant.clone();
            events.push(event);
        }
    }
    others(before.map_or(&[], |before| &before.participants), &now.participants, now, events);
    let recorded = before.is_some_and(|before| before.recorded);
    if now.recorded != recorded {
        let kind = if now.recorded { EventKind::RecordingStarted } else { EventKind::RecordingStopped };
        events.push(Event::new(kind).in_call(&now.cid));
    }
    if let Some(before) = before.filter(|before| before.muted != now.muted) {
        let event = Event::new(EventKind::Muted).in_call(&now.cid);
        events.push(event.step(muted(before.muted), muted(now.muted)));
    }
}

fn muted(muted: Muted) -> &'static str {
    match (muted.audio, muted.video) {
        (false, false) => "nothing",
        (true, false) => "microphone",
        (false, true) => "camera",
        (true, true) => "microphone and camera",
    }
}

fn in_call(state: CallState) -> bool {
    matches!(state, CallState::Joined | CallState::Reconnecting | CallState::Lobby)
}

fn others(before: &[ParticipantStatus], now: &[ParticipantStatus], call: &CallStatus, events: &mut Vec<Event>) {
    let tell = |kind, other: &ParticipantStatus| Event::new(kind).in_call(&call.cid).of(&other.id, &other.user).named(&other.name);
    for gone in before.iter().filter(|old| now.iter().all(|other| other.id != old.id)) {
        events.push(tell(EventKind::ParticipantLeft, gone));
    }
    for other in now {
        let old = before.iter().find(|old| old.id == other.id);
        if old.is_none() {
            events.push(tell(EventKind::ParticipantJoined, other));
        }
        let was = old.map_or(PeerConnection::Undefined, |old| old.connection);
        if was != other.connection {
            let up = |connection| matches!(connection, PeerConnection::Connected | PeerConnection::Disconnected);
            match other.connection {
                // Who has everything switched off falls silent between two reports, which is no news.
                PeerConnection::Connected if !up(was) => events.push(tell(EventKind::ParticipantConnected, other)),
                PeerConnection::Failed => {
                    events.push(tell(EventKind::ParticipantLost, other).because(other.error.as_deref()));
                }
                PeerConnection::Connected
                | PeerConnection::Undefined
                | PeerConnection::Connecting
                | PeerConnection::Disconnected
                | PeerConnection::Closed => {}
            }
        }
        if let Some(old) = old.filter(|old| old.sent != other.sent) {
            events.push(tell(EventKind::RatePeer, other).step(picture(old.sent), picture(other.sent)));
        }
    }
}

fn picture(sent: SentPicture) -> &'static str {
    match sent {
        SentPicture::Main => "main",
        SentPicture::Low => "low",
        SentPicture::None => "none",
    }
}

fn rings(before: Option<&RingStatus>, now: Option<&RingStatus>, events: &mut Vec<Event>) {
    let Some(now) = now else { return };
    let before = before.filter(|before| before.cid == now.cid && before.since == now.since).map(|before| before.state);
    let mut tell = |kind| {
        let mut event = Event::new(kind).in_call(&now.cid).named(&now.name).because(now.reason.as_deref());
        event.user = Some(now.by.clone());
        events.push(event);
    };
    if before.is_none() {
        tell(EventKind::RingStarted);
    }
    match (before, now.state) {
        (old, RingState::Answering) if old != Some(RingState::Answering) => tell(EventKind::RingAnswered),
        (old, RingState::Ended) if old != Some(RingState::Ended) => tell(EventKind::RingEnded),
        (_, RingState::Ringing | RingState::Answering | RingState::Ended) => {}
    }
}

/// Once somebody has answered, it is the call.
fn dials(before: Option<&OutgoingStatus>, now: Option<&OutgoingStatus>, call: Option<&CallStatus>, events: &mut Vec<Event>) {
    let mut tell = |kind, dial: &OutgoingStatus| {
        events.push(Event::new(kind).in_call(&dial.cid).named(&dial.to).because(dial.reason.as_deref()));
    };
    if let Some(over) = before.filter(|before| before.state != OutgoingState::Ended && now.is_none_or(|now| now.cid != before.cid))
    {
        let answered = call.is_some_and(|call| call.cid == over.cid);
        tell(if answered { EventKind::DialAnswered } else { EventKind::DialEnded }, over);
    }
    let Some(now) = now else { return };
    let before = before.filter(|before| before.cid == now.cid).map(|before| before.state);
    if before.is_none() {
        tell(EventKind::DialStarted, now);
    }
    match now.state {
        OutgoingState::Ringing if before != Some(OutgoingState::Ringing) => tell(EventKind::DialRinging, now),
        OutgoingState::Ended if before != Some(OutgoingState::Ended) => tell(EventKind::DialEnded, now),
        OutgoingState::Dialing | OutgoingState::Ringing | OutgoingState::Ended => {}
    }
}

fn media(before: &Status, now: &Status, events: &mut Vec<Event>) {
    let (old, new) = (&before.media.encoder, &now.media.encoder);
    if let (Some(from), Some(to)) = (&old.element, &new.element)
        && from != to
    {
        let why = new.rejected.iter().find(|rejected| rejected.element == *from).map(|rejected| rejected.error.as_str());
        events.push(Event::new(EventKind::EncoderReplaced).step(from, to).because(why));
    }
    if old.picture.step != new.picture.step && !old.picture.step.is_empty() && !new.picture.step.is_empty() {
        let why = new.picture.reason.as_ref().map(|reason| reason.text());
        events.push(Event::new(EventKind::RateStep).step(&old.picture.step, &new.picture.step).because(why));
    }
    let trouble = |status: &Status| status.media.recording.as_ref().and_then(|recording| recording.error.clone());
    if let Some(error) = trouble(now).filter(|error| trouble(before).as_ref() != Some(error)) {
        events.push(Event::new(EventKind::RecordingFailed).because(Some(&error)));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::protocol::UserId;
    use crate::protocol::control::HubStatus;

    fn quiet() -> Status {
        let hub = HubStatus { url: "ws://hub".into(), state: HubState::Connecting, error: None, retry_in_s: None };
        Status::new(UserId::new("door").unwrap(), String::new(), hub)
    }

    fn in_call(connection: &str) -> Option<CallStatus> {
        let call = json!({
            "cid": "default:lobby", "state": "joined", "error": null, "participant": "me", "muted": {},
            "participants": [{
                "id": "p1", "user": "anna", "name": "Anna", "state": "joined", "muted": {}, "connection": connection, "error": null,
                "video": {"frames_decoded": 0, "width": 0, "height": 0}, "audio": {"packets": 1}, "estimated_bitrate": null
            }]
        });
        serde_json::from_value(call).unwrap()
    }

    fn names(events: &[Event]) -> Vec<&'static str> {
        events.iter().map(|event| event.event.name()).collect()
    }

    #[test]
    fn a_call_is_told_from_its_beginning_to_its_end_and_counters_are_no_news() {
        let (mut news, mut now) = (News::default(), quiet());
        assert_eq!(names(&news.since(&now)), [""; 0], "nothing has happened yet");
        now.call = in_call("connecting");
        assert_eq!(names(&news.since(&now)), ["call.joined", "participant.joined"]);
        now.call = in_call("connected");
        let events = news.since(&now);
        assert_eq!(names(&events), ["participant.connected"]);
        assert_eq!((events[0].user.as_ref().unwrap().as_str(), events[0].cid.as_ref().unwrap().id()), ("anna", "lobby"));
        now.call.as_mut().unwrap().participants[0].video.frames_decoded = 7;
        now.media.encoder.frames = 9;
        now.call.as_mut().unwrap().participants[0].connection = PeerConnection::Disconnected;
        assert_eq!(names(&news.since(&now)), [""; 0]);
        now.call = in_call("connected");
        assert_eq!(names(&news.since(&now)), [""; 0], "it was only silent");
        now.call = in_call("failed");
        assert_eq!(names(&news.since(&now)), ["participant.lost"]);
        now.call = None;
        assert_eq!(names(&news.since(&now)), ["participant.left", "call.left"]);
    }

    #[test]
    fn what_fails_again_and_again_is_told_once() {
        let (mut news, mut now) = (News::default(), quiet());
        let mut with = |hub: HubState, error: Option<&str>, camera: DeviceState| {
            (now.hub.state, now.hub.error) = (hub, error.map(str::to_owned));
            now.media.camera = DeviceStatus { state: camera, device: "/dev/video0".into(), error: None };
            names(&news.since(&now))
        };
        use DeviceState::{Failed, Idle, Missing, Running, Starting};
        use HubState::{Connected, Connecting, Disconnected};
        assert_eq!(with(Connecting, None, Missing), ["camera.lost"], "known at the start");
        assert_eq!(with(Disconnected, Some("refused"), Missing), ["hub.lost"]);
        assert_eq!(with(Connecting, Some("refused"), Failed), [""; 0]);
        assert_eq!(with(Disconnected, Some("timed out"), Starting), [""; 0]);
        assert_eq!(with(Connected, None, Missing), ["hub.connected"]);
        assert_eq!(with(Connected, None, Idle), ["camera.back"], "without a call it is only looked at");
        assert_eq!(with(Connected, None, Failed), ["camera.lost"]);
        assert_eq!(with(Connected, None, Idle), [""; 0], "nobody has tried it again");
        assert_eq!(with(Disconnected, Some("closed"), Running), ["hub.lost", "camera.back"]);
    }

    #[test]
    fn steps_rings_and_relays_are_told_with_their_reasons() {
        let (mut news, mut now) = (News::default(), quiet());
        now.media.encoder.picture.step = "720p".into();
        now.gpio.relays = vec![LineStatus { name: "door".into(), state: DeviceState::Running, ..LineStatus::default() }];
        news.since(&now);
        now.media.encoder.picture.step = "360p".into();
        now.media.encoder.picture.reason = Some(crate::protocol::control::StepReason::Heat);
        now.gpio.relays[0].on = true;
        let ring = |state: &str, reason: Option<&str>| {
            let ring = json!({"cid": "default:x", "by": "anna", "name": "Anna", "video": true, "since": "now", "state": state, "reason": reason});
            serde_json::from_value(ring).unwrap()
        };
        now.ring = ring("ringing", None);
        let events = news.since(&now);
        assert_eq!(names(&events), ["ring.started", "rate.step", "relay.opened"]);
        assert_eq!(events[1], Event::new(EventKind::RateStep).step("720p", "360p").because(Some("the board is hot")));
        now.gpio.relays[0].on = false;
        now.ring = ring("ended", Some("missed"));
        let events = news.since(&now);
        assert_eq!((names(&events), events[0].reason.as_deref()), (vec!["ring.ended"], Some("missed")));
        now.ring = None;
        assert_eq!(names(&news.since(&now)), [""; 0]);
    }
}
