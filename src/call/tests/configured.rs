use super::*;
use crate::config::Bitrate;

fn configured(call: CallConfig) -> Input {
    Input::Configured { call: Box::new(call), records: true }
}

fn at(home: &str) -> CallConfig {
    CallConfig { auto_join: Some(cid(home)), ..CallConfig::default() }
}

fn joins(effects: &[Effect]) -> Option<&str> {
    join_in(effects).map(|(_, join)| join.id.as_str())
}

#[test]
fn who_is_alone_goes_to_the_new_auto_join_call_and_leaves_the_old_one_first() {
    let mut bench = Bench::joined(&[]);
    assert!(bench.core.is_idle());
    let effects = bench.input(configured(at("default:desk")));
    let requests = requests(&effects);
    let left = requests.iter().position(|request| matches!(request, Request::Leave(call) if *call == lobby())).unwrap();
    let joined = requests.iter().position(|request| matches!(request, Request::Join(join) if join.id == "desk")).unwrap();
    assert!(left < joined, "{requests:?}");
}

#[test]
fn a_call_with_others_goes_on_with_another_configuration() {
    let mut bench = Bench::joined(&[browser("anna")]);
    assert!(!bench.core.is_idle());
    let effects = bench.input(configured(CallConfig { tones: false, ..at("default:lobby") }));
    assert!(effects.is_empty(), "{effects:?}");
    assert_eq!(bench.state(), Some(CallState::Joined));
}

#[test]
fn an_auto_join_call_that_comes_is_joined_also_by_who_has_left_before() {
    let mut bench = Bench::joined(&[]);
    bench.command(Command::Leave).unwrap();
    assert_eq!(bench.state(), None);
    let effects = bench.input(configured(CallConfig { tones: false, ..at("default:lobby") }));
    assert_eq!(joins(&effects), None, "the same call is not a new wish");
    let effects = bench.input(configured(at("default:desk")));
    assert_eq!(joins(&effects), Some("desk"));
}

#[test]
fn a_limit_that_changes_holds_at_once_and_one_that_a_person_set_stays_otherwise() {
    let mut bench = Bench::joined(&[]);
    let limit = |effects: &[Effect]| {
        effects.iter().find_map(|effect| if let Effect::SetMaxBitrate(bits) = effect { Some(*bits) } else { None })
    };
    let config = |kbits: u64| CallConfig { max_bandwidth: Some(Bitrate(kbits * 1000)), ..at("default:lobby") };
    let effects = bench.input(configured(config(300)));
    assert_eq!(limit(&effects), Some(Some(300_000)));
    bench.command(Command::MaxBandwidth { kbits: 200 }).unwrap();
    let effects = bench.input(configured(CallConfig { tones: false, ..config(300) }));
    assert_eq!(limit(&effects), None);
    let effects = bench.input(configured(config(400)));
    assert_eq!(limit(&effects), Some(Some(400_000)));
}

#[test]
fn who_rings_or_is_rung_is_not_idle() {
    let mut bench = Bench::idle(CallConfig::default());
    assert!(bench.core.is_idle());
    bench.rings(&cid("default:visit"), "anna", &[("me", CalleeState::Ringing)]);
    assert!(!bench.core.is_idle());
    let mut bench = Bench::idle(CallConfig::default());
    bench.command(Command::Call { to: "anna".into(), audio_only: false }).unwrap();
    assert!(!bench.core.is_idle());
}
