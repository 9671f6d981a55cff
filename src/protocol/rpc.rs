//! JSON-RPC 2.0 (<https://www.jsonrpc.org/specification>): the one codec of control socket and WebSocket.
//!
//! Batches are not used: a JSON array is answered with `invalid_request`. Ids are numbers or strings. Nesting is bounded by
//! `serde_json`'s limit of 128; length is bounded by the transport, with [`MAX_MESSAGE`].

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The longest message either side accepts, in bytes. An SDP with three m-lines and all candidates is about 8 KiB.
pub const MAX_MESSAGE: usize = 64 * 1024;

/// The id that joins a response to its request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Id {
    /// The usual form.
    Number(u64),
    /// Allowed by the specification.
    Text(String),
}

/// One message, in either direction.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// Wants exactly one response with the same id.
    Request {
        /// Chosen by the caller.
        id: Id,
        /// For example `call.join`.
        method: String,
        /// An object, or null.
        params: Value,
    },
    /// Wants no response.
    Notification {
        /// For example `event`.
        method: String,
        /// An object, or null.
        params: Value,
    },
    /// The response to a request.
    Response {
        /// The request's id; none when the request could not be read.
        id: Option<Id>,
        /// What came of it.
        outcome: Result<Value, Error>,
    },
}

/// A stable name for what went wrong; the wire carries it in `error.data.kind` beside the numeric code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// Not JSON, or not UTF-8.
    ParseError,
    /// JSON, but not a JSON-RPC 2.0 message, or one that is not allowed now.
    InvalidRequest,
    /// No such method.
    MethodNotFound,
    /// The params do not fit the method.
    InvalidParams,
    /// A defect or a failing disk at our side.
    InternalError,
    /// Not signed in, or the token is expired or forged.
    Unauthenticated,
    /// Signed in, but not allowed.
    PermissionDenied,
    /// No such call, participant or user.
    NotFound,
    /// Not possible in the present state.
    Conflict,
    /// The call has no place left.
    Full,
    /// Longer than a limit.
    TooLarge,
    /// Too many requests; try again later.
    RateLimited,
    /// The call was ended for everyone; only some may still join.
    CallEnded,
    /// The call is not live yet; only some may join before.
    NotLive,
    /// No answer in time.
    Timeout,
    /// The other side cannot be reached at the moment.
    Unavailable,
}

impl ErrorKind {
    /// The JSON-RPC error code.
    pub const fn code(self) -> i32 {
        match self {
            Self::ParseError => -32700,
            Self::InvalidRequest => -32600,
            Self::MethodNotFound => -32601,
            Self::InvalidParams => -32602,
            Self::InternalError => -32603,
            Self::Unauthenticated => -32001,
            Self::PermissionDenied => -32003,
            Self::NotFound => -32004,
            Self::Timeout => -32008,
            Self::Conflict => -32009,
            Self::CallEnded => -32010,
            Self::Full => -32011,
            Self::NotLive => -32012,
            Self::TooLarge => -32013,
            Self::Unavailable => -32014,
            Self::RateLimited => -32029,
        }
    }
}

/// A refused or failed request: `{"code": …, "message": …, "data": {"kind": …, …}}`.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// Stable name.
    pub kind: ErrorKind,
    /// For the caller: lower case, names the thing and the way out.
    pub message: String,
    /// What a program may want to know as well; boxed, since most errors have none.
    pub details: Option<Box<Details>>,
}

/// What a program may want to know of a refusal; travels in `error.data` beside `kind`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
pub struct Details {
    /// The capability that is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capability: Option<super::hub::Capability>,
    /// Milliseconds after which it may work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// When the call may be joined without being live, RFC 3339 (G35).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joinable_at: Option<String>,
}

impl Error {
    /// A refusal with a message for the caller.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), details: None }
    }

    /// With something for programs.
    #[must_use]
    pub fn with(mut self, details: Details) -> Self {
        self.details = (details != Details::default()).then(|| Box::new(details));
        self
    }
}

#[derive(Serialize, Deserialize)]
struct WireError {
    code: i32,
    message: String,
    #[serde(default)]
    data: Option<WireErrorData>,
}

#[derive(Serialize, Deserialize)]
struct WireErrorData {
    kind: ErrorKind,
    #[serde(flatten)]
    details: Details,
}

#[derive(Serialize)]
struct Wire<'a> {
    jsonrpc: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a Option<Id>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'a str>,
    #[serde(skip_serializing_if = "is_null")]
    params: &'a Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<WireError>,
}

fn is_null(value: &&Value) -> bool {
    value.is_null()
}

impl Message {
    /// A response without an id, for a message that could not be read.
    pub fn unreadable(error: Error) -> Self {
        Self::Response { id: None, outcome: Err(error) }
    }

