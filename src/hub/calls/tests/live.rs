//! Backstage, going live, ending.

use super::*;

fn go_live() -> Request {
    Request::GoLive(InCall { cid: "livestream:1".parse().unwrap() })
}

fn stop_live() -> Request {
    Request::StopLive(InCall { cid: "livestream:1".parse().unwrap() })
}

#[test]
fn g34_regular_users_join_only_after_go_live() {
    let mut world = World::new();
    let call = world.create("anna", "livestream:1", json!({"members": [{"user_id": "cohost", "role": "host"}]}));
    assert!(call.backstage);
    world.may_join(1, "anna", "livestream:1").unwrap();
    world.may_join(2, "cohost", "livestream:1").unwrap();
    let error = world.may_join(3, "ben", "livestream:1").unwrap_err();
    assert_eq!(error, Refused::NotLive { cid: "livestream:1".parse().unwrap(), joinable_at: None });
    world.ask(3, "ben", Request::Get(GetCall { kind: "livestream".into(), ..get("1") })).unwrap();
    world.told();
    assert_eq!(world.ask(3, "ben", go_live()).unwrap_err().kind(), ErrorKind::PermissionDenied);
    world.ask(1, "anna", go_live()).unwrap();
    assert!(world.told().contains(&(3, "live".into())), "who waits in the lobby is told");
    world.may_join(3, "ben", "livestream:1").unwrap();
    world.told();
    world.ask(1, "anna", stop_live()).unwrap();
    let told = world.told();
    assert!(told.iter().any(|(session, text)| *session == 3 && text.ends_with("left: Backstage")), "{told:?}");
    assert_eq!(world.view("livestream:1").participants.len(), 2, "hosts stay");
    world.ask(1, "anna", stop_live()).unwrap();
    assert_eq!(world.told(), [], "stopping twice tells nobody");
}

#[test]
fn g35_regular_users_join_ahead_of_the_start_by_the_time_that_is_set() {
    let mut world = World::new();
    let starts_at = humantime::format_rfc3339(world.wall + Duration::from_secs(500)).to_string();
    let backstage = json!({"backstage": {"enabled": true, "join_ahead_time_seconds": 300}});
    world.create("anna", "default:1", json!({"starts_at": starts_at, "settings_override": backstage}));
    world.wall += Duration::from_secs(199);
    let error = world.may_join(2, "ben", "default:1").unwrap_err();
    assert!(error.to_string().contains("1970-01-01T00:03:20.000Z"), "{error}");
    let details = crate::protocol::rpc::Error::from(error).details.unwrap();
    assert_eq!(details.joinable_at.as_deref(), Some("1970-01-01T00:03:20.000Z"));
    world.wall += Duration::from_secs(1);
    world.may_join(2, "ben", "default:1").unwrap();
}

#[test]
fn g33_backstage_is_switched_on_for_one_call() {
    let mut world = World::new();
    world.create("anna", "default:1", json!({"settings_override": {"backstage": {"enabled": true}}}));
    assert!(matches!(world.may_join(2, "ben", "default:1").unwrap_err(), Refused::NotLive { .. }));
    world.create("anna", "default:2", json!({}));
    world.may_join(2, "ben", "default:2").unwrap();
    let live = Request::GoLive(InCall { cid: "default:2".parse().unwrap() });
    assert!(matches!(world.ask(0, "anna", live).unwrap_err(), Refused::NoBackstage(_)));
}

#[test]
fn g22_a_scheduled_start_is_kept_with_the_call() {
    let mut world = World::new();
    let call = world.create("anna", "default:1", json!({"startsAt": "2030-01-31T12:00:00Z"}));
    assert_eq!(call.starts_at.as_deref(), Some("2030-01-31T12:00:00.000Z"));
}

#[test]
fn g15_end_call_ends_it_for_everyone_and_needs_a_permission() {
    let mut world = World::new();
    world.join(1, "anna");
    world.join(2, "ben");
    world.told();
    let end = || Request::End(WithExtension { cid: cid(), extension: json!({"why": "late"}) });
    assert_eq!(world.refused(2, "ben", end()), ErrorKind::PermissionDenied);
    world.ask(1, "anna", end()).unwrap();
    let told = world.told();
    for session in [1, 2] {
        assert!(told.contains(&(session, "ended by anna".into())), "{told:?}");
        assert!(told.iter().any(|(s, t)| *s == session && t.ends_with("left: Ended")), "{told:?}");
    }
    assert_eq!(world.participants(), []);
    world.ask(1, "anna", end()).unwrap();
    world.told_is(&[]);
}

#[test]
fn b19_a_session_lasts_from_the_first_participant_to_the_last() {
    let mut world = World::new();
    world.create("anna", "default:lobby", json!({}));
    world.ask(9, "zoe", Request::Get(get("lobby"))).unwrap();
    world.told();
    world.join(1, "anna");
    world.join(2, "ben");
    world.ask(1, "anna", leave()).unwrap();
    world.ask(2, "ben", leave()).unwrap();
    let zoe: Vec<_> = world.told().into_iter().filter(|(session, _)| *session == 9).map(|(_, text)| text).collect();
    let expected = [
        "session 1 started",
        "p3 joined, generation 1",
        "p4 joined, generation 1",
        "p3 left: Left",
        "p4 left: Left",
        "session 1 ended",
    ];
    assert_eq!(zoe, expected);
    world.join(1, "anna");
    assert_eq!(world.view("default:lobby").session.unwrap().number, 2, "g4: the same id is used again");
}
