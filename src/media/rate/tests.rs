//! The rate control as sentences, and under random operations.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

const CAMERA: Shape = Shape { width: 1280, height: 720, framerate: 30 };
const GIVEN: Given = Given { camera: CAMERA, most: 1_500_000, sound: 32_000, limit: None, share: None };

/// A core with its own time.
struct Bench {
    core: Core<u8>,
    now: Instant,
    told: Vec<Effect<u8>>,
}

impl Bench {
    fn new(given: Given) -> Self {
        Self { core: Core::new(given), now: Instant::now(), told: Vec::new() }
    }

    fn input(&mut self, input: Input<u8>) -> &Decision<u8> {
        self.core.handle(input, self.now);
        self.told.extend(std::iter::from_fn(|| self.core.poll_effect()));
        self.core.decision()
    }

    /// Each peer reports its estimate twice a second, so long.
    fn run(&mut self, seconds: f64, ways: &[(u8, Way)]) -> Decision<u8> {
        for _ in 0..(seconds * 2.0) as u32 {
            self.now += Duration::from_millis(500);
            for (key, way) in ways {
                self.input(Input::Way(*key, *way));
            }
        }
        self.core.decision().clone()
    }

    fn rung(&self, key: u8) -> Rung {
        self.core.decision().peers[&key]
    }
}

fn way(kbits: u64) -> Way {
    Way { estimate: Some(kbits * 1000), delay: Some(Duration::from_millis(20)), ..Way::default() }
}

fn queued(kbits: u64) -> Way {
    Way { delay: Some(Duration::from_millis(900)), ..way(kbits) }
}

#[test]
fn c12_the_picture_follows_the_bandwidth_down_at_once_and_up_slowly() {
    let mut bench = Bench::new(GIVEN);
    let first = bench.run(1.0, &[(1, way(3000))]);
    assert_eq!((first.step, first.main), (Step::Hd, Picture { shape: CAMERA, bitrate: 1_500_000 }));
    let down = bench.run(0.5, &[(1, way(300))]);
    assert_eq!((down.step, down.main.bitrate), (Step::Small, 300_000));
    assert_eq!(down.main.shape, Shape { width: 640, height: 360, framerate: 30 });
    let slow = bench.run(0.5, &[(1, way(100))]);
    assert_eq!(slow.main.shape, Shape { width: 640, height: 360, framerate: 15 });
    assert_eq!(bench.run(4.0, &[(1, way(2000))]).step, Step::Slow, "not at once");
    assert_eq!(bench.run(2.0, &[(1, way(2000))]).step, Step::Small, "one step after a while");
    assert_eq!(bench.run(6.0, &[(1, way(2000))]).step, Step::Hd);
    assert!(bench.told.contains(&Effect::Stepped { from: Step::Hd, to: Step::Small, why: Why::Bandwidth(300_000) }));
    assert_eq!(bench.told.len(), 4, "{:?}", bench.told);
}

#[test]
fn c12_bandwidth_that_comes_and_goes_does_not_make_the_picture_flap() {
    let mut bench = Bench::new(GIVEN);
    for _ in 0..60 {
        bench.run(5.0, &[(1, way(800))]);
        bench.run(5.0, &[(1, way(450))]);
    }
    let steps = bench.told.len();
    assert!(steps <= 16, "{steps} steps in ten minutes");
}

#[test]
fn c11_a_limit_is_for_sound_and_picture_together_and_sound_comes_first() {
    let mut bench = Bench::new(GIVEN);
    bench.run(1.0, &[(1, way(3000)), (2, way(3000))]);
    let limited = bench.input(Input::Given(Given { limit: Some(256_000), ..GIVEN })).clone();
    assert_eq!((limited.main.bitrate, limited.step), (224_000, Step::Small));
    assert_eq!(bench.rung(1), Rung::Main);
    let lowest = bench.input(Input::Given(Given { limit: Some(10_000), ..GIVEN })).clone();
    assert_eq!(lowest.main.bitrate, LEAST);
    let free = bench.run(30.0, &[(1, way(3000))]);
    assert_eq!(free.main.bitrate, LEAST, "it holds");
    bench.input(Input::Given(GIVEN));
    assert_eq!(bench.run(30.0, &[(1, way(3000)), (2, way(3000))]).main.bitrate, 1_500_000);
}

