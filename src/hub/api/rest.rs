//! The REST side of the table.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use axum::body::Body;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{FromRequestParts, RawPathParams, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use axum::{Json, Router};
use serde::Serialize;
use serde_json::{Map, Value};
use tokio::sync::oneshot;

use super::super::driver::{Door, Message};
use super::super::http::App;
use super::operation::Names;
use super::table::OPERATIONS;
use super::{Operation, Wanted};
use crate::protocol::Cid;
use crate::protocol::rpc::{Details, Error, ErrorKind, MAX_MESSAGE};

/// For a body to arrive.
const BODY_TIME: Duration = Duration::from_secs(5);
/// For the driver to answer: a disk may be slow.
const ANSWER_TIME: Duration = Duration::from_secs(20);

/// The body of an error.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Failure {
    /// What went wrong.
    pub error: FailureBody,
}

/// What went wrong.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FailureBody {
    /// Stable name.
    kind: ErrorKind,
    /// The code that JSON-RPC has for it.
    code: i32,
    /// For the caller: names the thing and the way out.
    message: String,
    #[serde(flatten)]
    details: Details,
}

/// All routes of the table.
pub fn routes() -> Router<Arc<App>> {
    let mut router = Router::new();
    for operation in OPERATIONS {
        let Some(route) = &operation.route else { continue };
        let Ok(filter) = MethodFilter::try_from(route.verb.clone()) else { continue };
        let handler = async move |State(app): State<Arc<App>>, request: Request| serve(&app, operation, request).await;
        router = router.route(route.path, on(filter, handler));
    }
    // Without an id a fresh one is made (B2).
    let fresh = OPERATIONS.iter().filter(|operation| operation.fresh_id);
    for operation in fresh {
        let handler = async move |State(app): State<Arc<App>>, request: Request| serve(&app, operation, request).await;
        router = router.route(super::document::FRESH_ID_PATH, on(MethodFilter::POST, handler));
    }
    router
}

