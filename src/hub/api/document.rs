//! The API document, OpenAPI 3.1: committed as `docs/openapi.json`, served at `/v1/openapi.json`.

use std::collections::BTreeMap;

use axum::http::Method;
use serde_json::{Value, json};
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, PathItem, Paths};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Required, ResponseBuilder, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::operation::{Names, Shape};
use super::rest::Failure;
use super::table::OPERATIONS;
use super::{Operation, operation::Route};
use crate::protocol::UserId;
use crate::protocol::hub::{Call, Event, OpenSession, SessionOpened, Token, TokenError};

/// Where a call is created under a fresh id.
pub const FRESH_ID_PATH: &str = "/v1/calls/{type}";

const DESCRIPTION: &str = "Calls, rings and who may what. Sign in at `/v1/token`, then send the access token as \
    `Authorization: Bearer TOKEN`.\n\nThe same operations, and those that need a client that stays (join, leave, mute, signal), are \
    JSON-RPC 2.0 methods over the WebSocket `/v1/socket`: `x-json-rpc` lists them all. The first is `session.open`; the hub tells what \
    happens by notifications `event`, whose params are the schema `Event`. An error has the same `kind` and details over both.";

type Schemas = BTreeMap<String, RefOr<Schema>>;

/// The document, pretty, with a line end.
pub fn document() -> Result<String, serde_json::Error> {
    let mut json = serde_json::to_value(openapi())?;
    if let Value::Object(root) = &mut json {
        root.insert("x-json-rpc".into(), json_rpc());
    }
    let mut text = serde_json::to_string_pretty(&json)?;
    text.push('\n');
    Ok(text)
}

fn openapi() -> OpenApi {
    let mut schemas = Schemas::new();
    let mut paths = Paths::new();
    for operation in OPERATIONS {
        for shape in operation.params.iter().chain(&operation.answer) {
            collect(&mut schemas, shape);
        }
        let Some(route) = &operation.route else { continue };
        add(&mut paths, route.path, &route.verb, rest(operation, route, route.path));
        if operation.fresh_id {
            add(&mut paths, FRESH_ID_PATH, &route.verb, rest(operation, route, FRESH_ID_PATH));
        }
    }
    for shape in [Shape::of::<Failure>(), Shape::of::<Event>(), Shape::of::<OpenSession>(), Shape::of::<SessionOpened>()] {
        collect(&mut schemas, &shape);
    }
    for shape in [Shape::of::<Token>(), Shape::of::<TokenError>()] {
        collect(&mut schemas, &shape);
    }
    add(&mut paths, "/v1/token", &Method::POST, sign_in());
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    let components = ComponentsBuilder::new().schemas_from_iter(schemas).security_scheme("bearer", SecurityScheme::Http(bearer));
    let info = InfoBuilder::new().title("Callbox hub").version(env!("CARGO_PKG_VERSION")).description(Some(DESCRIPTION));
    let security = SecurityRequirement::new("bearer", [""; 0]);
    OpenApiBuilder::new()
        .info(info.build())
        .paths(paths)
        .webhooks(Some(webhooks()))
        .components(Some(components.build()))
        .security(Some([security]))
        .build()
}

fn add(paths: &mut Paths, path: &str, verb: &Method, operation: OperationBuilder) {
    let verb = match verb.as_str() {
        "GET" => HttpMethod::Get,
        "PUT" => HttpMethod::Put,
        "PATCH" => HttpMethod::Patch,
        "DELETE" => HttpMethod::Delete,
        _ => HttpMethod::Post,
    };
    let item = PathItem::new(verb, operation);
    match paths.paths.get_mut(path) {
        Some(there) => there.merge_operations(item),
        None => _ = paths.paths.insert(path.to_owned(), item),
    }
}

fn collect(schemas: &mut Schemas, shape: &Shape) {
    let mut found = vec![((shape.name)().into_owned(), (shape.schema)())];
    (shape.others)(&mut found);
    schemas.extend(found);
}

fn refer<T: ToSchema>() -> Ref {
    Ref::from_schema_name(T::name())
}

/// One REST operation: what the path does not say is in the body, or in the query.
fn rest(operation: &Operation, route: &Route, path: &'static str) -> OperationBuilder {
    let fresh = path != route.path;
    let tag = operation.method.split('.').next().unwrap_or_default();
    let id = operation.method.replace('.', "_") + if fresh { "_fresh" } else { "" };
    let summary =
        if fresh { "Create a call under a fresh id.".to_owned() } else { operation.summary.trim_end_matches('.').to_owned() };
    let mut described = OperationBuilder::new().operation_id(Some(id)).tag(tag).summary(Some(summary));
    described = described.description(Some(format!("Over the socket: `{}`.", operation.method)));
    let mut params = operation.params.map_or_else(Object::new, |shape| object((shape.schema)()));
    for name in path.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
        let schema = params.properties.get(name).cloned().unwrap_or_else(String::schema);
        let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Path).required(Required::True);
        described = described.parameter(parameter.schema(Some(schema)));
        params.properties.remove(name);
        params.required.retain(|required| required != name);
    }
    if fresh {
        params.properties.remove("id");
        params.required.retain(|required| required != "id");
    }
    if route.names == Names::Cid {
        params.properties.remove("cid");
        params.required.retain(|required| required != "cid");
    }
    if route.verb == Method::GET || route.verb == Method::DELETE {
        // `call.get` shares its params with `call.get_or_create`.
        params.properties.remove("data");
        for (name, schema) in params.properties {
            let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Query).required(Required::False);
            described = described.parameter(parameter.schema(Some(schema)));
        }
    } else if !params.properties.is_empty() {
        let required = if params.required.is_empty() { Required::False } else { Required::True };
        params.description = None;
        let content = ContentBuilder::new().schema(Some(Schema::Object(params))).build();
        let body = RequestBodyBuilder::new().content("application/json", content).required(Some(required));
        described = described.request_body(Some(body.build()));
    }
    let answer = match operation.answer {
        Some(shape) => RefOr::Ref(Ref::from_schema_name((shape.name)())),
        None => RefOr::T(Schema::Object(ObjectBuilder::new().schema_type(Type::Object).build())),
    };
    let done = ResponseBuilder::new().description("Done, and on the disk.");
    let done = done.content("application/json", ContentBuilder::new().schema(Some(answer)).build());
    let failed = ResponseBuilder::new().description("Refused or failed.");
    let failed = failed.content("application/json", ContentBuilder::new().schema(Some(refer::<Failure>())).build());
    described.response("200", done).response("default", failed)
}

