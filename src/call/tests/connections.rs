//! Connections to the others: who offers, what follows a failure, and what the hub's absence changes.

use super::*;

fn offers_in(effects: &[Effect]) -> Vec<u64> {
    effects.iter().filter_map(|e| if let Effect::Offer(peer) = e { Some(peer.epoch) } else { None }).collect()
}

#[test]
fn the_auto_join_call_is_joined_as_soon_as_the_hub_is_there() {
    let mut bench = Bench::new();
    assert_eq!(bench.core.status().unwrap().state, CallState::Joining);
    let effects = bench.input(Input::HubOpened { resumed: false });
    bench.answer_join(&effects, 1, &[]);
    assert_eq!(bench.core.status().unwrap().state, CallState::Joined);
}

#[test]
fn a_refused_join_is_said_and_tried_again_with_growing_pauses() {
    let mut bench = Bench::new();
    let mut effects = bench.input(Input::HubOpened { resumed: false });
    let mut pauses = Vec::new();
    for _ in 0..3 {
        let Some(Effect::Request { tag, request: Request::Join(_) }) = effects.first() else { panic!("{effects:?}") };
        let refused = Error::new(ErrorKind::Full, "the call is full");
        bench.input(Input::Reply { tag: *tag, outcome: Err(refused) });
        assert_eq!(bench.core.status().unwrap().error.as_deref(), Some("the call is full"));
        let (at, reason) = bench.timeout().unwrap();
        assert_eq!(reason, "join again");
        pauses.push((at - bench.now).as_secs());
        effects = bench.wait(at - bench.now);
    }
    assert_eq!(pauses, [2, 4, 8]);
}

#[test]
fn an_appliance_offers_to_a_browser_and_waits_for_a_smaller_appliance() {
    let mut bench = Bench::new();
    let effects = bench.input(Input::HubOpened { resumed: false });
    let others = [participant("a-smaller", 1, ClientKind::Appliance), participant("a-browser", 1, ClientKind::Browser)];
    let effects = bench.answer_join(&effects, 3, &others);
    assert_eq!(offers_in(&effects), [(3 << 16) + 1]);
    let effects =
        bench.event(EventBody::Signal { from: id("a-smaller"), epoch: 65_537, signal: Signal::Offer { sdp: "x".into() } });
    assert!(matches!(&effects[..], [Effect::Answer { peer, .. }] if peer.epoch == 65_537));
}

#[test]
fn stale_offers_answers_and_candidates_are_ignored() {
    let mut bench = Bench::joined(&[participant("a", 1, ClientKind::Appliance)]);
    let offer = |epoch| EventBody::Signal { from: id("a"), epoch, signal: Signal::Offer { sdp: "x".into() } };
    assert_eq!(bench.event(offer(70_000)).len(), 1);
    assert_eq!(bench.event(offer(70_000)), [], "twice the same");
    assert_eq!(bench.event(offer(65_537)), [], "an older one");
    let candidate = |epoch| EventBody::Signal {
        from: id("a"),
        epoch,
        signal: Signal::Candidate { candidate: "candidate:1".into(), sdp_m_line_index: 0 },
    };
    assert_eq!(bench.event(candidate(1)), []);
    assert_eq!(bench.event(candidate(70_000)).len(), 1);
    let answer = EventBody::Signal { from: id("a"), epoch: 70_000, signal: Signal::Answer { sdp: "x".into() } };
    assert_eq!(bench.event(answer), [], "we did not offer");
    let effects = bench.event(offer(70_001));
    assert!(matches!(&effects[..], [Effect::Close(old), Effect::Answer { peer: new, .. }] if old.epoch < new.epoch));
}

#[test]
fn c27_a_failed_connection_is_freed_at_once_and_offered_again_after_a_pause() {
    let mut bench = Bench::joined(&[participant("z", 1, ClientKind::Browser)]);
    let peer = bench.only_peer();
    bench.connection(&peer, PeerConnection::Connected);
    let effects = bench.connection(&peer, PeerConnection::Failed);
    assert_eq!(effects, [Effect::Close(peer.clone())]);
    let effects = bench.wait(Duration::from_millis(500));
    assert_eq!(offers_in(&effects), [peer.epoch + 1]);
    assert_eq!(bench.connection(&peer, PeerConnection::Failed), [], "the old one is no news");
}

#[test]
fn nobody_is_called_while_their_socket_is_away() {
    let mut bench = Bench::joined(&[participant("z", 1, ClientKind::Browser)]);
    let peer = bench.only_peer();
    bench.connection(&peer, PeerConnection::Connected);
    let mut away = participant("z", 1, ClientKind::Browser);
    away.state = ParticipantState::Reconnecting;
    assert_eq!(bench.event(EventBody::ParticipantUpdated { participant: away }), [], "media go on");
    bench.connection(&peer, PeerConnection::Failed);
    assert_eq!(bench.wait(Duration::from_secs(60)), []);
    assert_eq!(bench.timeout(), None, "nothing to wait for: no busy loop");
    let effects = bench.event(EventBody::ParticipantUpdated { participant: participant("z", 1, ClientKind::Browser) });
    assert_eq!(offers_in(&effects).len(), 1);
}

