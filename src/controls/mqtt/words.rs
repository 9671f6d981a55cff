//! PURE. What the broker is told, and what its words mean here.
//!
//! | topic | | |
//! |---|---|---|
//! | `TOPIC/availability` | retained | `online`, or `offline` by the last will |
//! | `TOPIC/state` | retained | JSON: `state` (`idle`, `ringing`, `calling`, `in_call`), `with`, `call`, `hub`, `do_not_disturb` |
//! | `TOPIC/ring` | | JSON, whenever somebody calls: `event_type` `ring`, `by`, `name`, `video` |
//! | `TOPIC/command` | to us | `answer`, `reject`, `hangup`, `open RELAY`, `do-not-disturb on` or `off` |
//! | `TOPIC/refused` | | why a command was not done |

use serde_json::{Value, json};

use crate::protocol::UserId;
use crate::protocol::action::{Action, Phase};
use crate::protocol::control::{Command, HubState, RingState, Status};

/// The longest command that is read.
const LONGEST: usize = 128;

/// What is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    pub topic: String,
    pub payload: String,
    pub retain: bool,
}

/// The topics of one appliance.
#[derive(Debug, Clone)]
pub(super) struct Topics {
    base: String,
}

impl Topics {
    pub fn new(base: &str) -> Self {
        Self { base: base.to_owned() }
    }

    pub fn availability(&self) -> String {
        format!("{}/availability", self.base)
    }

    pub fn command(&self) -> String {
        format!("{}/command", self.base)
    }

    fn state(&self) -> String {
        format!("{}/state", self.base)
    }

    fn ring(&self) -> String {
        format!("{}/ring", self.base)
    }

    pub fn online(&self) -> Message {
        Message { topic: self.availability(), payload: "online".into(), retain: true }
    }

    pub fn refused(&self, why: &str) -> Message {
        Message { topic: format!("{}/refused", self.base), payload: why.to_owned(), retain: false }
    }

    /// What goes on.
    pub fn told(&self, status: &Status) -> Message {
        Message { topic: self.state(), payload: state(status).to_string(), retain: true }
    }

    /// Somebody calls.
    pub fn rang(&self, status: &Status) -> Option<Message> {
        let ring = status.ring.as_ref().filter(|ring| ring.state == RingState::Ringing)?;
        let payload = json!({"event_type": "ring", "by": ring.by, "name": ring.name, "video": ring.video});
        Some(Message { topic: self.ring(), payload: payload.to_string(), retain: false })
    }
}

/// Which ring this is: another one is told anew.
pub(super) fn ring_of(status: &Status) -> Option<(String, String)> {
    let ring = status.ring.as_ref().filter(|ring| ring.state == RingState::Ringing)?;
    Some((ring.cid.to_string(), ring.since.clone()))
}

fn state(status: &Status) -> Value {
    let phase = Phase::of(status.call.as_ref(), status.ring.as_ref(), status.outgoing.as_ref());
    let word = match phase {
        Phase::Idle => "idle",
        Phase::Ringing => "ringing",
        Phase::Calling => "calling",
        Phase::InCall => "in_call",
    };
    let others = || status.call.iter().flat_map(|call| &call.participants).map(|other| other.name.clone()).collect::<Vec<_>>();
    let with = match phase {
        Phase::Idle => Vec::new(),
        Phase::Ringing => status.ring.iter().map(|ring| ring.name.clone()).collect(),
        Phase::Calling => status.outgoing.iter().map(|outgoing| outgoing.to.clone()).collect(),
        Phase::InCall => others(),
    };
    json!({
        "state": word,
        "with": with.join(", "),
        "call": status.call.as_ref().map(|call| call.cid.to_string()),
        "hub": if status.hub.state == HubState::Connected { "connected" } else { "away" },
        "do_not_disturb": if status.do_not_disturb { "on" } else { "off" },
    })
}

/// What a payload asks for. Who may publish there may do this and nothing else: no joining, no recording, no devices.
pub(super) fn command(payload: &[u8]) -> Result<Command, String> {
    let text = std::str::from_utf8(payload).ok().filter(|text| text.len() <= LONGEST);
    let text = text.ok_or("a command is a few words of UTF-8")?.trim();
    match text.split_whitespace().collect::<Vec<_>>()[..] {
        ["do-not-disturb", "on"] => return Ok(Command::DoNotDisturb { on: true }),
        ["do-not-disturb", "off"] => return Ok(Command::DoNotDisturb { on: false }),
        _ => {}
    }
    match text.parse::<Action>() {
        Ok(Action::Do(command @ (Command::Answer { .. } | Command::Reject { .. } | Command::Hangup | Command::Open { .. }))) => {
            Ok(command)
        }
        Ok(_) | Err(_) => Err(format!(
            "\"{}\" is no command here: write answer, reject, hangup, open RELAY, do-not-disturb on, do-not-disturb off",
            text.chars().filter(|c| !c.is_control()).take(40).collect::<String>()
        )),
    }
}

