//! Somebody calls this appliance.

use std::collections::BTreeSet;

use super::*;
use crate::config::{AutoAnswer, DoNotDisturb, WhenBusy};
use crate::protocol::control::RingState;
use CalleeState as C;
use EventBody as E;

fn visit() -> Cid {
    cid("default:visit")
}

const US: [(&str, C); 1] = [("me", C::Ringing)];

fn is_accept(request: &Request) -> bool {
    matches!(request, Request::Accept(_))
}

fn accepted(states: &[(&str, C)]) -> E {
    E::Accepted { user: user("me"), extension: Value::Null, ring: ring("anna", states) }
}

fn answer() -> Command {
    Command::Answer { muted: false, audio_only: false }
}

fn rung(config: CallConfig) -> Bench {
    let mut bench = Bench::idle(config);
    bench.rings(&visit(), "anna", &US);
    bench
}

fn ring_state(bench: &Bench) -> Option<RingState> {
    bench.core.ring().map(|ring| ring.state)
}

/// Answered and joined, with anna in it.
fn in_visit(bench: &mut Bench) {
    let effects = bench.command(answer()).unwrap();
    let effects = bench.answer(&effects, is_accept, Ok(Value::Null));
    bench.cid = visit();
    bench.answer_join(&effects, 1, &[browser("anna")]);
}

fn left(who: &str, reason: LeaveReason) -> E {
    E::ParticipantLeft { participant: id(who), reason, extension: Value::Null }
}

#[test]
fn c16_a_ring_is_shown_with_who_and_since_when_and_is_heard() {
    let mut bench = Bench::idle(CallConfig::default());
    assert_eq!(bench.rings(&visit(), "anna", &US), [Effect::Tone(Some(Tone::Ringing))]);
    let ring = bench.core.ring().unwrap();
    assert_eq!((ring.by, ring.state, ring.video), (user("anna"), RingState::Ringing, true));
    assert_eq!(ring.since, "2026-01-01T10:00:00Z");
}

#[test]
fn k9_an_answered_ring_is_accepted_and_then_joined() {
    let mut bench = rung(CallConfig::default());
    let effects = bench.command(answer()).unwrap();
    assert_eq!(effects[0], Effect::Request { tag: 1, request: Request::Accept(visit()) });
    assert_eq!(ring_state(&bench), Some(RingState::Answering));
    assert_eq!(bench.command(answer()).unwrap(), [], "twice is once");
    let effects = bench.answer(&effects, is_accept, Ok(Value::Null));
    let (_, join) = join_in(&effects).unwrap();
    assert!(!join.create);
    bench.cid = visit();
    bench.answer_join(&effects, 1, &[browser("anna")]);
    assert_eq!((bench.state(), ring_state(&bench)), (Some(CallState::Joined), None));
}

#[test]
fn k9_a_call_may_be_answered_without_camera_or_microphone() {
    for (command, muted) in [
        (Command::Answer { muted: true, audio_only: false }, Muted { audio: true, video: false }),
        (Command::Answer { muted: false, audio_only: true }, Muted { audio: false, video: true }),
    ] {
        let mut bench = rung(CallConfig::default());
        let effects = bench.command(command).unwrap();
        bench.answer(&effects, is_accept, Ok(Value::Null));
        assert_eq!(bench.core.muted(), muted, "before the call is joined");
    }
}

#[test]
fn k10_a_rejected_ring_stops_and_the_caller_is_told_why() {
    let mut bench = rung(CallConfig::default());
    let effects = bench.command(Command::Reject { reason: Some("later".into()) }).unwrap();
    assert_eq!(requests(&effects), [&Request::Reject(visit(), "later".into())]);
    assert!(effects.contains(&Effect::Tone(None)));
    assert_eq!(ring_state(&bench), Some(RingState::Ended));
    assert_eq!(bench.command(answer()).unwrap_err(), Refused::NobodyCalls);
    bench.wait(Duration::from_secs(10));
    assert_eq!(ring_state(&bench), None);
}

