//! Connections that fall silent: another one is made beside them, and whichever lives is used.

use super::*;

fn offers_in(effects: &[Effect]) -> Vec<u64> {
    effects.iter().filter_map(|e| if let Effect::Offer(peer) = e { Some(peer.epoch) } else { None }).collect()
}

/// In a call with a browser, to which we offer, and connected.
fn connected() -> (Bench, PeerId) {
    let mut bench = Bench::joined(&[browser("z")]);
    let peer = bench.only_peer();
    bench.connection(&peer, PeerConnection::Connected);
    (bench, peer)
}

fn after(peer: &PeerId) -> PeerId {
    PeerId { epoch: peer.epoch + 1, ..peer.clone() }
}

fn shown(bench: &Bench) -> PeerConnection {
    bench.core.status().unwrap().participants[0].connection
}

fn muted(audio: bool, video: bool) -> EventBody {
    let mut other = browser("z");
    other.muted = Muted { audio, video };
    EventBody::ParticipantUpdated { participant: other }
}

#[test]
fn a_silent_connection_is_kept_until_the_one_beside_it_is_up() {
    let (mut bench, old) = connected();
    let effects = bench.connection(&old, PeerConnection::Disconnected);
    assert_eq!(effects, [Effect::Offer(after(&old))], "at once, and nothing is closed");
    assert_eq!((shown(&bench), bench.only_peer()), (PeerConnection::Disconnected, old.clone()));
    bench.connection(&after(&old), PeerConnection::Connecting);
    assert_eq!(bench.connection(&after(&old), PeerConnection::Connected), [Effect::Close(old.clone())]);
    assert_eq!((shown(&bench), bench.only_peer()), (PeerConnection::Connected, after(&old)));
    assert_eq!(bench.timeout(), None);
}

#[test]
fn after_a_blackout_the_old_connection_goes_on() {
    let (mut bench, old) = connected();
    bench.connection(&old, PeerConnection::Disconnected);
    assert_eq!(bench.connection(&old, PeerConnection::Connected), []);
    assert_eq!((shown(&bench), bench.only_peer()), (PeerConnection::Connected, old.clone()));
    let failed = bench.connection(&after(&old), PeerConnection::Failed);
    assert_eq!(failed, [Effect::Close(after(&old))], "the new one is not needed");
    assert_eq!((shown(&bench), bench.only_peer()), (PeerConnection::Connected, old));
}

#[test]
fn a_silence_that_ends_before_the_hub_is_back_needs_nothing() {
    let (mut bench, peer) = connected();
    bench.input(Input::HubLost);
    assert_eq!(bench.connection(&peer, PeerConnection::Disconnected), []);
    assert_eq!(shown(&bench), PeerConnection::Disconnected);
    assert_eq!(bench.connection(&peer, PeerConnection::Connected), []);
    assert_eq!(bench.input(Input::HubOpened { resumed: true }).iter().filter(|e| matches!(e, Effect::Offer(_))).count(), 0);
}

#[test]
fn what_is_silent_for_long_is_taken_down() {
    let (mut bench, peer) = connected();
    bench.input(Input::HubLost);
    bench.connection(&peer, PeerConnection::Disconnected);
    let (at, why) = bench.timeout().unwrap();
    assert_eq!((at - bench.now, why), (Duration::from_secs(15), "connect again"));
    assert_eq!(bench.wait(Duration::from_secs(15)), [Effect::Close(peer.clone())]);
    assert_eq!(shown(&bench), PeerConnection::Failed);
    bench.wait(Duration::from_secs(60));
    assert_eq!(bench.timeout(), None, "nothing to wait for: no busy loop");
    assert_eq!(offers_in(&bench.input(Input::HubOpened { resumed: true })), [peer.epoch + 1]);
}

