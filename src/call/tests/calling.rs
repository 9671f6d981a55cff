//! This appliance calls somebody.

use super::*;
use crate::config::SpeedDial;
use crate::protocol::control::OutgoingState;
use CalleeState as C;
use EventBody as E;

fn made() -> Cid {
    cid("default:made-1")
}

fn to(name: &str) -> Command {
    Command::Call { to: name.into(), audio_only: false }
}

fn is_make(request: &Request) -> bool {
    matches!(request, Request::Make(_))
}

fn is_get(request: &Request) -> bool {
    matches!(request, Request::Get(_))
}

fn config() -> CallConfig {
    let users = vec![user("anna"), user("ben")];
    let reception = SpeedDial { name: "reception".into(), users, video: true, answer: AnswerMode::First };
    CallConfig { speed_dial: vec![reception], ..CallConfig::default() }
}

fn ringing(states: &[(&str, C)]) -> Value {
    let mut call = call(&made());
    call.ring = Some(ring("me", states));
    json!(call)
}

/// Calls anna, and it rings there.
fn calls_anna() -> Bench {
    let mut bench = Bench::idle(config());
    let effects = bench.command(to("anna")).unwrap();
    bench.answer(&effects, is_make, Ok(ringing(&[("anna", C::Ringing)])));
    bench
}

fn rejected(who: &str, reason: Option<&str>, states: &[(&str, C)]) -> E {
    E::Rejected { user: user(who), reason: reason.map(str::to_owned), extension: Value::Null, ring: ring("me", states) }
}

fn accepted(who: &str, states: &[(&str, C)]) -> E {
    E::Accepted { user: user(who), extension: Value::Null, ring: ring("me", states) }
}

fn shown(bench: &Bench) -> Option<(OutgoingState, Option<String>)> {
    bench.core.outgoing().map(|outgoing| (outgoing.state, outgoing.reason))
}

#[test]
fn k8_a_call_is_made_under_an_id_of_its_own_and_joined_when_somebody_answers() {
    let mut bench = Bench::idle(config());
    let effects = bench.command(to("anna")).unwrap();
    let [Request::Make(make)] = requests(&effects)[..] else { panic!("{effects:?}") };
    let data = make.data.as_ref().unwrap();
    assert_eq!((make.id.as_str(), data.ring, data.video), ("made-1", true, Some(true)));
    assert_eq!(data.members.iter().map(|member| member.user_id.as_str()).collect::<Vec<_>>(), ["anna"]);
    assert_eq!(shown(&bench), Some((OutgoingState::Dialing, None)));
    let effects = bench.answer(&effects, is_make, Ok(ringing(&[("anna", C::Ringing)])));
    assert_eq!(effects, [Effect::Tone(Some(Tone::RingBack))], "and is not joined before it is answered");
    assert_eq!(shown(&bench), Some((OutgoingState::Ringing, None)));
    let effects = bench.event_of(&made(), accepted("anna", &[("anna", C::Accepted)]));
    assert!(effects.contains(&Effect::Tone(None)));
    bench.cid = made();
    bench.answer_join(&effects, 1, &[browser("anna")]);
    assert_eq!((bench.state(), shown(&bench)), (Some(CallState::Joined), None));
}

#[test]
fn a_speed_dial_rings_all_its_users_and_the_first_answer_is_for_all() {
    let mut bench = Bench::idle(config());
    let effects = bench.command(Command::Call { to: "reception".into(), audio_only: true }).unwrap();
    let [Request::Make(make)] = requests(&effects)[..] else { panic!("{effects:?}") };
    let data = make.data.as_ref().unwrap();
    assert_eq!((data.members.len(), data.video), (2, Some(false)));
    assert_eq!(json!(data.settings_override), json!({"ring": {"answer": "first"}}));
    hub::Settings::default().with(&data.settings_override).expect("what the hub knows");
    let states = [("anna", C::Ringing), ("ben", C::Ringing)];
    bench.answer(&effects, is_make, Ok(ringing(&states)));
    bench.event_of(&made(), rejected("anna", None, &[("anna", C::Rejected), ("ben", C::Ringing)]));
    assert_eq!(shown(&bench), Some((OutgoingState::Ringing, None)), "ben is left");
    let effects = bench.event_of(&made(), accepted("ben", &[("anna", C::Rejected), ("ben", C::Accepted)]));
    assert!(join_in(&effects).is_some());
    bench.cid = made();
    bench.answer_join(&effects, 1, &[browser("ben")]);
    assert!(bench.core.muted().video, "an audio call");
}

