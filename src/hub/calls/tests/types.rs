//! Call types and settings.

use super::*;
use crate::protocol::hub::{NamedType, PutCallType, RecordingMode, UpdateCall};

fn update(call: &str, body: serde_json::Value) -> Request {
    let mut body = body;
    body["cid"] = json!(call);
    Request::Update(serde_json::from_value::<UpdateCall>(body).unwrap())
}

#[test]
fn g3_the_call_type_decides_features_and_permissions() {
    let mut world = World::new();
    let on = |world: &mut World, kind: &str| {
        let call = world.create("anna", &format!("{kind}:1"), json!({}));
        let settings = call.settings;
        (
            settings.audio.mic_default_on,
            settings.video.camera_default_on,
            settings.screensharing.enabled,
            settings.backstage.enabled,
            settings.ring.incoming_call_timeout_ms,
        )
    };
    assert_eq!(on(&mut world, "default"), (true, true, true, false, 15_000));
    assert_eq!(on(&mut world, "development"), (true, true, true, false, 15_000));
    assert_eq!(on(&mut world, "livestream"), (false, true, true, true, 0));
    assert_eq!(on(&mut world, "audio_room"), (false, false, false, true, 0));
    let error = world.ask(0, "anna", Request::GetOrCreate(GetCall { kind: "defualt".into(), ..get("1") })).unwrap_err();
    assert_eq!(error.to_string(), "there is no call type `defualt`: there are audio_room, default, development, livestream");
}

#[test]
fn g21_a_call_overrides_the_settings_of_its_type_and_g30_g31_inherits_the_rest() {
    let mut world = World::new();
    let data = json!({"settings_override": {"audio": {"mic_default_on": false}, "video": {"camera_default_on": false}}});
    let call = world.create("anna", "default:1", data);
    assert!(!call.settings.audio.mic_default_on && !call.settings.video.camera_default_on);
    assert!(call.settings.audio.speaker_default_on, "inherited");
    world.ask(0, "anna", update("default:1", json!({"settings_override": {"video": {"camera_default_on": true}}}))).unwrap();
    let settings = world.view("default:1").settings;
    assert!(settings.video.camera_default_on && !settings.audio.mic_default_on, "g32: later overrides are merged in");
    world.ask(0, "anna", update("default:1", json!({"settings_override": {"audio": null}}))).unwrap();
    assert!(world.view("default:1").settings.audio.mic_default_on, "null goes back to the type's");
}

#[test]
fn g17_update_changes_custom_data_and_settings_and_g9_tells_who_follows() {
    let mut world = World::new();
    world.create("anna", "default:lobby", json!({"custom": {"color": "blue", "floor": 2}}));
    world.ask(2, "ben", Request::Get(get("lobby"))).unwrap();
    world.told();
    let change = json!({"custom": {"color": "green", "floor": null}, "settings_override": {"recording": {"mode": "disabled"}}});
    world.ask(0, "anna", update("default:lobby", change)).unwrap();
    world.told_is(&[(2, "updated by anna")]);
    let call = world.view("default:lobby");
    assert_eq!(json!(call.custom), json!({"color": "green"}), "g29");
    assert_eq!(call.settings.recording.mode, RecordingMode::Disabled, "g18");
    let error = world.ask(2, "ben", update("default:lobby", json!({"custom": {"color": "red"}}))).unwrap_err();
    assert_eq!(error, Refused::Forbidden { cid: cid(), capability: Capability::UpdateCall });
}

#[test]
fn g18_a_call_whose_recording_is_disabled_cannot_be_recorded() {
    let mut world = World::new();
    let start = || Request::StartRecording(InCall { cid: cid() });
    world.join(1, "anna");
    world.ask(1, "anna", start()).unwrap();
    assert!(world.view("default:lobby").recording);
    world.ask(1, "anna", update("default:lobby", json!({"settings_override": {"recording": {"mode": "disabled"}}}))).unwrap();
    assert!(!world.view("default:lobby").recording);
    assert!(matches!(world.ask(1, "anna", start()).unwrap_err(), Refused::NoRecording(_)));
    let always = json!({"settings_override": {"recording": {"mode": "auto-on"}}});
    world.create("anna", "default:2", always);
    world.may_join(1, "anna", "default:2").unwrap();
    assert!(world.view("default:2").recording);
}

#[test]
fn settings_that_do_not_exist_or_do_not_fit_change_nothing() {
    let mut world = World::new();
    world.create("anna", "default:lobby", json!({}));
    world.told();
    for (overrides, says) in [
        (json!({"audio": {"mic": true}}), "no setting `audio.mic`"),
        (json!({"video": {"camera_default_on": "no"}}), "`video.camera_default_on` must be true or false"),
        (json!({"recording": {"mode": "sometimes"}}), "sometimes"),
        (json!({"nothing": null}), "no setting `nothing`"),
    ] {
        let request = update("default:lobby", json!({"settings_override": overrides}));
        let error = world.ask(0, "anna", request).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
        assert_eq!(error.kind(), ErrorKind::InvalidParams);
    }
    let bad_date = update("default:lobby", json!({"starts_at": "tomorrow"}));
    assert!(world.ask(0, "anna", bad_date).unwrap_err().to_string().contains("`starts_at` is `tomorrow`"));
    world.told_is(&[]);
}

#[test]
fn a_changed_type_changes_its_calls_and_tells_who_follows() {
    let mut world = World::new();
    world.join(1, "anna");
    world.join(2, "ben");
    world.told();
    world.with_role("root", "admin");
    let grants = json!({"name": "default", "grants": {"user": ["read-call", "join-call"]}});
    world.ask(0, "root", Request::PutType(serde_json::from_value::<PutCallType>(grants).unwrap())).unwrap();
    let told = world.told();
    assert!(told.contains(&(2, "updated by the type".into())) && told.contains(&(2, "may 2 things".into())), "{told:?}");
    assert!(told.contains(&(2, "muted by ben: true true false".into())), "{told:?}");
    let mute = |audio| Request::Mute(MuteSelf { cid: cid(), muted: Muted { audio, video: true }, sharing: None });
    assert!(matches!(world.ask(2, "ben", mute(false)).unwrap_err(), Refused::Forbidden { capability: Capability::SendAudio, .. }));
    assert!(world.calls.call_type("default").is_some(), "to be stored");
    world.ask(0, "root", Request::DeleteType(NamedType { name: "default".into() })).unwrap();
    assert!(world.calls.call_type("default").is_none(), "as built in again");
    world.ask(2, "ben", mute(false)).unwrap();
}

#[test]
fn a_type_that_calls_need_is_not_deleted() {
    let mut world = World::new();
    world.with_role("root", "admin");
    world.ask(0, "root", Request::PutType(PutCallType { name: "ward".into(), ..PutCallType::default() })).unwrap();
    world.create("anna", "ward:1", json!({}));
    let delete = || Request::DeleteType(NamedType { name: "ward".into() });
    assert!(matches!(world.ask(0, "root", delete()).unwrap_err(), Refused::TypeInUse { calls: 1, .. }));
    assert!(matches!(
        world.ask(0, "root", Request::DeleteType(NamedType { name: "x".into() })).unwrap_err(),
        Refused::NoSuchType { .. }
    ));
}
