//! What a button does, in the words of the command line: `"join default:lobby"`, `"toggle mic"`, `"open door"`.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::control::{CallStatus, Command, OutgoingState, OutgoingStatus, RingState, RingStatus};
use super::hub::Muted;

/// What can be done with one gesture. What depends on the present state is decided when it happens.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Always the same command.
    Do(Command),
    /// Microphone off if it is on, and on if it is off.
    ToggleMicrophone,
    /// The same for the camera.
    ToggleCamera,
}

impl Action {
    /// The command, as things are now.
    pub fn command(&self, muted: Muted) -> Command {
        match self {
            Self::Do(command) => command.clone(),
            Self::ToggleMicrophone => Command::Mute { audio: Some(!muted.audio), video: None },
            Self::ToggleCamera => Command::Mute { audio: None, video: Some(!muted.video) },
        }
    }
}

/// One verb: its name, what follows it, and what it means. A new verb is one line of [`VERBS`].
pub struct Verb {
    /// The first word.
    pub name: &'static str,
    /// What follows it, for people; empty if nothing may.
    pub object: &'static str,
    make: fn(&str) -> Result<Action, String>,
}

const fn verb(name: &'static str, object: &'static str, make: fn(&str) -> Result<Action, String>) -> Verb {
    Verb { name, object, make }
}

/// Every verb that a button can be given.
pub const VERBS: [Verb; 12] = [
    verb("join", "TYPE:ID", |cid| Ok(Action::Do(Command::Join { cid: cid.parse().map_err(text)? }))),
    verb("leave", "", |_| Ok(Action::Do(Command::Leave))),
    verb("call", "WHO", |to| Ok(Action::Do(Command::Call { to: to.to_owned(), audio_only: false }))),
    verb("answer", "", |_| Ok(Action::Do(Command::Answer { muted: false, audio_only: false }))),
    verb("reject", "", |_| Ok(Action::Do(Command::Reject { reason: None }))),
    verb("hangup", "", |_| Ok(Action::Do(Command::Hangup))),
    verb("mute", "mic|camera", |what| mute(what, true)),
    verb("unmute", "mic|camera", |what| mute(what, false)),
    verb("toggle", "mic|camera", toggle),
    verb("record", "start|stop", record),
    verb("share", "start|stop", share),
    verb("open", "RELAY", |relay| Ok(Action::Do(Command::Open { relay: relay.to_owned() }))),
];

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.object {
            "" => write!(f, "\"{}\"", self.name),
            object => write!(f, "\"{} {object}\"", self.name),
        }
    }
}

/// Why a text is no action.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadAction {
    /// Nothing at all.
    #[error("it is empty")]
    Empty,
    /// The first word is none of [`VERBS`].
    #[error("there is no action \"{0}\"")]
    Unknown(String),
    /// Something is missing or too much.
    #[error("write it as {form}")]
    Form {
        /// As it should be.
        form: String,
    },
    /// The object makes no sense.
    #[error("{0}")]
    Object(String),
}

impl FromStr for Action {
    type Err = BadAction;
    fn from_str(text: &str) -> Result<Self, BadAction> {
        let mut words = text.split_whitespace();
        let name = words.next().ok_or(BadAction::Empty)?;
        let verb = VERBS.iter().find(|verb| verb.name == name).ok_or_else(|| BadAction::Unknown(name.to_owned()))?;
        let object = words.next().unwrap_or_default();
        if object.is_empty() != verb.object.is_empty() || words.next().is_some() {
            return Err(BadAction::Form { form: verb.to_string() });
        }
        (verb.make)(object).map_err(BadAction::Object)
    }
}

fn text(error: impl fmt::Display) -> String {
    error.to_string()
}

#[derive(Clone, Copy)]
enum Source {
    Microphone,
    Camera,
}

fn source(word: &str) -> Result<Source, String> {
    match word {
        "mic" | "microphone" | "audio" => Ok(Source::Microphone),
        "camera" | "video" => Ok(Source::Camera),
        other => Err(format!("\"{other}\" cannot be switched off: write mic or camera")),
    }
}

fn mute(what: &str, off: bool) -> Result<Action, String> {
    Ok(Action::Do(match source(what)? {
        Source::Microphone => Command::Mute { audio: Some(off), video: None },
        Source::Camera => Command::Mute { audio: None, video: Some(off) },
    }))
}

fn record(what: &str) -> Result<Action, String> {
    Ok(Action::Do(Command::Record { on: starts(what)? }))
}

fn share(what: &str) -> Result<Action, String> {
    Ok(Action::Do(Command::Share { on: starts(what)?, source: None }))
}

fn starts(what: &str) -> Result<bool, String> {
    match what {
        "start" => Ok(true),
        "stop" => Ok(false),
        other => Err(format!("\"{other}\" is neither start nor stop")),
    }
}

