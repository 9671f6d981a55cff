//! Sockets that drop, participations that go on, and what survives a restart.

use super::*;
use ParticipantState::{Joined, Reconnecting};

#[test]
fn a_dropped_socket_that_comes_back_in_time_is_only_reconnecting() {
    let mut world = World::new();
    world.join(1, "anna");
    world.join(2, "ben");
    world.told();
    world.input(Input::SocketLost(SessionId(2)));
    world.told_is(&[(1, "p2 is Reconnecting, muted false"), (2, "p2 is Reconnecting, muted false")]);
    assert_eq!(world.calls.poll_timeout(), Some((world.now + GRACE, "the grace time of a participant ends")));
    world.after(GRACE - Duration::from_millis(1));
    world.input(Input::SocketBack(SessionId(2)));
    world.told_is(&[(1, "p2 is Joined, muted false"), (2, "p2 is Joined, muted false")]);
    world.after(GRACE);
    world.told_is(&[]);
    assert_eq!(world.calls.poll_timeout(), None);
}

#[test]
fn a_dropped_socket_that_stays_away_has_left_after_the_grace_time() {
    let mut world = World::new();
    world.join(1, "anna");
    world.join(2, "ben");
    world.input(Input::SocketLost(SessionId(2)));
    world.told();
    world.after(GRACE);
    world.told_is(&[(1, "p2 left: TimedOut"), (2, "p2 left: TimedOut")]);
    world.input(Input::SessionEnded(SessionId(2)));
    world.told_is(&[]);
    assert_eq!(world.participants(), [("p1".into(), 1, Joined)]);
}

#[test]
fn a_session_that_ends_takes_its_participants_along() {
    let mut world = World::new();
    world.join(1, "anna");
    world.join(2, "ben");
    world.told();
    world.input(Input::SessionEnded(SessionId(2)));
    world.told_is(&[(1, "p2 left: TimedOut")]);
    assert_eq!(world.calls.poll_timeout(), None);
}

#[test]
fn a_client_with_a_live_media_stack_comes_back_with_its_generation() {
    let mut world = World::new();
    world.join(1, "anna");
    world.join(2, "ben");
    world.ask(2, "ben", mute(true)).unwrap();
    world.input(Input::SocketLost(SessionId(2)));
    world.told();
    world.ask(3, "ben", back("p2", Some(1))).unwrap();
    world.told_is(&[(2, "p2 replaced"), (1, "p2 is Joined, muted true")]);
    world.input(Input::SessionEnded(SessionId(2)));
    world.after(GRACE);
    world.told_is(&[]);
    assert_eq!(world.participants(), [("p1".into(), 1, Joined), ("p2".into(), 1, Joined)]);
}

#[test]
fn a_client_that_restarted_comes_back_with_a_higher_generation() {
    let mut world = World::new();
    world.join(1, "anna");
    world.join(2, "ben");
    world.told();
    world.ask(3, "ben", back("p2", None)).unwrap();
    world.told_is(&[(2, "p2 replaced"), (1, "p2 joined, generation 2")]);
    world.ask(3, "ben", back("p2", Some(7))).unwrap();
    world.told_is(&[(1, "p2 joined, generation 8")]);
    assert_eq!(world.refused(2, "ben", mute(true)), ErrorKind::Conflict, "the old connection is out");
}

#[test]
fn a_participation_that_the_hub_has_lost_is_taken_as_claimed() {
    let mut world = World::new();
    world.ask(1, "anna", back("mine", Some(5))).unwrap();
    world.ask(2, "ben", back("other", None)).unwrap();
    assert_eq!(world.participants(), [("mine".into(), 5, Joined), ("other".into(), 1, Joined)]);
}

#[test]
fn a_generation_never_overflows() {
    let mut world = World::new();
    world.ask(1, "anna", back("mine", Some(u32::MAX))).unwrap();
    world.ask(2, "anna", back("mine", None)).unwrap();
    assert_eq!(world.participants(), [("mine".into(), 1, Joined)]);
}

#[test]
fn another_users_participation_cannot_be_taken() {
    let mut world = World::new();
    world.join(1, "anna");
    assert_eq!(world.refused(2, "ben", back("p1", Some(1))), ErrorKind::PermissionDenied);
}

#[test]
fn joining_twice_is_one_participation() {
    let mut world = World::new();
    assert_eq!(world.join(1, "anna"), id("p1"));
    assert_eq!(world.join(1, "anna"), id("p1"), "without naming it: the client does not know its first answer");
    world.ask(1, "anna", back("p1", Some(2))).unwrap();
    assert_eq!(world.refused(1, "anna", back("p9", None)), ErrorKind::Conflict);
    assert_eq!(world.participants(), [("p1".into(), 2, Joined)]);
}

#[test]
fn after_a_restart_everybody_is_reconnecting_with_a_fresh_grace_time() {
    let mut world = World::new();
    world.join(1, "anna");
    world.join(2, "ben");
    let json = serde_json::to_string(&world.calls.record(&cid()).unwrap()).unwrap();
    world.now += Duration::from_secs(1000);
    world.calls = Calls::new(limits(), Types::default(), [serde_json::from_str(&json).unwrap()], world.now);
    assert_eq!(world.participants(), [("p1".into(), 1, Reconnecting), ("p2".into(), 1, Reconnecting)]);
    world.after(GRACE - Duration::from_secs(1));
    world.ask(7, "anna", back("p1", Some(1))).unwrap();
    assert_eq!(world.refused(7, "anna", signal("p2", Signal::Restart)), ErrorKind::Unavailable, "nobody knows where ben is");
    world.after(Duration::from_secs(1));
    world.told_is(&[(7, "p2 left: TimedOut")]);
    assert_eq!(world.participants(), [("p1".into(), 1, Joined)]);
}

#[test]
fn every_change_that_must_survive_is_stored() {
    let mut world = World::new();
    let changes =
        |world: &mut World| std::iter::from_fn(|| world.calls.poll_effect()).filter(|e| matches!(e, Effect::Changed(_))).count();
    world.join(1, "anna");
    assert!(changes(&mut world) > 0, "create and join");
    world.ask(1, "anna", mute(true)).unwrap();
    assert_eq!(changes(&mut world), 1, "mute");
    world.input(Input::SocketLost(SessionId(1)));
    world.input(Input::SocketBack(SessionId(1)));
    assert_eq!(changes(&mut world), 0, "sockets are not stored");
    world.input(Input::SocketLost(SessionId(1)));
    world.after(GRACE);
    assert_eq!(changes(&mut world), 1, "timed out");
    world.join(2, "ben");
    changes(&mut world);
    world.ask(2, "ben", leave()).unwrap();
    assert_eq!(changes(&mut world), 1, "leave");
}
