//! Ringing, and everything that can come of it.

use super::*;
use crate::protocol::hub::{CalleeState, LeaveReason, MakeCall, RingCall, RingEnd, WithReason};

const FIFTEEN: Duration = Duration::from_secs(15);

fn extended(extension: serde_json::Value) -> WithExtension {
    WithExtension { cid: cid(), extension }
}

fn accept() -> Request {
    Request::Accept(extended(json!(null)))
}

fn reject(reason: Option<&str>) -> Request {
    Request::Reject(WithReason { cid: cid(), reason: reason.map(str::to_owned), extension: json!({"floor": 2}) })
}

fn cancel() -> Request {
    Request::Cancel(WithReason { cid: cid(), reason: None, extension: json!(null) })
}

fn ring() -> Request {
    Request::Ring(RingCall { cid: cid(), members: None, video: None, extension: json!({"door": "north"}) })
}

/// Anna's call, of which ben (sessions 2 and 3) and carl (session 4) are members; it rings.
fn ringing(answer: &str) -> World {
    let mut world = World::new();
    for (session, name) in [(1, "anna"), (2, "ben"), (3, "ben"), (4, "carl")] {
        world.open(session, name);
    }
    let data = json!({"members": [{"user_id": "anna"}, {"user_id": "ben"}, {"user_id": "carl"}],
        "settings_override": {"ring": {"answer": answer}}});
    world.create("anna", "default:lobby", data);
    world.told();
    world.ask(1, "anna", ring()).unwrap();
    world.told_is(&[(1, "anna rings"), (2, "anna rings"), (3, "anna rings"), (4, "anna rings")]);
    world
}

fn states(world: &World) -> Vec<(String, CalleeState)> {
    let ring = world.view("default:lobby").ring.unwrap();
    ring.callees.into_iter().map(|callee| (callee.user.to_string(), callee.state)).collect()
}

fn ended(world: &World) -> Option<RingEnd> {
    world.view("default:lobby").ring.unwrap().ended
}

fn wakes(world: &mut World) -> Vec<(String, WakeReason)> {
    let mut wakes = Vec::new();
    while let Some(effect) = world.calls.poll_effect() {
        if let Effect::Wake(wake) = effect {
            wakes.push((wake.user.to_string(), wake.reason));
        }
    }
    wakes
}

#[test]
fn g24_a_call_rings_for_each_member_on_all_its_devices_and_c6_not_for_the_caller() {
    let world = ringing("each");
    assert_eq!(states(&world), [("ben".into(), CalleeState::Ringing), ("carl".into(), CalleeState::Ringing)]);
    let ring = world.view("default:lobby").ring.unwrap();
    assert_eq!(ring.extension, json!({"door": "north"}), "c15");
    assert!(ring.video, "c7");
}

#[test]
fn g24_creating_with_ring_rings_and_g26_says_whether_it_is_a_video_call() {
    let mut world = World::new();
    world.open(2, "ben");
    let data = json!({"ring": true, "video": false, "members": [{"user_id": "ben"}]});
    world.create("anna", "default:lobby", data.clone());
    world.told_is(&[(2, "anna rings")]);
    assert!(!world.view("default:lobby").ring.unwrap().video);
    world.ask(0, "anna", cancel()).unwrap();
    world.told();
    world.create("anna", "default:lobby", data);
    world.told_is(&[(2, "anna rings")]);
    let nobody = Request::GetOrCreate(GetCall { data: Some(CallData { ring: true, ..CallData::default() }), ..get("x") });
    assert!(matches!(world.ask(0, "anna", nobody).unwrap_err(), Refused::NobodyToRing(_)));
    assert!(world.calls.call(&"default:x".parse().unwrap()).is_none(), "a refusal creates nothing");
}