fn toggle(what: &str) -> Result<Action, String> {
    Ok(match source(what)? {
        Source::Microphone => Action::ToggleMicrophone,
        Source::Camera => Action::ToggleCamera,
    })
}

/// What a person at the appliance is in the middle of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// In no call.
    Idle,
    /// Somebody calls.
    Ringing,
    /// Calling somebody who has not answered yet.
    Calling,
    /// In a call, or on the way into one.
    InCall,
}

impl Phase {
    /// All of them, as they are written.
    pub const ALL: [(&'static str, Self); 4] =
        [("idle", Self::Idle), ("ringing", Self::Ringing), ("calling", Self::Calling), ("in-call", Self::InCall)];

    /// What a person is in the middle of: who rings comes before whom one talks to.
    pub fn of(call: Option<&CallStatus>, ring: Option<&RingStatus>, outgoing: Option<&OutgoingStatus>) -> Self {
        if ring.is_some_and(|ring| ring.state == RingState::Ringing) {
            return Self::Ringing;
        }
        if outgoing.is_some_and(|outgoing| outgoing.state != OutgoingState::Ended) {
            return Self::Calling;
        }
        if call.is_some() { Self::InCall } else { Self::Idle }
    }
}

/// What a gesture does in each phase; phases that are not there do nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Actions(pub BTreeMap<Phase, Action>);

impl Actions {
    /// The same in every phase.
    pub fn always(action: &Action) -> Self {
        Self(Phase::ALL.iter().map(|(_, phase)| (*phase, action.clone())).collect())
    }

    /// Whether nothing is ever done.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is done now.
    pub fn now(&self, phase: Phase) -> Option<&Action> {
        self.0.get(&phase)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_the_words_of_the_command_line() {
        let mute = |audio, video| Action::Do(Command::Mute { audio, video });
        let cases = [
            ("join default:lobby", Action::Do(Command::Join { cid: "default:lobby".parse().unwrap() })),
            (" leave ", Action::Do(Command::Leave)),
            ("call reception", Action::Do(Command::Call { to: "reception".into(), audio_only: false })),
            ("answer", Action::Do(Command::Answer { muted: false, audio_only: false })),
            ("reject", Action::Do(Command::Reject { reason: None })),
            ("hangup", Action::Do(Command::Hangup)),
            ("mute mic", mute(Some(true), None)),
            ("unmute  camera", mute(None, Some(false))),
            ("toggle camera", Action::ToggleCamera),
            ("share start", Action::Do(Command::Share { on: true, source: None })),
            ("open door", Action::Do(Command::Open { relay: "door".into() })),
        ];
        for (text, action) in cases {
            assert_eq!(text.parse(), Ok(action), "{text}");
        }
    }

    #[test]
    fn what_is_no_action_says_how_it_is_written() {
        let cases = [
            ("", "empty"),
            ("jion default:lobby", "no action \"jion\""),
            ("join", "write it as \"join TYPE:ID\""),
            ("leave now", "write it as \"leave\""),
            ("open front door", "write it as \"open RELAY\""),
            ("mute speaker", "\"speaker\" cannot be switched off"),
        ];
        for (text, why) in cases {
            let said = text.parse::<Action>().unwrap_err().to_string();
            assert!(said.contains(why), "{text}: {said}");
        }
        assert!("join lobby".parse::<Action>().is_err());
    }

    #[test]
    fn who_rings_comes_first_then_who_is_called_then_the_call() {
        let cid: crate::protocol::Cid = "default:lobby".parse().unwrap();
        let ring = |state| RingStatus {
            cid: cid.clone(),
            by: "anna".parse().unwrap(),
            name: "Anna".into(),
            video: true,
            since: String::new(),
            state,
            reason: None,
        };
        let outgoing =
            |state| OutgoingStatus { cid: cid.clone(), to: "ben".into(), video: true, state, callees: Vec::new(), reason: None };
        let (rings, calls) = (ring(RingState::Ringing), outgoing(OutgoingState::Dialing));
        assert_eq!(Phase::of(None, Some(&rings), Some(&calls)), Phase::Ringing);
        assert_eq!(Phase::of(None, Some(&ring(RingState::Ended)), Some(&calls)), Phase::Calling);
        assert_eq!(Phase::of(None, None, Some(&outgoing(OutgoingState::Ended))), Phase::Idle);
        let always = Actions::always(&Action::Do(Command::Leave));
        assert!(Phase::ALL.iter().all(|(_, phase)| always.now(*phase).is_some()));
    }

    #[test]
    fn a_toggle_is_the_opposite_of_what_is() {
        let muted = Muted { audio: true, video: false };
        assert_eq!(Action::ToggleMicrophone.command(muted), Command::Mute { audio: Some(false), video: None });
        assert_eq!(Action::ToggleCamera.command(muted), Command::Mute { audio: None, video: Some(true) });
    }
}