#[test]
fn c23_a_rejection_is_shown_with_its_reason_for_a_while_and_heard() {
    let mut bench = calls_anna();
    let effects = bench.event_of(&made(), rejected("anna", Some("busy"), &[("anna", C::Rejected)]));
    assert!(effects.contains(&Effect::Tone(Some(Tone::Busy))));
    let why = "anna rejected the call: busy".to_owned();
    assert_eq!(shown(&bench), Some((OutgoingState::Ended, Some(why))));
    assert_eq!(bench.wait(Duration::from_secs(3)), [Effect::Tone(None)]);
    bench.wait(Duration::from_secs(7));
    assert_eq!(shown(&bench), None);
}

#[test]
fn c17_who_does_not_answer_is_named() {
    let mut bench = calls_anna();
    bench.event_of(&made(), E::Missed { user: user("anna"), ring: ring("me", &[("anna", C::Missed)]) });
    assert_eq!(shown(&bench), Some((OutgoingState::Ended, Some("anna did not answer".into()))));
}

#[test]
fn a_ring_that_the_hub_forgets_ends_all_the_same() {
    let mut bench = calls_anna();
    let effects = bench.wait(Duration::from_secs(20));
    assert!(requests(&effects).contains(&&Request::Cancel(made())));
    assert_eq!(shown(&bench), Some((OutgoingState::Ended, Some("anna did not answer".into()))));
}

#[test]
fn hanging_up_while_it_rings_cancels_and_an_answer_that_crosses_it_is_ended() {
    let mut bench = calls_anna();
    let effects = bench.command(Command::Hangup).unwrap();
    assert_eq!(requests(&effects)[0], &Request::Cancel(made()));
    assert!(!effects.contains(&Effect::Tone(Some(Tone::Busy))), "who hangs up needs no tone");
    let effects = bench.event_of(&made(), accepted("anna", &[("anna", C::Accepted)]));
    assert_eq!(requests(&effects), [&Request::End(made())]);
    assert_eq!(bench.state(), None);
}

#[test]
fn hanging_up_before_the_hub_has_answered_cancels_as_well() {
    let mut bench = Bench::idle(config());
    let effects = bench.command(to("anna")).unwrap();
    let cancelled = bench.command(Command::Hangup).unwrap();
    assert_eq!(requests(&cancelled)[0], &Request::Cancel(made()));
    bench.answer(&effects, is_make, Ok(ringing(&[("anna", C::Ringing)])));
    assert_eq!(shown(&bench).unwrap().0, OutgoingState::Ended);
}

#[test]
fn what_the_hub_refuses_is_said() {
    let mut bench = Bench::idle(config());
    let effects = bench.command(to("nobody")).unwrap();
    bench.answer(&effects, is_make, refusal(ErrorKind::NotFound, "there is no user nobody"));
    assert_eq!(shown(&bench), Some((OutgoingState::Ended, Some("there is no user nobody".into()))));
}

#[test]
fn k18_what_makes_no_sense_now_is_refused_with_the_reason() {
    let mut bench = calls_anna();
    let refused = |bench: &mut Bench, name: &str| bench.command(to(name)).unwrap_err().to_string();
    assert_eq!(refused(&mut bench, "ben"), "calling anna already: `callbox hangup` first");
    assert!(refused(&mut bench, "b e n").contains("no speed-dial `b e n` (there is reception)"));
    assert!(refused(&mut bench, "me").contains("this appliance itself"));
    let mut bench = Bench::with(config());
    assert_eq!(bench.command(to("anna")).unwrap_err(), Refused::HubAway);
    let mut bench = Bench::idle(config());
    bench.rings(&cid("default:visit"), "carla", &[("me", C::Ringing)]);
    assert!(refused(&mut bench, "anna").contains("somebody is calling"));
}