#[test]
fn k9_one_device_answers_and_the_others_of_its_user_stop() {
    let mut world = ringing("each");
    world.ask(2, "ben", Request::Accept(extended(json!({"hi": 1})))).unwrap();
    world.told_is(&[(1, "ben accepted, None"), (2, "ben accepted, None"), (3, "ben accepted, None"), (4, "ben accepted, None")]);
    world.ask(2, "ben", accept()).unwrap();
    world.told_is(&[]);
    assert!(matches!(world.ask(3, "ben", accept()).unwrap_err(), Refused::AnsweredElsewhere(_)), "at most one accepts");
    assert_eq!(states(&world), [("ben".into(), CalleeState::Accepted), ("carl".into(), CalleeState::Ringing)]);
    world.ask(4, "carl", accept()).unwrap();
    assert_eq!(ended(&world), Some(RingEnd::Answered));
    assert_eq!(world.calls.poll_timeout(), None);
}

#[test]
fn where_the_first_answers_for_all_it_stops_for_the_others() {
    let mut world = ringing("first");
    world.ask(4, "carl", accept()).unwrap();
    let text = "carl accepted, Some(Answered)";
    world.told_is(&[(1, text), (2, text), (3, text), (4, text)]);
    assert_eq!(states(&world), [("ben".into(), CalleeState::Elsewhere), ("carl".into(), CalleeState::Accepted)]);
    assert!(matches!(world.ask(2, "ben", accept()).unwrap_err(), Refused::AnsweredElsewhere(_)));
}

#[test]
fn k10_reject_tells_the_caller_why_and_c23_with_an_extension() {
    let mut world = ringing("each");
    world.ask(2, "ben", reject(Some("busy"))).unwrap();
    let text = "ben rejected Some(\"busy\"), None";
    world.told_is(&[(1, text), (2, text), (3, text), (4, text)]);
    assert!(matches!(world.ask(3, "ben", accept()).unwrap_err(), Refused::NotRinging(_)), "for all devices of the user");
    world.ask(4, "carl", reject(None)).unwrap();
    assert_eq!(ended(&world), Some(RingEnd::Unanswered));
    world.told();
    world.ask(4, "carl", reject(None)).unwrap();
    world.told_is(&[]);
    assert!(matches!(world.ask(9, "zoe", reject(None)).unwrap_err(), Refused::NotRinging(_)));
    let long = Request::Reject(WithReason { cid: cid(), reason: Some("x".repeat(65)), extension: json!(null) });
    assert_eq!(world.ask(2, "ben", long).unwrap_err().kind(), ErrorKind::TooLarge);
}

#[test]
fn c24_a_ring_is_rejected_without_a_session() {
    let mut world = ringing("each");
    world.ask(0, "ben", reject(Some("decline"))).unwrap();
    assert_eq!(states(&world)[0].1, CalleeState::Rejected);
    assert!(matches!(world.ask(0, "ben", Request::Join(join("lobby"))).unwrap_err(), Refused::NeedsSession));
}

#[test]
fn c17_who_does_not_answer_in_time_has_missed_the_call() {
    let mut world = ringing("each");
    world.ask(2, "ben", accept()).unwrap();
    world.told();
    world.after(FIFTEEN - Duration::from_millis(1));
    world.told_is(&[]);
    world.after(Duration::from_millis(1));
    let text = "carl missed, Some(Answered)";
    world.told_is(&[(1, text), (2, text), (3, text), (4, text)]);
    assert!(matches!(world.ask(4, "carl", accept()).unwrap_err(), Refused::NotRinging(_)));
    assert_eq!(world.calls.poll_timeout(), None);
}

#[test]
fn a_ring_that_nobody_accepts_in_time_is_cancelled() {
    let mut world = World::new();
    let ring = json!({"ring": {"incoming_call_timeout_ms": 60000, "auto_cancel_timeout_ms": 5000}});
    world.open(2, "ben");
    world.create("anna", "default:lobby", json!({"ring": true, "members": [{"user_id": "ben"}], "settings_override": ring}));
    world.told();
    world.after(Duration::from_secs(5));
    world.told_is(&[(2, "ben missed, Some(TimedOut)"), (2, "cancelled by time, Some(TimedOut)")]);
    assert_eq!(world.calls.poll_timeout(), None);
}

