//! The snippets of the seed documents run as they stand there, with only the import changed, against a real hub in a real Chromium.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use support::{Browser, Fake, Hub};

const WALK: &str = include_str!("seeds/walk.js");

/// The snippets of one edition by their names.
fn snippets(edition: &str) -> BTreeMap<String, String> {
    let file = format!("{}/tests/seeds/call-object-{edition}.js", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(file).unwrap();
    let parts = text.split("//: ").skip(1).map(|part| part.split_once('\n').unwrap());
    parts.map(|(name, code)| (name.to_owned(), code.to_owned())).collect()
}

/// `import { X } from 'there';` becomes an import of ours, as a script may have it.
fn with_our_import(code: &str) -> String {
    let lines = code.lines().map(|line| match line.strip_prefix("import ").and_then(|rest| rest.split_once(" from ")) {
        Some((names, _)) => format!("const {names} = await import('/callbox.js');"),
        None => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Puts the snippets where the walk names them.
fn walk(edition: &str) -> String {
    let mut script = format!("const M = await import('/callbox.js'); const edition = {edition:?};\n{WALK}");
    let all = snippets(edition);
    assert!(all.len() > 10, "{all:?}");
    for (name, code) in all {
        let code = with_our_import(&code);
        let function = format!("(async (client, type, id) => {{ const call = client.call(type, id); {{\n{code}\n}} }})");
        script = script.replace(&format!("@{name}@"), &function);
    }
    // what one edition lacks is not run
    let rest = script.split('@').collect::<Vec<_>>();
    rest.iter().enumerate().map(|(index, part)| if index % 2 == 1 { "(async () => {})" } else { part }).collect()
}

/// Somebody of a team; the hash is of the password that everybody has.
const RITA: &str = r#"
[[user]]
id = "rita"
teams = ["red"]
password-hash = "$argon2id$v=19$m=19456,t=2,p=1$P6BopYW7qmX4nfbUgBp3+w$Yriio6wLz4n0o+3d8UmNbuB0fuVmIhuVTV7Ukhc/fcs"
"#;

async fn walked(edition: &str) -> Value {
    let hub = Hub::with(RITA);
    let page = Browser::start(Fake::default()).await;
    page.open(&format!("{}/favicon.svg", hub.url)).await;
    page.sdk(&walk(edition)).await
}

fn assert_walked(seen: &Value) {
    assert_eq!(seen["created"], json!(["anna", "default:test-call", true]), "G2, G6, G7: {seen:#}");
    assert_eq!(seen["joined"], "joined", "G10");
    assert_eq!(seen["left"], json!(["left", 0]), "G14");
    assert_eq!(seen["again"], "joined", "G4, G11: the same id again");
    assert_eq!(seen["refused"], "not_found", "G11: `create: false` joins an existing call only");
    assert_eq!(seen["ended"], json!([true, "call_ended", "join-ended-call"]), "G15, G16");
    assert_eq!(seen["loaded"], json!(["red", "ben"]), "G8, G9");
    assert_eq!(seen["blue"], json!({"color": "blue"}), "G20, G29");
    assert_eq!(seen["green"], json!([{"color": "green"}, {"color": "green"}, "disabled"]), "G9, G17, G18");
    assert_eq!(seen["members"], json!({"alice": "admin", "bob": "call-member"}), "G19, G27");
    assert_eq!(seen["updated"], json!({"bob": "call-member", "charlie": "admin"}), "G28");
    assert_eq!(seen["settings"], json!([false, true]), "G21, G30, G31, G32");
    assert_eq!(seen["backstage"], json!([true, 500, "not_live", "join-backstage", 200]), "G22, G33, G34, G35");
}

#[tokio::test(flavor = "multi_thread")]
async fn g1_the_snippets_of_the_first_edition_run_with_only_the_import_changed() {
    let seen = walked("001").await;
    assert_walked(&seen);
    assert_eq!(seen["lobby"], json!(["joined", "off", "off", {"audio": true, "video": true}]), "G13");
}

#[tokio::test(flavor = "multi_thread")]
async fn g1_the_snippets_of_the_later_edition_run_with_only_the_import_changed() {
    let seen = walked("004").await;
    assert_walked(&seen);
    let team = seen["team"].as_array().unwrap();
    assert_eq!(team[1], "red", "G23: {seen:#}");
    assert!(team[0].is_string() && team[2].is_string(), "G36: refused without its team, and to others: {seen:#}");
}
