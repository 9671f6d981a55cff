//! Doors: who may open which, how long that takes at most, and who is told.

use super::*;
use crate::protocol::hub::{AnswerDoor, DoorOpened, DoorState, OpenDoor, SendDigits};

/// Anna is in the call and made it, the door is `p2`, and a member may open it.
fn world() -> World {
    let mut world = World::new();
    world.join(1, "anna");
    let with_door = JoinCall { door: true, ..join("lobby") };
    world.ask(2, "door", Request::Join(with_door)).unwrap();
    let members = serde_json::from_value(json!({"cid": cid(), "update_members": [{"user_id": "ben"}]})).unwrap();
    world.ask(1, "anna", Request::UpdateMembers(members)).unwrap();
    world.open(3, "zoe");
    world.told();
    world
}

fn open(participant: Option<&str>) -> Request {
    Request::OpenDoor(OpenDoor { cid: cid(), participant: participant.map(id) })
}

fn digits(text: &str) -> Request {
    Request::SendDigits(SendDigits { cid: cid(), digits: text.into(), participant: None })
}

fn says(request: u64, state: DoorState) -> Request {
    Request::AnswerDoor(AnswerDoor { cid: cid(), request, state, reason: Some("it jams".into()) })
}

/// What those who wait are answered.
fn answers(world: &mut World) -> Vec<(u64, Result<DoorOpened, String>)> {
    let effects: Vec<_> = std::iter::from_fn(|| world.calls.poll_effect()).collect();
    let answer = |effect: Effect| match effect {
        Effect::Answered { request, outcome } => Some((request, outcome.map_err(|refused| refused.to_string()))),
        _ => None,
    };
    effects.into_iter().filter_map(answer).collect()
}

#[test]
fn who_may_has_the_door_opened_and_everybody_is_told() {
    let mut world = world();
    // Over REST, without being in the call.
    assert_eq!(world.ask(0, "ben", open(None)), Ok(Answer::Later(1)));
    world.told_is(&[(2, "ben wants the door, 1")]);
    world.ask(2, "door", says(1, DoorState::Opening)).unwrap();
    world.told_is(&[]);
    world.ask(2, "door", says(1, DoorState::Opened)).unwrap();
    world.told_is(&[(1, "door of p2 for ben: open"), (2, "door of p2 for ben: open")]);
    world.ask(1, "anna", open(Some("p2"))).unwrap();
    world.ask(2, "door", says(2, DoorState::Opened)).unwrap();
    assert_eq!(answers(&mut world), [(2, Ok(DoorOpened { participant: id("p2") }))]);
    assert_eq!(world.calls.poll_timeout(), None);
}

#[test]
fn who_may_not_or_where_there_is_no_door_nothing_is_asked() {
    let mut world = world();
    assert_eq!(world.refused(3, "zoe", open(None)), ErrorKind::PermissionDenied);
    assert_eq!(world.refused(3, "zoe", digits("5")), ErrorKind::PermissionDenied);
    assert_eq!(world.refused(1, "anna", open(Some("p1"))), ErrorKind::NotFound, "anna has no door");
    assert_eq!(world.refused(1, "anna", open(Some("nobody"))), ErrorKind::NotFound);
    for text in ["", "12 34", "12345678901234567", "five"] {
        assert_eq!(world.refused(1, "anna", digits(text)), ErrorKind::InvalidParams, "{text}");
    }
    assert_eq!(world.refused(2, "door", says(1, DoorState::Opening)), ErrorKind::Conflict);
    world.ask(4, "gate", Request::Join(JoinCall { door: true, ..join("lobby") })).unwrap();
    world.told();
    assert_eq!(world.refused(1, "anna", open(None)), ErrorKind::InvalidParams, "which of the two?");
    world.ask(1, "anna", open(Some("p2"))).unwrap();
    world.told_is(&[(2, "anna wants the door, 1")]);
    assert_eq!(world.refused(4, "gate", says(1, DoorState::Opened)), ErrorKind::Conflict, "it is another's door");
}

#[test]
fn a_door_that_says_no_says_why() {
    let mut world = world();
    world.ask(1, "anna", open(None)).unwrap();
    world.ask(2, "door", says(1, DoorState::Refused)).unwrap();
    assert_eq!(answers(&mut world), [(1, Err("the door of p2 stays shut: it jams".into()))]);
}

#[test]
fn nothing_opens_late() {
    let mut world = world();
    world.ask(1, "anna", open(None)).unwrap();
    world.told();
    world.after(Duration::from_secs(5));
    assert_eq!(
        world.told(),
        [
            (1, "door of p2 for anna: it did not answer in time".into()),
            (2, "door of p2 for anna: it did not answer in time".into())
        ]
    );
    assert_eq!(world.refused(2, "door", says(1, DoorState::Opening)), ErrorKind::Conflict, "too late to begin");
    world.ask(1, "anna", open(None)).unwrap();
    world.after(Duration::from_secs(4));
    world.ask(2, "door", says(2, DoorState::Opening)).unwrap();
    world.after(Duration::from_secs(4));
    world.ask(2, "door", says(2, DoorState::Opened)).unwrap();
    assert_eq!(answers(&mut world), [(2, Ok(DoorOpened { participant: id("p2") }))], "what was begun may take its time");
}

#[test]
fn a_door_that_is_gone_is_not_waited_for() {
    let mut world = world();
    world.ask(1, "anna", open(None)).unwrap();
    world.told();
    world.input(Input::SocketLost(SessionId(2)));
    assert_eq!(answers(&mut world), [(1, Err("the door of p2 stays shut: the connection to it was lost".into()))]);
    assert_eq!(world.refused(1, "anna", open(None)), ErrorKind::Unavailable);
    world.input(Input::SocketBack(SessionId(2)));
    world.ask(1, "anna", open(None)).unwrap();
    world.ask(2, "door", leave()).unwrap();
    assert_eq!(answers(&mut world).len(), 1);
    assert_eq!(world.calls.poll_timeout(), None);
}

#[test]
fn digits_that_mean_nothing_are_forgotten_and_those_that_do_open() {
    let mut world = world();
    assert_eq!(world.ask(1, "anna", digits("*1")), Ok(Answer::Done));
    world.told_is(&[(2, "anna presses *1, 1")]);
    world.after(Duration::from_secs(5));
    world.told_is(&[]);
    world.ask(1, "anna", digits("#")).unwrap();
    world.ask(2, "door", says(2, DoorState::Opening)).unwrap();
    world.ask(2, "door", says(2, DoorState::Opened)).unwrap();
    world.told_is(&[(2, "anna presses #, 2"), (1, "door of p2 for anna: open"), (2, "door of p2 for anna: open")]);
}

#[test]
fn only_so_many_wait_for_doors_at_a_time() {
    let mut world = world();
    for _ in 0..8 {
        world.ask(1, "anna", open(None)).unwrap();
    }
    world.told();
    assert_eq!(world.refused(1, "anna", open(None)), ErrorKind::TooLarge);
}
