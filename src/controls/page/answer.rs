//! One request: whether it may be made, and what is answered.

use std::net::IpAddr;
use std::time::Instant;

use hyper::body::Incoming;
use hyper::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, COOKIE, HeaderMap, HeaderValue, RETRY_AFTER, SET_COOKIE};
use hyper::{Method, Request, Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::body::{self, Body};
use super::{Desk, api, files, guests};
use crate::protocol::rpc::{Error, ErrorKind};

/// A password is not longer.
const LOGIN: usize = 4 * 1024;
/// The cookie that holds the token of a session.
const SESSION: &str = "callbox-page";
/// A token is a digest's length.
const TOKEN: usize = 64;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Login {
    password: String,
}

/// Answers.
pub(super) async fn answer(desk: &Desk, peer: IpAddr, request: Request<Incoming>) -> Response<Body> {
    match answered(desk, peer, request).await {
        Ok(response) => response,
        Err(error) => body::refused(&error),
    }
}

async fn answered(desk: &Desk, peer: IpAddr, request: Request<Incoming>) -> Result<Response<Body>, Error> {
    let (method, headers) = (request.method().clone(), request.headers());
    if !desk.guard.is_us(headers) {
        let text = "this page is not called by that name: use an address of the appliance, or set `page.names`";
        return Err(Error::new(ErrorKind::PermissionDenied, text));
    }
    let path = request.uri().path().to_owned();
    let Some(verb) = path.strip_prefix("/api/") else {
        if method != Method::GET {
            return Err(Error::new(ErrorKind::InvalidRequest, "only GET"));
        }
        if !desk.guard.is_ours(headers) && !desk.guard.is_visit(headers) {
            return Err(foreign());
        }
        let found = files::file(&path).map(|(kind, bytes)| body::bytes(kind, bytes));
        return found.ok_or_else(|| Error::new(ErrorKind::NotFound, "there is no such page"));
    };
    if !desk.guard.is_ours(headers) {
        return Err(foreign());
    }
    let signed_in = signed_in(desk, headers);
    match (&method, verb) {
        (&Method::GET, "session") => return Ok(body::value(&session(desk, signed_in))),
        (&Method::POST, "login") => return login(desk, peer, request).await,
        _ if !signed_in => return Err(Error::new(ErrorKind::Unauthenticated, "sign in with the password of the device")),
        (&Method::POST, "logout") => {
            if let Some(token) = token(headers) {
                desk.guests.leaves(token);
            }
            return Ok(done());
        }
        (&Method::GET, "doctor/report") => return report(desk),
        _ => {}
    }
    api::answer(desk, method, verb, request).await
}

fn foreign() -> Error {
    Error::new(ErrorKind::PermissionDenied, "only the page itself may ask for this")
}

pub(super) fn done() -> Response<Body> {
    body::value(&json!({}))
}

/// What somebody may know who has not signed in yet.
fn session(desk: &Desk, signed_in: bool) -> Value {
    let password = desk.page.password_file.is_some();
    match signed_in {
        false => json!({"signed_in": false, "password": password}),
        true => json!({
            "signed_in": true, "password": password, "restart": desk.page.restart, "reboot": desk.page.reboot.is_some(),
            "secure": desk.guard.is_secure(), "fingerprint": desk.fingerprint,
        }),
    }
}

fn signed_in(desk: &Desk, headers: &HeaderMap) -> bool {
    desk.page.password_file.is_none() || token(headers).is_some_and(|token| desk.guests.knows(token, Instant::now()))
}

fn token(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|cookies| cookies.to_str().ok()).flat_map(|cookies| cookies.split(';'));
    let mut found = cookies.filter_map(|cookie| cookie.trim().strip_prefix(SESSION)?.strip_prefix('='));
    found.find(|token| token.len() == TOKEN)
}

async fn login(desk: &Desk, peer: IpAddr, request: Request<Incoming>) -> Result<Response<Body>, Error> {
    let Login { password } = body::read(request, LOGIN).await?;
    let Some(file) = desk.page.password_file.clone() else { return Ok(done()) };
    if let Err(wait) = desk.guests.tries(peer, Instant::now()) {
        let seconds = wait.as_secs() + 1;
        let text = format!("too many wrong passwords: try again in {seconds} s");
        let mut response = body::refused(&Error::new(ErrorKind::RateLimited, text));
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        return Ok(response);
    }
    let read = tokio::task::spawn_blocking(move || std::fs::read_to_string(file));
    let text = read.await.map_err(std::io::Error::other).and_then(|read| read).map_err(|error| {
        tracing::error!("the password of the page cannot be read: {error}");
        Error::new(ErrorKind::InternalError, "the password of the device cannot be read; the log says why")
    })?;
    let right = text.lines().next().unwrap_or_default().trim();
    if right.is_empty() || !guests::same(right, &password) {
        tracing::warn!("somebody tried a wrong password on the page");
        return Err(Error::new(ErrorKind::Unauthenticated, "this is not the password of the device"));
    }
    let token: String = rand::random::<[u8; TOKEN / 2]>().iter().map(|byte| format!("{byte:02x}")).collect();
    desk.guests.right(peer, &token, Instant::now());
    let secure = if desk.guard.is_secure() { "; Secure" } else { "" };
    let cookie = format!("{SESSION}={token}; Path=/; HttpOnly; SameSite=Strict{secure}");
    let mut response = done();
    let cookie = HeaderValue::from_str(&cookie).map_err(|error| Error::new(ErrorKind::InternalError, error.to_string()))?;
    response.headers_mut().insert(SET_COOKIE, cookie);
    Ok(response)
}

/// A file to keep; where it is looked at it may do nothing.
fn report(desk: &Desk) -> Result<Response<Body>, Error> {
    let html = desk.works.report().ok_or_else(|| Error::new(ErrorKind::NotFound, "nothing was examined yet"))?;
    let mut response = body::response(StatusCode::OK, "text/html; charset=utf-8", body::whole(html));
    let headers = response.headers_mut();
    let policy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:";
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"callbox-doctor.html\""));
    Ok(response)
}
