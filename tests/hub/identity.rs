//! Who somebody is: refreshed, renewed, expired, revoked, and said by an integrator.

use std::fs;
use std::process::Command;
use std::time::Duration;

use callbox::protocol::hub::{EventBody, LeaveReason, ParticipantState, Token};
use callbox::protocol::rpc::{ErrorKind, Message};
use serde_json::{Value, json};

use crate::client::{Client, close_code, connect, opening, receive, send};
use crate::http::{Response, mint, rest, sign_in, token};
use crate::support::{Hub, PASSWORD};

fn by_password(hub: &Hub, user: &str) -> Token {
    let form = format!("grant_type=password&username={user}&password={}", PASSWORD.replace(' ', "+"));
    serde_json::from_str(&sign_in(hub, &form).body).unwrap()
}

fn refresh(hub: &Hub, token: &str) -> Response {
    sign_in(hub, &format!("grant_type=refresh_token&refresh_token={token}"))
}

fn refreshed(hub: &Hub, token: &str) -> Token {
    let response = refresh(hub, token);
    assert_eq!(response.status, 200, "{}", response.body);
    serde_json::from_str(&response.body).unwrap()
}

async fn refusal(hub: &Hub, token: &str) -> String {
    let mut socket = connect(hub).await;
    send(&mut socket, 1, "session.open", opening(token, None)).await;
    let Ok(Message::Response { outcome: Err(error), .. }) = receive(&mut socket).await else { panic!("let in") };
    assert_eq!(error.kind, ErrorKind::Unauthenticated);
    let response = rest(hub, token, "GET /v1/calls", &Value::Null);
    assert_eq!((response.status, response.json()["error"]["message"].as_str()), (401, Some(error.message.as_str())));
    error.message
}

#[tokio::test]
async fn k2_a_refresh_token_is_good_once_even_after_a_restart_and_its_second_use_ends_all_that_followed() {
    let mut hub = Hub::start();
    let first = by_password(&hub, "anna").refresh_token.unwrap();
    let other = by_password(&hub, "anna").refresh_token.unwrap();
    let second = refreshed(&hub, &first);
    Client::open_as(&hub, &second.access_token).await.join("lobby").await;
    let third = refreshed(&hub, &second.refresh_token.unwrap()).refresh_token.unwrap();
    hub.kill();
    hub.restart();
    let fourth = refreshed(&hub, &third).refresh_token.unwrap();
    for used in [&first, &fourth, &third] {
        let response = refresh(&hub, used);
        assert_eq!((response.status, response.json()["error"].as_str()), (400, Some("invalid_grant")), "{}", response.body);
        assert!(response.body.contains("used before"), "{}", response.body);
    }
    refreshed(&hub, &other);
    let access = by_password(&hub, "anna").access_token;
    assert!(refresh(&hub, &access).body.contains("invalid_grant"), "an access token refreshes nothing");
    assert!(refusal(&hub, &other).await.contains("for somebody else"), "and a refresh token opens nothing");
}