#[test]
fn who_has_everything_switched_off_may_be_silent_for_longer() {
    let (mut bench, peer) = connected();
    bench.event(muted(true, true));
    assert_eq!(bench.connection(&peer, PeerConnection::Disconnected), []);
    assert_eq!(bench.connection(&peer, PeerConnection::Connected), [], "a report came");
    assert_eq!(bench.timeout(), None);
    bench.connection(&peer, PeerConnection::Disconnected);
    assert_eq!(offers_in(&bench.wait(Duration::from_secs(3))), [peer.epoch + 1], "none came");
}

#[test]
fn where_nobody_sends_anything_silence_is_fine_until_somebody_does() {
    let (mut bench, peer) = connected();
    bench.event(muted(true, true));
    bench.command(Command::Mute { audio: Some(true), video: Some(true) }).unwrap();
    assert_eq!(bench.connection(&peer, PeerConnection::Disconnected), []);
    assert_eq!((shown(&bench), bench.timeout()), (PeerConnection::Connected, None));
    bench.event(muted(false, true));
    assert_eq!(offers_in(&bench.wait(Duration::from_secs(3))), [peer.epoch + 1], "what was switched on does not come");
}

#[test]
fn an_answerer_asks_for_another_connection_and_keeps_the_silent_one_too() {
    let mut bench = Bench::joined(&[participant("a", 1, ClientKind::Appliance)]);
    let offer = |epoch| EventBody::Signal { from: id("a"), epoch, signal: Signal::Offer { sdp: "x".into() } };
    bench.event(offer(65_537));
    let old = bench.only_peer();
    bench.connection(&old, PeerConnection::Connected);
    let effects = bench.connection(&old, PeerConnection::Disconnected);
    assert!(matches!(requests(&effects)[..], [Request::Signal { signal: Signal::Restart, .. }]), "{effects:?}");
    let effects = bench.event(offer(65_538));
    assert!(matches!(&effects[..], [Effect::Answer { peer, .. }] if *peer == after(&old)), "nothing is closed: {effects:?}");
    assert_eq!(bench.connection(&after(&old), PeerConnection::Connected), [Effect::Close(old)]);
}

#[test]
fn a_lost_address_makes_everything_anew_as_soon_as_the_hub_is_there() {
    let (mut bench, old) = connected();
    assert_eq!(bench.input(Input::AddressLost), []);
    assert_eq!(bench.core.status().unwrap().state, CallState::Reconnecting);
    bench.input(Input::HubLost);
    let effects = bench.input(Input::HubOpened { resumed: true });
    assert_eq!(offers_in(&effects), [old.epoch + 1]);
    assert!(!effects.contains(&Effect::Close(old.clone())), "it may have had another address");
    assert_eq!(bench.connection(&after(&old), PeerConnection::Connected), [Effect::Close(old)]);
}

#[test]
fn a_wish_that_crosses_the_offer_it_wishes_for_changes_nothing() {
    let (mut bench, old) = connected();
    bench.connection(&old, PeerConnection::Disconnected);
    let wish = EventBody::Signal { from: id("z"), epoch: old.epoch, signal: Signal::Restart };
    bench.event(wish.clone());
    assert_eq!(offers_in(&bench.wait(Duration::from_secs(1))).len(), 0, "our offer may be on its way");
    bench.connection(&after(&old), PeerConnection::Connected);
    assert_eq!(offers_in(&bench.wait(Duration::from_secs(10))).len(), 0, "it was");
    let current = bench.only_peer();
    bench.connection(&current, PeerConnection::Disconnected);
    bench.event(EventBody::Signal { from: id("z"), epoch: current.epoch, signal: Signal::Restart });
    assert_eq!(offers_in(&bench.wait(Duration::from_secs(2))), [current.epoch + 2], "it was not");
}

#[test]
fn who_leaves_takes_both_connections_along() {
    let (mut bench, old) = connected();
    bench.connection(&old, PeerConnection::Disconnected);
    let left = EventBody::ParticipantLeft { participant: id("z"), reason: LeaveReason::Left, extension: Value::Null };
    assert_eq!(bench.event(left), [Effect::Close(old.clone()), Effect::Close(after(&old))]);
}