fn object(schema: RefOr<Schema>) -> Object {
    match schema {
        RefOr::T(Schema::Object(object)) => object,
        RefOr::T(_) | RefOr::Ref(_) => Object::new(),
    }
}

/// OAuth2, by a form (RFC 6749).
fn sign_in() -> OperationBuilder {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let form = ObjectBuilder::new()
        .schema_type(Type::Object)
        .property("grant_type", text().enum_values(Some(["password", "refresh_token"])))
        .property("username", text())
        .property("password", text())
        .property("refresh_token", text())
        .required("grant_type")
        .build();
    let body = ContentBuilder::new().schema(Some(Schema::Object(form))).build();
    let body = RequestBodyBuilder::new().content("application/x-www-form-urlencoded", body).required(Some(Required::True));
    let good = ResponseBuilder::new().description("Signed in.");
    let good = good.content("application/json", ContentBuilder::new().schema(Some(refer::<Token>())).build());
    let bad = ResponseBuilder::new().description("Refused, as RFC 6749 section 5.2 says.");
    let bad = bad.content("application/json", ContentBuilder::new().schema(Some(refer::<TokenError>())).build());
    OperationBuilder::new()
        .operation_id(Some("token"))
        .tag("token")
        .summary(Some("Sign in by password, or by the refresh token of an earlier sign-in, which is good once"))
        .securities(Some([SecurityRequirement::default()]))
        .request_body(Some(body.build()))
        .response("200", good)
        .response("default", bad)
}

/// What the hub posts to the configured address.
fn webhooks() -> Paths {
    let mut all = Paths::new();
    for (name, summary) in [
        ("call.ring", "A user is rung"),
        ("call.notification", "A user is told of a call, without ringing"),
        ("call.missed", "A user was rung, and did not answer in time"),
    ] {
        let text = || ObjectBuilder::new().schema_type(Type::String);
        let news = ObjectBuilder::new()
            .schema_type(Type::Object)
            .property("id", text().description(Some("The same in every attempt.")))
            .property("type", text().enum_values(Some([name])))
            .property("created_at", text().description(Some("RFC 3339.")))
            .property("user", refer::<UserId>())
            .property("by", refer::<UserId>())
            .property("call", refer::<Call>());
        let news = ["id", "type", "created_at", "user", "by", "call"].into_iter().fold(news, ObjectBuilder::required).build();
        let body = ContentBuilder::new().schema(Some(Schema::Object(news))).build();
        let body = RequestBodyBuilder::new().content("application/json", body).required(Some(Required::True));
        let header = |name: &str, what: &str| {
            let header = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Header).required(Required::True);
            header.description(Some(what)).schema(Some(text()))
        };
        let signature = "`t=UNIX,v1=HEX`: HEX is HMAC-SHA256 of `UNIX.BODY` with the secret.";
        let operation = OperationBuilder::new()
            .operation_id(Some(format!("webhook_{}", name.replace('.', "_"))))
            .tag("webhook")
            .summary(Some(summary))
            .parameter(header("X-Callbox-Signature", signature))
            .parameter(header("X-Callbox-Id", "The id of the body."))
            .request_body(Some(body.build()))
            .securities(Some([SecurityRequirement::default()]))
            .response("2XX", ResponseBuilder::new().description("Taken."))
            .response("5XX", ResponseBuilder::new().description("Posted again after a while, a few times; 408, 425 and 429 too."))
            .response("4XX", ResponseBuilder::new().description("Given up."));
        add(&mut all, name, &Method::POST, operation);
    }
    all
}

/// Every method of the socket, in OpenRPC's words.
fn json_rpc() -> Value {
    let shown = |shape: Option<Shape>| match shape {
        Some(shape) => json!({"$ref": format!("#/components/schemas/{}", (shape.name)())}),
        None => json!({"type": "object"}),
    };
    let open = json!({
        "name": "session.open",
        "summary": "Say who you are, or go on with the session of a dropped socket. The first message.",
        "params": shown(Some(Shape::of::<OpenSession>())),
        "result": shown(Some(Shape::of::<SessionOpened>())),
    });
    let method = |operation: &Operation| {
        json!({
            "name": operation.method,
            "summary": operation.summary,
            "params": shown(operation.params),
            "result": shown(operation.answer),
        })
    };
    std::iter::once(open).chain(OPERATIONS.iter().map(method)).collect()
}
