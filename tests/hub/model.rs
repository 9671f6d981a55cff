//! Who may what in a call, among real clients.

use callbox::protocol::hub::{Call, EventBody, LeaveReason};
use callbox::protocol::rpc::ErrorKind;
use serde_json::{Value, json};

use crate::client::Client;
use crate::http::{mint, rest};
use crate::support::Hub;

const LOBBY: &str = "default:lobby";

async fn create(client: &mut Client, kind: &str, data: Value) -> Call {
    let call = client.ask("call.get_or_create", json!({"type": kind, "id": "lobby", "data": data})).await.unwrap();
    serde_json::from_value(call).unwrap()
}

async fn join(client: &mut Client, kind: &str) -> Result<Value, callbox::protocol::rpc::Error> {
    client.ask("call.join", json!({"type": kind, "id": "lobby"})).await
}

/// The next event that this picks.
async fn until<T>(client: &mut Client, pick: impl Fn(EventBody) -> Option<T>) -> T {
    for _ in 0..20 {
        if let Some(found) = pick(client.event().await) {
            return found;
        }
    }
    panic!("it never came")
}

#[tokio::test]
async fn g15_g16_an_ended_call_is_left_by_all_and_joined_again_only_with_the_capability() {
    let hub = Hub::start();
    let (mut anna, mut ben) = (Client::open(&hub, "anna").await, Client::open(&hub, "ben").await);
    let mut admin = Client::open_as(&hub, &mint(&hub, "root --role admin")).await;
    create(&mut anna, "default", json!({})).await;
    join(&mut ben, "default").await.unwrap();
    let error = ben.ask("call.end", json!({"cid": LOBBY})).await.unwrap_err();
    assert_eq!((error.kind, error.details.unwrap().capability.unwrap().name()), (ErrorKind::PermissionDenied, "end-call"));
    anna.ask("call.end", json!({"cid": LOBBY, "extension": {"why": "late"}})).await.unwrap();
    let extension =
        until(&mut ben, |event| if let EventBody::Ended { extension, .. } = event { Some(extension) } else { None }).await;
    assert_eq!(extension["why"], "late");
    let error = join(&mut ben, "default").await.unwrap_err();
    assert_eq!((error.kind, error.details.unwrap().capability.unwrap().name()), (ErrorKind::CallEnded, "join-ended-call"));
    join(&mut admin, "default").await.unwrap();
}

#[tokio::test]
async fn g19_g27_g28_g40_g41_members_come_and_go_and_with_them_what_they_may() {
    let grants =
        "grants = { user = [\"create-call\", \"read-call\"], call-member = [\"join-call\", \"send-audio\", \"send-video\"] }";
    let hub = Hub::with(&format!("[[call-type]]\nname = \"members\"\n{grants}\n"));
    let (mut anna, mut ben) = (Client::open(&hub, "anna").await, Client::open(&hub, "ben").await);
    let data = json!({"members": [{"user_id": "anna", "role": "admin"}]});
    let call = create(&mut anna, "members", data).await;
    assert!(call.own_capabilities.iter().any(|capability| capability.name() == "update-call-member"));
    assert_eq!(join(&mut ben, "members").await.unwrap_err().kind, ErrorKind::PermissionDenied);
    let cid = "members:lobby";
    let add = json!({"cid": cid, "update_members": [{"user_id": "ben", "custom": {"seat": 4}}]});
    anna.ask("call.update_members", add).await.unwrap();
    join(&mut ben, "members").await.unwrap();
    let seen: Call = serde_json::from_value(ben.ask("call.get", json!({"type": "members", "id": "lobby"})).await.unwrap()).unwrap();
    let members: Vec<_> = seen.members.iter().map(|member| (member.user_id.as_str(), member.role.as_str())).collect();
    assert_eq!(members, [("anna", "admin"), ("ben", "call-member")]);
    assert_eq!(seen.members[1].custom["seat"], 4);
    let all_or_nothing = json!({"cid": cid, "update_members": [{"user_id": "carla"}], "remove_members": ["nobody"]});
    assert!(anna.ask("call.update_members", all_or_nothing).await.is_err());
    anna.ask("call.update_members", json!({"cid": cid, "remove_members": ["ben"]})).await.unwrap();
    let reason = until(&mut ben, |event| match event {
        EventBody::ParticipantLeft { reason, .. } => Some(reason),
        _ => None,
    });
    assert_eq!(reason.await, LeaveReason::Removed, "removed while in the call");
    assert_eq!(join(&mut ben, "members").await.unwrap_err().kind, ErrorKind::PermissionDenied);
    let call: Call =
        serde_json::from_value(anna.ask("call.get", json!({"type": "members", "id": "lobby"})).await.unwrap()).unwrap();
    assert_eq!(call.members.len(), 1, "carla was not added");
}

