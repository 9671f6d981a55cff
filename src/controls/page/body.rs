//! Bodies: what is sent, and what is read of what comes.

use std::convert::Infallible;
use std::time::Duration;

use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Request, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::protocol::rpc::{Error, ErrorKind};

/// What is sent.
pub(super) type Body = UnsyncBoxBody<Bytes, Infallible>;

/// For the whole body of a request.
const PATIENCE: Duration = Duration::from_secs(10);
/// Nothing but what is served here, no scripts and styles in the page itself, in no frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'none'; \
                      base-uri 'none'; frame-ancestors 'none'";
const JSON: &str = "application/json";

/// An answer with everything that every answer has.
pub(super) fn response(status: StatusCode, kind: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, kind),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("x-frame-options"), "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Bytes.
pub(super) fn bytes(kind: &'static str, bytes: impl Into<Bytes>) -> Response<Body> {
    response(StatusCode::OK, kind, whole(bytes))
}

/// A value.
pub(super) fn value(value: &Value) -> Response<Body> {
    bytes(JSON, value.to_string())
}

/// A refusal, as the control socket words it.
pub(super) fn refused(error: &Error) -> Response<Body> {
    let status = match error.kind {
        ErrorKind::ParseError | ErrorKind::InvalidRequest | ErrorKind::InvalidParams => StatusCode::BAD_REQUEST,
        ErrorKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorKind::PermissionDenied | ErrorKind::CallEnded | ErrorKind::NotLive => StatusCode::FORBIDDEN,
        ErrorKind::NotFound | ErrorKind::MethodNotFound => StatusCode::NOT_FOUND,
        ErrorKind::Conflict => StatusCode::CONFLICT,
        ErrorKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorKind::RateLimited | ErrorKind::Full => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::Timeout | ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::InternalError => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let text = json!({"error": {"kind": error.kind, "message": error.message}}).to_string();
    response(status, JSON, whole(text))
}

/// A body that is there already.
pub(super) fn whole(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).boxed_unsync()
}

/// Reads a body of JSON with at most so many bytes. That it says what it is keeps forms of other pages out.
pub(super) async fn read<T: DeserializeOwned>(request: Request<Incoming>, most: usize) -> Result<T, Error> {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.split(';').next().map(str::trim) != Some(JSON) {
        return Err(Error::new(ErrorKind::InvalidRequest, "a request must have the content type application/json"));
    }
    let body = tokio::time::timeout(PATIENCE, Limited::new(request.into_body(), most).collect());
    let late = |_| Error::new(ErrorKind::Timeout, format!("the request did not come within {} s", PATIENCE.as_secs()));
    let body = match body.await.map_err(late)? {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => {
            return Err(Error::new(ErrorKind::TooLarge, format!("such a request may have {most} bytes")));
        }
        Err(error) => return Err(Error::new(ErrorKind::InvalidRequest, error.to_string())),
    };
    serde_json::from_slice(&body).map_err(|error| Error::new(ErrorKind::InvalidParams, format!("the request: {error}")))
}
