//! PURE. What is different between two configurations, part by part, and when each part can be taken.

use std::collections::BTreeSet;

use crate::config::{Appliance, CallConfig, Gpio, HubLink, Screen, SpeakerSink};

/// Something that is started anew by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// How much is logged.
    Log,
    /// What is done without being asked, and short names.
    Call,
    /// The calls to be in.
    AutoJoin,
    /// The camera.
    Camera,
    /// The microphone.
    Microphone,
    /// Which speaker, and how loud.
    Speaker,
    /// Whether there is a speaker at all: connections are made with or without sound to be played.
    HasSpeaker,
    /// What is done to the sound.
    Audio,
    /// Encoder and bit rate, which connections are made for.
    Video,
    /// What is shown, and where.
    Screen,
    /// Whether connections look for test cards.
    TestCard,
    /// Where calls are written down.
    Recording,
    /// How connections are made.
    Network,
    /// How the hub is signed in to: password and trust.
    SignIn,
    /// Which hub.
    HubUrl,
    /// Who this appliance is.
    HubUser,
    /// Buttons.
    Buttons,
    /// Lights.
    Lights,
    /// Relays.
    Relays,
    /// The privacy switch.
    Privacy,
    /// Where the control socket is.
    Socket,
    /// Where everything is kept.
    State,
    /// What is shared.
    Share,
    /// Where metrics are asked for.
    Metrics,
    /// The technician's page.
    Page,
    /// Keypads.
    Keypads,
    /// The screen at the HDMI cable.
    Cec,
    /// The broker.
    Mqtt,
    /// The door that others may open.
    Door,
}

/// When a part can be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum When {
    /// At once: a call goes on.
    Now,
    /// When nobody is connected.
    Idle,
    /// When nobody is connected, and then everything is started anew.
    Anew,
}

impl Part {
    /// As it is called in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Call => "call",
            Self::AutoJoin => "call.auto-join",
            Self::Camera => "camera",
            Self::Microphone => "microphone",
            Self::Speaker => "speaker",
            Self::HasSpeaker => "speaker.sink",
            Self::Audio => "audio",
            Self::Video => "video",
            Self::Screen => "screen",
            Self::TestCard => "screen.read-test-card",
            Self::Recording => "recording",
            Self::Network => "network",
            Self::SignIn => "hub",
            Self::HubUrl => "hub.url",
            Self::HubUser => "hub.user",
            Self::Buttons => "button",
            Self::Lights => "light",
            Self::Relays => "relay",
            Self::Privacy => "privacy",
            Self::Socket => "control.socket",
            Self::State => "state-directory",
            Self::Share => "share",
            Self::Metrics => "metrics",
            Self::Page => "page",
            Self::Keypads => "keypad",
            Self::Cec => "cec",
            Self::Mqtt => "mqtt",
            Self::Door => "door",
        }
    }

    /// When it can be taken.
    pub const fn when(self) -> When {
        match self {
            Self::Log
            | Self::Call
            | Self::Camera
            | Self::Microphone
            | Self::Speaker
            | Self::Audio
            | Self::Screen
            | Self::Recording
            | Self::SignIn
            | Self::Buttons
            | Self::Lights
            | Self::Relays
            | Self::Privacy
            | Self::Door => When::Now,
            Self::AutoJoin | Self::HasSpeaker | Self::Video | Self::TestCard | Self::Network | Self::Share => When::Idle,
            Self::HubUrl
            | Self::HubUser
            | Self::Socket
            | Self::State
            | Self::Metrics
            | Self::Page
            | Self::Keypads
            | Self::Cec
            | Self::Mqtt => When::Anew,
        }
    }
}

