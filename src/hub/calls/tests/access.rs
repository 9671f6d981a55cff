//! Types, roles, teams: who may come in.

use super::*;
use crate::protocol::hub::{PutCallType, UpdateMembers};

fn put(name: &str, body: serde_json::Value) -> Request {
    let mut body = body;
    body["name"] = json!(name);
    Request::PutType(serde_json::from_value::<PutCallType>(body).unwrap())
}

fn members(call: &str, body: serde_json::Value) -> Request {
    let mut body = body;
    body["cid"] = json!(call);
    Request::UpdateMembers(serde_json::from_value::<UpdateMembers>(body).unwrap())
}

/// A type that only members of a call may join, as the seed sets it up.
fn members_only(world: &mut World) {
    world.with_role("root", "admin");
    let user = ["create-call", "read-call", "send-audio", "send-video"];
    let member = ["read-call", "join-call", "send-audio", "send-video"];
    world.ask(0, "root", put("my-call-type", json!({"grants": {"user": user, "call_member": member}}))).unwrap();
}

#[test]
fn g39_join_call_can_be_revoked_from_user_for_one_call_type() {
    let mut world = World::new();
    members_only(&mut world);
    world.create("anna", "my-call-type:1", json!({}));
    let error = world.may_join(2, "ben", "my-call-type:1").unwrap_err();
    assert_eq!(error, Refused::Forbidden { cid: "my-call-type:1".parse().unwrap(), capability: Capability::JoinCall });
    let error = crate::protocol::rpc::Error::from(error);
    assert_eq!(error.kind, ErrorKind::PermissionDenied);
    assert_eq!(error.details.unwrap().capability, Some(Capability::JoinCall), "a refusal names the missing capability");
    world.create("anna", "default:1", json!({}));
    world.may_join(2, "ben", "default:1").unwrap();
}

#[test]
fn g40_join_call_can_be_granted_to_call_member() {
    let mut world = World::new();
    members_only(&mut world);
    let both = json!({"members": [{"user_id": "ben", "role": "call_member"}, {"user_id": "carl", "role": "call_member"}]});
    world.create("anna", "my-call-type:1", both);
    world.may_join(2, "ben", "my-call-type:1").unwrap();
    world.may_join(3, "carl", "my-call-type:1").unwrap();
    assert!(world.may_join(4, "dora", "my-call-type:1").is_err());
}

#[test]
fn g41_access_is_granted_and_removed_later_by_members_and_who_is_removed_is_put_out() {
    let mut world = World::new();
    members_only(&mut world);
    world.create("anna", "my-call-type:1", json!({"members": [{"user_id": "ben"}]}));
    world
        .ask(1, "anna", members("my-call-type:1", json!({"update_members": [{"user_id": "carl", "role": "call_member"}]})))
        .unwrap();
    world.may_join(3, "carl", "my-call-type:1").unwrap();
    world.may_join(2, "ben", "my-call-type:1").unwrap();
    world.told();
    world.ask(0, "anna", members("my-call-type:1", json!({"remove_members": ["carl"]}))).unwrap();
    let told = world.told();
    assert!(told.contains(&(2, "updated by anna".into())), "{told:?}");
    assert!(
        told.contains(&(3, "p7 left: Removed".into())) || told.iter().any(|(s, t)| *s == 3 && t.ends_with("left: Removed")),
        "{told:?}"
    );
    assert_eq!(world.view("my-call-type:1").participants.len(), 1);
    assert!(world.may_join(3, "carl", "my-call-type:1").is_err());
}

#[test]
fn g38_every_user_has_the_role_user_unless_said_otherwise() {
    let mut world = World::new();
    world.create("anna", "default:1", json!({}));
    let end = |call: &str| Request::End(WithExtension { cid: call.parse().unwrap(), extension: json!(null) });
    let error = world.ask(0, "ben", end("default:1")).unwrap_err();
    assert_eq!(error, Refused::Forbidden { cid: "default:1".parse().unwrap(), capability: Capability::EndCall });
    world.with_role("ben", "admin");
    world.ask(0, "ben", end("default:1")).unwrap();
}

