use proptest::prelude::*;

use super::*;
use crate::config::{
    Bias, Bitrate, Button, CameraSource, DEFAULT_DEBOUNCE, DEFAULT_DOUBLE_TIME, DEFAULT_HOLD_TIME, DEFAULT_PULSE,
    DEFAULT_STUCK_TIME, Door, Light, Line, LineId, LogLevel, MicrophoneSource, Privacy, Relay, ScreenOutput, Trust,
};
use crate::protocol::action::Actions;

fn example() -> Appliance {
    let hub = HubLink {
        url: "wss://hub.example.org".to_owned(),
        user: "door-1".parse().unwrap(),
        password_file: "/etc/callbox/password".into(),
        trust: Trust::System,
    };
    Appliance::new(hub)
}

fn line() -> Line {
    Line { chip: None, id: LineId::Name("LINE".to_owned()), active_low: false }
}

fn button() -> Button {
    let nothing = Actions::default;
    Button {
        name: "bell".to_owned(),
        line: line(),
        bias: Bias::AsIs,
        debounce: DEFAULT_DEBOUNCE,
        hold_time: DEFAULT_HOLD_TIME,
        double_time: DEFAULT_DOUBLE_TIME,
        stuck_time: DEFAULT_STUCK_TIME,
        press: nothing(),
        hold: nothing(),
        double_press: nothing(),
    }
}

/// A change of one part and no other.
type Edit = fn(&mut Appliance);

const EDITS: [(Part, Edit); 25] = [
    (Part::Log, |new| new.log.level = LogLevel::Debug),
    (Part::Call, |new| new.call.tones = false),
    (Part::AutoJoin, |new| new.call.auto_join = Some("default:lobby".parse().unwrap())),
    (Part::Camera, |new| new.camera.source = CameraSource::Test),
    (Part::Microphone, |new| new.microphone.source = MicrophoneSource::None),
    (Part::Speaker, |new| new.speaker.max_volume = 50),
    (Part::HasSpeaker, |new| new.speaker.sink = SpeakerSink::None),
    (Part::Audio, |new| new.audio.gain_control = false),
    (Part::Video, |new| new.video.bitrate = Bitrate(500_000)),
    (Part::Screen, |new| new.screen.output = ScreenOutput::Window),
    (Part::TestCard, |new| new.screen.read_test_card = true),
    (Part::Recording, |new| new.recording.directory = Some("/var/recordings".into())),
    (Part::Network, |new| new.network.relay_only = true),
    (Part::SignIn, |new| new.hub.trust = Trust::Pin([7; 32])),
    (Part::HubUrl, |new| new.hub.url = "wss://other.example.org".to_owned()),
    (Part::HubUser, |new| new.hub.user = "door-2".parse().unwrap()),
    (Part::Buttons, |new| new.gpio.buttons = vec![button()]),
    (Part::Lights, |new| new.gpio.lights = vec![Light { name: "lamp".to_owned(), line: line(), shows: Vec::new() }]),
    (Part::Relays, |new| new.gpio.relays = vec![Relay { name: "door".to_owned(), line: line(), pulse: DEFAULT_PULSE }]),
    (Part::Privacy, |new| new.gpio.privacy = Some(Privacy { line: line(), bias: Bias::PullUp })),
    (Part::Socket, |new| new.control.socket = "/run/other.sock".into()),
    (Part::State, |new| new.state_directory = "/var/lib/other".into()),
    (Part::Door, |new| new.door = Some(Door { relay: "door".to_owned(), code: None })),
    (Part::Metrics, |new| new.metrics.listen = Some(([127, 0, 0, 1], 9469).into())),
    (Part::Page, |new| new.page = Some(crate::config::Page::default())),
];

fn edited(edits: impl IntoIterator<Item = usize>) -> Appliance {
    let mut new = example();
    edits.into_iter().for_each(|index| EDITS[index].1(&mut new));
    new
}

#[test]
fn nothing_changed_is_nothing_to_do() {
    assert!(changed(&example(), &example()).is_empty());
}

#[test]
fn a_change_of_one_section_concerns_that_part_and_no_other() {
    for (index, (part, _)) in EDITS.iter().enumerate() {
        assert_eq!(changed(&example(), &edited([index])), BTreeSet::from([*part]));
    }
}

#[test]
fn only_what_a_connection_was_made_with_waits_for_its_end() {
    let waiting: Vec<_> = EDITS.iter().map(|(part, _)| *part).filter(|part| part.when() != When::Now).map(Part::name).collect();
    assert_eq!(
        waiting,
        [
            "call.auto-join",
            "speaker.sink",
            "video",
            "screen.read-test-card",
            "network",
            "hub.url",
            "hub.user",
            "control.socket",
            "state-directory",
            "metrics",
            "page"
        ]
    );
}

proptest! {
    #[test]
    fn taking_every_part_that_changed_in_any_order_makes_the_new_configuration(
        (before, after) in (prop::collection::vec(0..EDITS.len(), 0..8), prop::collection::vec(0..EDITS.len(), 0..8)),
        backwards in any::<bool>(),
    ) {
        let (mut running, new) = (edited(before), edited(after));
        let mut parts: Vec<Part> = changed(&running, &new).into_iter().collect();
        if backwards {
            parts.reverse();
        }
        for part in &parts {
            let left = changed(&running, &new);
            prop_assert!(left.contains(part), "{part:?} is not left in {left:?}");
            take(*part, &new, &mut running);
        }
        prop_assert_eq!(running, new);
    }
}