#[tokio::test]
async fn g17_g18_g29_g32_custom_data_and_settings_are_changed_later_and_followers_are_told() {
    let hub = Hub::start();
    let (mut anna, mut ben) = (Client::open(&hub, "anna").await, Client::open(&hub, "ben").await);
    let data = json!({"custom": {"color": "blue", "floor": 2}, "settings_override": {"audio": {"mic_default_on": false}}});
    assert!(!create(&mut anna, "default", data).await.settings.audio.mic_default_on);
    ben.get("lobby").await.unwrap();
    let settings = json!({"recording": {"mode": "disabled"}, "video": {"camera_default_on": false}});
    let update = json!({"cid": LOBBY, "custom": {"color": "green", "floor": null}, "settings_override": settings});
    anna.ask("call.update", update).await.unwrap();
    let call = until(&mut ben, |event| if let EventBody::Updated { call, .. } = event { Some(call) } else { None }).await;
    assert_eq!(serde_json::to_value(&call.custom).unwrap(), json!({"color": "green"}));
    assert!(!call.settings.audio.mic_default_on && !call.settings.video.camera_default_on);
    let record = anna.ask("call.start_recording", json!({"cid": LOBBY})).await.unwrap_err();
    assert_eq!(record.kind, ErrorKind::PermissionDenied, "G18: {}", record.message);
    let unknown = anna.ask("call.update", json!({"cid": LOBBY, "settings_override": {"audio": {"mic": true}}})).await.unwrap_err();
    assert!(unknown.kind == ErrorKind::InvalidParams && unknown.message.contains("audio.mic"), "{}", unknown.message);
    assert_eq!(
        ben.ask("call.update", json!({"cid": LOBBY, "custom": {"x": 1}})).await.unwrap_err().kind,
        ErrorKind::PermissionDenied
    );
}

#[tokio::test]
async fn g34_g35_regular_users_join_only_after_go_live_or_shortly_before_the_start() {
    let hub = Hub::start();
    let (mut anna, mut ben) = (Client::open(&hub, "anna").await, Client::open(&hub, "ben").await);
    let starts_at = |seconds| {
        let at = std::time::SystemTime::now() + std::time::Duration::from_secs(seconds);
        humantime::format_rfc3339_seconds(at).to_string()
    };
    let backstage = json!({"backstage": {"enabled": true, "join_ahead_time_seconds": 300}});
    assert!(create(&mut anna, "default", json!({"starts_at": starts_at(500), "settings_override": backstage})).await.backstage);
    join(&mut anna, "default").await.unwrap();
    let error = join(&mut ben, "default").await.unwrap_err();
    let details = error.details.unwrap();
    assert_eq!((error.kind, details.capability.unwrap().name()), (ErrorKind::NotLive, "join-backstage"));
    assert!(details.joinable_at.unwrap().as_str() > starts_at(150).as_str());
    anna.ask("call.update", json!({"cid": LOBBY, "starts_at": starts_at(200)})).await.unwrap();
    join(&mut ben, "default").await.unwrap();
    anna.ask("call.go_live", json!({"cid": LOBBY})).await.unwrap();
    until(&mut ben, |event| matches!(event, EventBody::LiveStarted { .. }).then_some(())).await;
}

