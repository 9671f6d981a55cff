//! Something shown beside the camera.

use super::*;
use crate::config::CameraSource;
use EventBody as E;

/// What ends it.
type End = fn(&mut Bench) -> Vec<Effect>;

fn start(source: Option<&str>) -> Command {
    Command::Share { on: true, source: source.map(str::to_owned) }
}

fn told(effects: &[Effect]) -> Option<bool> {
    requests(effects).into_iter().find_map(|request| match request {
        Request::Mute(_, _, sharing) => Some(*sharing),
        _ => None,
    })
}

#[test]
fn c33_what_is_shared_is_sent_and_the_others_are_told_until_it_ends() {
    let mut bench = Bench::joined(&[]);
    let effects = bench.input(Input::Command(start(Some("test"))));
    assert_eq!(effects[0], Effect::Share(Some(CameraSource::Test)));
    assert_eq!(told(&effects), Some(true));
    assert_eq!(bench.input(Input::Command(start(Some("test")))), [], "no change, no effect");
    let other = bench.input(Input::Command(start(Some("/dev/video2"))));
    assert_eq!(other, [Effect::Share(Some(CameraSource::V4l2 { device: "/dev/video2".into() }))]);
    let effects = bench.input(Input::Command(Command::Share { on: false, source: None }));
    assert_eq!((&effects[0], told(&effects)), (&Effect::Share(None), Some(false)));
}

#[test]
fn c33_nothing_is_shared_without_a_call_without_a_source_or_against_the_rules_of_the_call() {
    let mut bench = Bench::new();
    assert_eq!(bench.command(start(Some("test"))), Err(Refused::NoCall));
    let mut bench = Bench::joined(&[]);
    assert_eq!(bench.command(start(None)), Err(Refused::NothingToShare));
    assert!(matches!(bench.command(start(Some("film.mp4"))), Err(Refused::BadSource(_))));
    bench.event(E::Capabilities { own_capabilities: vec![hub::Capability::SendAudio, hub::Capability::SendVideo] });
    let refused = bench.command(start(Some("test"))).unwrap_err();
    assert!(refused.to_string().contains("`screenshare`"), "{refused}");
    bench.input(Input::Privacy(true));
    assert_eq!(bench.command(start(Some("test"))), Err(Refused::Private));
}

#[test]
fn c33_sharing_ends_when_it_is_not_allowed_any_more_and_does_not_come_back_by_itself() {
    let capabilities = |own_capabilities| E::Capabilities { own_capabilities };
    let ends: [(End, &str); 4] = [
        (|bench| bench.event(E::Capabilities { own_capabilities: vec![hub::Capability::SendVideo] }), "the capability is taken"),
        (
            |bench| bench.event(E::Muted { by: "z".parse().unwrap(), audio: false, video: false, screen: true }),
            "a moderator ends it",
        ),
        (|bench| bench.input(Input::Privacy(true)), "the privacy switch"),
        (|bench| bench.input(Input::Command(Command::Leave)), "the call is left"),
    ];
    for (end, why) in ends {
        let mut bench = Bench::joined(&[]);
        bench.command(start(Some("test"))).unwrap();
        let effects = end(&mut bench);
        assert!(effects.contains(&Effect::Share(None)), "{why}: {effects:?}");
        let effects = [bench.input(Input::Privacy(false)), bench.event(capabilities(Vec::new()))].concat();
        assert!(!effects.iter().any(|effect| matches!(effect, Effect::Share(_))), "{why}: {effects:?}");
    }
    let mut bench = Bench::joined(&[]);
    bench.command(start(Some("test"))).unwrap();
    bench.input(Input::HubLost);
    let effects = bench.input(Input::HubOpened { resumed: false });
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Share(_))), "the hub was away: {effects:?}");
}