#[test]
fn c23_a_rejection_reaches_a_hub_that_was_away() {
    let mut bench = rung(CallConfig::default());
    bench.input(Input::HubLost);
    assert_eq!(requests(&bench.command(Command::Reject { reason: None }).unwrap()), Vec::<&Request>::new());
    let effects = bench.input(Input::HubOpened { resumed: true });
    assert_eq!(requests(&effects), [&Request::Reject(visit(), "decline".into())]);
}

#[test]
fn nothing_to_answer_is_said() {
    let mut bench = Bench::idle(CallConfig::default());
    for command in [answer(), Command::Reject { reason: None }] {
        assert_eq!(bench.command(command).unwrap_err().to_string(), "nobody is calling");
    }
    assert_eq!(bench.command(Command::Hangup).unwrap_err(), Refused::NoCall);
}

#[test]
fn a_ring_stops_when_another_device_of_ours_the_caller_or_the_time_ends_it() {
    let cases: [(E, &str); 4] = [
        (accepted(&[("me", C::Accepted)]), "another device"),
        (E::Missed { user: user("me"), ring: ring("anna", &[("me", C::Missed)]) }, "missed"),
        (
            E::Cancelled {
                by: Some(user("anna")),
                reason: None,
                extension: Value::Null,
                ring: ring("anna", &[("me", C::Cancelled)]),
            },
            "anna gave up",
        ),
        (
            E::Accepted {
                user: user("ben"),
                extension: Value::Null,
                ring: ring("anna", &[("me", C::Elsewhere), ("ben", C::Accepted)]),
            },
            "somebody else",
        ),
    ];
    for (event, why) in cases {
        let mut bench = rung(CallConfig::default());
        let effects = bench.event_of(&visit(), event);
        assert!(effects.contains(&Effect::Tone(None)), "{why}");
        assert!(bench.core.ring().unwrap().reason.unwrap().contains(why), "{why}");
        assert_eq!(bench.command(answer()).unwrap_err(), Refused::NobodyCalls);
    }
}

#[test]
fn c17_a_ring_whose_end_gets_lost_ends_all_the_same() {
    let mut bench = rung(CallConfig::default());
    bench.input(Input::HubLost);
    bench.wait(Duration::from_secs(20));
    let ring = bench.core.ring().unwrap();
    assert_eq!((ring.state, ring.reason.as_deref()), (RingState::Ended, Some("missed")));
}

#[test]
fn the_same_ring_rings_once_however_often_it_is_told() {
    let mut bench = rung(CallConfig::default());
    assert_eq!(bench.rings(&visit(), "anna", &US), []);
    bench.command(Command::Reject { reason: None }).unwrap();
    bench.wait(Duration::from_secs(10));
    bench.rings(&visit(), "anna", &US);
    assert_eq!(ring_state(&bench), None);
}

#[test]
fn an_answer_waits_for_the_hub_to_come_back() {
    let mut bench = rung(CallConfig::default());
    bench.input(Input::HubLost);
    assert_eq!(requests(&bench.command(answer()).unwrap()), Vec::<&Request>::new());
    let effects = bench.input(Input::HubOpened { resumed: true });
    let effects = bench.answer(&effects, is_accept, refusal(ErrorKind::Timeout, "late"));
    assert_eq!(requests(&effects), Vec::<&Request>::new(), "not at once");
    let effects = bench.wait(Duration::from_secs(2));
    let effects = bench.answer(&effects, is_accept, refusal(ErrorKind::Conflict, "somebody else has answered"));
    assert!(join_in(&effects).is_none());
    assert_eq!(bench.core.ring().unwrap().reason.unwrap(), "somebody else has answered");
}

#[test]
fn after_a_fresh_session_the_hub_is_asked_whether_it_still_rings() {
    for (states, rings) in [(&US, true), (&[("me", C::Missed)], false)] {
        let mut bench = rung(CallConfig::default());
        bench.input(Input::HubLost);
        let effects = bench.input(Input::HubOpened { resumed: false });
        let mut call = call(&visit());
        call.ring = Some(ring("anna", states));
        bench.answer(&effects, |request| matches!(request, Request::Get(_)), Ok(json!(call)));
        assert_eq!(ring_state(&bench) == Some(RingState::Ringing), rings);
    }
}

