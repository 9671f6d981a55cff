//! The door: who asks is let in as far as the hub still says so, and nothing opens late.

use super::*;
use crate::config::Door;
use crate::protocol::hub::{AnswerDoor, DoorState};

fn bench(door: Option<&str>) -> Bench {
    let door = door.map(|code| Door { relay: "door".into(), code: Some(code.to_owned()).filter(|code| !code.is_empty()) });
    let mut bench = Bench::with(CallConfig { auto_join: Some(lobby()), ..CallConfig::default() });
    bench.core.settings.door = door;
    let effects = bench.input(Input::HubOpened { resumed: false });
    bench.answer_join(&effects, 1, &[browser("anna")]);
    bench
}

fn wanted(bench: &mut Bench, request: u64) -> Vec<Effect> {
    bench.event(EventBody::DoorWanted { request, by: user("anna") })
}

fn digits(bench: &mut Bench, request: u64, by: &str, digits: &str) -> Vec<Effect> {
    bench.event(EventBody::Digits { request, by: user(by), digits: digits.into() })
}

/// What the hub is told of doors.
fn said(effects: &[Effect]) -> Vec<(u64, DoorState, Option<&str>)> {
    let answers = requests(effects).into_iter().filter_map(|request| match request {
        Request::AnswerDoor(AnswerDoor { request, state, reason, .. }) => Some((*request, *state, reason.as_deref())),
        _ => None,
    });
    answers.collect()
}

fn opens(effects: &[Effect]) -> Vec<u64> {
    effects.iter().filter_map(|effect| if let Effect::OpenDoor { request, .. } = effect { Some(*request) } else { None }).collect()
}

fn is_door(request: &Request) -> bool {
    matches!(request, Request::AnswerDoor(_))
}

#[test]
fn the_door_opens_when_the_hub_says_that_somebody_still_waits() {
    let mut bench = bench(Some(""));
    let effects = wanted(&mut bench, 7);
    assert_eq!((said(&effects), opens(&effects).len()), (vec![(7, DoorState::Opening, None)], 0));
    let effects = bench.answer(&effects, is_door, Ok(json!({})));
    assert_eq!(opens(&effects), [7]);
    let moved = |refused: Option<&str>| Input::DoorMoved { cid: lobby(), request: 7, refused: refused.map(str::to_owned) };
    assert_eq!(said(&bench.input(moved(None))), [(7, DoorState::Opened, None)]);
    assert_eq!(said(&bench.input(moved(Some("the relay is gone")))), [(7, DoorState::Refused, Some("the relay is gone"))]);
}

#[test]
fn nothing_opens_that_nobody_waits_for_any_more() {
    let mut bench = bench(Some(""));
    let effects = wanted(&mut bench, 1);
    assert_eq!(opens(&bench.answer(&effects, is_door, refusal(ErrorKind::Conflict, "too late"))), Vec::<u64>::new());
    let effects = wanted(&mut bench, 2);
    bench.wait(Duration::from_secs(5));
    assert_eq!(opens(&bench.answer(&effects, is_door, Ok(json!({})))), Vec::<u64>::new(), "the hub's word is old");
}

#[test]
fn an_appliance_without_a_door_says_so_and_does_not_advertise_one() {
    let mut without = bench(None);
    assert!(matches!(said(&wanted(&mut without, 1))[..], [(1, DoorState::Refused, Some(_))]));
    assert_eq!(digits(&mut without, 2, "anna", "5"), []);
    for (door, advertised) in [(None, false), (Some(Door { relay: "door".into(), code: None }), true)] {
        let mut bench = Bench::with(CallConfig { auto_join: Some(lobby()), ..CallConfig::default() });
        bench.core.settings.door = door;
        let effects = bench.input(Input::HubOpened { resumed: false });
        assert_eq!(join_in(&effects).unwrap().1.door, advertised);
    }
}

#[test]
fn the_code_opens_in_one_piece_or_key_by_key_but_not_from_two_hands_or_over_a_long_time() {
    let mut bench = bench(Some("*1#"));
    assert_eq!(said(&digits(&mut bench, 1, "anna", "*1#")), [(1, DoorState::Opening, None)]);
    for (request, key) in [(2, "9"), (3, "*"), (4, "1")] {
        assert_eq!(digits(&mut bench, request, "anna", key), []);
    }
    assert_eq!(digits(&mut bench, 5, "ben", "#"), [], "somebody else's key");
    assert_eq!(said(&digits(&mut bench, 6, "anna", "#")), [(6, DoorState::Opening, None)]);
    digits(&mut bench, 7, "anna", "*1");
    bench.wait(Duration::from_secs(5));
    assert_eq!(digits(&mut bench, 8, "anna", "#"), [], "too long after");
}
