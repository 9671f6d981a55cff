//! The call that is joined by its id: lobby, full, ended, put out.

use super::*;
use EventBody as E;

fn is_join(request: &Request) -> bool {
    matches!(request, Request::Join(_))
}

fn is_get(request: &Request) -> bool {
    matches!(request, Request::Get(_))
}

fn not_live(joinable_at: Option<&str>) -> Result<Value, Error> {
    let details = Details { joinable_at: joinable_at.map(str::to_owned), ..Details::default() };
    Err(Error::new(ErrorKind::NotLive, "it is not live").with(details))
}

fn refused(outcome: Result<Value, Error>) -> (Bench, Vec<Effect>) {
    let mut bench = Bench::new();
    let wall = humantime::parse_rfc3339("2026-01-01T10:00:00Z").unwrap();
    bench.input(Input::Clock { wall, day: 0, minute: 600 });
    let effects = bench.input(Input::HubOpened { resumed: false });
    let effects = bench.answer(&effects, is_join, outcome);
    (bench, effects)
}

#[test]
fn g34_a_call_that_is_not_live_is_waited_for_in_its_lobby_and_joined_when_it_goes_live() {
    let (mut bench, effects) = refused(not_live(None));
    assert_eq!(bench.state(), Some(CallState::Lobby));
    assert!(bench.core.status().unwrap().error.unwrap().contains("goes live"));
    assert!(matches!(requests(&effects)[..], [Request::Get(_)]), "to be told when: {effects:?}");
    let mut waiting = call(&lobby());
    waiting.backstage = true;
    assert_eq!(bench.answer(&effects, is_get, Ok(json!(waiting))), []);
    let effects = bench.event(E::LiveStarted { call: Box::new(call(&lobby())) });
    bench.answer_join(&effects, 1, &[]);
    assert_eq!(bench.state(), Some(CallState::Joined));
}

#[test]
fn g35_the_lobby_is_left_when_the_time_to_join_ahead_comes() {
    let (mut bench, _) = refused(not_live(Some("2026-01-01T10:03:20Z")));
    assert_eq!(bench.state(), Some(CallState::Lobby));
    let (at, reason) = bench.timeout().unwrap();
    assert_eq!((at - bench.now, reason), (Duration::from_secs(200), "join again"));
    assert_eq!(bench.wait(Duration::from_secs(199)), []);
    assert!(join_in(&bench.wait(Duration::from_secs(1))).is_some());
}

#[test]
fn a_clock_that_is_ahead_makes_no_busy_lobby() {
    let (mut bench, _) = refused(not_live(Some("2026-01-01T09:00:00Z")));
    let mut waited = Vec::new();
    for _ in 0..4 {
        let (at, _) = bench.timeout().unwrap();
        waited.push((at - bench.now).as_secs());
        let effects = bench.wait(at - bench.now);
        bench.answer(&effects, is_join, not_live(Some("2026-01-01T09:00:00Z")));
    }
    assert_eq!(waited, [2, 4, 8, 16]);
}

#[test]
fn a_call_that_went_live_between_refusal_and_following_is_joined() {
    let (mut bench, effects) = refused(not_live(None));
    let effects = bench.answer(&effects, is_get, Ok(json!(call(&lobby()))));
    assert!(join_in(&effects).is_some());
}

#[test]
fn g41_somebody_who_is_made_a_member_in_the_lobby_comes_in() {
    let (mut bench, _) = refused(not_live(None));
    let own_capabilities = vec![hub::Capability::JoinBackstage];
    assert!(join_in(&bench.event(E::Capabilities { own_capabilities })).is_some());
}

#[test]
fn g16_an_ended_call_is_waited_for_without_knocking() {
    let (mut bench, effects) = refused(refusal(ErrorKind::CallEnded, "the call was ended"));
    assert_eq!(bench.state(), Some(CallState::Ended));
    let mut ended = call(&lobby());
    ended.ended_at = Some("2026-01-01T09:00:00Z".into());
    bench.answer(&effects, is_get, Ok(json!(ended)));
    assert_eq!(bench.wait(Duration::from_secs(299)), []);
    assert!(join_in(&bench.wait(Duration::from_secs(1))).is_some(), "five minutes are a long pause");
}

#[test]
fn a_person_who_asks_for_the_same_call_again_is_not_made_to_wait() {
    for refusal in [refusal(ErrorKind::CallEnded, "the call was ended"), not_live(None), refusal(ErrorKind::Full, "full")] {
        let (mut bench, _) = refused(refusal);
        assert!(join_in(&bench.command(Command::Join { cid: lobby() }).unwrap()).is_some());
        assert_eq!(bench.command(Command::Join { cid: lobby() }).unwrap(), [], "once at a time");
    }
}

#[test]
fn g16_an_ended_call_is_joined_as_soon_as_that_is_allowed() {
    let (mut bench, _) = refused(refusal(ErrorKind::CallEnded, "the call was ended"));
    let may = |own_capabilities: Vec<hub::Capability>| E::Capabilities { own_capabilities };
    assert!(join_in(&bench.event(may(vec![hub::Capability::JoinCall]))).is_none());
    assert!(join_in(&bench.event(may(vec![hub::Capability::JoinEndedCall]))).is_some());
}