#[test]
fn who_calls_during_a_conversation_hears_busy() {
    let mut bench = Bench::joined(&[browser("z")]);
    let effects = bench.rings(&visit(), "anna", &US);
    assert_eq!(requests(&effects), [&Request::Reject(visit(), "busy".into())]);
    assert_eq!(ring_state(&bench), None);
    bench.event(left("z", LeaveReason::Left));
    bench.rings(&visit(), "anna", &US);
    assert_eq!(ring_state(&bench), None, "no ring after busy");
}

#[test]
fn alone_in_the_own_room_nobody_is_busy_and_one_ring_at_a_time_is_enough() {
    let mut bench = Bench::joined(&[]);
    bench.rings(&visit(), "anna", &US);
    assert_eq!(ring_state(&bench), Some(RingState::Ringing));
    let effects = bench.rings(&cid("default:second"), "ben", &US);
    assert_eq!(requests(&effects), [&Request::Reject(cid("default:second"), "busy".into())]);
}

#[test]
fn when_busy_ring_lets_it_ring_and_answering_leaves_the_present_call() {
    let config = CallConfig { when_busy: WhenBusy::Ring, auto_answer: AutoAnswer::Always, ..CallConfig::default() };
    let mut bench = Bench::joined_with(config, &[browser("z")]);
    let peer = bench.only_peer();
    bench.rings(&visit(), "anna", &US);
    assert_eq!(ring_state(&bench), Some(RingState::Ringing));
    bench.wait(Duration::from_secs(5));
    assert_eq!(ring_state(&bench), Some(RingState::Ringing), "never by itself: somebody is talking");
    let effects = bench.command(answer()).unwrap();
    let effects = bench.answer(&effects, is_accept, Ok(Value::Null));
    assert_eq!(effects[0], Effect::Close(peer));
    assert!(matches!(requests(&effects)[..], [Request::Leave(_), Request::Join(_)]), "{effects:?}");
}

#[test]
fn do_not_disturb_rejects_without_a_sound() {
    let config = CallConfig { do_not_disturb: DoNotDisturb::On, auto_answer: AutoAnswer::Always, ..CallConfig::default() };
    let mut bench = Bench::idle(config);
    let effects = bench.rings(&visit(), "anna", &US);
    assert_eq!(effects.len(), 1);
    assert_eq!(requests(&effects), [&Request::Reject(visit(), "do-not-disturb".into())]);
}

#[test]
fn do_not_disturb_follows_its_schedule_and_a_person_overrules_it_until_it_agrees() {
    let night = DoNotDisturb::During(vec!["22:00-07:00".parse().unwrap()]);
    let mut bench = Bench::idle(CallConfig { do_not_disturb: night, ..CallConfig::default() });
    let wall = humantime::parse_rfc3339("2026-01-01T21:59:00Z").unwrap();
    bench.input(Input::Clock { wall, day: 0, minute: 21 * 60 + 59 });
    let hours = |bench: &mut Bench, hours: u64| {
        bench.wait(Duration::from_secs(hours * 3600));
        bench.core.is_quiet(bench.now)
    };
    assert!(!hours(&mut bench, 0));
    assert!(hours(&mut bench, 1), "22:59");
    bench.command(Command::DoNotDisturb { on: false }).unwrap();
    assert!(!hours(&mut bench, 1), "a person wants to be disturbed this night");
    assert!(!hours(&mut bench, 10), "9:59");
    assert!(hours(&mut bench, 13), "the next night it is quiet again");
    bench.wait(Duration::from_secs(10 * 3600));
    bench.command(Command::DoNotDisturb { on: true }).unwrap();
    assert!(hours(&mut bench, 1), "and a person wants quiet by day");
}

