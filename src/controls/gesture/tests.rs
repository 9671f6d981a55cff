use super::*;

const PLAIN: Settings = Settings { debounce: ms(20), hold: None, double: None, stuck: ms(30_000) };
const HOLDING: Settings = Settings { hold: Some(ms(1000)), ..PLAIN };
const FULL: Settings = Settings { double: Some(ms(400)), ..HOLDING };

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Plays edges at milliseconds and says what followed, with the time at which it did.
struct Bench {
    core: Gestures,
    begin: Instant,
    now: Instant,
    seen: Vec<(u64, Effect)>,
}

impl Bench {
    fn new(settings: &[Settings]) -> Self {
        let now = Instant::now();
        let mut bench = Self { core: Gestures::new(settings.iter().copied()), begin: now, now, seen: Vec::new() };
        for button in 0..settings.len() {
            bench.core.handle(Input::Opened { button, down: false, debounced: false }, now);
        }
        bench
    }

    /// Waits until then, timers in time.
    fn until(&mut self, at: u64) {
        let end = self.begin + ms(at);
        while let Some((due, _)) = self.core.poll_timeout().filter(|(due, _)| *due <= end) {
            assert!(due >= self.now, "a deadline in the past");
            self.now = due;
            self.core.handle_timeout(due);
            self.drain();
        }
        self.now = end;
    }

    fn input(&mut self, at: u64, input: Input) {
        self.until(at);
        self.core.handle(input, self.now);
        self.drain();
    }

    fn drain(&mut self) {
        let at = (self.now - self.begin).as_millis() as u64;
        self.seen.extend(std::iter::from_fn(|| self.core.poll_effect()).map(|effect| (at, effect)));
    }

    fn edge(&mut self, at: u64, button: usize, down: bool) {
        self.input(at, Input::Level { button, down });
    }

    /// Down at the first, up at the second.
    fn press(&mut self, button: usize, from: u64, to: u64) {
        self.edge(from, button, true);
        self.edge(to, button, false);
    }

    fn gestures(&self) -> Vec<(u64, usize, Gesture)> {
        let gesture = |(at, effect): &(u64, Effect)| {
            if let Effect::Gesture { button, gesture } = effect { Some((*at, *button, *gesture)) } else { None }
        };
        self.seen.iter().filter_map(gesture).collect()
    }

    fn faults(&self) -> Vec<(u64, usize, Option<Fault>)> {
        let fault = |(at, effect): &(u64, Effect)| {
            if let Effect::Fault { button, fault } = effect { Some((*at, *button, *fault)) } else { None }
        };
        self.seen.iter().filter_map(fault).collect()
    }
}

#[test]
fn a_button_that_only_knows_presses_acts_when_it_goes_down() {
    let mut bench = Bench::new(&[PLAIN]);
    bench.press(0, 100, 2000);
    bench.until(5000);
    assert_eq!(bench.gestures(), [(120, 0, Gesture::Press)]);
    assert_eq!(bench.core.poll_timeout(), None);
}

#[test]
fn a_short_press_is_a_press_and_a_long_one_a_hold() {
    let mut bench = Bench::new(&[HOLDING]);
    bench.press(0, 100, 900);
    bench.press(0, 2000, 4000);
    bench.until(10_000);
    assert_eq!(bench.gestures(), [(920, 0, Gesture::Press), (3020, 0, Gesture::Hold)]);
}

#[test]
fn two_presses_in_time_are_a_double_press_and_nothing_else() {
    let mut bench = Bench::new(&[FULL]);
    bench.press(0, 100, 200);
    bench.press(0, 400, 500);
    bench.until(5000);
    assert_eq!(bench.gestures(), [(520, 0, Gesture::DoublePress)]);
}

#[test]
fn two_presses_far_apart_are_two_presses() {
    let mut bench = Bench::new(&[FULL]);
    bench.press(0, 100, 200);
    bench.press(0, 700, 800);
    bench.until(5000);
    assert_eq!(bench.gestures(), [(620, 0, Gesture::Press), (1220, 0, Gesture::Press)]);
}

