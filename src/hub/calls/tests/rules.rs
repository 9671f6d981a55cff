//! Creating, getting, joining, leaving, muting, signalling.

use super::*;

#[test]
fn b11_everybody_who_follows_a_call_is_told_who_joins_and_b17_who_leaves() {
    let mut world = World::new();
    assert_eq!(world.join(1, "anna"), id("p1"));
    world.told_is(&[]);
    world.join(2, "ben");
    world.told_is(&[(1, "p2 joined, generation 1")]);
    world.ask(1, "anna", leave()).unwrap();
    world.told_is(&[(2, "p1 left: Left")]);
    world.ask(2, "ben", leave()).unwrap();
    world.told_is(&[]);
    assert_eq!(world.participants(), [], "the call stays without anybody (G4)");
}

#[test]
fn b12_custom_data_travels_with_the_participant() {
    let mut world = World::new();
    let custom = json!({"seat": 7});
    let request = Request::Join(JoinCall { custom: custom.clone(), ..join("lobby") });
    world.ask(1, "anna", request).unwrap();
    assert_eq!(world.calls.call(&cid()).unwrap().participants[0].custom, custom);
    let big = Request::Join(JoinCall { custom: json!("x".repeat(5000)), ..join("lobby") });
    assert_eq!(world.refused(2, "ben", big), ErrorKind::TooLarge);
}

#[test]
fn g6_get_or_create_creates_once_and_g7_with_data() {
    let mut world = World::new();
    let data = CallData { custom: [("color".to_owned(), json!("blue"))].into(), ..CallData::default() };
    let request = Request::GetOrCreate(GetCall { data: Some(data), ..get("lobby") });
    world.ask(1, "anna", request).unwrap();
    world.ask(2, "ben", Request::GetOrCreate(get("lobby"))).unwrap();
    let call = world.calls.call(&cid()).unwrap();
    assert_eq!((call.created_by.as_str(), call.created_at.as_str()), ("anna", "1970-01-01T00:00:00.000Z"));
    assert_eq!(call.custom["color"], "blue");
    let data = CallData { custom: [("x".to_owned(), json!("y".repeat(5000)))].into(), ..CallData::default() };
    let big = Request::GetOrCreate(GetCall { data: Some(data), ..get("other") });
    assert_eq!(world.refused(1, "anna", big), ErrorKind::TooLarge);
}

#[test]
fn g8_get_loads_only_a_call_that_exists() {
    let mut world = World::new();
    assert_eq!(world.refused(1, "anna", Request::Get(get("lobby"))), ErrorKind::NotFound);
    assert_eq!(world.refused(1, "anna", Request::Get(get("no blanks"))), ErrorKind::InvalidParams);
}

#[test]
fn g9_get_follows_the_call_until_leave() {
    let mut world = World::new();
    world.join(1, "anna");
    world.ask(2, "ben", Request::Get(get("lobby"))).unwrap();
    world.ask(1, "anna", mute(true)).unwrap();
    world.told_is(&[(1, "p1 is Joined, muted true"), (2, "p1 is Joined, muted true")]);
    world.ask(2, "ben", leave()).unwrap();
    world.ask(1, "anna", mute(false)).unwrap();
    world.told_is(&[(1, "p1 is Joined, muted false")]);
}

#[test]
fn g11_join_without_create_joins_only_a_call_that_exists() {
    let mut world = World::new();
    let request = Request::Join(JoinCall { create: false, ..join("lobby") });
    assert_eq!(world.refused(1, "anna", request.clone()), ErrorKind::NotFound);
    world.join(2, "ben");
    world.ask(1, "anna", request).unwrap();
    assert_eq!(world.participants().len(), 2);
}

#[test]
fn c1_a_call_has_a_limited_number_of_places_and_a_participation_keeps_its_own() {
    let mut world = World::new();
    for (session, name) in [(1, "anna"), (2, "ben"), (3, "carl"), (4, "dora")] {
        world.join(session, name);
    }
    world.told();
    assert_eq!(world.refused(5, "emil", Request::Join(join("lobby"))), ErrorKind::Full);
    world.input(Input::SocketLost(SessionId(4)));
    world.told();
    assert_eq!(world.refused(5, "emil", Request::Join(join("lobby"))), ErrorKind::Full);
    world.ask(6, "dora", back("p4", Some(1))).unwrap();
    assert_eq!(world.participants().len(), 4);
}

#[test]
fn signals_go_to_one_other_participant_of_the_same_call() {
    let mut world = World::new();
    world.join(1, "anna");
    world.join(2, "ben");
    world.join(3, "carl");
    world.told();
    world.ask(1, "anna", signal("p2", Signal::Restart)).unwrap();
    world.told_is(&[(2, "p1 signals 65536 Restart")]);
    assert_eq!(world.refused(1, "anna", signal("p1", Signal::Restart)), ErrorKind::InvalidParams);
    assert_eq!(world.refused(1, "anna", signal("p9", Signal::Restart)), ErrorKind::NotFound);
    assert_eq!(world.refused(4, "dora", signal("p1", Signal::Restart)), ErrorKind::Conflict);
    world.ask(4, "dora", Request::Get(get("lobby"))).unwrap();
    assert_eq!(world.refused(4, "dora", signal("p1", Signal::Restart)), ErrorKind::Conflict, "following is not being in");
    let sdp = "x".repeat(33 * 1024);
    assert_eq!(world.refused(1, "anna", signal("p2", Signal::Offer { sdp })), ErrorKind::TooLarge);
    let candidate = "x".repeat(3 * 1024);
    assert_eq!(world.refused(1, "anna", signal("p2", Signal::Candidate { candidate, sdp_m_line_index: 0 })), ErrorKind::TooLarge);
}

#[test]
fn mute_needs_participation_and_repeating_it_tells_nobody() {
    let mut world = World::new();
    assert_eq!(world.refused(1, "anna", mute(true)), ErrorKind::NotFound);
    world.join(1, "anna");
    world.ask(1, "anna", mute(false)).unwrap();
    world.told_is(&[]);
}

#[test]
fn leaving_twice_is_no_error() {
    let mut world = World::new();
    assert_eq!(world.refused(1, "anna", leave()), ErrorKind::NotFound);
    world.join(1, "anna");
    world.ask(1, "anna", leave()).unwrap();
    world.ask(1, "anna", leave()).unwrap();
}

#[test]
fn what_a_session_and_a_hub_keep_is_bounded() {
    let mut world = World::new();
    for call in ["a", "b", "c"] {
        world.ask(1, "anna", Request::GetOrCreate(get(call))).unwrap();
    }
    world.told();
    world.ask(1, "anna", Request::GetOrCreate(get("c"))).unwrap();
    assert_eq!(world.refused(1, "anna", Request::GetOrCreate(get("d"))), ErrorKind::Conflict);
    for call in ["d", "e"] {
        world.ask(2, "ben", Request::GetOrCreate(get(call))).unwrap();
    }
    world.told();
    assert_eq!(world.refused(2, "ben", Request::Join(join("f"))), ErrorKind::Unavailable);
}
