//! Calls to be in at certain times.

use proptest::prelude::*;

use super::*;
use crate::config::{DAYS, Schedule};

fn schedule(days: &[&str], time: &str, call: &str) -> Schedule {
    Schedule { days: DAYS.map(|day| days.contains(&day)), window: Some(time.parse().unwrap()), cid: cid(call) }
}

/// Open on weekdays, with a class on Wednesday afternoon, and a night of Saturday to Sunday.
fn schedules() -> Vec<Schedule> {
    vec![
        schedule(&["wed"], "14:00-15:00", "default:class"),
        schedule(&["mon", "tue", "wed", "thu", "fri"], "08:00-18:00", "default:desk"),
        schedule(&["sat"], "22:00-06:00", "default:night"),
    ]
}

fn bench(auto_join: Option<&str>) -> Bench {
    Bench::idle(CallConfig { schedules: schedules(), auto_join: auto_join.map(cid), ..CallConfig::default() })
}

fn clock(bench: &mut Bench, day: u8, minute: u16) -> Vec<Effect> {
    let wall = humantime::parse_rfc3339("2026-01-01T00:00:00Z").unwrap();
    bench.input(Input::Clock { wall, day, minute })
}

fn home(bench: &Bench) -> Option<String> {
    bench.core.status().map(|call| call.cid.to_string())
}

const NINE: u16 = 9 * 60;

#[test]
fn the_appliance_is_in_the_call_of_the_hour_and_leaves_it_when_the_hour_is_over() {
    let mut bench = bench(None);
    assert_eq!(home(&bench), None, "nobody has said what time it is");
    clock(&mut bench, 2, 7 * 60 + 59);
    assert_eq!(home(&bench), None);
    bench.wait(Duration::from_secs(60));
    assert_eq!(home(&bench).as_deref(), Some("default:desk"));
    clock(&mut bench, 2, 14 * 60);
    assert_eq!(home(&bench).as_deref(), Some("default:class"), "the first that holds");
    clock(&mut bench, 2, 15 * 60);
    assert_eq!(home(&bench).as_deref(), Some("default:desk"));
    clock(&mut bench, 2, 18 * 60);
    assert_eq!(home(&bench), None);
    let mut otherwise = self::bench(Some("default:lobby"));
    clock(&mut otherwise, 6, 5 * 60);
    assert_eq!(home(&otherwise).as_deref(), Some("default:night"));
    clock(&mut otherwise, 6, 6 * 60);
    assert_eq!(home(&otherwise).as_deref(), Some("default:lobby"));
}

#[test]
fn who_left_stays_out_until_the_next_hour() {
    let mut bench = bench(None);
    clock(&mut bench, 0, NINE);
    bench.command(Command::Leave).unwrap();
    clock(&mut bench, 0, NINE + 1);
    assert_eq!(home(&bench), None);
    clock(&mut bench, 1, 7 * 60);
    clock(&mut bench, 1, 8 * 60);
    assert_eq!(home(&bench).as_deref(), Some("default:desk"));
}

#[test]
fn a_call_that_a_person_went_to_goes_on() {
    let mut bench = bench(None);
    clock(&mut bench, 0, 7 * 60);
    bench.command(Command::Join { cid: cid("default:other") }).unwrap();
    clock(&mut bench, 0, NINE);
    assert_eq!(home(&bench).as_deref(), Some("default:other"));
    bench.command(Command::Join { cid: cid("default:desk") }).unwrap();
    clock(&mut bench, 0, 18 * 60);
    assert_eq!(home(&bench), None, "after hours the doors are shut");
}

#[test]
fn summer_time_skips_an_hour_and_winter_time_has_one_twice() {
    let early = schedule(&["sun"], "02:15-02:45", "default:early");
    let mut bench = Bench::idle(CallConfig { schedules: vec![early], ..CallConfig::default() });
    for (minute, there) in [(119, false), (180, false), (120 + 14, false), (120 + 15, true), (120 + 44, true), (120 + 45, false)] {
        clock(&mut bench, 6, minute);
        assert_eq!(home(&bench).is_some(), there, "{minute}");
    }
    // The same hour again.
    for (minute, there) in [(120, false), (120 + 20, true), (120 + 50, false)] {
        clock(&mut bench, 6, minute);
        assert_eq!(home(&bench).is_some(), there, "{minute}");
    }
}

proptest! {
    /// Clocks are set forth and back, zones change: where the appliance is depends on what time it is now, and on nothing before.
    #[test]
    fn whatever_the_clock_did_the_appliance_is_where_this_minute_wants_it(
        times in proptest::collection::vec((0..7u8, 0..1440u16, 0..200u64), 1..30)
    ) {
        let mut bench = bench(Some("default:lobby"));
        for (day, minute, passed) in times {
            clock(&mut bench, day, minute);
            let expected = |day, minute| {
                let holds = schedules().into_iter().find(|schedule| schedule.holds(day, minute));
                Some(holds.map_or("default:lobby".to_owned(), |schedule| schedule.cid.to_string()))
            };
            prop_assert_eq!(home(&bench), expected(day, minute));
            // Without another word of the clock time goes on by itself.
            bench.wait(Duration::from_secs(passed * 60));
            let since = u64::from(day) * 1440 + u64::from(minute) + passed;
            prop_assert_eq!(home(&bench), expected((since / 1440 % 7) as u8, (since % 1440) as u16));
        }
    }
}

#[test]
fn the_next_user_finds_the_switches_as_the_call_has_them_unless_the_privacy_switch_is_on() {
    let mut bench = Bench::joined(&[]);
    bench.command(Command::Mute { audio: Some(true), video: Some(true) }).unwrap();
    assert!(bench.core.muted().audio && bench.core.muted().video);
    bench.input(Input::NextUser);
    assert_eq!(bench.core.muted(), Muted::default());
    bench.input(Input::Privacy(true));
    bench.input(Input::NextUser);
    assert!(bench.core.muted().audio, "nothing lifts that");
}