#[test]
fn the_room_is_left_only_when_somebody_answers() {
    let mut bench = Bench::joined_with(config(), &[browser("z")]);
    let effects = bench.command(to("anna")).unwrap();
    bench.answer(&effects, is_make, Ok(ringing(&[("anna", C::Ringing)])));
    assert_eq!(bench.core.status().unwrap().cid, lobby());
    let effects = bench.event_of(&made(), accepted("anna", &[("anna", C::Accepted)]));
    assert!(matches!(requests(&effects)[..], [Request::Leave(_), Request::Join(_)]), "{effects:?}");
    assert_eq!(bench.core.status().unwrap().cid, made());
}

#[test]
fn an_answer_of_the_hub_that_gets_lost_is_found_and_nobody_is_rung_twice() {
    let mut bench = Bench::idle(config());
    let effects = bench.command(to("anna")).unwrap();
    bench.input(Input::HubLost);
    bench.answer(&effects, is_make, refusal(ErrorKind::Unavailable, "dropped"));
    bench.input(Input::HubOpened { resumed: true });
    let effects = bench.wait(Duration::from_secs(2));
    bench.answer(&effects, is_get, Ok(ringing(&[("anna", C::Ringing)])));
    assert_eq!(shown(&bench), Some((OutgoingState::Ringing, None)));
}

#[test]
fn a_call_that_never_reached_the_hub_is_made_again() {
    let mut bench = Bench::idle(config());
    let effects = bench.command(to("anna")).unwrap();
    bench.answer(&effects, is_make, refusal(ErrorKind::Unavailable, "dropped"));
    let effects = bench.wait(Duration::from_secs(2));
    let effects = bench.answer(&effects, is_get, refusal(ErrorKind::NotFound, "no such call"));
    let [Request::Make(make)] = requests(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!(make.id, "made-1");
}

#[test]
fn after_a_fresh_session_a_call_that_was_answered_meanwhile_is_joined() {
    let mut bench = calls_anna();
    bench.input(Input::HubLost);
    let effects = bench.input(Input::HubOpened { resumed: false });
    let effects = bench.answer(&effects, is_get, Ok(ringing(&[("anna", C::Accepted)])));
    assert!(join_in(&effects).is_some());
}

#[test]
fn two_who_call_each_other_meet_in_one_call() {
    let mut bench = calls_anna();
    let theirs = cid("default:theirs");
    let effects = bench.rings(&theirs, "anna", &[("me", C::Ringing)]);
    assert_eq!(requests(&effects)[..2], [&Request::Accept(theirs.clone()), &Request::Cancel(made())], "anna comes first");
    let mut bench = Bench::idle(config());
    let effects = bench.command(to("zoe")).unwrap();
    bench.answer(&effects, is_make, Ok(ringing(&[("zoe", C::Ringing)])));
    let effects = bench.rings(&theirs, "zoe", &[("me", C::Ringing)]);
    assert_eq!(requests(&effects), [&Request::Reject(theirs, "busy".into())], "we come first");
}

#[test]
fn hanging_up_on_the_first_stops_the_ringing_of_the_rest() {
    let mut bench = Bench::idle(config());
    let effects = bench.command(to("reception")).unwrap();
    bench.answer(&effects, is_make, Ok(ringing(&[("anna", C::Ringing), ("ben", C::Ringing)])));
    let half = Ring { ended: None, ..ring("me", &[("anna", C::Accepted), ("ben", C::Ringing)]) };
    let effects = bench.event_of(&made(), E::Accepted { user: user("anna"), extension: Value::Null, ring: half.clone() });
    bench.cid = made();
    let mut joined = call(&made());
    joined.ring = Some(half);
    bench.answer_join_to(&effects, 1, &[browser("anna")], joined);
    let effects = bench.command(Command::Hangup).unwrap();
    assert_eq!(requests(&effects), [&Request::Cancel(made()), &Request::Leave(made())]);
}
