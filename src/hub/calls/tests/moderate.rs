//! Kick, block, mute others, bandwidth.

use super::*;
use crate::protocol::hub::{MuteUsers, OfUser, SetMaxBandwidth};

fn of(name: &str) -> OfUser {
    OfUser { cid: cid(), user_id: UserId::new(name).unwrap() }
}

fn two() -> World {
    let mut world = World::new();
    world.join(1, "anna");
    world.join(2, "ben");
    world.told();
    world
}

#[test]
fn a_kicked_user_is_out_and_may_come_back() {
    let mut world = two();
    assert_eq!(world.refused(2, "ben", Request::Kick(of("anna"))), ErrorKind::PermissionDenied);
    assert_eq!(world.refused(1, "anna", Request::Kick(of("carl"))), ErrorKind::NotFound);
    world.ask(1, "anna", Request::Kick(of("ben"))).unwrap();
    world.told_is(&[(1, "p2 left: Kicked"), (2, "p2 left: Kicked")]);
    world.join(2, "ben");
}

#[test]
fn a_blocked_user_is_out_hears_no_more_and_stays_out_until_unblocked() {
    let mut world = two();
    world.ask(1, "anna", Request::Block(of("ben"))).unwrap();
    let told = world.told();
    assert!(told.contains(&(2, "p2 left: Blocked".into())) && told.contains(&(2, "closed: Blocked".into())), "{told:?}");
    assert!(matches!(world.may_join(2, "ben", "default:lobby").unwrap_err(), Refused::Blocked(_)));
    assert!(matches!(world.ask(2, "ben", Request::Get(get("lobby"))).unwrap_err(), Refused::Blocked(_)));
    world.ask(1, "anna", mute(true)).unwrap();
    world.told_is(&[(1, "p1 is Joined, muted true")]);
    assert_eq!(world.refused(1, "anna", Request::Block(of("anna"))), ErrorKind::InvalidParams);
    world.ask(1, "anna", Request::Unblock(of("ben"))).unwrap();
    world.join(2, "ben");
}

#[test]
fn others_are_muted_by_who_may_and_told_to_obey() {
    let mut world = two();
    let mute_users = |users: Option<&str>| {
        let user_ids = users.map(|name| vec![UserId::new(name).unwrap()]);
        Request::MuteUsers(MuteUsers { cid: cid(), user_ids, audio: true, video: false, screen: false })
    };
    assert_eq!(world.refused(2, "ben", mute_users(None)), ErrorKind::PermissionDenied);
    assert_eq!(world.refused(1, "anna", mute_users(Some("carl"))), ErrorKind::NotFound);
    world.ask(1, "anna", mute_users(None)).unwrap();
    world.told_is(&[(2, "muted by anna: true false false"), (1, "p2 is Joined, muted true"), (2, "p2 is Joined, muted true")]);
    world.ask(1, "anna", mute_users(Some("ben"))).unwrap();
    world.told_is(&[]);
    world.ask(2, "ben", mute(false)).unwrap();
}

#[test]
fn c10_a_bandwidth_for_all_is_a_setting_of_the_call() {
    let mut world = World::new();
    let call = world.create("anna", "default:1", json!({"maxBandwidth": 256}));
    assert_eq!(call.settings.limits.max_bandwidth, 256);
    assert_eq!(world.create("anna", "default:2", json!({})).settings.limits.max_bandwidth, 0, "unlimited unless said otherwise");
}

#[test]
fn c11_a_bandwidth_for_oneself_is_taken_away_by_zero() {
    let mut world = two();
    let set = |kbps| Request::SetMaxBandwidth(SetMaxBandwidth { cid: cid(), max_bandwidth: kbps });
    let own = |world: &World| world.view("default:lobby").participants.into_iter().map(|p| p.max_bandwidth).collect::<Vec<_>>();
    world.ask(2, "ben", set(512)).unwrap();
    assert_eq!(own(&world), [0, 512]);
    world.ask(2, "ben", set(0)).unwrap();
    assert_eq!(own(&world), [0, 0]);
    assert_eq!(world.refused_after(9, "zoe", set(1)), ErrorKind::Conflict);
}

#[test]
fn c33_the_others_are_told_who_shows_the_screen() {
    let mut world = two();
    let share = |on| Request::Mute(MuteSelf { cid: cid(), muted: Muted::default(), sharing: Some(on) });
    world.ask(2, "ben", share(true)).unwrap();
    assert!(world.view("default:lobby").participants[1].sharing);
    world.create("anna", "default:2", json!({"settings_override": {"screensharing": {"enabled": false}}}));
    world.may_join(1, "anna", "default:2").unwrap();
    let elsewhere = MuteSelf { cid: "default:2".parse().unwrap(), muted: Muted::default(), sharing: Some(true) };
    let error = world.ask(1, "anna", Request::Mute(elsewhere)).unwrap_err();
    assert!(matches!(error, Refused::Forbidden { capability: Capability::Screenshare, .. }), "{error}");
}