#[test]
fn the_caller_cancels_by_cancel_reject_or_leave_and_nobody_else_does() {
    for how in [cancel(), reject(None), leave()] {
        let mut world = ringing("each");
        world.join(1, "anna");
        world.told();
        assert_eq!(world.refused_after(4, "carl", cancel()), ErrorKind::PermissionDenied);
        world.ask(1, "anna", how).unwrap();
        let told = world.told();
        for session in 2..=4 {
            assert!(told.contains(&(session, "cancelled by anna, Some(Cancelled)".into())), "{told:?}");
        }
        world.ask(1, "anna", cancel()).unwrap();
        world.told_is(&[]);
    }
}

#[test]
fn c21_who_is_offline_is_rung_when_it_connects_in_time_and_woken_by_the_webhook() {
    let mut world = World::new();
    world.create("anna", "default:lobby", json!({"members": [{"user_id": "ben"}]}));
    world.told();
    world.ask(0, "anna", ring()).unwrap();
    assert_eq!(wakes(&mut world), [("ben".into(), WakeReason::Ring)]);
    world.after(Duration::from_secs(14));
    world.open(2, "ben");
    world.told_is(&[(2, "anna rings")]);
    world.after(Duration::from_secs(1));
    assert_eq!(wakes(&mut world), [("ben".into(), WakeReason::Missed)]);
    world.open(3, "ben");
    world.told_is(&[]);
}

#[test]
fn g25_notify_tells_members_without_ringing() {
    let mut world = World::new();
    world.open(2, "ben");
    world.create("anna", "default:lobby", json!({"notify": true, "members": [{"user_id": "ben"}, {"user_id": "carl"}]}));
    world.told_is(&[(2, "anna notifies")]);
    assert!(world.view("default:lobby").ring.is_none());
    let notify = RingCall { cid: cid(), members: Some(vec![UserId::new("carl").unwrap()]), video: None, extension: json!(null) };
    world.ask(0, "anna", Request::Notify(notify)).unwrap();
    assert_eq!(wakes(&mut world), [("carl".into(), WakeReason::Notification)]);
}

#[test]
fn k8_make_is_one_request_and_k11_either_side_ends_the_call() {
    let mut world = World::new();
    world.open(2, "ben");
    let make = |to: &str| MakeCall {
        destination: UserId::new(to).unwrap(),
        kind: None,
        video: false,
        audio: true,
        extension: json!({"from": "door"}),
        data: None,
    };
    let Answer::Call(call) = world.ask(1, "anna", Request::Make(make("ben"))).unwrap() else { panic!() };
    assert!(call.cid.to_string().starts_with("default:p"), "g5: an id of its own");
    assert_eq!(call.ring.as_ref().map(|ring| ring.extension.clone()), Some(json!({"from": "door"})));
    let (kind, id) = ("default".to_owned(), call.cid.id().to_owned());
    let enter = || Request::Join(JoinCall { kind: kind.clone(), id: id.clone(), create: false, ..join("x") });
    world.ask(1, "anna", enter()).unwrap();
    world.ask(2, "ben", enter()).unwrap();
    world.told();
    world.ask(2, "ben", Request::Leave(WithExtension { cid: call.cid.clone(), extension: json!("bye") })).unwrap();
    let told = world.told();
    assert!(told.iter().any(|(session, text)| *session == 1 && text.ends_with(&format!("{:?}", LeaveReason::Alone))), "{told:?}");
    assert_eq!(world.view(&call.cid.to_string()).participants, []);
    assert_eq!(world.refused_after(1, "anna", Request::Make(make("anna"))), ErrorKind::InvalidParams);
}

#[test]
fn a_caller_that_waits_in_a_call_nobody_answers_is_let_go() {
    let mut world = World::new();
    let call = world.create("anna", "default:lobby", json!({"ring": true, "members": [{"user_id": "ben"}]}));
    assert!(call.ends_when_alone);
    world.join(1, "anna");
    world.told();
    world.ask(0, "ben", reject(Some("decline"))).unwrap();
    let told = world.told();
    assert!(told.iter().any(|(session, text)| *session == 1 && text.ends_with("left: Alone")), "{told:?}");
}