/// By which Home Assistant finds everything: one device with its entities.
pub(super) fn discovery(prefix: &str, topics: &Topics, user: &UserId, version: &str, door: Option<&str>) -> Vec<Message> {
    let device =
        json!({"identifiers": [format!("callbox-{user}")], "name": user, "manufacturer": "Callbox", "sw_version": version});
    let entity = |kind: &str, key: &str, name: &str, own: Value| {
        let mut config = json!({
            "name": name,
            "unique_id": format!("callbox-{user}-{key}"),
            "availability_topic": topics.availability(),
            "device": device,
        });
        if let (Some(all), Value::Object(own)) = (config.as_object_mut(), own) {
            all.extend(own);
        }
        // Home Assistant takes letters, digits, _ and - in a topic, which is what a user id has.
        let topic = format!("{prefix}/{kind}/callbox-{}/{key}/config", plain(user.as_str()));
        Message { topic, payload: config.to_string(), retain: true }
    };
    let button = |key: &str, name: &str, icon: &str, press: &str| {
        entity("button", key, name, json!({"command_topic": topics.command(), "payload_press": press, "icon": icon}))
    };
    let mut all = vec![
        entity(
            "sensor",
            "state",
            "Call",
            json!({
                "state_topic": topics.state(),
                "value_template": "{{ value_json.state }}",
                "json_attributes_topic": topics.state(),
                "device_class": "enum",
                "options": ["idle", "ringing", "calling", "in_call"],
                "icon": "mdi:phone",
            }),
        ),
        entity("event", "ring", "Ring", json!({"state_topic": topics.ring(), "event_types": ["ring"], "device_class": "doorbell"})),
        button("answer", "Answer", "mdi:phone", "answer"),
        button("hangup", "Hang up", "mdi:phone-hangup", "hangup"),
        entity(
            "switch",
            "do_not_disturb",
            "Do not disturb",
            json!({
                "state_topic": topics.state(),
                "value_template": "{{ value_json.do_not_disturb }}",
                "state_on": "on",
                "state_off": "off",
                "command_topic": topics.command(),
                "payload_on": "do-not-disturb on",
                "payload_off": "do-not-disturb off",
                "icon": "mdi:bell-off",
            }),
        ),
    ];
    all.extend(door.map(|relay| button("open_door", "Open the door", "mdi:door-open", &format!("open {relay}"))));
    all
}

fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' || c == '-' { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::control::{HubStatus, RingStatus};

    fn status() -> Status {
        let hub = HubStatus { url: "ws://hub".into(), state: HubState::Connected, error: None, retry_in_s: None };
        Status::new("door-1".parse().unwrap(), "callbox test".into(), hub)
    }

    fn json(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn the_broker_may_ask_for_a_little_and_for_nothing_else() {
        let open = Command::Open { relay: "door".into() };
        for (text, meant) in [
            ("answer", Command::Answer { muted: false, audio_only: false }),
            (" hangup\n", Command::Hangup),
            ("open door", open),
            ("do-not-disturb on", Command::DoNotDisturb { on: true }),
            ("do-not-disturb off", Command::DoNotDisturb { on: false }),
        ] {
            assert_eq!(command(text.as_bytes()), Ok(meant), "{text}");
        }
        for text in ["", "join default:lobby", "record start", "toggle mic", "call anna", "open", "\u{1b}[2J"] {
            let why = command(text.as_bytes()).unwrap_err();
            assert!(why.contains("is no command here") && !why.contains('\u{1b}'), "{why}");
        }
        assert!(command(&[0xff, 0xfe]).is_err() && command(&[b'a'; 4096]).is_err());
    }

    #[test]
    fn a_ring_is_a_state_and_an_event() {
        let (topics, mut status) = (Topics::new("house/door"), status());
        assert_eq!((topics.rang(&status), ring_of(&status)), (None, None));
        assert_eq!(json(&topics.told(&status).payload)["state"], "idle");
        status.ring = Some(RingStatus {
            cid: "default:visit".parse().unwrap(),
            by: "anna".parse().unwrap(),
            name: "Anna Berg".into(),
            video: true,
            since: "2026-01-01T10:00:00Z".into(),
            state: RingState::Ringing,
            reason: None,
        });
        let told = topics.told(&status);
        assert_eq!((told.topic.as_str(), told.retain), ("house/door/state", true));
        assert_eq!(json(&told.payload)["with"], "Anna Berg");
        let rang = topics.rang(&status).unwrap();
        assert_eq!(
            (rang.topic.as_str(), rang.retain, json(&rang.payload)["by"].clone()),
            ("house/door/ring", false, json!("anna"))
        );
    }

    #[test]
    fn every_entity_is_of_one_device_and_has_an_id_of_its_own() {
        let user = UserId::new("door-1").unwrap();
        let all = discovery("homeassistant", &Topics::new("callbox/door-1"), &user, "1", Some("door"));
        let configs: Vec<Value> = all.iter().map(|message| json(&message.payload)).collect();
        let ids: std::collections::BTreeSet<_> = configs.iter().map(|config| config["unique_id"].as_str().unwrap()).collect();
        assert_eq!((ids.len(), all.len()), (6, 6));
        assert!(configs.iter().all(|config| config["device"] == configs[0]["device"]));
        assert!(all.iter().all(|message| message.retain && message.topic.starts_with("homeassistant/")));
        for config in configs.iter().filter(|config| config.get("payload_press").is_some()) {
            command(config["payload_press"].as_str().unwrap().as_bytes()).unwrap();
        }
        assert_eq!(discovery("ha", &Topics::new("x"), &user, "1", None).len(), 5, "without a relay there is no door to open");
    }
}