#[test]
fn a_restarted_participant_gets_a_fresh_connection() {
    let mut bench = Bench::joined(&[participant("z", 1, ClientKind::Browser)]);
    let peer = bench.only_peer();
    bench.connection(&peer, PeerConnection::Connected);
    let effects = bench.event(EventBody::ParticipantJoined { participant: participant("z", 2, ClientKind::Browser) });
    assert_eq!(effects[0], Effect::Close(peer));
    assert_eq!(offers_in(&effects).len(), 1);
}

#[test]
fn the_hub_going_and_coming_back_leaves_connections_alone() {
    let others = [participant("z", 1, ClientKind::Browser)];
    let mut bench = Bench::joined(&others);
    let peer = bench.only_peer();
    bench.connection(&peer, PeerConnection::Connected);
    assert_eq!(bench.input(Input::HubLost), []);
    assert_eq!(bench.core.status().unwrap().state, CallState::Reconnecting);
    let effects = bench.input(Input::HubOpened { resumed: false });
    let Some(Effect::Request { request: Request::Join(join), .. }) = effects.first() else { panic!("{effects:?}") };
    assert_eq!(join.participation.as_ref().unwrap().generation, Some(1), "we claim the media stack that still runs");
    assert_eq!(bench.answer_join(&effects, 1, &others), []);
    assert_eq!(bench.only_peer(), peer);
}

#[test]
fn who_left_while_the_hub_was_away_is_closed_after_the_rejoin() {
    let mut bench = Bench::joined(&[participant("z", 1, ClientKind::Browser)]);
    let peer = bench.only_peer();
    bench.input(Input::HubLost);
    let effects = bench.input(Input::HubOpened { resumed: false });
    assert_eq!(bench.answer_join(&effects, 1, &[]), [Effect::Close(peer)]);
    assert_eq!(bench.core.status().unwrap().participants, []);
}

#[test]
fn b17_who_leaves_is_closed() {
    let mut bench = Bench::joined(&[participant("z", 1, ClientKind::Browser)]);
    let peer = bench.only_peer();
    let effects =
        bench.event(EventBody::ParticipantLeft { participant: id("z"), reason: LeaveReason::Left, extension: Value::Null });
    assert_eq!(effects, [Effect::Close(peer)]);
}

#[test]
fn g14_leaving_closes_everything_and_stays_out_until_asked() {
    let mut bench = Bench::joined(&[participant("z", 1, ClientKind::Browser)]);
    let effects = bench.input(Input::Command(Command::Leave));
    assert!(matches!(effects[0], Effect::Close(_)));
    assert!(effects.iter().any(|e| matches!(e, Effect::Request { request: Request::Leave(_), .. })));
    assert_eq!(bench.input(Input::HubOpened { resumed: false }), []);
    assert_eq!(bench.core.handle(Input::Command(Command::Leave), bench.now), Err(Refused::NoCall));
    let effects = bench.input(Input::Command(Command::Join { cid: lobby() }));
    assert!(matches!(effects[0], Effect::Request { request: Request::Join(_), .. }));
}

#[test]
fn c28_muting_switches_the_source_and_tells_the_others() {
    let mut bench = Bench::joined(&[]);
    let effects = bench.input(Input::Command(Command::Mute { audio: Some(true), video: None }));
    let muted = Muted { audio: true, video: false };
    assert_eq!(effects[0], Effect::Mute(muted));
    assert!(matches!(&effects[1], Effect::Request { request: Request::Mute(_, told, false), .. } if *told == muted));
    assert_eq!(bench.input(Input::Command(Command::Mute { audio: Some(true), video: None })), [], "no change, no effect");
}

#[test]
fn a_participation_taken_over_elsewhere_is_not_fought_for() {
    let mut bench = Bench::joined(&[participant("z", 1, ClientKind::Browser)]);
    let effects = bench.event(EventBody::Replaced { participant: id("me") });
    assert!(matches!(effects[..], [Effect::Close(_)]));
    assert_eq!(bench.input(Input::HubOpened { resumed: false }), []);
    assert!(bench.core.status().unwrap().error.unwrap().contains("callbox join"));
    assert!(!bench.input(Input::Command(Command::Join { cid: lobby() })).is_empty());
}

#[test]
fn a_restart_wish_is_granted_once_per_pause() {
    let mut bench = Bench::joined(&[participant("z", 1, ClientKind::Browser)]);
    let peer = bench.only_peer();
    bench.connection(&peer, PeerConnection::Connected);
    let wish = EventBody::Signal { from: id("z"), epoch: peer.epoch, signal: Signal::Restart };
    for _ in 0..100 {
        assert_eq!(bench.event(wish.clone()), []);
    }
    assert_eq!(offers_in(&bench.wait(Duration::from_millis(500))), [peer.epoch + 1]);
}