#[tokio::test]
async fn who_is_blocked_is_out_and_stays_out_until_unblocked() {
    let hub = Hub::start();
    let (mut anna, mut ben) = (Client::open(&hub, "anna").await, Client::open(&hub, "ben").await);
    create(&mut anna, "default", json!({})).await;
    for (method, expected) in [("call.kick", LeaveReason::Kicked), ("call.block", LeaveReason::Blocked)] {
        join(&mut ben, "default").await.unwrap();
        anna.ask(method, json!({"cid": LOBBY, "user_id": "ben"})).await.unwrap();
        let reason = until(&mut ben, |event| match event {
            EventBody::ParticipantLeft { reason, .. } => Some(reason),
            _ => None,
        });
        assert_eq!(reason.await, expected);
    }
    assert_eq!(join(&mut ben, "default").await.unwrap_err().kind, ErrorKind::PermissionDenied);
    assert_eq!(ben.get("lobby").await.unwrap_err().kind, ErrorKind::PermissionDenied);
    anna.ask("call.unblock", json!({"cid": LOBBY, "user_id": "ben"})).await.unwrap();
    join(&mut ben, "default").await.unwrap();
}

#[tokio::test]
async fn others_are_muted_by_who_may_and_single_users_are_given_more_or_less() {
    let hub = Hub::start();
    let (mut anna, mut ben) = (Client::open(&hub, "anna").await, Client::open(&hub, "ben").await);
    create(&mut anna, "default", json!({})).await;
    join(&mut anna, "default").await.unwrap();
    join(&mut ben, "default").await.unwrap();
    let mute = json!({"cid": LOBBY, "user_ids": ["ben"], "audio": true});
    anna.ask("call.mute_users", mute).await.unwrap();
    let what = until(&mut ben, |event| match event {
        EventBody::Muted { by, audio, video, .. } => Some((by.to_string(), audio, video)),
        _ => None,
    });
    assert_eq!(what.await, ("anna".to_owned(), true, false));
    let mute_back = json!({"cid": LOBBY, "audio": true});
    assert_eq!(ben.ask("call.mute_users", mute_back.clone()).await.unwrap_err().kind, ErrorKind::PermissionDenied);
    let grant = json!({"cid": LOBBY, "user_id": "ben", "grant": ["mute-users"], "revoke": ["screenshare"]});
    anna.ask("call.update_permissions", grant).await.unwrap();
    let own = until(&mut ben, |event| match event {
        EventBody::Capabilities { own_capabilities } => Some(own_capabilities),
        _ => None,
    });
    let own: Vec<_> = own.await.iter().map(|capability| capability.name()).collect();
    assert!(own.contains(&"mute-users") && !own.contains(&"screenshare"), "{own:?}");
    ben.ask("call.mute_users", mute_back).await.unwrap();
}

#[tokio::test]
async fn c10_c11_a_bandwidth_limit_is_for_all_or_for_oneself() {
    let hub = Hub::start();
    let (mut anna, mut ben) = (Client::open(&hub, "anna").await, Client::open(&hub, "ben").await);
    assert_eq!(create(&mut anna, "default", json!({"maxBandwidth": 256})).await.settings.limits.max_bandwidth, 256);
    join(&mut anna, "default").await.unwrap();
    join(&mut ben, "default").await.unwrap();
    ben.ask("call.set_max_bandwidth", json!({"cid": LOBBY, "max_bandwidth": 512})).await.unwrap();
    let of_ben = until(&mut anna, |event| match event {
        EventBody::ParticipantUpdated { participant } => Some(participant.max_bandwidth),
        _ => None,
    });
    assert_eq!(of_ben.await, 512);
    ben.ask("call.set_max_bandwidth", json!({"cid": LOBBY, "max_bandwidth": 0})).await.unwrap();
    let call = anna.get("lobby").await.unwrap();
    assert!(
        call.participants.iter().all(|participant| participant.max_bandwidth == 0) && call.settings.limits.max_bandwidth == 256
    );
}

#[tokio::test]
async fn c2_c35_a_fifth_participant_is_refused() {
    let hub = Hub::start();
    for user in ["anna", "ben", "carla", "door-1"] {
        let mut client = Client::open(&hub, user).await;
        client.join("lobby").await;
        // Its socket drops: within its grace time it still has its place.
        client.cut();
    }
    let mut fifth = Client::open(&hub, "door-2").await;
    let error = fifth.join_with("lobby", json!({})).await.unwrap_err();
    assert!(error.kind == ErrorKind::Full && error.message.contains('4'), "{}", error.message);
}