#[test]
fn g42_each_role_can_do_what_its_name_says() {
    let mut world = World::new();
    let people = json!({"members": [
        {"user_id": "mod", "role": "moderator"}, {"user_id": "cohost", "role": "host"}, {"user_id": "boss", "role": "admin"},
        {"user_id": "guest"},
    ]});
    let own = |world: &mut World, name: &str| match world.ask(0, name, Request::Get(get("1"))).unwrap() {
        Answer::Call(call) => call.own_capabilities,
        other => panic!("{other:?}"),
    };
    world.create("anna", "default:1", people);
    for (name, may, may_not) in [
        ("guest", Capability::JoinCall, Capability::KickUser),
        ("mod", Capability::KickUser, Capability::EndCall),
        ("cohost", Capability::EndCall, Capability::JoinEndedCall),
        ("anna", Capability::EndCall, Capability::JoinEndedCall),
    ] {
        let own = own(&mut world, name);
        assert!(own.contains(&may) && !own.contains(&may_not), "{name}: {own:?}");
    }
    assert_eq!(own(&mut world, "boss"), Capability::ALL);
}

#[test]
fn g23_a_call_of_a_team_is_for_that_team_only_and_g36_who_has_teams_must_name_one() {
    let mut world = World::new();
    world.with_teams("anna", &["red", "green"]);
    world.with_teams("ben", &["blue"]);
    let create = |team: Option<&str>| {
        let data = CallData { team: team.map(str::to_owned), ..CallData::default() };
        Request::GetOrCreate(GetCall { data: Some(data), ..get("1") })
    };
    let error = world.ask(1, "anna", create(None)).unwrap_err();
    assert_eq!(error.to_string(), "name the team of the new call in `data.team`: green or red");
    assert!(matches!(world.ask(1, "anna", create(Some("blue"))).unwrap_err(), Refused::OtherTeam(_)));
    world.ask(1, "anna", create(Some("red"))).unwrap();
    assert_eq!(world.view("default:1").team.as_deref(), Some("red"));
    for name in ["ben", "carl"] {
        assert!(matches!(world.may_join(2, name, "default:1").unwrap_err(), Refused::OtherTeam(_)), "{name}");
        assert!(matches!(world.ask(0, name, Request::Get(get("1"))).unwrap_err(), Refused::OtherTeam(_)));
    }
    assert!(matches!(world.ask(0, "carl", create(Some("red"))).unwrap_err(), Refused::OtherTeam(_)), "carl has no team");
    world.with_teams("dora", &["red"]);
    world.may_join(4, "dora", "default:1").unwrap();
}

#[test]
fn g16_only_who_has_join_ended_call_joins_an_ended_call() {
    let mut world = World::new();
    world.create("anna", "default:1", json!({}));
    world.ask(0, "anna", Request::End(WithExtension { cid: "default:1".parse().unwrap(), extension: json!(null) })).unwrap();
    let error = world.may_join(2, "ben", "default:1").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CallEnded);
    assert!(error.to_string().contains("join-ended-call"), "{error}");
    world.with_role("root", "admin");
    world.may_join(3, "root", "default:1").unwrap();
    assert!(world.view("default:1").ended_at.is_some(), "it stays ended for the others");
}

#[test]
fn a_hub_of_its_own_roles_and_types() {
    let mut world = World::new();
    assert!(matches!(world.ask(0, "anna", put("ward", json!({}))).unwrap_err(), Refused::NotAdmin));
    world.with_role("root", "admin");
    let settings = json!({"video": {"enabled": false}, "ring": {"answer": "first"}});
    world
        .ask(0, "root", put("ward", json!({"settings": settings, "grants": {"nurse": ["read-call", "join-call", "kick-user"]}})))
        .unwrap();
    world.with_role("nina", "nurse");
    world.create("anna", "ward:1", json!({}));
    world.may_join(5, "nina", "ward:1").unwrap();
    let Answer::Call(call) = world.ask(5, "nina", Request::Get(GetCall { kind: "ward".into(), ..get("1") })).unwrap() else {
        panic!()
    };
    assert_eq!(call.own_capabilities, [Capability::ReadCall, Capability::JoinCall, Capability::KickUser]);
    assert!(!call.settings.video.enabled);
    let muted = world.view("ward:1").participants[0].muted;
    assert!(muted.audio && muted.video, "a nurse may not speak here: {muted:?}");
}
