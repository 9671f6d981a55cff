//! Things that happen, by name: what `callbox events --named` prints, what metrics count, and what the journal knows by an id
//! (`systemd/callbox.catalog` explains each; a test holds the two together).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::control::CallSummary;
use super::{Cid, ParticipantId, UserId};

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its name, for example `call.joined`.
    pub event: EventKind,
    /// In which call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cid: Option<Cid>,
    /// To which participant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub participant: Option<ParticipantId>,
    /// Whose client that is, or who calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// Which device, line, relay or button; or whom, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it was before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What it is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The figures of a call that is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Box<CallSummary>>,
}

impl Event {
    /// Nothing but its name.
    pub fn new(event: EventKind) -> Self {
        let (cid, participant, user) = (None, None, None);
        Self { event, cid, participant, user, name: None, from: None, to: None, reason: None, summary: None }
    }

    /// In this call.
    #[must_use]
    pub fn in_call(self, cid: &Cid) -> Self {
        Self { cid: Some(cid.clone()), ..self }
    }

    /// Of this participant.
    #[must_use]
    pub fn of(self, participant: &ParticipantId, user: &UserId) -> Self {
        Self { participant: Some(participant.clone()), user: Some(user.clone()), ..self }
    }

    /// Of this device or line.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    /// From something to something else.
    #[must_use]
    pub fn step(self, from: impl Into<String>, to: impl Into<String>) -> Self {
        Self { from: Some(from.into()), to: Some(to.into()), ..self }
    }

    /// For this reason, if there is one.
    #[must_use]
    pub fn because(self, reason: Option<&str>) -> Self {
        Self { reason: reason.map(str::to_owned), ..self }
    }
}

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// A person would notice.
    News,
    /// Something is not as it should be.
    Trouble,
}

macro_rules! kinds {
    ($($kind:ident $name:literal $id:literal $weight:ident $text:literal,)*) => {
        /// The name of an event. It and its id stay as they are; new ones may come.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum EventKind {
            $(#[doc = $text] #[serde(rename = $name)] $kind,)*
        }

        impl EventKind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// For example `call.joined`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }

            /// What the journal knows it by (`MESSAGE_ID`).
            pub const fn message_id(self) -> &'static str {
                match self { $(Self::$kind => $id,)* }
            }

            /// How much it matters.
            pub const fn weight(self) -> Weight {
                match self { $(Self::$kind => Weight::$weight,)* }
            }

            /// For people.
            pub const fn text(self) -> &'static str {
                match self { $(Self::$kind => $text,)* }
            }
        }
    };
}

