//! The hub's HTTP side: what is served where, and the headers that keep browsers careful.

use std::fmt::Write;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use sha2::{Digest, Sha256};
use tokio::sync::oneshot;

use super::api;
use super::driver::{Handle, Message};
use super::identities::Identities;
use super::limits::Paces;
use super::meters::Meters;
use super::passwords::Users;
use super::signin::{self, SignIn};
use super::socket;
use super::tokens::{Identity, Tokens};
use crate::protocol::UserId;
use crate::protocol::rpc::{Details, Error, ErrorKind};

/// What the handlers share.
#[derive(Debug)]
pub struct App {
    /// Who may sign in.
    pub users: Users,
    /// Their tokens.
    pub tokens: Tokens,
    /// Which tokens are void.
    pub identities: Arc<Identities>,
    /// Failed sign-ins.
    pub signin: SignIn,
    /// How often each user may ask.
    pub paces: Mutex<Paces>,
    /// The owner of calls and sessions.
    pub driver: Handle,
    /// What is counted.
    pub meters: Arc<Meters>,
}

impl App {
    /// Whose access token this is, if it is good now.
    pub fn identify(&self, token: &str, now: SystemTime) -> Result<Identity, Error> {
        let bearer = self.tokens.check(token, now)?;
        if self.identities.is_revoked(&bearer.id, bearer.times.issued_at) {
            return Err(Identities::revoked());
        }
        let gone = || Error::new(ErrorKind::Unauthenticated, format!("there is no user `{}` any more", bearer.id));
        let user = bearer.user.clone().or_else(|| self.users.find(&bearer.id)).ok_or_else(gone)?;
        Ok(Identity { user, times: bearer.times })
    }

    /// One more request of a user, by whichever door.
    pub fn pace(&self, user: &UserId, now: Instant) -> Result<(), Error> {
        let taken = self.paces.lock().unwrap_or_else(PoisonError::into_inner).take(user, now);
        taken.map_err(too_many)
    }
}

/// Too many requests.
pub fn too_many(wait: Duration) -> Error {
    let ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1);
    let details = Details { retry_after_ms: Some(ms), ..Details::default() };
    Error::new(ErrorKind::RateLimited, format!("too many requests: try again in {ms} ms")).with(details)
}

/// A driver that does not answer in this time is not healthy.
const HEALTH_TIME: Duration = Duration::from_secs(2);

/// Only our own files run or style anything, only we may use camera and microphone, and nobody may frame the page.
const HEADERS: [(&str, &str); 7] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; \
         font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; \
         frame-ancestors 'none'",
    ),
    (
        "permissions-policy",
        "camera=(self), microphone=(self), display-capture=(self), autoplay=(self), fullscreen=(self), \
         picture-in-picture=(self), screen-wake-lock=(self), geolocation=(), payment=(), usb=()",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// All routes.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/v1/token", post(signin::token))
        .route("/v1/socket", get(socket::upgrade))
        .route("/v1/openapi.json", get(document))
        .route("/healthz", get(health))
        .merge(api::routes())
        .method_not_allowed_fallback(wrong_method)
        .fallback(page)
        .layer(middleware::from_fn(careful))
        .with_state(app)
}

async fn careful(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in HEADERS {
        response.headers_mut().entry(HeaderName::from_static(name)).or_insert(HeaderValue::from_static(value));
    }
    response
}

async fn health(State(app): State<Arc<App>>) -> Response {
    let (reply, answer) = oneshot::channel();
    let ask = async {
        app.driver.send(Message::Health(reply)).await.ok()?;
        answer.await.ok()
    };
    let mut response = match tokio::time::timeout(HEALTH_TIME, ask).await {
        Ok(Some(health)) => Json(health).into_response(),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "the hub's driver does not answer\n").into_response(),
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The API document.
async fn document() -> Response {
    static WRITTEN: LazyLock<Option<String>> = LazyLock::new(|| api::document().ok());
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")];
    match WRITTEN.as_deref() {
        Some(text) => (headers, text).into_response(),
        None => api::failure(Error::new(ErrorKind::InternalError, "the document cannot be written")),
    }
}

async fn wrong_method(request: Request) -> Response {
    let text = format!("{} cannot be done here: /v1/openapi.json says what can", request.method());
    let mut response = api::failure(Error::new(ErrorKind::MethodNotFound, text));
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    response
}

/// The page and the SDK, from the table in `hub::page`.
async fn page(request: Request) -> Response {
    let (method, path) = (request.method(), request.uri().path());
    if path.starts_with("/v1/") {
        return api::failure(Error::new(ErrorKind::NotFound, "nothing here: /v1/openapi.json says what there is"));
    }
    if method != Method::GET && method != Method::HEAD {
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")], "only GET\n").into_response();
    }
    let Some((mime, bytes)) = super::page::file(path) else {
        return (StatusCode::NOT_FOUND, "nothing here: the page is at /\n").into_response();
    };
    let etag = etag(bytes);
    // A new hub must never run with an old page: browsers ask each time, and mostly hear 304.
    let headers = [(header::ETAG, etag.as_str()), (header::CACHE_CONTROL, "no-cache"), (header::CONTENT_TYPE, mime)];
    if is_current(request.headers(), &etag) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (headers, bytes).into_response()
}

fn etag(bytes: &[u8]) -> String {
    let mut text = String::from('"');
    for byte in Sha256::digest(bytes).iter().take(12) {
        let _ = write!(text, "{byte:02x}");
    }
    text.push('"');
    text
}

fn is_current(headers: &HeaderMap, etag: &str) -> bool {
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    known.split(',').any(|tag| matches!(tag.trim(), tag if tag == "*" || tag.trim_start_matches("W/") == etag))
}