    /// Reads one message. The error is what the sender should be told.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let value: Value = serde_json::from_str(text).map_err(|e| Error::new(ErrorKind::ParseError, format!("not JSON: {e}")))?;
        let invalid = |why: &str| Error::new(ErrorKind::InvalidRequest, format!("not a JSON-RPC 2.0 message: {why}"));
        let Value::Object(mut map) = value else {
            return Err(invalid("expected one object (batches are not supported)"));
        };
        if map.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
            return Err(invalid("`jsonrpc` must be \"2.0\""));
        }
        let id = match map.remove("id") {
            None => None,
            Some(Value::Null) => Some(None),
            Some(value) => Some(Some(serde_json::from_value(value).map_err(|_| invalid("`id` must be a number or a string"))?)),
        };
        if let Some(method) = map.remove("method") {
            let Value::String(method) = method else {
                return Err(invalid("`method` must be a string"));
            };
            let params = map.remove("params").unwrap_or(Value::Null);
            if !params.is_object() && !params.is_null() {
                return Err(invalid("`params` must be an object"));
            }
            return match id {
                Some(Some(id)) => Ok(Self::Request { id, method, params }),
                Some(None) => Err(invalid("`id` must be a number or a string")),
                None => Ok(Self::Notification { method, params }),
            };
        }
        let id = id.ok_or_else(|| invalid("`method` or `id` is missing"))?;
        match (map.remove("result"), map.remove("error")) {
            (Some(result), None) => Ok(Self::Response { id, outcome: Ok(result) }),
            (None, Some(error)) => {
                let wire: WireError = serde_json::from_value(error).map_err(|_| invalid("`error` needs `code` and `message`"))?;
                let (kind, details) =
                    wire.data.map_or((ErrorKind::InternalError, Details::default()), |data| (data.kind, data.details));
                Ok(Self::Response { id, outcome: Err(Error::new(kind, wire.message).with(details)) })
            }
            _ => Err(invalid("a response has either `result` or `error`")),
        }
    }

    /// One line of JSON, without a line end.
    pub fn to_json(&self) -> String {
        let wire = match self {
            Self::Request { id, method, params } => {
                let id = Some(id.clone());
                return to_line(&Wire { jsonrpc: "2.0", id: Some(&id), method: Some(method), params, result: None, error: None });
            }
            Self::Notification { method, params } => {
                Wire { jsonrpc: "2.0", id: None, method: Some(method), params, result: None, error: None }
            }
            Self::Response { id, outcome: Ok(result) } => {
                Wire { jsonrpc: "2.0", id: Some(id), method: None, params: &Value::Null, result: Some(result), error: None }
            }
            Self::Response { id, outcome: Err(error) } => {
                let data = Some(WireErrorData { kind: error.kind, details: error.details.as_deref().cloned().unwrap_or_default() });
                let error = WireError { code: error.kind.code(), message: error.message.clone(), data };
                Wire { jsonrpc: "2.0", id: Some(id), method: None, params: &Value::Null, result: None, error: Some(error) }
            }
        };
        to_line(&wire)
    }
}

fn to_line(wire: &Wire<'_>) -> String {
    serde_json::to_string(wire).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn every_kind_of_message_survives_the_wire() {
        let messages = [
            Message::Request { id: Id::Number(7), method: "call.join".into(), params: json!({"a": [1]}) },
            Message::Request { id: Id::Text("x".into()), method: "ping".into(), params: Value::Null },
            Message::Notification { method: "event".into(), params: json!({"seq": 1}) },
            Message::Response { id: Some(Id::Number(7)), outcome: Ok(Value::Null) },
            Message::Response { id: None, outcome: Err(Error::new(ErrorKind::Full, "the call is full")) },
            Message::Response {
                id: Some(Id::Number(8)),
                outcome: Err(Error::new(ErrorKind::RateLimited, "too many rings")
                    .with(Details { retry_after_ms: Some(1500), ..Details::default() })),
            },
        ];
        for message in messages {
            assert_eq!(Message::parse(&message.to_json()).unwrap(), message);
        }
    }

    #[test]
    fn what_is_not_json_rpc_is_refused_with_a_reason() {
        for (text, kind, part) in [
            ("{", ErrorKind::ParseError, "not JSON"),
            ("[]", ErrorKind::InvalidRequest, "batches"),
            ("{}", ErrorKind::InvalidRequest, "2.0"),
            (r#"{"jsonrpc":"2.0","id":{},"method":"x"}"#, ErrorKind::InvalidRequest, "id"),
            (r#"{"jsonrpc":"2.0","id":1,"method":5}"#, ErrorKind::InvalidRequest, "method"),
            (r#"{"jsonrpc":"2.0","id":1,"method":"x","params":[1]}"#, ErrorKind::InvalidRequest, "params"),
            (r#"{"jsonrpc":"2.0","id":1}"#, ErrorKind::InvalidRequest, "result"),
        ] {
            let error = Message::parse(text).unwrap_err();
            assert_eq!(error.kind, kind, "{text}");
            assert!(error.message.contains(part), "{text}: {}", error.message);
        }
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(Message::parse(&deep).unwrap_err().kind, ErrorKind::ParseError);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,200}") {
            let _ = Message::parse(&text);
        }
    }
}