/// Two keys of an integrator, in files beside `hub.toml`.
fn shop() -> (Hub, tempfile::TempDir) {
    let keys = tempfile::tempdir().unwrap();
    let at = |name: &str| keys.path().join(name).display().to_string();
    for args in [
        format!("genpkey -algorithm ed25519 -out {}", at("private.pem")),
        format!("pkey -in {} -pubout -out {}", at("private.pem"), at("public.pem")),
    ] {
        assert!(Command::new("openssl").args(args.split(' ')).status().unwrap().success());
    }
    fs::write(at("secret"), "0123456789abcdef0123456789abcdef\n").unwrap();
    fs::set_permissions(at("secret"), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let hub = Hub::with(&format!(
        "[[token-key]]\nid = \"ed\"\nissuer = \"shop\"\nalgorithm = \"Ed25519\"\npublic-key = {:?}\n\
         [[token-key]]\nid = \"hs\"\nissuer = \"shop\"\nalgorithm = \"HS256\"\nsecret-file = {:?}\nmax-lifetime = \"2h\"\n",
        at("public.pem"),
        at("secret")
    ));
    (hub, keys)
}

#[tokio::test]
async fn an_integrators_token_opens_a_session_and_says_who_the_user_is() {
    let (hub, keys) = shop();
    let private = keys.path().join("private.pem");
    let ed = mint(&hub, &format!("visitor-7 --name Visitor --team shop --key ed --key-file {}", private.display()));
    let hs = mint(&hub, "visitor-8 --role moderator --key hs");
    let (one, two) = (Client::open_as(&hub, &ed).await, Client::open_as(&hub, &hs).await);
    let user = &one.opened.user;
    assert_eq!((user.id.as_str(), user.name.as_str(), user.teams.len()), ("visitor-7", "Visitor", 1));
    assert_eq!((two.opened.user.name.as_str(), two.opened.user.role.as_str()), ("visitor-8", "moderator"));
    assert!(one.opened.expires_at.as_deref().is_some_and(|at| at.ends_with('Z')));
    let mut anna = Client::open_as(&hub, &mint(&hub, "anna")).await;
    assert_eq!(anna.opened.user.name, "Anna Berg", "the hub's own users are as hub.toml says");
    anna.join("lobby").await;
}

#[tokio::test]
async fn a_token_that_is_forged_expired_or_absurd_is_refused_at_every_door() {
    let (hub, keys) = shop();
    let public = fs::read(keys.path().join("public.pem")).unwrap();
    let sign = |alg, kid: &str, claims: Value, secret: &[u8]| {
        let header = jsonwebtoken::Header { kid: Some(kid.into()), ..jsonwebtoken::Header::new(alg) };
        jsonwebtoken::encode(&header, &claims, &jsonwebtoken::EncodingKey::from_secret(secret)).unwrap()
    };
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let claims = |exp: u64, aud: &str| json!({"iss": "shop", "aud": aud, "sub": "anna", "role": "admin", "exp": exp});
    let hs256 = jsonwebtoken::Algorithm::HS256;
    let secret = b"0123456789abcdef0123456789abcdef";
    for (token, why) in [
        (sign(hs256, "ed", claims(now + 60, "callbox"), &public), "not one of this hub"),
        (sign(hs256, "hs", claims(now + 60, "callbox"), b"guessed"), "not one of this hub"),
        (sign(hs256, "hs", claims(now + 60, "other"), secret), "for somebody else"),
        (sign(hs256, "hs", claims(now - 1, "callbox"), secret), "expired"),
        (sign(hs256, "hs", claims(now + 86_400, "callbox"), secret), "too long"),
        ("a.b.c".to_owned(), "not a JWT"),
    ] {
        let message = refusal(&hub, &token).await;
        assert!(message.contains(why), "{message}");
    }
    Client::open_as(&hub, &sign(hs256, "hs", claims(now + 60, "callbox"), secret)).await;
}

#[tokio::test]
async fn a_revoked_user_is_put_out_and_kept_out_until_it_signs_in_again() {
    let mut hub = Hub::start();
    let admin = mint(&hub, "root --role admin");
    let (mut anna, mut ben) = (Client::open(&hub, "anna").await, Client::open(&hub, "ben").await);
    let Token { access_token, refresh_token, .. } = by_password(&hub, "anna");
    ben.join("lobby").await;
    let id = anna.join("lobby").await;
    ben.expect_joined().await;
    let revoke = |token: &str| rest(&hub, token, "POST /v1/users/anna/revoke", &Value::Null);
    let refused = revoke(&access_token);
    assert_eq!((refused.status, refused.json()["error"]["kind"].as_str()), (403, Some("permission_denied")));
    assert_eq!(revoke(&admin).status, 200);
    assert_eq!(close_code(&mut anna.socket).await, Some(4002));
    let left = ben.event().await;
    assert!(matches!(&left, EventBody::ParticipantLeft { participant, .. } if *participant == id), "{left:?}");
    assert!(refusal(&hub, &access_token).await.contains("revoked"));
    hub.kill();
    hub.restart();
    assert!(refusal(&hub, &access_token).await.contains("revoked"), "after a restart as well");
    let response = refresh(&hub, &refresh_token.unwrap());
    assert!(response.status == 400 && response.body.contains("revoked"), "{}", response.body);
    Client::open(&hub, "anna").await.join("lobby").await;
    Client::open(&hub, "ben").await;
}

#[tokio::test]
async fn an_expired_token_ends_its_socket_and_a_renewed_session_goes_on() {
    let hub = Hub::start();
    let brief = || mint(&hub, "anna --expires 2s");
    let (mut kept, mut lost) = (Client::open_as(&hub, &brief()).await, Client::open_as(&hub, &brief()).await);
    let mut ben = Client::open(&hub, "ben").await;
    ben.join("lobby").await;
    let id = kept.join("lobby").await;
    ben.expect_joined().await;
    let renew = |token: &str| json!({"access_token": token});
    let error = kept.ask("session.renew", renew(&token(&hub, "ben"))).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::PermissionDenied);
    assert_eq!(kept.ask("session.renew", renew("nonsense")).await.unwrap_err().kind, ErrorKind::Unauthenticated);
    let renewed = kept.ask("session.renew", renew(&mint(&hub, "anna --name Annie"))).await.unwrap();
    assert!(renewed["expires_at"].as_str() > kept.opened.expires_at.as_deref());

    // Both sessions had the same time: when one is cut off, the other would be as well.
    assert_eq!(close_code(&mut lost.socket).await, Some(4002));
    tokio::time::sleep(Duration::from_millis(500)).await;
    kept.ask("call.mute", json!({"cid": "default:lobby", "muted": {"audio": true}})).await.unwrap();
    assert!(ben.expect_state(&id, ParticipantState::Joined).await.muted.audio);
    assert_eq!(ben.events_so_far().await, [], "nobody left");
    let (secret, seq) = lost.cut();
    assert!(Client::resume(&hub, "anna", &secret, seq).await.opened.resumed, "with another token the session goes on");
}

#[tokio::test]
async fn who_does_not_come_back_after_its_token_expired_has_left() {
    let hub = Hub::with("reconnect-grace = \"1s\"");
    let mut anna = Client::open_as(&hub, &mint(&hub, "anna --expires 1s")).await;
    let mut ben = Client::open(&hub, "ben").await;
    ben.join("lobby").await;
    let id = anna.join("lobby").await;
    ben.expect_joined().await;
    ben.expect_state(&id, ParticipantState::Reconnecting).await;
    let left = ben.event().await;
    let EventBody::ParticipantLeft { participant, reason, .. } = left else { panic!("{left:?}") };
    assert_eq!((participant, reason), (id, LeaveReason::TimedOut));
}
