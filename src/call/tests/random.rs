//! Whatever happens, in whatever order, late, twice or never.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::config::{AutoAnswer, WhenBusy};
use CalleeState as C;
use EventBody as E;

const NAMES: [&str; 4] = ["a", "m", "z", "nobody"];

fn step() -> impl Strategy<Value = (u8, u64, u8)> {
    (0..36u8, 0..200_000u64, 0..4u8)
}

/// The room, our own call, or one of two in which we are rung.
fn some_cid(number: u64) -> Cid {
    cid(["default:lobby", "default:made-1", "default:visit", "default:other"][(number % 4) as usize])
}

fn some_ring(number: u64, who: u8) -> Ring {
    let states = [C::Ringing, C::Accepted, C::Rejected, C::Missed, C::Elsewhere, C::Cancelled];
    let (ours, theirs) = (states[(number % 6) as usize], states[(number / 6 % 6) as usize]);
    let started_at = format!("2026-01-01T10:00:0{}Z", number / 36 % 3);
    Ring { started_at, ..ring(NAMES[usize::from(who)], &[("me", ours), ("a", theirs)]) }
}

fn make(bench: &Bench, (kind, number, who): (u8, u64, u8)) -> Input {
    let name = NAMES[usize::from(who)];
    let side = if who % 2 == 0 { ClientKind::Appliance } else { ClientKind::Browser };
    let peer = bench.core.peer_ids().next().unwrap_or(PeerId { participant: id("a"), epoch: number });
    let now_in = bench.core.status().map_or_else(lobby, |call| call.cid);
    let event = |body| Input::Hub(Event { seq: number, cid: now_in.clone(), body });
    let of = |body| Input::Hub(Event { seq: number, cid: some_cid(number), body });
    let signal = |signal| event(E::Signal { from: id(name), epoch: number, signal });
    let left = |participant, reason| event(E::ParticipantLeft { participant, reason, extension: Value::Null });
    let (someone, ring) = (user(if number % 2 == 0 { "me" } else { "a" }), some_ring(number / 4, who));
    let with_ring = |cid: &Cid| {
        let mut call = call(cid);
        call.ring = (number % 5 > 0).then(|| some_ring(number / 4, who));
        Box::new(call)
    };
    let tag = bench.core.next_tag.saturating_sub(1 + number % 4);
    let extension = Value::Null;
    match kind {
        0 => Input::HubOpened { resumed: number % 2 == 0 },
        1 => Input::HubLost,
        2 => event(E::ParticipantJoined { participant: participant(name, number as u32 % 3, side) }),
        3 => left(id(name), LeaveReason::TimedOut),
        4 => signal(Signal::Offer { sdp: "x".into() }),
        5 => signal(Signal::Answer { sdp: "x".into() }),
        6 => signal(Signal::Restart),
        7 => Input::Connection { peer, state: PeerConnection::Failed, error: None },
        8 => Input::Connection { peer, state: PeerConnection::Connected, error: None },
        9 => Input::Connection { peer, state: PeerConnection::Disconnected, error: None },
        10 => Input::Command(Command::Join { cid: some_cid(number) }),
        11 => Input::Command(Command::Leave),
        12 => Input::Reply { tag, outcome: Ok(json!({"call": 1})) },
        13 => Input::Reply { tag, outcome: refusal(ErrorKind::Timeout, "late") },
        14 => event(E::Replaced { participant: id("me") }),
        15 if number % 3 == 0 => Input::Command(Command::Share { on: number % 2 == 0, source: Some("test".into()) }),
        15 => Input::Command(Command::Mute { audio: Some(number % 2 == 0), video: None }),
        16 | 17 => {
            let by = User::new(user(name));
            Input::Hub(Event { seq: number, cid: some_cid(number), body: E::Ringing { call: with_ring(&some_cid(number)), by } })
        }
        18 => of(E::Accepted { user: someone, extension, ring }),
        19 => of(E::Rejected { user: someone, reason: Some("busy".into()), extension, ring }),
        20 => of(E::Missed { user: someone, ring }),
        21 => of(E::Cancelled { by: None, reason: None, extension, ring }),
        22 => of(E::Ended { by: user("a"), ended_at: "2026-01-01T10:00:00Z".into(), extension }),
        23 => of(E::Closed { reason: LeaveReason::Removed }),
        24 => Input::Command(Command::Call { to: name.into(), audio_only: number % 2 == 0 }),
        25 | 26 => Input::Command(Command::Answer { muted: number % 2 == 0, audio_only: false }),
        27 => Input::Command(Command::Reject { reason: None }),
        28 => Input::Command(Command::Hangup),
        29 => Input::Command(Command::DoNotDisturb { on: number % 4 == 0 }),
        30 => Input::Reply { tag, outcome: Ok(json!(with_ring(&some_cid(number)))) },
        31 => Input::Reply { tag, outcome: refusal(ErrorKind::NotLive, "not live") },
        32 => Input::Reply { tag, outcome: refusal(ErrorKind::CallEnded, "ended") },
        33 => {
            let mut call = call(&now_in);
            call.participants = vec![participant("me", 1, ClientKind::Appliance)];
            Input::Reply { tag, outcome: Ok(json!(Joined { call, participant: id("me"), ice_servers: IceServers::default() })) }
        }
        34 => left(id("me"), [LeaveReason::Alone, LeaveReason::Backstage, LeaveReason::Kicked][(number % 3) as usize]),
        _ => event(E::LiveStarted { call: with_ring(&now_in) }),
    }
}

