//! `POST /v1/token`: username and password for an access token (OAuth2 password grant, RFC 6749 section 4.3; K2), or the refresh
//! token of an earlier sign-in (section 6), which is good once.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::sync::oneshot;
use tracing::{debug, error, info};

use super::accept::Peer;
use super::driver::Message;
use super::http::App;
use super::limits::Attempts;
use super::meters::SignedIn;
use super::passwords::{MAX_PASSWORD, Verdict};
use super::tokens::Refresh;
use crate::protocol::UserId;
use crate::protocol::hub::{Token, TokenError};

/// The longest form.
const MAX_FORM: usize = 8 * 1024;
/// For the form to arrive.
const FORM_TIME: Duration = Duration::from_secs(5);

/// What sign-ins share.
#[derive(Debug, Default)]
pub struct SignIn {
    attempts: Mutex<Attempts>,
}

impl SignIn {
    fn begin(&self, peer: SocketAddr) -> Result<(), Duration> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner).begin(peer.ip(), Instant::now())
    }

    fn good(&self, peer: SocketAddr) {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner).good(peer.ip(), Instant::now());
    }
}

/// A refusal in the words of RFC 6749 section 5.2.
struct Refusal {
    status: StatusCode,
    error: &'static str,
    description: String,
    retry_after: Option<Duration>,
}

impl Refusal {
    fn new(error: &'static str, description: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, error, description: description.into(), retry_after: None }
    }

    fn server_error(description: &'static str) -> Self {
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, ..Self::new("server_error", description) }
    }

    fn slow_down(status: StatusCode, description: impl Into<String>, wait: Duration) -> Self {
        Self { status, error: "slow_down", description: description.into(), retry_after: Some(wait) }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = TokenError { error: self.error.into(), error_description: self.description };
        let mut response = (self.status, Json(body)).into_response();
        if let Some(wait) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
        }
        response
    }
}

/// The handler.
pub async fn token(State(app): State<Arc<App>>, Extension(peer): Extension<Peer>, headers: HeaderMap, body: Body) -> Response {
    let mut response = match grant(&app, &peer, &headers, body).await {
        Ok(token) => {
            app.meters.sign_in(SignedIn::Good);
            Json(token).into_response()
        }
        Err(refusal) => {
            app.meters.sign_in(SignedIn::Refused);
            refusal.into_response()
        }
    };
    // RFC 6749 section 5.1: no cache may keep a token.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

async fn grant(app: &App, peer: &Peer, headers: &HeaderMap, body: Body) -> Result<Token, Refusal> {
    let form = read_form(headers, body).await?;
    let field = |name: &str| form.get(name).map(String::as_str).filter(|value| !value.is_empty());
    match field("grant_type") {
        Some("password") => {
            let (Some(username), Some(password)) = (field("username"), field("password")) else {
                return Err(Refusal::new("invalid_request", "`username` and `password` are needed"));
            };
            if password.len() > MAX_PASSWORD {
                return Err(Refusal::new("invalid_request", format!("`password` may have {MAX_PASSWORD} bytes")));
            }
            by_password(app, peer, username, password).await
        }
        Some("refresh_token") => match field("refresh_token") {
            Some(token) => by_refresh(app, peer, token).await,
            None => Err(Refusal::new("invalid_request", "`refresh_token` is needed")),
        },
        Some(_) => Err(Refusal::new("unsupported_grant_type", "`grant_type` must be `password` or `refresh_token`")),
        None => Err(Refusal::new("invalid_request", "`grant_type` is missing: it must be `password` or `refresh_token`")),
    }
}

fn begin(app: &App, peer: &Peer) -> Result<(), Refusal> {
    app.signin.begin(peer.address).map_err(|wait| {
        let seconds = wait.as_secs() + 1;
        let text = format!("too many failed sign-ins from this address: try again in {seconds} s");
        Refusal::slow_down(StatusCode::TOO_MANY_REQUESTS, text, Duration::from_secs(seconds))
    })
}

async fn by_password(app: &App, peer: &Peer, username: &str, password: &str) -> Result<Token, Refusal> {
    begin(app, peer)?;
    match app.users.check(username, password.to_owned()).await {
        Verdict::Right(user) => {
            app.signin.good(peer.address);
            debug!(%user, "signed in");
            issue(app, &user, None)
        }
        Verdict::Wrong => {
            info!("a sign-in failed: wrong user name or password");
            Err(Refusal::new("invalid_grant", "user name or password is wrong"))
        }
        Verdict::Busy => {
            app.signin.good(peer.address);
            let wait = Duration::from_secs(2);
            Err(Refusal::slow_down(StatusCode::SERVICE_UNAVAILABLE, "too many sign-ins at this moment: try again soon", wait))
        }
    }
}

async fn by_refresh(app: &App, peer: &Peer, token: &str) -> Result<Token, Refusal> {
    begin(app, peer)?;
    let refused = |why: &dyn std::fmt::Display| Refusal::new("invalid_grant", format!("the refresh token {why}"));
    let now = SystemTime::now();
    let old = app.tokens.check_refresh(token, now).map_err(|why| refused(&why))?;
    if app.users.find(&old.id).is_none() {
        return Err(refused(&format_args!("is of {}, and there is no such user any more", old.id)));
    }
    let spent = app.identities.spend(&old, now, app.tokens.refresh_lifetime());
    // A token that was used twice is remembered as well.
    let (stored, done) = oneshot::channel();
    let used = Message::Used { user: old.id.clone(), stored };
    let kept = app.driver.send(used).await.is_ok() && matches!(done.await, Ok(Ok(_)));
    if let Err(why) = spent {
        info!(user = %old.id, "a refresh failed: the token {why}");
        return Err(refused(&why));
    }
    app.signin.good(peer.address);
    if !kept {
        return Err(Refusal::server_error("the hub cannot store that this token was used: sign in by password"));
    }
    issue(app, &old.id, Some(&old))
}

fn issue(app: &App, user: &UserId, follows: Option<&Refresh>) -> Result<Token, Refusal> {
    let now = SystemTime::now();
    let tokens = app.tokens.issue(user, now).and_then(|access| Ok((access, app.tokens.issue_refresh(user, follows, now)?)));
    let (access_token, refresh_token) = tokens.map_err(|e| {
        error!("cannot sign a token: {e}");
        Refusal::server_error("the hub cannot sign a token")
    })?;
    let expires_in = app.tokens.lifetime().as_secs();
    Ok(Token { access_token, token_type: "Bearer".into(), expires_in, refresh_token: Some(refresh_token) })
}

async fn read_form(headers: &HeaderMap, body: Body) -> Result<BTreeMap<String, String>, Refusal> {
    let mime = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = mime.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(Refusal::new("invalid_request", "the body must be application/x-www-form-urlencoded"));
    }
    let bytes: Bytes = match tokio::time::timeout(FORM_TIME, axum::body::to_bytes(body, MAX_FORM)).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) => return Err(Refusal::new("invalid_request", format!("the form must have at most {MAX_FORM} bytes"))),
        Err(_) => return Err(Refusal::new("invalid_request", "the form did not arrive in time")),
    };
    let mut form = BTreeMap::new();
    let pairs = serde_urlencoded::from_bytes::<Vec<(String, String)>>(&bytes);
    for (name, value) in pairs.map_err(|e| Refusal::new("invalid_request", format!("not a form: {e}")))? {
        if form.insert(name, value).is_some() {
            return Err(Refusal::new("invalid_request", "a field comes twice"));
        }
    }
    Ok(form)
}