#[test]
fn an_ended_call_that_is_opened_again_is_joined() {
    let (mut bench, effects) = refused(refusal(ErrorKind::CallEnded, "the call was ended"));
    let mut ended = call(&lobby());
    ended.ended_at = Some("2026-01-01T09:00:00Z".into());
    bench.answer(&effects, is_get, Ok(json!(ended)));
    assert_eq!(bench.event(E::Updated { call: Box::new(ended), by: None }), []);
    bench.event(E::Updated { call: Box::new(call(&lobby())), by: None });
    assert!(join_in(&bench.wait(Duration::from_secs(1))).is_some());
}

#[test]
fn g15_a_call_ended_for_everyone_closes_everything_and_says_by_whom() {
    let mut bench = Bench::joined(&[browser("z")]);
    let peer = bench.only_peer();
    let left = E::ParticipantLeft { participant: id("me"), reason: LeaveReason::Ended, extension: Value::Null };
    let effects = bench.event(left);
    assert_eq!(effects[0], Effect::Close(peer));
    bench.event(E::Ended { by: user("anna"), ended_at: "2026-01-01T10:00:00Z".into(), extension: Value::Null });
    let status = bench.core.status().unwrap();
    assert_eq!((status.state, status.participants.len()), (CallState::Ended, 0));
    assert!(status.error.unwrap().contains("by anna"));
}

#[test]
fn who_is_kicked_or_blocked_stays_out_until_a_person_asks() {
    for reason in [LeaveReason::Kicked, LeaveReason::Blocked] {
        let mut bench = Bench::joined(&[browser("z")]);
        bench.event(E::ParticipantLeft { participant: id("me"), reason, extension: Value::Null });
        assert_eq!(bench.state(), Some(CallState::Out));
        assert!(bench.core.status().unwrap().error.unwrap().contains("callbox join"));
        bench.input(Input::HubLost);
        assert!(join_in(&bench.input(Input::HubOpened { resumed: false })).is_none());
        assert!(join_in(&bench.wait(Duration::from_secs(3600))).is_none());
        assert!(join_in(&bench.command(Command::Join { cid: lobby() }).unwrap()).is_some());
    }
}

#[test]
fn g41_who_is_removed_knocks_once_a_minute() {
    let mut bench = Bench::joined(&[]);
    let left = E::ParticipantLeft { participant: id("me"), reason: LeaveReason::Removed, extension: Value::Null };
    bench.event(left);
    bench.event(E::Closed { reason: LeaveReason::Removed });
    assert_eq!(bench.wait(Duration::from_secs(59)), []);
    let effects = bench.wait(Duration::from_secs(1));
    bench.answer(&effects, is_join, refusal(ErrorKind::PermissionDenied, "only members join"));
    assert_eq!(bench.core.status().unwrap().error.unwrap(), "only members join");
    let (at, _) = bench.timeout().unwrap();
    assert_eq!(at - bench.now, Duration::from_secs(60));
}

#[test]
fn a_call_that_goes_back_to_backstage_is_waited_for() {
    let mut bench = Bench::joined(&[]);
    let left = E::ParticipantLeft { participant: id("me"), reason: LeaveReason::Backstage, extension: Value::Null };
    let effects = bench.event(left);
    bench.answer(&effects, is_join, not_live(None));
    assert_eq!(bench.state(), Some(CallState::Lobby));
}

#[test]
fn a_hub_that_names_a_time_is_not_asked_before_it() {
    let details = Details { retry_after_ms: Some(30_000), ..Details::default() };
    let (bench, _) = refused(Err(Error::new(ErrorKind::RateLimited, "too many").with(details)));
    assert_eq!(bench.timeout().unwrap().0 - bench.now, Duration::from_secs(30));
}

#[test]
fn what_the_hub_was_not_told_of_leaving_it_is_told_when_it_is_back() {
    let mut bench = Bench::joined(&[]);
    bench.input(Input::HubLost);
    assert_eq!(bench.command(Command::Leave).unwrap(), []);
    let effects = bench.input(Input::HubOpened { resumed: true });
    assert_eq!(requests(&effects), [&Request::Leave(lobby())]);
    bench.answer(&effects, |_| true, refusal(ErrorKind::Unavailable, "dropped"));
    let again = bench.wait(Duration::from_secs(2));
    assert_eq!(requests(&again), [&Request::Leave(lobby())]);
    bench.answer(&again, |_| true, Ok(Value::Null));
    assert_eq!(bench.timeout(), None);
}

#[test]
fn a_call_joined_by_hand_gives_way_to_the_own_room_when_it_is_over() {
    let mut bench = Bench::joined(&[]);
    let meeting = cid("default:meeting");
    let effects = bench.command(Command::Join { cid: meeting.clone() }).unwrap();
    assert!(matches!(requests(&effects)[..], [Request::Leave(_), Request::Join(_)]), "never in two calls: {effects:?}");
    bench.cid = meeting;
    bench.answer_join(&effects, 1, &[]);
    let effects = bench.event(E::Closed { reason: LeaveReason::Removed });
    bench.cid = lobby();
    bench.answer_join(&effects, 2, &[]);
    assert_eq!(bench.core.status().unwrap().cid, lobby());
}