#[test]
fn what_a_peer_wants_at_most_it_gets_at_most() {
    let mut bench = Bench::new(GIVEN);
    let wish = Way { limit: Some(500_000), ..way(3000) };
    assert_eq!(bench.run(1.0, &[(1, wish)]).main.bitrate, 500_000);
}

#[test]
fn a_peer_that_would_drag_all_down_gets_a_small_picture_of_its_own() {
    let mut bench = Bench::new(GIVEN);
    bench.run(1.0, &[(1, way(2000)), (2, way(2000)), (3, way(2000))]);
    let dragged = bench.run(2.0, &[(1, way(2000)), (2, way(2000)), (3, way(150))]);
    assert_eq!((dragged.step, dragged.main.bitrate), (Step::Hd, 1_500_000), "after two seconds: {dragged:?}");
    let low = dragged.low.unwrap();
    assert_eq!((low.shape, low.bitrate), (Shape { width: 320, height: 180, framerate: 15 }, 150_000));
    assert_eq!((bench.rung(1), bench.rung(3)), (Rung::Main, Rung::Low));
    // Its way is better: it comes back, and the second encoder ends.
    let back = bench.run(11.0, &[(1, way(2000)), (2, way(2000)), (3, way(1900))]);
    assert_eq!((back.low, bench.rung(3)), (None, Rung::Main));
}

#[test]
fn who_comes_back_in_vain_costs_the_others_nothing_and_waits_longer_next_time() {
    let mut bench = Bench::new(GIVEN);
    bench.run(3.0, &[(1, way(2000)), (2, way(150))]);
    assert_eq!(bench.rung(2), Rung::Low);
    bench.run(11.0, &[(1, way(2000)), (2, way(1900))]);
    assert_eq!(bench.rung(2), Rung::Main);
    let fallen = bench.run(1.0, &[(1, way(2000)), (2, way(200))]);
    assert_eq!((bench.rung(2), fallen.main.bitrate), (Rung::Low, 1_500_000));
    bench.run(15.0, &[(1, way(2000)), (2, way(1900))]);
    assert_eq!(bench.rung(2), Rung::Low, "ten seconds are not enough this time");
    bench.run(8.0, &[(1, way(2000)), (2, way(1900))]);
    assert_eq!(bench.rung(2), Rung::Main);
}

#[test]
fn nobody_is_on_the_second_rung_when_nobody_is_on_the_first() {
    let mut bench = Bench::new(GIVEN);
    bench.run(3.0, &[(1, way(2000)), (2, way(150))]);
    assert_eq!(bench.rung(2), Rung::Low);
    let alone = bench.input(Input::Gone(1)).clone();
    assert_eq!((alone.low, alone.peers[&2], alone.main.bitrate), (None, Rung::Main, 150_000));
}

#[test]
fn ways_that_are_all_bad_share_the_main_picture() {
    let mut bench = Bench::new(GIVEN);
    let poor = bench.run(5.0, &[(1, way(200)), (2, way(250)), (3, way(300))]);
    assert_eq!((poor.low, poor.main.bitrate), (None, 200_000));
}

#[test]
fn a_way_that_carries_no_picture_gets_sound_only_and_a_try_now_and_then() {
    let mut bench = Bench::new(GIVEN);
    bench.run(1.0, &[(1, way(2000)), (2, way(2000))]);
    bench.run(6.0, &[(1, way(2000)), (2, queued(60))]);
    assert_eq!(bench.rung(2), Rung::SoundOnly);
    assert_eq!(bench.core.decision().main.bitrate, 1_500_000);
    bench.run(7.0, &[(1, way(2000)), (2, queued(60))]);
    assert_eq!(bench.rung(2), Rung::SoundOnly);
    bench.run(3.0, &[(1, way(2000)), (2, queued(60))]);
    assert_eq!(bench.rung(2), Rung::Low, "a try");
    bench.run(5.0, &[(1, way(2000)), (2, queued(60))]);
    assert_eq!(bench.rung(2), Rung::SoundOnly);
    bench.run(15.0, &[(1, way(2000)), (2, queued(60))]);
    assert_eq!(bench.rung(2), Rung::SoundOnly, "the next try is later");
}

