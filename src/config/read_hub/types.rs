//! `[[call-type]]`: call types besides the built-in ones, and changes to those (G3, G38 to G40).

use std::collections::BTreeSet;

use super::super::reader::{Reading, Section};
use super::super::report::Problem;
use super::super::tree::{Node, Table, Value};
use super::tables;
use crate::protocol::hub::{Capability, Grants, PutCallType, Role, Settings};
use crate::protocol::id::check_name;

/// Reads all of them.
pub fn read<'a>(reading: &mut Reading<'a>, root: &'a Table) -> Vec<PutCallType> {
    let mut types = Vec::new();
    for item in tables(reading, root, "call-type", &["name", "settings", "grants"]).unwrap_or_default() {
        let mut s = reading.inner(item, "call-type");
        let name = s.text("name");
        let settings = settings(&mut s);
        let grants = grants(&mut s);
        match name {
            None if s.node("name").is_none() => {
                let problem = Problem::error("`call-type.name` is missing");
                s.note(problem.at(&item.at, "of this call type").help("name = \"default\""));
            }
            None => {}
            Some(name) => match check_name("a call type", name.value, "-_") {
                Ok(()) => types.push(PutCallType { name: name.value.to_owned(), settings, grants }),
                Err(why) => s.bad("name", &name.at, why),
            },
        }
    }
    types
}

/// The settings of the API, under the names that they have there.
fn settings(s: &mut Section<'_, '_>) -> serde_json::Map<String, serde_json::Value> {
    let Some(node) = s.node("settings") else { return serde_json::Map::new() };
    let Some(serde_json::Value::Object(settings)) = json(node) else {
        s.bad("settings", &node.at, "write for example settings.backstage.enabled = true");
        return serde_json::Map::new();
    };
    know_all(s, node, "call-type.settings");
    if let Err(why) = Settings::default().with(&settings) {
        s.bad("settings", &node.at, why);
    }
    settings
}

/// The keys below are checked by the settings themselves.
fn know_all(s: &mut Section<'_, '_>, node: &Node, path: &str) {
    let Value::Table(table) = &node.value else { return };
    for (key, inner) in table {
        let path = format!("{path}.{key}");
        know_all(s, inner, &path);
        s.reading.known.insert(path);
    }
}

fn grants(s: &mut Section<'_, '_>) -> Grants {
    let mut grants = Grants::new();
    let Some(node) = s.node("grants") else { return grants };
    let Value::Table(table) = &node.value else {
        s.bad("grants", &node.at, "write for example grants.user = [\"read-call\", \"join-call\"]");
        return grants;
    };
    know_all(s, node, "call-type.grants");
    for (role, list) in table {
        let Ok(role) = Role::new(role) else {
            s.bad("grants", &list.key_at, "that cannot be a role: letters, digits and hyphens");
            continue;
        };
        let Value::List(items) = &list.value else {
            s.bad("grants", &list.at, "each role has a list of capabilities");
            continue;
        };
        let mut capabilities = BTreeSet::new();
        for item in items {
            let Value::Text(text) = &item.value else {
                s.bad("grants", &item.at, format_args!("a capability is a text, not {}", item.value.kind()));
                continue;
            };
            match text.parse::<Capability>() {
                Ok(capability) => _ = capabilities.insert(capability),
                Err(why) => s.bad("grants", &item.at, why),
            }
        }
        grants.insert(role, capabilities);
    }
    grants
}

fn json(node: &Node) -> Option<serde_json::Value> {
    let value = match &node.value {
        Value::Table(table) => {
            let members = table.iter().map(|(key, node)| Some((key.clone(), json(node)?)));
            serde_json::Value::Object(members.collect::<Option<_>>()?)
        }
        Value::List(items) => serde_json::Value::Array(items.iter().map(json).collect::<Option<_>>()?),
        Value::Text(text) | Value::Word(text) => text.as_str().into(),
        Value::Integer(number) => (*number)?.into(),
        Value::Boolean(truth) => (*truth).into(),
        Value::Float | Value::Datetime => return None,
    };
    Some(value)
}