#[tokio::test]
async fn g23_g37_an_id_belongs_to_one_team_and_a_prefix_keeps_teams_apart() {
    let hub = Hub::start();
    let (red, blue) = (mint(&hub, "anna --team red"), mint(&hub, "ben --team blue"));
    let create = |token: &str, id: &str, team: &str| {
        let response = rest(&hub, token, &format!("POST /v1/calls/default/{id}"), &json!({"data": {"team": team}}));
        (response.status, response.json()["team"].as_str().map(str::to_owned))
    };
    assert_eq!(create(&red, "standup", "red"), (200, Some("red".into())));
    assert_eq!(create(&blue, "standup", "blue").0, 403, "the id is taken");
    assert_eq!(create(&blue, "blue-standup", "blue"), (200, Some("blue".into())));
    let mut ben = Client::open_as(&hub, &blue).await;
    let error = ben.ask("call.join", json!({"type": "default", "id": "standup"})).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::PermissionDenied);
    let listed = rest(&hub, &blue, "GET /v1/calls", &Value::Null).json();
    assert_eq!(listed["calls"].as_array().unwrap().len(), 1, "of the other team's calls nothing is seen");
}

#[test]
fn g22_g30_g31_g44_an_appointment_a_scheduled_call_a_livestream_and_an_audio_room() {
    let appointment = "settings = { recording = { mode = \"disabled\" }, limits = { max_participants = 2 } }";
    let hub = Hub::with(&format!("[[call-type]]\nname = \"appointment\"\n{appointment}\n"));
    let anna = mint(&hub, "anna");
    let create = |path: &str, data: Value| {
        let response = rest(&hub, &anna, &format!("POST /v1/calls/{path}"), &json!({"data": data}));
        assert_eq!(response.status, 200, "{}", response.body);
        serde_json::from_str::<Call>(&response.body).unwrap()
    };
    let visit = create("appointment/4711", json!({"members": [{"user_id": "ben", "role": "host"}], "custom": {"patient": 12}}));
    assert_eq!((visit.settings.limits.max_participants, visit.custom["patient"].as_u64()), (2, Some(12)));
    let quiet = json!({"audio": {"mic_default_on": false}, "video": {"camera_default_on": false}});
    let planned = create("default/planned", json!({"startsAt": "2030-01-02T03:04:05Z", "settings_override": quiet}));
    assert!(planned.starts_at.unwrap().starts_with("2030-01-02T03:04:05"));
    assert!(!planned.settings.audio.mic_default_on && !planned.settings.video.camera_default_on);
    assert!(create("livestream/show", json!({})).backstage);
    let room = create("audio_room/talk", json!({}));
    assert!(room.backstage && !room.settings.video.enabled);
}

#[tokio::test]
async fn g43_a_newcomer_gets_the_whole_state_and_events_keep_it_whole() {
    let hub = Hub::start();
    let (mut anna, mut ben) = (Client::open(&hub, "anna").await, Client::open(&hub, "ben").await);
    create(&mut anna, "default", json!({"custom": {"floor": 1}})).await;
    join(&mut anna, "default").await.unwrap();
    let mut state = ben.get("lobby").await.unwrap();
    assert_eq!((state.participants.len(), state.session.as_ref().map(|session| session.number)), (1, Some(1)));
    anna.ask("call.mute", json!({"cid": LOBBY, "muted": {"audio": true}})).await.unwrap();
    anna.ask("call.update", json!({"cid": LOBBY, "custom": {"floor": 2}})).await.unwrap();
    for event in ben.events_so_far().await {
        match event {
            EventBody::ParticipantUpdated { participant } => state.participants = vec![participant],
            EventBody::Updated { call, .. } => state.custom = call.custom,
            other => panic!("{other:?}"),
        }
    }
    let whole = ben.get("lobby").await.unwrap();
    assert_eq!(state, whole, "what the events give is what the hub has");
    assert!(whole.participants[0].muted.audio && whole.custom["floor"] == 2);
}