async fn serve(app: &App, operation: &Operation, request: Request) -> Response {
    // What came to the driver is counted there.
    let mut asked = false;
    let mut response = match answer(app, operation, request, &mut asked).await {
        Ok(value) => Json(value).into_response(),
        Err(error) => {
            if !asked {
                app.meters.request(operation.method, Some(error.kind));
            }
            failure(error)
        }
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// An error, with the status that fits.
pub fn failure(error: Error) -> Response {
    let status = match error.kind {
        ErrorKind::ParseError | ErrorKind::InvalidRequest | ErrorKind::InvalidParams => StatusCode::BAD_REQUEST,
        ErrorKind::MethodNotFound | ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::InternalError => StatusCode::INTERNAL_SERVER_ERROR,
        ErrorKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorKind::PermissionDenied => StatusCode::FORBIDDEN,
        ErrorKind::Conflict | ErrorKind::Full | ErrorKind::CallEnded | ErrorKind::NotLive => StatusCode::CONFLICT,
        ErrorKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorKind::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::Timeout => StatusCode::GATEWAY_TIMEOUT,
        ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    };
    let details = error.details.as_deref().cloned().unwrap_or_default();
    let wait = details.retry_after_ms.map(|ms| ms.div_ceil(1000).max(1));
    let body = FailureBody { kind: error.kind, code: error.kind.code(), message: error.message, details };
    let mut response = (status, Json(Failure { error: body })).into_response();
    if let Some(seconds) = wait {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if status == StatusCode::UNAUTHORIZED {
        let scheme = HeaderValue::from_static("Bearer realm=\"callbox\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
    }
    response
}

async fn answer(app: &App, operation: &Operation, request: Request, asked: &mut bool) -> Result<Value, Error> {
    let (mut parts, body) = request.into_parts();
    let identity = app.identify(bearer(&parts.headers)?, SystemTime::now())?;
    app.pace(&identity.user.id, Instant::now())?;
    let named = match RawPathParams::from_request_parts(&mut parts, &()).await {
        Ok(named) => named.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        Err(RawPathParamsRejection::MissingPathParams(_)) => Vec::new(),
        Err(_) => return Err(Error::new(ErrorKind::InvalidParams, "the path is not UTF-8")),
    };
    let query = parts.uri.query().unwrap_or_default();
    let mut params = if parts.method == Method::GET || parts.method == Method::DELETE {
        read_query(operation, query, !named.is_empty())?
    } else if query.is_empty() {
        read_body(&parts.headers, body).await?
    } else {
        return Err(Error::new(ErrorKind::InvalidParams, "the params belong into the body, as JSON, not into the query"));
    };
    name_params(operation, named, &mut params)?;
    let Wanted::Driver(what) = operation.read(Value::Object(params))? else {
        return Err(Error::new(ErrorKind::MethodNotFound, "this needs a session: open the socket at /v1/socket"));
    };
    let (reply, answer) = oneshot::channel();
    let ask = async {
        let message = Message::Asked { from: Door::Rest { user: identity.user, reply }, what, method: operation.method };
        *asked = true;
        app.driver.send(message).await.ok()?;
        answer.await.ok()
    };
    match tokio::time::timeout(ANSWER_TIME, ask).await {
        Ok(Some(outcome)) => outcome,
        Ok(None) => Err(Error::new(ErrorKind::Unavailable, "the hub goes down: try again later")),
        Err(_) => {
            Err(Error::new(ErrorKind::Timeout, "the hub did not answer in time: look whether it was done before trying again"))
        }
    }
}

fn bearer(headers: &HeaderMap) -> Result<&str, Error> {
    let missing = || Error::new(ErrorKind::Unauthenticated, "say who you are: Authorization: Bearer TOKEN, from /v1/token");
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).ok_or_else(missing)?;
    let (scheme, token) = value.split_once(' ').ok_or_else(missing)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(token.trim()) } else { Err(missing()) }
}

fn read_query(operation: &Operation, query: &str, path_says_all: bool) -> Result<Map<String, Value>, Error> {
    if query.is_empty() {
        return Ok(Map::new());
    }
    if path_says_all {
        return Err(Error::new(ErrorKind::InvalidParams, format!("`{}` takes no query", operation.method)));
    }
    match (operation.query)(query) {
        Ok(Value::Object(params)) => Ok(params),
        Ok(_) => Ok(Map::new()),
        Err(e) => Err(Error::new(ErrorKind::InvalidParams, format!("the query of `{}`: {e}", operation.method))),
    }
}

async fn read_body(headers: &HeaderMap, body: Body) -> Result<Map<String, Value>, Error> {
    let bytes = match tokio::time::timeout(BODY_TIME, axum::body::to_bytes(body, MAX_MESSAGE)).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) => return Err(Error::new(ErrorKind::TooLarge, format!("a body may have at most {MAX_MESSAGE} bytes"))),
        Err(_) => return Err(Error::new(ErrorKind::InvalidRequest, "the body did not arrive in time")),
    };
    if bytes.is_empty() {
        return Ok(Map::new());
    }
    let mime = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !mime.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
        return Err(Error::new(ErrorKind::InvalidRequest, "the body must be application/json"));
    }
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(params)) => Ok(params),
        Ok(_) => Err(Error::new(ErrorKind::InvalidParams, "the body must be an object")),
        Err(e) => Err(Error::new(ErrorKind::ParseError, format!("not JSON: {e}"))),
    }
}

/// What the path names becomes params.
fn name_params(operation: &Operation, named: Vec<(String, String)>, params: &mut Map<String, Value>) -> Result<(), Error> {
    let as_cid = operation.route.as_ref().is_some_and(|route| route.names == Names::Cid);
    let found = |name: &str| named.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value.as_str());
    let named = if as_cid {
        let cid = Cid::new(found("type"), found("id")).map_err(|e| Error::new(ErrorKind::InvalidParams, e.to_string()))?;
        vec![("cid".to_owned(), cid.to_string())]
    } else {
        named
    };
    for (name, value) in named {
        if params.contains_key(&name) {
            return Err(Error::new(ErrorKind::InvalidParams, format!("`{name}` is in the path: leave it out of the body")));
        }
        params.insert(name, value.into());
    }
    Ok(())
}