kinds! {
    ApplianceReady "appliance.ready" "ddec7d7f1e5b43e38691befa5d6dcb83" News "the appliance is ready",
    ApplianceStopping "appliance.stopping" "4c0265652f744432b78932ca041f8275" News "the appliance stops",
    HubConnected "hub.connected" "74ffc5764cfc499d82a45b0c5730742b" News "signed in at the hub",
    HubLost "hub.lost" "438e0a4b5a38460db1fc1fc23b7ff38b" Trouble "the hub cannot be reached",
    CallJoined "call.joined" "a9411eb98fe647c2b4ca3483ce571c19" News "joined the call",
    CallLobby "call.lobby" "5c99acbc9b4d49c9b0f0b0f02fe88a97" News "waits in the lobby of the call",
    CallReconnecting "call.reconnecting" "7213709de116496384c169e242e200e0" Trouble "in the call, but without the hub",
    CallLeft "call.left" "04f43ab99e364be38fec431c6bfd927e" News "left the call",
    CallEnded "call.ended" "58ec39957c664103bb992836ec43eb54" News "the call was ended for everyone",
    CallOut "call.out" "8cdd081147544b7bb95abd68eb8b13ea" Trouble "put out of the call, or replaced in it",
    CallSummary "call.summary" "9a6361248780422b92605f4a62ae9b15" News "the call is over",
    RingStarted "ring.started" "e7c5e33168a34cc2bce03e0b58f64ddb" News "somebody calls",
    RingAnswered "ring.answered" "b7d28943a1ad49a9801b985a5ce78f38" News "the caller was answered",
    RingEnded "ring.ended" "e3810ff7cd2340aca6bd2f0e70065cc5" News "the caller was not answered",
    DialStarted "dial.started" "8bd733d8e6ff440999fc1197a0203185" News "somebody is called",
    DialRinging "dial.ringing" "8af4595dfe3c48fe863c8c2af94f8c5b" News "it rings at the other side",
    DialAnswered "dial.answered" "b31848eb056942179dc1840050318d58" News "the other side has answered",
    DialEnded "dial.ended" "7f643f23084041519f2e47d8a423fe0a" News "the other side has not answered",
    ParticipantJoined "participant.joined" "059fe35356f244b8b33229b55d2eedc5" News "somebody joined the call",
    ParticipantLeft "participant.left" "8aae318bca634c62a55dfd7d4dc9aace" News "somebody left the call",
    ParticipantConnected "participant.connected" "0278893f6cde41ac809edf6b71d52136" News "media can flow to and from a participant",
    ParticipantLost "participant.lost" "9af121349862436dad73d7d32013a2ea" Trouble "a participant cannot be reached",
    CameraLost "camera.lost" "10e95cf9f7e34d0a8aee386225bc7015" Trouble "the camera gives no pictures",
    CameraBack "camera.back" "f06b7b9cfcac4f71a84f802000499678" News "the camera is back",
    MicrophoneLost "microphone.lost" "b6af662431ec4900ae74977127d5e5df" Trouble "the microphone gives no sound",
    MicrophoneBack "microphone.back" "cf6ec1c1e8bc4a9599f1d28f7cd98db2" News "the microphone is back",
    SpeakerLost "speaker.lost" "0130c0b1ee744c72b8c4496334f17b71" Trouble "the speaker plays nothing",
    SpeakerBack "speaker.back" "b85d3ed90d4d4b70bc991e5d988f4f7b" News "the speaker is back",
    ScreenLost "screen.lost" "e96e27fb5f814681bdde25c2570c56c0" Trouble "the screen shows nothing",
    ScreenBack "screen.back" "b8966aab9929428db7513560a93a1734" News "the screen is back",
    EncoderReplaced "encoder.replaced" "aa646f3b77694129aba2e12719afccd6" Trouble "another encoder makes the pictures",
    RateStep "rate.step" "da2b523614a644cdbef03935fb2bc097" News "the picture that is sent has changed its size or rate",
    RatePeer "rate.peer" "054279b962ef4546a8a15fdeccfd8a44" News "a participant is sent another picture",
    Muted "muted" "5d95056fc89c4ea084a4a640c9885846" News "microphone or camera was switched off or on",
    QuietChanged "quiet.changed" "931fc1301c7b4a8a9f29b057494447ac" News "do not disturb was switched off or on",
    RecordingStarted "recording.started" "9ebea07565c5440cb2da79b0136a6b11" News "the call is recorded",
    RecordingStopped "recording.stopped" "b0edf24df90d4ce8998ba1c2e00ea5ac" News "the call is not recorded any more",
    RecordingFailed "recording.failed" "c37ce62826964553833f8442f02f9a6f" Trouble "the call cannot be written down",
    ButtonPressed "button.pressed" "7cb17b44916347e294bd8300b914c816" News "a button was used",
    RelayOpened "relay.opened" "874e5f91f8b34e79bd3e0bd2dde05516" News "a relay was switched on for its pulse",
    LineLost "line.lost" "4fa9c99f315c415a95e5c804c5bcd444" Trouble "a button, light or relay does not work",
    LineBack "line.back" "8d8f245691344b51b0b507d87b775ffa" News "a button, light or relay works again",
    PrivacyOn "privacy.on" "55f6f76da2464580aab2f8af1366ea43" News "the privacy switch cuts microphone and camera",
    PrivacyOff "privacy.off" "8751bf7fdea346ff89d1e5d6e74b1e8b" News "the privacy switch is off",
    ServiceStarted "service.started" "c632964d5f9a41f2bf550bd0c47b3c33" News "the hub listens",
    ServiceStopping "service.stopping" "2c87cca612914f97bcb25fc538d154d4" News "the hub stops",
    StoreFailed "store.failed" "a0271607d9264c429b4330e560670854" Trouble "the hub cannot store changes",
    StoreBack "store.back" "29d3c1898a124705b53cc48fd933604b" News "the hub stores changes again",
    WebhookFailed "webhook.failed" "1a41a7cc158e4c1b989c0baa306f2099" Trouble "somebody is not told of a call",
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// There is no event of that name, and no message of that id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no event and no message id `{0}`: `callbox explain` lists them")]
pub struct Unknown(pub String);

impl FromStr for EventKind {
    type Err = Unknown;

    /// Its name or its message id, the latter with or without dashes.
    fn from_str(text: &str) -> Result<Self, Unknown> {
        let id = text.replace('-', "").to_ascii_lowercase();
        let found = Self::ALL.iter().find(|kind| kind.name() == text || kind.message_id() == id);
        found.copied().ok_or_else(|| Unknown(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_event_has_a_name_and_an_id_of_its_own() {
        let names: BTreeSet<_> = EventKind::ALL.iter().map(|kind| kind.name()).collect();
        let ids: BTreeSet<_> = EventKind::ALL.iter().map(|kind| kind.message_id()).collect();
        assert_eq!((names.len(), ids.len()), (EventKind::ALL.len(), EventKind::ALL.len()));
        for kind in EventKind::ALL {
            assert_eq!(uuid::Uuid::parse_str(kind.message_id()).unwrap().get_version_num(), 4, "{kind}");
            assert_eq!(kind.name().parse(), Ok(*kind));
            assert_eq!(uuid::Uuid::parse_str(kind.message_id()).unwrap().hyphenated().to_string().parse(), Ok(*kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
        assert!("no.such".parse::<EventKind>().is_err());
    }

    #[test]
    fn what_there_is_nothing_to_say_of_is_left_out() {
        let event = Event::new(EventKind::RateStep).step("720p", "360p");
        assert_eq!(serde_json::to_string(&event).unwrap(), r#"{"event":"rate.step","from":"720p","to":"360p"}"#);
    }
}
