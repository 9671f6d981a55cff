//! Members, lists, permissions.

use super::*;
use crate::protocol::hub::{ListCalls, UpdateMembers, UpdatePermissions};

fn members(body: serde_json::Value) -> Request {
    let mut body = body;
    body["cid"] = json!("default:lobby");
    Request::UpdateMembers(serde_json::from_value::<UpdateMembers>(body).unwrap())
}

fn roles(world: &World) -> Vec<(String, String)> {
    world.view("default:lobby").members.into_iter().map(|m| (m.user_id.to_string(), m.role.to_string())).collect()
}

fn pair(name: &str, role: &str) -> (String, String) {
    (name.into(), role.into())
}

#[test]
fn g27_members_are_set_at_creation_with_or_without_a_role_and_g19_with_custom_data() {
    let mut world = World::new();
    let data = json!({"members": [{"user_id": "alice", "role": "admin"}, {"user_id": "bob", "custom": {"seat": 3}}]});
    let call = world.create("anna", "default:lobby", data);
    assert_eq!(roles(&world), [pair("alice", "admin"), pair("bob", "call-member")]);
    assert_eq!(json!(call.members[1].custom), json!({"seat": 3}));
}

#[test]
fn g28_members_are_added_changed_and_removed_in_one_request_or_not_at_all() {
    let mut world = World::new();
    world.create("anna", "default:lobby", json!({"members": [{"user_id": "alice", "custom": {"a": 1}}, {"user_id": "bob"}]}));
    let change = json!({"update_members": [{"user_id": "charlie", "role": "admin"}, {"user_id": "bob", "role": "host"}], "remove_members": ["alice"]});
    world.ask(0, "anna", members(change)).unwrap();
    assert_eq!(roles(&world), [pair("bob", "host"), pair("charlie", "admin")]);
    let bad = json!({"update_members": [{"user_id": "dora"}], "remove_members": ["nobody"]});
    assert_eq!(world.ask(0, "anna", members(bad)).unwrap_err().to_string(), "nobody is not a member of default:lobby");
    assert_eq!(roles(&world), [pair("bob", "host"), pair("charlie", "admin")]);
    let large = json!({"update_members": [{"user_id": "dora", "custom": {"x": "y".repeat(5000)}}]});
    assert_eq!(world.ask(0, "anna", members(large)).unwrap_err().kind(), ErrorKind::TooLarge);
    let many: Vec<_> = (0..101).map(|n| json!({"user_id": format!("u{n}")})).collect();
    assert_eq!(world.ask(0, "anna", members(json!({"update_members": many}))).unwrap_err().kind(), ErrorKind::TooLarge);
    let error = world.ask(0, "dora", members(json!({"remove_members": ["bob"]}))).unwrap_err();
    assert_eq!(error, Refused::Forbidden { cid: cid(), capability: Capability::RemoveCallMember });
}

#[test]
fn k12_a_user_lists_the_calls_it_created_or_belongs_to() {
    let mut world = World::new();
    world.create("anna", "default:1", json!({"members": [{"user_id": "ben"}]}));
    world.wall += Duration::from_secs(1);
    world.create("ben", "livestream:2", json!({}));
    world.create("carl", "default:3", json!({}));
    let list =
        |world: &mut World, body| match world.ask(0, "ben", Request::List(serde_json::from_value::<ListCalls>(body).unwrap())) {
            Ok(Answer::Calls(list)) => list.calls.into_iter().map(|call| call.cid.to_string()).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
    assert_eq!(list(&mut world, json!({})), ["livestream:2", "default:1"]);
    assert_eq!(list(&mut world, json!({"type": "default"})), ["default:1"]);
    assert_eq!(list(&mut world, json!({"limit": 1})), ["livestream:2"]);
    world.ask(0, "ben", Request::End(WithExtension { cid: "livestream:2".parse().unwrap(), extension: json!(null) })).unwrap();
    assert_eq!(list(&mut world, json!({})), ["default:1"]);
    assert_eq!(list(&mut world, json!({"ended": true})), ["livestream:2", "default:1"]);
}

#[test]
fn one_user_is_let_speak_in_an_audio_room_and_silenced_again() {
    let mut world = World::new();
    world.create("anna", "audio_room:1", json!({}));
    world.ask(0, "anna", Request::GoLive(InCall { cid: "audio_room:1".parse().unwrap() })).unwrap();
    world.may_join(2, "ben", "audio_room:1").unwrap();
    world.told();
    let permissions = |body: serde_json::Value| {
        let mut body = body;
        body["cid"] = json!("audio_room:1");
        body["user_id"] = json!("ben");
        Request::UpdatePermissions(serde_json::from_value::<UpdatePermissions>(body).unwrap())
    };
    let speak = |world: &mut World| {
        let muted = Muted { audio: false, video: true };
        world.ask(2, "ben", Request::Mute(MuteSelf { cid: "audio_room:1".parse().unwrap(), muted, sharing: None }))
    };
    assert!(speak(&mut world).is_err());
    assert!(world.ask(2, "ben", permissions(json!({"grant": ["send-audio"]}))).is_err(), "nobody grants it to themselves");
    world.ask(0, "anna", permissions(json!({"grant": ["send-audio"]}))).unwrap();
    world.told_is(&[(2, "updated by anna"), (2, "may 4 things")]);
    speak(&mut world).unwrap();
    world.told();
    world.ask(0, "anna", permissions(json!({"revoke": ["send-audio"]}))).unwrap();
    let told = world.told();
    assert!(told.contains(&(2, "muted by ben: true false false".into())), "{told:?}");
    assert!(speak(&mut world).is_err());
    world.with_role("root", "moderator");
    let more = world.ask(0, "root", permissions(json!({"grant": ["end-call"]})));
    assert!(matches!(more.unwrap_err(), Refused::Forbidden { capability: Capability::EndCall, .. }), "only what one has oneself");
}