/// What must hold after every step.
struct Rules {
    /// Peer connections that are open.
    open: BTreeMap<ParticipantId, BTreeSet<u64>>,
    asked: BTreeSet<u64>,
}

impl Rules {
    fn check(&mut self, bench: &Bench, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Offer(peer) | Effect::Answer { peer, .. } => {
                    let open = self.open.entry(peer.participant).or_default();
                    assert!(open.iter().all(|epoch| *epoch < peer.epoch), "not the latest");
                    open.insert(peer.epoch);
                    assert!(open.len() <= 2, "more than a silent one and a new one at a time");
                }
                Effect::Close(peer) => {
                    let open = self.open.entry(peer.participant).or_default();
                    assert!(open.remove(&peer.epoch), "closed what was not open");
                }
                Effect::Request { tag, request } => {
                    assert!(self.asked.insert(tag), "a tag twice");
                    if let Request::Join(join) = request {
                        let cid = Cid::new(&join.kind, &join.id).unwrap();
                        assert_eq!(bench.core.status().map(|call| call.cid), Some(cid), "joins what it is not in");
                    }
                }
                _ => {}
            }
        }
        // While it rings, nobody may be told that it is over, and the other way round.
        let (ring, tone) = (bench.core.ring(), bench.core.tone);
        let rings = ring.is_some_and(|ring| ring.state == crate::protocol::control::RingState::Ringing);
        assert_eq!(rings, tone == Some(Tone::Ringing), "what is heard is what is shown");
    }
}

fn config() -> impl Strategy<Value = CallConfig> {
    (any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(room, busy, by_itself)| CallConfig {
        auto_join: room.then(lobby),
        when_busy: if busy { WhenBusy::Ring } else { WhenBusy::Reject },
        auto_answer: if by_itself { AutoAnswer::Always } else { AutoAnswer::Off },
        ..CallConfig::default()
    })
}

proptest! {
    /// Connections are opened and closed in pairs, to the same participant never more than a silent one and a new one at a time; it is in one call at most; every
    /// deadline moves on; and when nothing more is heard of anything, every ring ends.
    #[test]
    fn whatever_happens_it_is_in_one_call_and_every_ring_ends(
        config in config(), steps in proptest::collection::vec(step(), 0..160),
    ) {
        let mut bench = Bench::idle(config);
        let mut rules = Rules { open: BTreeMap::new(), asked: BTreeSet::new() };
        for step in steps {
            let input = make(&bench, step);
            let effects = bench.input(input);
            rules.check(&bench, effects);
            if step.1 % 3 == 0 && let Some((at, _)) = bench.timeout() {
                let pause = at.saturating_duration_since(bench.now);
                let effects = bench.wait(pause);
                rules.check(&bench, effects);
                prop_assert!(bench.timeout().is_none_or(|(next, _)| next > bench.now), "a deadline that does not move");
            }
        }
        // Silence: an hour in which nobody answers anything.
        let end = bench.now + Duration::from_secs(3600);
        for _ in 0..10_000 {
            let Some((at, _)) = bench.timeout().filter(|(at, _)| *at <= end) else { break };
            let effects = bench.wait(at.saturating_duration_since(bench.now));
            rules.check(&bench, effects);
        }
        bench.wait(end.saturating_duration_since(bench.now));
        prop_assert!(bench.core.ring().is_none(), "a ring that never ends");
        prop_assert!(bench.core.outgoing().is_none(), "a call that never ends");
        prop_assert_eq!(bench.core.tone, None, "a tone that never ends");
    }

    /// Who was told that we are busy, or not to disturb, never makes it ring with the same ring, whatever comes after.
    #[test]
    fn no_ring_after_busy(steps in proptest::collection::vec(step(), 0..60), quiet in any::<bool>()) {
        let mut bench = Bench::joined(&[browser("z")]);
        if quiet {
            bench.command(Command::DoNotDisturb { on: true }).unwrap();
        }
        let visit = cid("default:visit");
        let effects = bench.rings(&visit, "anna", &[("me", C::Ringing)]);
        prop_assert!(matches!(requests(&effects)[..], [Request::Reject(..)]));
        let since = ring("anna", &[]).started_at;
        for step in steps {
            let input = make(&bench, step);
            bench.input(input);
            bench.rings(&visit, "anna", &[("me", C::Ringing)]);
            let again = bench.core.ring().is_some_and(|shown| shown.cid == visit && shown.since == since && shown.by == user("anna"));
            prop_assert!(!again, "it rings after all");
        }
    }

    /// An event that comes a second time changes nothing and asks for nothing.
    #[test]
    fn an_event_that_comes_twice_is_as_one(steps in proptest::collection::vec(step(), 0..60)) {
        let mut bench = Bench::joined(&[browser("z")]);
        for step in steps {
            let input = make(&bench, step);
            let is_event = matches!(&input, Input::Hub(event) if !matches!(event.body, E::Signal { .. } | E::ParticipantLeft { .. }));
            bench.input(input.clone());
            if is_event {
                let before = (bench.core.status(), bench.core.ring(), bench.core.outgoing());
                let effects = bench.input(input);
                prop_assert_eq!(effects, []);
                prop_assert_eq!(before, (bench.core.status(), bench.core.ring(), bench.core.outgoing()));
            }
        }
    }
}