#[test]
fn a_press_and_then_a_hold_are_both() {
    let mut bench = Bench::new(&[FULL]);
    bench.press(0, 100, 200);
    bench.press(0, 400, 2000);
    bench.until(5000);
    assert_eq!(bench.gestures(), [(1420, 0, Gesture::Press), (1420, 0, Gesture::Hold)]);
}

#[test]
fn three_presses_are_a_double_press_and_a_press() {
    let mut bench = Bench::new(&[FULL]);
    for from in [100, 300, 500] {
        bench.press(0, from, from + 100);
    }
    bench.until(5000);
    assert_eq!(bench.gestures(), [(420, 0, Gesture::DoublePress), (1020, 0, Gesture::Press)]);
}

#[test]
fn a_flicker_shorter_than_the_debounce_time_is_nothing() {
    let mut bench = Bench::new(&[FULL]);
    bench.press(0, 100, 119);
    bench.until(5000);
    assert_eq!(bench.seen, []);
}

#[test]
fn a_line_that_is_debounced_below_us_is_believed_at_once() {
    let mut bench = Bench::new(&[PLAIN]);
    bench.input(0, Input::Opened { button: 0, down: false, debounced: true });
    bench.edge(100, 0, true);
    assert_eq!(bench.gestures(), [(100, 0, Gesture::Press)]);
}

#[test]
fn f37_a_stuck_button_acts_once_and_is_reported_once_until_it_comes_loose() {
    for settings in [PLAIN, HOLDING, FULL] {
        let mut bench = Bench::new(&[settings]);
        bench.press(0, 100, 3_600_000);
        bench.until(3_700_000);
        assert_eq!(bench.gestures().len(), 1, "{settings:?}");
        assert_eq!(bench.faults(), [(30_120, 0, Some(Fault::Stuck)), (3_600_020, 0, None)]);
        bench.press(0, 3_800_000, 3_800_100);
        bench.until(3_900_000);
        assert_eq!(bench.gestures().len(), 2, "it works again");
    }
}

#[test]
fn f37_a_button_that_is_down_at_the_start_does_nothing_until_it_was_released() {
    let mut bench = Bench::new(&[FULL, PLAIN]);
    bench.input(0, Input::Opened { button: 0, down: true, debounced: false });
    bench.press(1, 1000, 1100);
    bench.edge(90_000, 0, false);
    bench.press(0, 91_000, 91_100);
    bench.until(95_000);
    assert_eq!(bench.faults(), [(0, 0, Some(Fault::HeldAtStart)), (90_020, 0, None)]);
    assert_eq!(bench.gestures(), [(1020, 1, Gesture::Press), (91_520, 0, Gesture::Press)], "the other one works all the time");
}

#[test]
fn f37_of_two_at_once_the_first_counts_and_the_second_is_ignored_until_all_are_released() {
    let mut bench = Bench::new(&[HOLDING, PLAIN]);
    bench.edge(100, 0, true);
    bench.edge(200, 1, true);
    bench.edge(300, 0, false);
    bench.press(0, 400, 500);
    bench.edge(600, 1, false);
    bench.until(1000);
    assert_eq!(bench.gestures(), [(320, 0, Gesture::Press)]);
    bench.press(1, 1000, 1100);
    assert_eq!(bench.gestures().len(), 2, "alone it counts");
}

#[test]
fn a_stuck_button_holds_nobody_up() {
    let mut bench = Bench::new(&[PLAIN, PLAIN]);
    bench.edge(100, 0, true);
    bench.press(1, 10_000, 10_100);
    bench.press(1, 40_000, 40_100);
    bench.until(41_000);
    assert_eq!(bench.gestures(), [(120, 0, Gesture::Press), (40_020, 1, Gesture::Press)]);
}

#[test]
fn a_line_that_vanishes_takes_its_press_along() {
    let mut bench = Bench::new(&[FULL, PLAIN]);
    bench.edge(100, 0, true);
    bench.input(500, Input::Lost { button: 0 });
    bench.press(1, 600, 700);
    bench.input(2000, Input::Opened { button: 0, down: true, debounced: false });
    bench.input(2500, Input::Lost { button: 0 });
    bench.until(90_000);
    assert_eq!(bench.gestures(), [(620, 1, Gesture::Press)]);
    assert_eq!(bench.faults(), [(2000, 0, Some(Fault::HeldAtStart)), (2500, 0, None)]);
    assert_eq!(bench.core.poll_timeout(), None);
}

