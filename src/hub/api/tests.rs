use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use super::table::OPERATIONS;
use super::*;

#[test]
fn params_that_do_not_fit_are_refused_with_the_reason() {
    let kind = |method: &str, params: Value| read(method, params).unwrap_err().kind;
    assert_eq!(kind("call.join", json!({"type": "default"})), ErrorKind::InvalidParams);
    assert_eq!(kind("call.join", json!({"type": "default", "id": "x", "creat": true})), ErrorKind::InvalidParams);
    assert_eq!(kind("call.leave", json!({"cid": "no colon"})), ErrorKind::InvalidParams);
    assert_eq!(kind("call.leave", Value::Null), ErrorKind::InvalidParams);
    assert_eq!(kind("call.explode", Value::Null), ErrorKind::MethodNotFound);
    assert_eq!(kind("session.open", Value::Null), ErrorKind::Conflict);
    assert_eq!(read("session.ping", Value::Null).unwrap(), Wanted::Ping);
    assert_eq!(read("session.subscriptions", json!({})).unwrap(), Wanted::Driver(Ask::Subscriptions));
}

#[test]
fn b2_without_an_id_a_fresh_one_is_made() {
    let id = || {
        let Wanted::Driver(Ask::Calls(request)) = read("call.get_or_create", json!({"type": "default"})).unwrap() else { panic!() };
        request.cid().unwrap().id().to_owned()
    };
    assert!(id() != id() && uuid::Uuid::parse_str(&id()).is_ok());
}

#[test]
fn every_method_and_every_route_is_there_once() {
    let methods: BTreeSet<_> = OPERATIONS.iter().map(|operation| operation.method).collect();
    assert_eq!(methods.len(), OPERATIONS.len());
    let routes: Vec<_> = OPERATIONS.iter().filter_map(|operation| operation.route.as_ref()).collect();
    let different: BTreeSet<_> = routes.iter().map(|route| (route.verb.as_str(), route.path)).collect();
    assert_eq!(different.len(), routes.len());
    let without: Vec<_> =
        OPERATIONS.iter().filter(|operation| operation.route.is_none()).map(|operation| operation.method).collect();
    let needs_a_session = |method: &&str| method.starts_with("session.") || method.starts_with("call.");
    assert!(without.iter().all(needs_a_session), "{without:?}");
    assert_eq!(
        without.iter().filter(|method| method.starts_with("call.")).count(),
        6,
        "join, leave, mute, signal, bandwidth, answer_door"
    );
}

#[test]
fn the_committed_document_is_the_one_that_the_hub_serves() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/openapi.json");
    let now = document().unwrap();
    if std::env::var_os("CALLBOX_RENEW").is_some() {
        std::fs::write(&path, &now).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    // Not assert_eq: nobody reads two documents of a thousand lines each.
    let differs = committed.lines().zip(now.lines()).find(|(old, new)| old != new);
    assert!(
        committed == now,
        "docs/openapi.json is out of date, first at {differs:?}: renew it with `CALLBOX_RENEW=1 cargo test --lib api::` and commit it"
    );
}

#[test]
fn everything_that_the_document_refers_to_is_in_it() {
    let document: Value = serde_json::from_str(&document().unwrap()).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut todo = vec![&document];
    let mut references = BTreeSet::new();
    while let Some(value) = todo.pop() {
        match value {
            Value::Object(map) => {
                references.extend(map.get("$ref").and_then(Value::as_str));
                todo.extend(map.values());
            }
            Value::Array(items) => todo.extend(items),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    assert!(references.len() > 20, "{references:?}");
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference} is nowhere");
    }
}
