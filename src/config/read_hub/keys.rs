//! `[[token-key]]`: whose tokens are believed besides the hub's own.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::check;
use super::super::reader::{Reading, Section};
use super::super::report::Problem;
use super::super::source::Span;
use super::super::tree::Table;
use super::super::{TokenKey, TokenKeyKind};
use super::{MONTH, signing_secret, tables};
use crate::protocol::id::check_name;

const KEYS: [&str; 6] = ["id", "issuer", "algorithm", "secret-file", "public-key", "max-lifetime"];
/// More would only slow down looking for the right one.
const MOST: usize = 16;
const DAY: Duration = Duration::from_secs(86_400);
/// The hub's own key and issuer.
const OWN: [&str; 2] = ["hub", "callbox-hub"];

/// Reads all of them.
pub fn read<'a>(reading: &mut Reading<'a>, root: &'a Table) -> Vec<TokenKey> {
    let mut seen: BTreeMap<String, Span> = BTreeMap::new();
    let mut keys = Vec::new();
    let items = tables(reading, root, "token-key", &KEYS).unwrap_or_default();
    if let Some(item) = items.get(MOST) {
        reading
            .problems
            .push(Problem::error(format!("there are more than {MOST} token keys")).at(&item.at, "this is one too many"));
    }
    for item in items {
        let mut s = reading.inner(item, "token-key");
        let Some((key, at)) = key(&mut s, &item.at) else { continue };
        if let Some(first) = seen.get(&key.id) {
            let problem = Problem::error(format!("the token key \"{}\" is there twice", key.id));
            s.note(problem.at(&at, "again here").related(first, "first here").help("give each key an id of its own"));
        }
        seen.entry(key.id.clone()).or_insert(at);
        keys.push(key);
    }
    keys
}

fn key(s: &mut Section<'_, '_>, at: &Span) -> Option<(TokenKey, Span)> {
    let id = s.text("id");
    let issuer = s.text("issuer");
    let algorithm = s.choice("algorithm", &[("HS256", false), ("Ed25519", true)]);
    let secret = s.path("secret-file");
    let public = s.path("public-key");
    let max_lifetime = s.duration("max-lifetime", Duration::from_secs(1)..=MONTH).unwrap_or(DAY);
    for (key, help) in [
        ("id", "id = \"shop-2026\""),
        ("issuer", "issuer = \"https://shop.example.org\""),
        ("algorithm", "algorithm = \"Ed25519\""),
    ] {
        if s.node(key).is_none() {
            let problem = Problem::error(format!("`token-key.{key}` is missing"));
            s.note(problem.at(at, "of this key").help(help));
        }
    }
    for (key, found) in [("id", &id), ("issuer", &issuer)] {
        if let Some(text) = found
            && (OWN.contains(&text.value) || text.value.is_empty() || text.value.len() > 128)
        {
            s.bad(key, &text.at, format_args!("it needs 1 to 128 characters, and \"hub\" and \"callbox-hub\" are the hub's own"));
        }
    }
    if let Some(id) = &id
        && let Err(why) = check_name("a key id", id.value, "-_.")
    {
        s.bad("id", &id.at, why);
    }
    let ed25519 = algorithm?.value;
    let (wanted, file, other) = if ed25519 { ("public-key", public, secret) } else { ("secret-file", secret, public) };
    if let Some(other) = other {
        let (name, unwanted) = if ed25519 { ("Ed25519", "secret-file") } else { ("HS256", "public-key") };
        let problem = Problem::error(format!("a key of the algorithm {name} has no `token-key.{unwanted}`"));
        s.note(problem.at(&other.key_at, "").help(format!("name the file in `{wanted}`")));
    }
    let Some(file) = file else {
        if s.node(wanted).is_none() {
            let problem = Problem::error(format!("`token-key.{wanted}` is missing"));
            s.note(problem.at(at, "of this key").help(format!("{wanted} = \"…\"")));
        }
        return None;
    };
    let kind = if ed25519 {
        check::readable_file(s, wanted, &file);
        TokenKeyKind::Ed25519(file.value)
    } else {
        signing_secret(s, wanted, &file);
        TokenKeyKind::Hs256(file.value)
    };
    let id = id?;
    Some((TokenKey { id: id.value.to_owned(), issuer: issuer?.value.to_owned(), kind, max_lifetime }, id.at))
}
