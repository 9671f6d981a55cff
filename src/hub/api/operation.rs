//! One operation: how it is asked for, what it takes, what it answers.

use axum::http::Method;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use super::Ask;
use crate::protocol::hub::RenewSession;
use crate::protocol::rpc::{Error, ErrorKind};

/// What a request asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Wanted {
    /// Whether anybody is there: for browsers, which cannot send WebSocket pings.
    Ping,
    /// To go on with another token, which must be looked at first.
    Renew(RenewSession),
    /// Something for the driver.
    Driver(Ask),
}

/// No params.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoParams {}

/// A type on the wire, for the document.
#[derive(Clone, Copy)]
pub struct Shape {
    /// Its name among the schemas.
    pub name: fn() -> std::borrow::Cow<'static, str>,
    /// Itself.
    pub schema: fn() -> RefOr<Schema>,
    /// What it refers to.
    pub others: fn(&mut Vec<(String, RefOr<Schema>)>),
}

impl Shape {
    pub(super) const fn of<T: ToSchema>() -> Self {
        Self { name: T::name, schema: T::schema, others: T::schemas }
    }
}

/// How a path names the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// `{type}/{id}` are the param `cid`.
    Cid,
    /// Every `{name}` is the param of that name.
    Params,
}

/// A REST route.
#[derive(Debug, Clone)]
pub struct Route {
    /// GET and DELETE have no body.
    pub verb: Method,
    /// With `{name}`s.
    pub path: &'static str,
    /// What the names are.
    pub names: Names,
}

/// One row of the table.
pub struct Operation {
    /// In JSON-RPC.
    pub method: &'static str,
    /// In REST; none if it needs a session.
    pub route: Option<Route>,
    /// For people.
    pub summary: &'static str,
    /// What it takes; none: nothing.
    pub params: Option<Shape>,
    /// What it answers; none: `{}`.
    pub answer: Option<Shape>,
    /// Without an id, a fresh one is made (B2).
    pub fresh_id: bool,
    pub(super) read: fn(Value) -> Result<Wanted, serde_json::Error>,
    pub(super) query: fn(&str) -> Result<Value, String>,
}

impl std::fmt::Debug for Operation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Operation").field("method", &self.method).field("route", &self.route).finish_non_exhaustive()
    }
}

impl Operation {
    /// Reads the params, however they came.
    pub fn read(&self, params: Value) -> Result<Wanted, Error> {
        let mut params = if params.is_null() { Value::Object(Map::new()) } else { params };
        if self.fresh_id
            && let Value::Object(map) = &mut params
        {
            map.entry("id").or_insert_with(|| uuid::Uuid::new_v4().to_string().into());
        }
        let unfit = |e| Error::new(ErrorKind::InvalidParams, format!("the params of `{}`: {e}", self.method));
        (self.read)(params).map_err(unfit)
    }
}

/// Reads a query string, where all values are texts.
pub(super) fn query<T: DeserializeOwned + Serialize>(query: &str) -> Result<Value, String> {
    let read: T = serde_urlencoded::from_str(query).map_err(|e| e.to_string())?;
    serde_json::to_value(read).map_err(|e| e.to_string())
}