#[test]
fn joining_answers_and_a_removed_or_blocked_member_stops_ringing() {
    let mut world = ringing("each");
    world.join(3, "ben");
    let told = world.told();
    assert!(told.contains(&(2, "ben accepted, None".into())), "{told:?}");
    let remove = json!({"cid": "default:lobby", "remove_members": ["carl"]});
    world.ask(1, "anna", Request::UpdateMembers(serde_json::from_value(remove).unwrap())).unwrap();
    let told = world.told();
    assert!(told.contains(&(4, "cancelled by time, Some(Answered)".into())), "{told:?}");
}

#[test]
fn ending_the_call_stops_the_ring_and_an_ended_call_does_not_ring() {
    let mut world = ringing("each");
    world.ask(1, "anna", Request::End(extended(json!(null)))).unwrap();
    assert_eq!(ended(&world), Some(RingEnd::CallEnded));
    assert!(world.told().contains(&(4, "cancelled by anna, Some(CallEnded)".into())));
    assert!(matches!(world.ask(1, "anna", ring()).unwrap_err(), Refused::Ended(_)));
}

#[test]
fn what_cannot_ring_says_why() {
    let mut world = ringing("each");
    assert!(matches!(world.ask(1, "anna", ring()).unwrap_err(), Refused::RingsAlready(_)));
    let stranger = RingCall { cid: cid(), members: Some(vec![UserId::new("zoe").unwrap()]), video: None, extension: json!(null) };
    world.ask(1, "anna", cancel()).unwrap();
    assert!(matches!(world.ask(1, "anna", Request::Ring(stranger)).unwrap_err(), Refused::NotAMember { .. }));
    world.create("anna", "livestream:1", json!({"members": [{"user_id": "ben"}]}));
    let quiet = RingCall { cid: "livestream:1".parse().unwrap(), members: None, video: None, extension: json!(null) };
    assert!(matches!(world.ask(1, "anna", Request::Ring(quiet)).unwrap_err(), Refused::DoesNotRing(_)));
}

#[test]
fn rings_are_limited_per_user_and_the_refusal_says_when_to_try_again() {
    let mut world = ringing("each");
    for _ in 0..4 {
        world.ask(1, "anna", cancel()).unwrap();
        world.ask(1, "anna", ring()).unwrap();
    }
    world.ask(1, "anna", cancel()).unwrap();
    let error = crate::protocol::rpc::Error::from(world.ask(1, "anna", ring()).unwrap_err());
    assert_eq!((error.kind, error.details.unwrap().retry_after_ms), (ErrorKind::RateLimited, Some(12_000)));
    world.now += Duration::from_secs(12);
    world.ask(1, "anna", ring()).unwrap();
}

#[test]
fn notifying_by_the_way_is_limited_and_needs_the_same_as_notifying() {
    let mut world = World::new();
    world.create("anna", "default:lobby", json!({"members": [{"user_id": "ben"}]}));
    let by_the_way =
        || Request::GetOrCreate(GetCall { data: Some(CallData { notify: true, ..CallData::default() }), ..get("lobby") });
    for _ in 0..5 {
        world.ask(0, "anna", by_the_way()).unwrap();
    }
    assert_eq!(world.ask(0, "anna", by_the_way()).unwrap_err().kind(), ErrorKind::RateLimited);
    world.with_role("eve", "nobody");
    assert_eq!(world.ask(0, "eve", by_the_way()).unwrap_err().kind(), ErrorKind::PermissionDenied);
}

#[test]
fn a_ring_survives_a_restart_of_the_hub_and_still_ends() {
    let mut world = ringing("each");
    world.ask(2, "ben", accept()).unwrap();
    let json = serde_json::to_string(&world.calls.record(&cid()).unwrap()).unwrap();
    world.calls = Calls::new(limits(), Types::default(), [serde_json::from_str(&json).unwrap()], world.now);
    world.open(14, "carl");
    world.told_is(&[(14, "anna rings")]);
    world.open(12, "ben");
    world.told_is(&[]);
    world.after(FIFTEEN);
    assert_eq!(states(&world), [("ben".into(), CalleeState::Accepted), ("carl".into(), CalleeState::Missed)]);
    assert_eq!(world.calls.poll_timeout(), None);
}