/// The parts that are different.
pub fn changed(old: &Appliance, new: &Appliance) -> BTreeSet<Part> {
    // Named one by one, so that a new section cannot be forgotten here.
    let Appliance {
        state_directory,
        hub,
        call,
        camera,
        microphone,
        speaker,
        video,
        audio,
        screen,
        recording,
        network,
        control,
        log,
        metrics,
        page,
        gpio,
        door,
        share,
    } = new;
    let HubLink { url, user, password_file, trust } = hub;
    let Gpio { buttons, lights, relays, privacy, keypads, cec, mqtt } = gpio;
    let sign_in = (password_file, trust) != (&old.hub.password_file, &old.hub.trust);
    let same_home = CallConfig { auto_join: old.call.auto_join.clone(), schedules: old.call.schedules.clone(), ..call.clone() };
    let other_home = (&call.auto_join, &call.schedules) != (&old.call.auto_join, &old.call.schedules);
    let same_cards = Screen { read_test_card: old.screen.read_test_card, ..screen.clone() };
    let has_speaker = (speaker.sink == SpeakerSink::None) != (old.speaker.sink == SpeakerSink::None);
    let parts = [
        (Part::Log, *log != old.log),
        (Part::Call, same_home != old.call),
        (Part::AutoJoin, other_home),
        (Part::Camera, *camera != old.camera),
        (Part::Microphone, *microphone != old.microphone),
        (Part::Speaker, !has_speaker && *speaker != old.speaker),
        (Part::HasSpeaker, has_speaker),
        (Part::Audio, *audio != old.audio),
        (Part::Video, *video != old.video),
        (Part::Screen, same_cards != old.screen),
        (Part::TestCard, screen.read_test_card != old.screen.read_test_card),
        (Part::Recording, *recording != old.recording),
        (Part::Network, *network != old.network),
        (Part::SignIn, sign_in),
        (Part::HubUrl, *url != old.hub.url),
        (Part::HubUser, *user != old.hub.user),
        (Part::Buttons, *buttons != old.gpio.buttons),
        (Part::Lights, *lights != old.gpio.lights),
        (Part::Relays, *relays != old.gpio.relays),
        (Part::Privacy, *privacy != old.gpio.privacy),
        (Part::Socket, *control != old.control),
        (Part::State, *state_directory != old.state_directory),
        (Part::Share, *share != old.share),
        (Part::Metrics, *metrics != old.metrics),
        (Part::Page, *page != old.page),
        (Part::Keypads, *keypads != old.gpio.keypads),
        (Part::Cec, *cec != old.gpio.cec),
        (Part::Mqtt, *mqtt != old.gpio.mqtt),
        (Part::Door, *door != old.door),
    ];
    parts.into_iter().filter_map(|(part, differs)| differs.then_some(part)).collect()
}

/// Makes a part of `running` as it is in `new`.
pub fn take(part: Part, new: &Appliance, running: &mut Appliance) {
    let new = new.clone();
    match part {
        Part::Log => running.log = new.log,
        Part::Call => {
            let (auto_join, schedules) = (running.call.auto_join.take(), std::mem::take(&mut running.call.schedules));
            running.call = CallConfig { auto_join, schedules, ..new.call };
        }
        Part::AutoJoin => (running.call.auto_join, running.call.schedules) = (new.call.auto_join, new.call.schedules),
        Part::Camera => running.camera = new.camera,
        Part::Microphone => running.microphone = new.microphone,
        Part::Speaker | Part::HasSpeaker => running.speaker = new.speaker,
        Part::Audio => running.audio = new.audio,
        Part::Video => running.video = new.video,
        Part::Screen => running.screen = Screen { read_test_card: running.screen.read_test_card, ..new.screen },
        Part::TestCard => running.screen.read_test_card = new.screen.read_test_card,
        Part::Recording => running.recording = new.recording,
        Part::Network => running.network = new.network,
        Part::SignIn => (running.hub.password_file, running.hub.trust) = (new.hub.password_file, new.hub.trust),
        Part::HubUrl => running.hub.url = new.hub.url,
        Part::HubUser => running.hub.user = new.hub.user,
        Part::Buttons => running.gpio.buttons = new.gpio.buttons,
        Part::Lights => running.gpio.lights = new.gpio.lights,
        Part::Relays => running.gpio.relays = new.gpio.relays,
        Part::Privacy => running.gpio.privacy = new.gpio.privacy,
        Part::Socket => running.control = new.control,
        Part::State => running.state_directory = new.state_directory,
        Part::Share => running.share = new.share,
        Part::Metrics => running.metrics = new.metrics,
        Part::Page => running.page = new.page,
        Part::Keypads => running.gpio.keypads = new.gpio.keypads,
        Part::Cec => running.gpio.cec = new.gpio.cec,
        Part::Mqtt => running.gpio.mqtt = new.gpio.mqtt,
        Part::Door => running.door = new.door,
    }
}

#[cfg(test)]
mod tests;