#[test]
fn loss_alone_does_not_take_the_picture_away() {
    let mut bench = Bench::new(GIVEN);
    let lossy = Way { loss: 0.3, ..way(60) };
    bench.run(60.0, &[(1, lossy)]);
    assert_eq!(bench.rung(1), Rung::Main);
    assert_eq!(bench.core.decision().expected_loss, 30);
}

#[test]
fn the_sound_expects_the_loss_that_was_measured_for_a_while() {
    let mut bench = Bench::new(GIVEN);
    assert_eq!(bench.core.decision().expected_loss, 5);
    assert_eq!(bench.run(0.5, &[(1, way(2000))]).expected_loss, 0);
    assert_eq!(bench.run(0.5, &[(1, Way { loss: 0.12, ..way(2000) })]).expected_loss, 15);
    assert_eq!(bench.run(9.0, &[(1, way(2000))]).expected_loss, 15);
    assert_eq!(bench.run(2.0, &[(1, way(2000))]).expected_loss, 0);
}

#[test]
fn an_encoder_that_is_too_slow_gets_a_smaller_picture_and_a_try_now_and_then() {
    let mut bench = Bench::new(GIVEN);
    let slow = |bench: &mut Bench, seconds: u32, made| {
        for _ in 0..seconds {
            bench.run(1.0, &[(1, way(3000))]);
            bench.input(Input::Coding(Coding { due: 30, made }));
        }
        bench.core.decision().step
    };
    assert_eq!(slow(&mut bench, 4, 15), Step::Hd);
    assert_eq!(slow(&mut bench, 2, 15), Step::Small);
    assert!(bench.told.contains(&Effect::Stepped { from: Step::Hd, to: Step::Small, why: Why::Encoder }), "{:?}", bench.told);
    assert_eq!(slow(&mut bench, 25, 30), Step::Small);
    assert_eq!(slow(&mut bench, 12, 30), Step::Hd, "a try");
    assert_eq!(slow(&mut bench, 6, 15), Step::Small);
    assert_eq!(slow(&mut bench, 50, 30), Step::Small, "the next try is later");
}

#[test]
fn a_hot_board_goes_down_step_by_step_and_stays_until_it_is_cool() {
    let mut bench = Bench::new(GIVEN);
    let at = |bench: &mut Bench, seconds: u32, heat| {
        for _ in 0..seconds {
            bench.run(1.0, &[(1, way(3000))]);
            bench.input(Input::Board(Board { load: None, heat: Some(heat) }));
        }
        bench.core.decision().step
    };
    assert_eq!(at(&mut bench, 6, 82.0), Step::Small);
    assert_eq!(at(&mut bench, 5, 82.0), Step::Slow);
    assert_eq!(at(&mut bench, 100, 78.0), Step::Slow, "not cool yet");
    assert_eq!(at(&mut bench, 100, 70.0), Step::Hd);
}

#[test]
fn load_alone_changes_nothing_but_with_late_pictures_it_does() {
    let mut bench = Bench::new(GIVEN);
    let busy = Board { load: Some(0.95), heat: None };
    for (made, step) in [(30, Step::Hd), (25, Step::Small)] {
        for _ in 0..6 {
            bench.run(1.0, &[(1, way(3000))]);
            bench.input(Input::Board(busy));
            bench.input(Input::Coding(Coding { due: 30, made }));
        }
        assert_eq!(bench.core.decision().step, step);
    }
}

const SHARED: Shared = Shared { shape: Shape { width: 1280, height: 720, framerate: 10 }, most: 1_000_000, alone: false };

#[test]
fn c33_what_is_shared_takes_its_part_of_the_same_estimate_and_gives_it_back() {
    let mut bench = Bench::new(GIVEN);
    bench.run(1.0, &[(1, way(1460)), (2, way(3000))]);
    bench.input(Input::Given(Given { share: Some(SHARED), ..GIVEN }));
    let shared = bench.run(1.0, &[(1, way(1460)), (2, way(3000))]);
    assert_eq!(shared.share, Some(Picture { shape: SHARED.shape, bitrate: 900_000 }));
    assert_eq!((shared.main.bitrate, shared.camera), (560_000, true));
    let poor = bench.run(0.5, &[(1, way(180)), (2, way(200))]);
    assert_eq!((poor.share.unwrap().bitrate, poor.share.unwrap().shape.framerate, poor.camera), (180_000, 5, false));
    bench.input(Input::Given(GIVEN));
    let after = bench.run(30.0, &[(1, way(1460)), (2, way(3000))]);
    assert_eq!((after.share, after.main.bitrate, after.camera), (None, 1_460_000, true));
}