#[test]
fn calls_are_answered_by_themselves_after_the_delay_from_those_who_may() {
    let users = AutoAnswer::Users(BTreeSet::from([user("anna")]));
    let delay = Duration::from_secs(3);
    let config = CallConfig { auto_answer: users, answer_delay: delay, answer_muted: true, ..CallConfig::default() };
    let mut bench = rung(config.clone());
    assert_eq!(bench.timeout().unwrap(), (bench.now + delay, "answer by itself"));
    let effects = bench.wait(delay);
    let effects = bench.answer(&effects, is_accept, Ok(Value::Null));
    assert!(join_in(&effects).is_some());
    assert!(bench.core.muted().audio);
    let mut bench = Bench::idle(config);
    bench.rings(&visit(), "ben", &US);
    bench.wait(delay);
    assert_eq!(ring_state(&bench), Some(RingState::Ringing), "ben may not");
}

#[test]
fn c25_a_rung_call_is_over_when_the_other_is_gone_and_the_room_is_joined_again() {
    for by_hub in [true, false] {
        let mut bench = Bench::joined(&[]);
        bench.rings(&visit(), "anna", &US);
        in_visit(&mut bench);
        assert_eq!(bench.core.status().unwrap().cid, visit());
        bench.event(left("anna", LeaveReason::Left));
        let effects = if by_hub { bench.event(left("me", LeaveReason::Alone)) } else { bench.wait(Duration::from_secs(5)) };
        let (_, join) = join_in(&effects).unwrap();
        assert_eq!(join.id, "lobby");
        assert_eq!(bench.core.status().unwrap().cid, lobby());
    }
}

#[test]
fn a_rung_call_to_which_nobody_comes_is_left() {
    let mut bench = rung(CallConfig::default());
    let effects = bench.command(answer()).unwrap();
    let effects = bench.answer(&effects, is_accept, Ok(Value::Null));
    bench.cid = visit();
    bench.answer_join(&effects, 1, &[]);
    assert_eq!(bench.wait(Duration::from_secs(29)), []);
    assert_eq!(requests(&bench.wait(Duration::from_secs(1))), [&Request::Leave(visit())]);
    assert_eq!(bench.state(), None);
}

#[test]
fn k11_hanging_up_a_call_that_was_answered_goes_back_to_the_room() {
    let mut bench = Bench::joined(&[]);
    bench.rings(&visit(), "anna", &US);
    in_visit(&mut bench);
    let effects = bench.command(Command::Hangup).unwrap();
    assert_eq!(requests(&effects)[0], &Request::Leave(visit()));
    assert_eq!(join_in(&effects).unwrap().1.id, "lobby");
}

#[test]
fn hanging_up_while_it_rings_rejects() {
    let mut bench = Bench::joined(&[]);
    bench.rings(&visit(), "anna", &US);
    let effects = bench.command(Command::Hangup).unwrap();
    assert_eq!(requests(&effects), [&Request::Reject(visit(), "decline".into())]);
    assert_eq!(bench.state(), Some(CallState::Joined), "the room stays");
}

#[test]
fn a_microphone_switched_off_in_the_room_is_off_after_a_rung_call_too() {
    let mut bench = Bench::joined(&[]);
    bench.command(Command::Mute { audio: Some(true), video: None }).unwrap();
    bench.rings(&visit(), "anna", &US);
    in_visit(&mut bench);
    assert!(!bench.core.muted().audio, "another call");
    let effects = bench.command(Command::Hangup).unwrap();
    bench.cid = lobby();
    bench.answer_join(&effects, 1, &[]);
    assert!(bench.core.muted().audio);
}

#[test]
fn a_ring_of_the_call_that_we_are_in_is_accepted_without_a_sound() {
    let mut bench = Bench::joined(&[browser("z")]);
    let effects = bench.rings(&lobby(), "anna", &US);
    assert_eq!(requests(&effects), [&Request::Accept(lobby())]);
    assert_eq!(ring_state(&bench), None);
}

#[test]
fn g26_an_audio_ring_is_answered_with_the_camera_off() {
    let mut bench = Bench::idle(CallConfig::default());
    let mut call = call(&visit());
    call.ring = Some(Ring { video: false, ..ring("anna", &US) });
    bench.event_of(&visit(), E::Ringing { call: Box::new(call), by: User::new(user("anna")) });
    in_visit(&mut bench);
    assert_eq!(bench.core.muted(), Muted { audio: false, video: true });
}
