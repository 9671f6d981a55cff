//! The same operations over REST: with a token, without a socket.

use std::io::{Read, Write};
use std::net::TcpStream;

use callbox::protocol::hub::{Call, EventBody};
use callbox::protocol::rpc::ErrorKind;
use serde_json::{Value, json};

use crate::client::Client;
use crate::http::{Response, address, get, mint, raw, rest, token};
use crate::support::{Hub, secs};

fn call(response: &Response) -> Call {
    assert_eq!(response.status, 200, "{}", response.body);
    serde_json::from_str(&response.body).unwrap()
}

/// The status, and the kind of the error.
fn refused(response: &Response) -> (u16, String) {
    let error = &response.json()["error"];
    assert!(error["code"].is_i64() && error["message"].is_string(), "{}", response.body);
    (response.status, error["kind"].as_str().unwrap().to_owned())
}

fn refusal(status: u16, kind: &str) -> (u16, String) {
    (status, kind.to_owned())
}

#[tokio::test]
async fn c24_a_ring_is_rejected_over_rest_without_a_session() {
    let hub = Hub::start();
    let mut anna = Client::open(&hub, "anna").await;
    let made = anna.ask("call.make", json!({"destination": "ben", "extension": {"door": 1}})).await.unwrap();
    let cid = made["cid"].as_str().unwrap();
    let ben = token(&hub, "ben");
    let body = json!({"reason": "busy", "extension": {"until": "noon"}});
    let response = rest(&hub, &ben, &format!("POST /v1/calls/{}/reject", cid.replace(':', "/")), &body);
    assert_eq!((response.status, response.json()), (200, json!({})));
    loop {
        match anna.event().await {
            EventBody::Ringing { .. } => {}
            EventBody::Rejected { user, reason, extension, .. } => {
                assert_eq!((user.as_str(), reason.as_deref(), &extension["until"]), ("ben", Some("busy"), &json!("noon")));
                break;
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn g36_a_user_with_teams_must_name_one_of_its_own() {
    let hub = Hub::start();
    let anna = mint(&hub, "anna --team red --team blue");
    let create = |id: &str, data: Value| rest(&hub, &anna, &format!("POST /v1/calls/default/{id}"), &json!({"data": data}));
    let nameless = create("a", json!({}));
    assert_eq!(refused(&nameless), refusal(400, "invalid_params"));
    assert!(nameless.body.contains("blue or red"), "{}", nameless.body);
    assert_eq!(refused(&create("a", json!({"team": "green"}))), refusal(403, "permission_denied"));
    assert_eq!(call(&create("a", json!({"team": "red"}))).team.as_deref(), Some("red"));
    let other = mint(&hub, "ben --team blue");
    assert_eq!(refused(&rest(&hub, &other, "GET /v1/calls/default/a", &Value::Null)), refusal(403, "permission_denied"));
}

#[tokio::test]
async fn b2_a_call_without_an_id_gets_a_fresh_one() {
    let hub = Hub::start();
    let anna = token(&hub, "anna");
    let fresh = || call(&rest(&hub, &anna, "POST /v1/calls/default", &json!({"data": {"custom": {"color": "blue"}}})));
    let (one, two) = (fresh(), fresh());
    assert!(one.cid != two.cid && uuid::Uuid::parse_str(one.cid.id()).is_ok() && one.custom["color"] == "blue");
    let mut client = Client::open(&hub, "anna").await;
    let three = client.ask("call.get_or_create", json!({"type": "default"})).await.unwrap();
    assert!(three["cid"].as_str().unwrap().starts_with("default:") && three["cid"] != one.cid.to_string().as_str());
}

#[tokio::test]
async fn what_is_done_over_rest_is_seen_over_the_socket_and_the_other_way_round() {
    let hub = Hub::start();
    let (anna, ben) = (token(&hub, "anna"), token(&hub, "ben"));
    let data = json!({"data": {"members": [{"user_id": "ben", "custom": {"seat": 2}}], "settings_override": {"audio": {"mic_default_on": false}}}});
    let created = call(&rest(&hub, &anna, "POST /v1/calls/default/lobby", &data));
    assert!(!created.settings.audio.mic_default_on && created.members.len() == 1);
    let mut follower = Client::open(&hub, "ben").await;
    follower.get("lobby").await.unwrap();
    let post = |who: &str, tail: &str, body: Value| rest(&hub, who, &format!("POST /v1/calls/default/lobby/{tail}"), &body);

    let updated = rest(&hub, &anna, "PATCH /v1/calls/default/lobby", &json!({"custom": {"color": "green"}}));
    assert_eq!(call(&updated).custom["color"], "green");
    let EventBody::Updated { call: seen, by } = follower.event().await else { panic!() };
    assert_eq!((&seen.custom["color"], by.unwrap().as_str()), (&json!("green"), "anna"));

    let members =
        post(&anna, "members", json!({"update_members": [{"user_id": "carla", "role": "moderator"}], "remove_members": ["ben"]}));
    assert_eq!(call(&members).members.iter().map(|member| member.user_id.as_str()).collect::<Vec<_>>(), ["carla"]);
    let refusal_of_ben = post(&ben, "end", json!({}));
    assert_eq!(refused(&refusal_of_ben), refusal(403, "permission_denied"));
    assert_eq!(refusal_of_ben.json()["error"]["capability"], "end-call");
    for (tail, body) in [
        ("permissions", json!({"user_id": "ben", "grant": ["mute-users"]})),
        ("block", json!({"user_id": "ben"})),
        ("unblock", json!({"user_id": "ben"})),
        ("notify", Value::Null),
        ("ring", json!({"members": ["carla"]})),
        ("cancel", json!({"reason": "changed my mind"})),
        ("end", json!({"extension": {"why": "done"}})),
    ] {
        let response = post(&anna, tail, body);
        assert_eq!(response.status, 200, "{tail}: {}", response.body);
    }
    assert_eq!(refused(&post(&anna, "ring", json!({}))), refusal(409, "call_ended"));
    let mut anna = Client::open(&hub, "anna").await;
    assert!(anna.get("lobby").await.unwrap().ended_at.is_some());
}

#[tokio::test]
async fn c21_a_ring_is_accepted_over_rest_and_moderators_need_no_socket() {
    let hub = Hub::start();
    let (anna, ben) = (token(&hub, "anna"), token(&hub, "ben"));
    let made =
        call(&rest(&hub, &anna, "POST /v1/calls", &json!({"destination": "ben", "data": {"members": [{"user_id": "carla"}]}})));
    let post =
        |who: &str, tail: &str, body: Value| rest(&hub, who, &format!("POST /v1/calls/default/{}/{tail}", made.cid.id()), &body);
    let accepted = call(&post(&ben, "accept", json!({"extension": {"from": "phone"}})));
    assert_eq!(accepted.ring.unwrap().callees[0].state, callbox::protocol::hub::CalleeState::Accepted);
    let mut carla = Client::open(&hub, "carla").await;
    carla.ask("call.join", json!({"type": "default", "id": made.cid.id()})).await.unwrap();
    carla.events_so_far().await;
    assert_eq!(post(&anna, "mute", json!({"audio": true})).status, 200);
    assert!(matches!(carla.event().await, EventBody::Muted { audio: true, video: false, .. }));
    carla.events_so_far().await;
    assert!(call(&post(&anna, "recording/start", Value::Null)).recording);
    assert!(matches!(carla.event().await, EventBody::Recording { recording: true, .. }));
    assert!(!call(&post(&anna, "recording/stop", json!({}))).recording);
    assert_eq!(refused(&post(&ben, "kick", json!({"user_id": "carla"}))), refusal(403, "permission_denied"));
    assert!(call(&post(&anna, "kick", json!({"user_id": "carla"}))).participants.is_empty());
    carla.ask("call.join", json!({"type": "default", "id": made.cid.id()})).await.unwrap();
    assert!(call(&post(&anna, "block", json!({"user_id": "carla"}))).blocked.len() == 1, "kicking is not blocking");
}

#[tokio::test]
async fn g34_backstage_over_rest() {
    let hub = Hub::start();
    let anna = token(&hub, "anna");
    let show = call(&rest(&hub, &anna, "POST /v1/calls/livestream/show", &Value::Null));
    assert!(show.backstage);
    let mut ben = Client::open(&hub, "ben").await;
    let join = json!({"type": "livestream", "id": "show"});
    assert_eq!(ben.ask("call.join", join.clone()).await.unwrap_err().kind, ErrorKind::NotLive);
    assert!(call(&rest(&hub, &anna, "POST /v1/calls/livestream/show/live/start", &json!({}))).live_since.is_some());
    ben.ask("call.join", join).await.unwrap();
    assert!(call(&rest(&hub, &anna, "POST /v1/calls/livestream/show/live/stop", &json!({}))).participants.is_empty());
}

#[test]
fn calls_are_listed_with_a_query() {
    let hub = Hub::start();
    let (anna, ben) = (token(&hub, "anna"), token(&hub, "ben"));
    for id in ["default/a", "default/b", "audio_room/c"] {
        rest(&hub, &anna, &format!("POST /v1/calls/{id}"), &Value::Null);
    }
    rest(&hub, &anna, "POST /v1/calls/default/a/end", &Value::Null);
    let listed = |who: &str, query: &str| {
        let response = rest(&hub, who, &format!("GET /v1/calls{query}"), &Value::Null);
        assert_eq!(response.status, 200, "{}", response.body);
        response.json()["calls"].as_array().unwrap().len()
    };
    assert_eq!([listed(&anna, ""), listed(&anna, "?ended=true"), listed(&anna, "?type=audio_room&limit=5")], [2, 3, 1]);
    assert_eq!((listed(&anna, "?limit=1"), listed(&ben, "")), (1, 0));
    for query in ["?limit=many", "?ended=perhaps", "?page=2"] {
        let response = rest(&hub, &anna, &format!("GET /v1/calls{query}"), &Value::Null);
        assert_eq!(refused(&response), refusal(400, "invalid_params"), "{query}");
    }
}

#[tokio::test]
async fn g3_call_types_are_changed_by_administrators_and_survive_a_restart() {
    let mut hub = Hub::with("[[call-type]]\nname = \"quiet\"\nsettings = { audio = { mic_default_on = false } }\n");
    let (root, anna) = (mint(&hub, "root --role admin"), token(&hub, "anna"));
    let put = |hub: &Hub, who: &str, name: &str, body: Value| rest(hub, who, &format!("PUT /v1/call-types/{name}"), &body);
    let no_join = json!({"grants": {"user": ["create-call", "read-call"]}});
    assert_eq!(refused(&put(&hub, &anna, "clinic", no_join.clone())), refusal(403, "permission_denied"));
    assert_eq!(put(&hub, &root, "clinic", no_join).status, 200);
    assert_eq!(put(&hub, &root, "quiet", json!({"settings": {"video": {"enabled": false}}})).status, 200);
    hub.kill();
    hub.restart();
    let named = |hub: &Hub, name: &str| rest(hub, &anna, &format!("GET /v1/call-types/{name}"), &Value::Null);
    let quiet = named(&hub, "quiet").json();
    assert_eq!(
        (&quiet["settings"]["audio"]["mic_default_on"], &quiet["settings"]["video"]["enabled"]),
        (&json!(false), &json!(false))
    );
    let mut ben = Client::open(&hub, "ben").await;
    rest(&hub, &anna, "POST /v1/calls/clinic/room", &Value::Null);
    let error = ben.ask("call.join", json!({"type": "clinic", "id": "room"})).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::PermissionDenied, "G39: joining was revoked from the role user");
    assert_eq!(error.details.unwrap().capability.unwrap().name(), "join-call");
    assert_eq!(rest(&hub, &root, "DELETE /v1/call-types/quiet", &Value::Null).status, 200);
    assert_eq!(named(&hub, "quiet").json()["settings"]["video"]["enabled"], true, "as hub.toml says again");
    assert_eq!(
        refused(&rest(&hub, &root, "DELETE /v1/call-types/clinic", &Value::Null)),
        refusal(409, "conflict"),
        "a call needs it"
    );
    assert_eq!(refused(&named(&hub, "nothing")), refusal(404, "not_found"));
    let all = rest(&hub, &anna, "GET /v1/call-types", &Value::Null).json();
    assert_eq!(all["call_types"].as_array().unwrap().len(), 6);
    hub.kill();
    hub.restart();
    assert_eq!(named(&hub, "quiet").json()["settings"]["video"]["enabled"], true, "after a restart as well");
}

#[test]
fn k3_without_a_good_token_nothing_is_done() {
    let hub = Hub::start();
    let anna = token(&hub, "anna");
    for authorization in
        ["", "Authorization: \r\n", "Authorization: Basic YTpi\r\n", "Authorization: Bearer\r\n", "Authorization: Bearer a.b.c\r\n"]
    {
        let response = get(&hub, "/v1/calls", authorization);
        assert_eq!(refused(&response), refusal(401, "unauthenticated"), "{authorization}");
        assert!(response.header("www-authenticate").is_some_and(|value| value.starts_with("Bearer")));
    }
    let response = get(&hub, "/v1/calls", &format!("authorization: bearer {anna}\r\n"));
    assert_eq!((response.status, response.header("cache-control")), (200, Some("no-store")));
}

#[test]
fn b20_what_cannot_be_understood_is_refused_with_the_reason() {
    let hub = Hub::start();
    let anna = token(&hub, "anna");
    let long = format!("default/{}", "x".repeat(100));
    for (request, body, expected, says) in [
        ("POST /v1/calls/default/lobby", json!([1]), (400, "invalid_params"), "object"),
        ("POST /v1/calls/default/lobby", json!({"dat": {}}), (400, "invalid_params"), "dat"),
        ("POST /v1/calls/default/lobby", json!({"id": "other"}), (400, "invalid_params"), "in the path"),
        ("POST /v1/calls/default/lobby/end", json!({"cid": "default:x"}), (400, "invalid_params"), "in the path"),
        ("POST /v1/calls/default/lobby?x=1", json!({}), (400, "invalid_params"), "body"),
        ("GET /v1/calls/default/lobby?x=1", Value::Null, (400, "invalid_params"), "no query"),
        ("GET /v1/calls/default/lobby", Value::Null, (404, "not_found"), "default:lobby"),
        ("GET /v1/calls/default/a%20b", Value::Null, (400, "invalid_params"), "' '"),
        ("POST /v1/calls/default/a%00b/end", Value::Null, (400, "invalid_params"), "letters"),
        ("GET /v1/calls/default/%ff", Value::Null, (400, "invalid_params"), "UTF-8"),
        (&format!("GET /v1/calls/{long}"), Value::Null, (400, "invalid_params"), "64"),
        ("POST /v1/calls/nothing/lobby", json!({}), (404, "not_found"), "nothing"),
        ("POST /v1/calls/default/lobby/explode", json!({}), (404, "not_found"), "openapi"),
        ("GET /v1/nothing", Value::Null, (404, "not_found"), "openapi"),
        ("PUT /v1/calls/default/lobby", json!({}), (405, "method_not_found"), "openapi"),
        ("POST /v1/calls/default/lobby", json!({"data": {"custom": {"x": "x".repeat(5000)}}}), (413, "too_large"), "4096"),
        ("POST /v1/calls/default/lobby", json!({"data": {"custom": {"x": "x".repeat(70_000)}}}), (413, "too_large"), "65536"),
    ] {
        let response = rest(&hub, &anna, request, &body);
        assert_eq!(refused(&response), refusal(expected.0, expected.1), "{request}: {}", response.body);
        assert!(response.body.contains(says), "{request}: {}", response.body);
    }
    let authorized = |mime: &str, body: &str| {
        let head = format!("Host: hub\r\nConnection: close\r\nAuthorization: Bearer {anna}\r\nContent-Type: {mime}");
        raw(&hub, &format!("POST /v1/calls/default/x HTTP/1.1\r\n{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
    };
    assert_eq!(refused(&authorized("application/json", "{")), refusal(400, "parse_error"));
    assert_eq!(refused(&authorized("text/plain", "{}")), refusal(400, "invalid_request"));
    assert_eq!(authorized("Application/JSON; charset=utf-8", "{}").status, 200);
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    assert_eq!(refused(&authorized("application/json", &deep)), refusal(400, "parse_error"));
}

#[test]
fn a_body_that_does_not_arrive_is_not_waited_for() {
    let hub = Hub::start();
    let mut slow = TcpStream::connect(address(&hub)).unwrap();
    slow.set_read_timeout(Some(secs(20))).unwrap();
    let head = format!(
        "POST /v1/calls/default/x HTTP/1.1\r\nHost: hub\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{",
        token(&hub, "anna")
    );
    slow.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    slow.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("did not arrive in time"), "{answer}");
}

#[test]
fn the_document_is_served_as_it_is_committed() {
    let hub = Hub::start();
    let served = get(&hub, "/v1/openapi.json", "");
    assert_eq!((served.status, served.header("content-type")), (200, Some("application/json")));
    let committed = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/openapi.json")).unwrap();
    assert!(served.body == committed, "renew it with `CALLBOX_RENEW=1 cargo test --lib api::`");
}