#[test]
fn c33_who_would_drag_all_down_gets_what_is_shared_seldom_and_without_the_camera() {
    let mut bench = Bench::new(Given { share: Some(SHARED), ..GIVEN });
    let decision = bench.run(3.0, &[(1, way(2500)), (2, way(150))]);
    assert_eq!(bench.rung(2), Rung::Low);
    assert_eq!(decision.low, Some(Picture { shape: Shape { framerate: 2, ..SHARED.shape }, bitrate: 150_000 }));
    assert_eq!(decision.share.unwrap().bitrate, 1_000_000);
}

fn input() -> impl Strategy<Value = Input<u8>> {
    let limit = || proptest::option::of(0u64..5_000_000);
    let shape = (1u32..2000, 1u32..1200, 1u32..61);
    let given = (shape, 0u64..20_000_000, 0u64..600_000, limit()).prop_map(|((width, height, framerate), most, sound, limit)| {
        let camera = Shape { width: width * 2, height: height * 2, framerate };
        Input::Given(Given { camera, most, sound, limit, share: None })
    });
    let way = (0u8..4, proptest::option::of(0u64..10_000_000), 0f32..1.0, proptest::option::of(0u64..3000), limit());
    let way = way.prop_map(|(key, estimate, loss, delay, limit)| {
        Input::Way(key, Way { estimate, loss, delay: delay.map(Duration::from_millis), limit })
    });
    let board = (proptest::option::of(0f32..1.5), proptest::option::of(-50f32..200.0))
        .prop_map(|(load, heat)| Input::Board(Board { load, heat }));
    let coding = (0u64..100, 0u64..100).prop_map(|(due, made)| Input::Coding(Coding { due, made }));
    prop_oneof![1 => given, 8 => way, 1 => (0u8..4).prop_map(Input::Gone), 2 => board, 2 => coding]
}

proptest! {
    #[test]
    fn no_history_leads_beyond_what_is_given(history in proptest::collection::vec((input(), 0u64..20_000), 1..200)) {
        let mut bench = Bench::new(GIVEN);
        let mut given = GIVEN;
        for (input, pause) in history {
            bench.now += Duration::from_millis(pause);
            if let Input::Given(new) = input {
                given = new;
            }
            let decision = bench.input(input).clone();
            let most = given.most.max(LEAST);
            prop_assert!(decision.main.bitrate <= most && decision.main.bitrate >= LEAST.min(most));
            for picture in [Some(decision.main), decision.low].into_iter().flatten() {
                let Shape { width, height, framerate } = picture.shape;
                prop_assert!(width <= given.camera.width && height <= given.camera.height && framerate <= given.camera.framerate);
                prop_assert!(width > 0 && height > 0 && framerate > 0 && width % 2 == 0 && height % 2 == 0);
                if let Some(limit) = given.limit {
                    prop_assert!(picture.bitrate <= limit.saturating_sub(given.sound).max(LEAST));
                }
            }
            let low = decision.peers.values().any(|rung| *rung == Rung::Low);
            prop_assert_eq!(decision.low.is_some(), low);
            prop_assert!(!low || decision.peers.values().any(|rung| *rung == Rung::Main));
            prop_assert!(decision.expected_loss <= 30);
        }
    }

    #[test]
    fn who_stays_the_same_is_left_alone(kbits in proptest::collection::vec(30u64..4000, 1..4)) {
        let mut bench = Bench::new(GIVEN);
        let ways: Vec<(u8, Way)> = kbits.iter().enumerate().map(|(key, kbits)| (key as u8, way(*kbits))).collect();
        bench.run(60.0, &ways);
        bench.told.clear();
        let before = bench.core.decision().clone();
        let after = bench.run(120.0, &ways);
        prop_assert_eq!(before, after);
        prop_assert!(bench.told.is_empty(), "{:?}", bench.told);
    }
}
