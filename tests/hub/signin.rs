//! Signing in: passwords, tokens, and those who have none.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use callbox::protocol::hub::{Token, TokenError};
use callbox::protocol::rpc::{ErrorKind, Message};
use serde_json::{Value, json};

use crate::client::{Client, connect, opening, receive, send};
use crate::http::{get, post, raw, sign_in, token};
use crate::support::{Hub, PASSWORD, eventually, secs};

async fn open(hub: &Hub, params: Value) -> Result<Value, callbox::protocol::rpc::Error> {
    let mut socket = connect(hub).await;
    send(&mut socket, 1, "session.open", params).await;
    match receive(&mut socket).await.unwrap() {
        Message::Response { outcome, .. } => outcome,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn k2_a_password_gives_a_time_limited_token_and_the_token_a_session() {
    let hub = Hub::start();
    let response = sign_in(&hub, "client_id=x&username=anna&password=correct+horse&grant_type=password&scope=openid");
    assert_eq!((response.status, response.header("cache-control")), (200, Some("no-store")));
    let token: Token = serde_json::from_str(&response.body).unwrap();
    assert_eq!((token.token_type.as_str(), token.expires_in), ("Bearer", 3600));
    let anna = Client::open(&hub, "anna").await;
    assert_eq!((anna.opened.user.id.as_str(), anna.opened.user.name.as_str()), ("anna", "Anna Berg"));
    assert_eq!((anna.opened.resumed, anna.opened.reconnect_grace_ms), (false, 30_000));
}

#[test]
fn k2_a_sign_in_that_cannot_be_is_refused_as_rfc_6749_says() {
    let hub = Hub::start();
    let long = format!("grant_type=password&username=anna&password={}", "x".repeat(2000));
    let huge = format!("grant_type=password&username=anna&password={}", "x".repeat(20_000));
    for (form, error) in [
        ("grant_type=password&username=anna&password=wrong", "invalid_grant"),
        ("grant_type=password&username=nobody&password=correct+horse", "invalid_grant"),
        ("grant_type=password&username=%00%ff&password=x", "invalid_grant"),
        ("grant_type=password&username=anna", "invalid_request"),
        ("grant_type=password&username=&password=", "invalid_request"),
        ("username=anna&password=correct+horse", "invalid_request"),
        ("grant_type=password&username=anna&password=a&password=b", "invalid_request"),
        ("grant_type=client_credentials&username=anna&password=x", "unsupported_grant_type"),
        ("", "invalid_request"),
        (long.as_str(), "invalid_request"),
        (huge.as_str(), "invalid_request"),
    ] {
        let response = sign_in(&hub, form);
        let refusal: TokenError = serde_json::from_str(&response.body).unwrap_or_else(|e| panic!("{e}: {}", response.body));
        let shown: String = form.chars().take(80).collect();
        assert_eq!((response.status, refusal.error.as_str()), (400, error), "{shown}: {}", refusal.error_description);
        assert_eq!(response.header("cache-control"), Some("no-store"));
    }
    let json = post(&hub, "/v1/token", "application/json", r#"{"username":"anna"}"#);
    assert_eq!((json.status, json.json()["error"].as_str()), (400, Some("invalid_request")));
    assert_eq!(get(&hub, "/v1/token", "").status, 405);
}

#[tokio::test]
async fn many_wrong_passwords_slow_an_address_down_and_leave_sessions_alone() {
    let hub = Hub::start();
    let mut anna = Client::open(&hub, "anna").await;
    let wrong = || sign_in(&hub, "grant_type=password&username=ben&password=wrong");
    let slowed = std::iter::repeat_with(wrong).take(20).find(|response| response.status != 400).expect("never slowed down");
    assert_eq!((slowed.status, slowed.json()["error"].as_str()), (429, Some("slow_down")));
    let wait: u64 = slowed.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=7).contains(&wait), "{wait}");
    let right = sign_in(&hub, &format!("grant_type=password&username=ben&password={}", PASSWORD.replace(' ', "+")));
    assert_eq!(right.status, 429, "the right password must wait as well, or guessing would be told");
    anna.join("lobby").await;
}

#[tokio::test]
async fn an_expired_token_is_unauthenticated_and_says_so() {
    let hub = Hub::with("token-lifetime = \"1s\"");
    let token = token(&hub, "anna");
    let error = eventually(secs(10), "the token expires", async || match open(&hub, opening(&token, None)).await {
        Err(error) => Ok(error),
        Ok(opened) => Err(opened),
    })
    .await;
    assert_eq!(error.kind, ErrorKind::Unauthenticated);
    assert!(error.message.contains("expired"), "{}", error.message);
}

#[tokio::test]
async fn a_forged_token_is_unauthenticated_and_the_same_socket_may_try_again() {
    let hub = Hub::start();
    let good = token(&hub, "anna");
    let parts: Vec<&str> = good.split('.').collect();
    let none = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"none"}"#);
    let claims = String::from_utf8(URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
    let ben = URL_SAFE_NO_PAD.encode(claims.replace("anna", "ben"));
    let mut socket = connect(&hub).await;
    for forged in [format!("{none}.{}.", parts[1]), format!("{}.{ben}.{}", parts[0], parts[2])] {
        send(&mut socket, 1, "session.open", opening(&forged, None)).await;
        let Ok(Message::Response { outcome: Err(error), .. }) = receive(&mut socket).await else { panic!("let in") };
        assert_eq!(error.kind, ErrorKind::Unauthenticated);
    }
    send(&mut socket, 2, "session.open", opening(&good, None)).await;
    assert!(matches!(receive(&mut socket).await, Ok(Message::Response { outcome: Ok(_), .. })));
    send(&mut socket, 3, "session.open", opening(&good, None)).await;
    let Ok(Message::Response { outcome: Err(error), .. }) = receive(&mut socket).await else { panic!("opened twice") };
    assert_eq!(error.kind, ErrorKind::Conflict);
}

#[tokio::test]
async fn c3_nothing_is_done_for_a_client_without_a_session() {
    let hub = Hub::start();
    let mut socket = connect(&hub).await;
    send(&mut socket, 1, "call.join", json!({"type": "default", "id": "lobby", "create": true})).await;
    let Ok(Message::Response { outcome: Err(error), .. }) = receive(&mut socket).await else { panic!("let in") };
    assert_eq!(error.kind, ErrorKind::Unauthenticated);
    assert_eq!(get(&hub, "/healthz", "").json()["calls"], 0);
}

#[test]
fn the_page_is_served_with_headers_that_keep_browsers_careful() {
    let hub = Hub::start();
    let page = get(&hub, "/", "");
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert_eq!(page.header("cache-control"), Some("no-cache"));
    assert!(page.header("content-security-policy").unwrap().contains("default-src 'none'"));
    assert!(page.header("permissions-policy").unwrap().contains("camera=(self), microphone=(self)"));
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    let etag = page.header("etag").unwrap();
    let again = get(&hub, "/", &format!("If-None-Match: {etag}\r\n"));
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    assert_eq!(get(&hub, "/callbox.js", "").header("content-type"), Some("text/javascript; charset=utf-8"));
    assert_eq!(get(&hub, "/../../etc/passwd", "").status, 404);
    assert_eq!(raw(&hub, "DELETE / HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n").status, 405);
    assert_eq!(get(&hub, "/v1/socket", "").status, 426);
}