mod random {
    use super::*;
    use proptest::prelude::*;

    /// Pause before it, kind, which button (one too many), down.
    fn step() -> impl Strategy<Value = (u64, u8, usize, bool)> {
        let pause = prop_oneof![4 => 0..30u64, 2 => 0..600u64, 1 => 0..40_000u64];
        (pause, 0..20u8, 0..4usize, any::<bool>())
    }

    fn input((_, kind, button, down): (u64, u8, usize, bool)) -> Input {
        match kind {
            0 => Input::Opened { button, down, debounced: button == 1 },
            1 => Input::Lost { button },
            _ => Input::Level { button, down },
        }
    }

    proptest! {
        /// However wildly a contact chatters: if it is never still, one press at most.
        #[test]
        fn f37_a_bounce_storm_is_one_gesture_at_most(
            gaps in proptest::collection::vec((0..20u64, any::<bool>()), 0..400),
            settings in prop_oneof![Just(PLAIN), Just(HOLDING), Just(FULL)],
        ) {
            let mut bench = Bench::new(&[settings]);
            let mut at = 100;
            for (gap, down) in gaps {
                at += gap;
                // An edge that changes nothing does not prolong the storm.
                bench.edge(at, 0, down);
                bench.edge(at, 0, !down);
            }
            bench.edge(at, 0, false);
            bench.until(at + 50_000);
            prop_assert!(bench.gestures().len() <= 1, "{:?}", bench.gestures());
            prop_assert_eq!(bench.core.poll_timeout(), None);
        }

        /// Whatever happens: one gesture at most for each time a button went down (a press before a hold is of an earlier time),
        /// none from one in trouble, trouble is told once, and waiting ends.
        #[test]
        fn every_gesture_has_a_finger(steps in proptest::collection::vec(step(), 0..200)) {
            let mut bench = Bench::new(&[PLAIN, HOLDING, FULL]);
            let mut at = 0;
            for step in steps {
                at += step.0;
                bench.input(at, input(step));
                prop_assert!(bench.core.poll_timeout().is_none_or(|(due, _)| due > bench.now), "a deadline that does not move");
            }
            bench.until(at + 100_000);
            prop_assert_eq!(bench.core.poll_timeout(), None);
            let mut downs = [0; 3];
            let mut faults = [None; 3];
            for (at, effect) in bench.seen {
                match effect {
                    Effect::Down { button, down: true } => downs[button] += 1,
                    Effect::Down { .. } => {}
                    Effect::Gesture { button, gesture } => {
                        downs[button] -= if gesture == Gesture::DoublePress { 2 } else { 1 };
                        prop_assert!(downs[button] >= 0, "button {} at {}", button, at);
                        prop_assert_eq!(faults[button], None);
                    }
                    Effect::Fault { button, fault } => {
                        prop_assert!(fault.is_none() || faults[button].is_none() || fault == Some(Fault::HeldAtStart));
                        faults[button] = fault;
                    }
                }
            }
        }

        /// A machine that is too busy to look at its timers sees the same, only later.
        #[test]
        fn late_timers_change_nothing(steps in proptest::collection::vec(step(), 0..200)) {
            let mut timely = Bench::new(&[PLAIN, HOLDING, FULL]);
            let mut late = Bench::new(&[PLAIN, HOLDING, FULL]);
            let mut at = 0;
            for step in steps {
                at += step.0;
                timely.input(at, input(step));
                late.now = late.begin + ms(at);
                late.core.handle(input(step), late.now);
                late.drain();
            }
            timely.until(at + 100_000);
            late.until(at + 100_000);
            let effects = |bench: &Bench| bench.seen.iter().map(|(_, effect)| *effect).collect::<Vec<_>>();
            prop_assert_eq!(effects(&timely), effects(&late));
        }
    }
}
