//! What the last hub left in the store.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use tracing::{error, info};

use super::super::calls::{Record, Types};
use super::super::identities;
use super::super::persist::Item;
use super::super::store::{Error, Store};
use crate::protocol::UserId;
use crate::protocol::hub::CallType;

/// All of it.
#[derive(Debug)]
pub struct Loaded {
    /// The calls.
    pub calls: Vec<Record>,
    /// The configured types, with what administrators changed.
    pub types: Types,
    /// What is remembered of users' tokens.
    pub identities: BTreeMap<UserId, identities::Record>,
    /// The revision of each item.
    pub revisions: BTreeMap<Item, u64>,
}

/// Reads it. A record that cannot be read is left alone and reported.
pub fn load(store: &impl Store, types: Types) -> Result<Loaded, Error> {
    let mut loaded = Loaded { calls: Vec::new(), types, identities: BTreeMap::new(), revisions: BTreeMap::new() };
    for (_, revision, record) in read::<Record>(store, Item::CALLS)? {
        let Some(record) = record else { continue };
        loaded.revisions.insert(Item::Call(record.call.cid.clone()), revision);
        loaded.calls.push(record);
    }
    for (name, revision, call_type) in read::<CallType>(store, Item::TYPES)? {
        loaded.revisions.insert(Item::Type(name), revision);
        if let Some(call_type) = call_type {
            loaded.types.restore(call_type);
        }
    }
    for (name, revision, record) in read::<identities::Record>(store, Item::USERS)? {
        let Ok(user) = UserId::new(&name) else { continue };
        loaded.revisions.insert(Item::User(user.clone()), revision);
        loaded.identities.extend(record.map(|record| (user, record)));
    }
    info!(calls = loaded.calls.len(), "calls loaded");
    Ok(loaded)
}

/// The rest of the key, the revision and what is stored; nothing if it is no more.
fn read<T: DeserializeOwned>(store: &impl Store, prefix: &str) -> Result<Vec<(String, u64, Option<T>)>, Error> {
    let mut found = Vec::new();
    for (key, entry) in store.list(prefix)? {
        let name = key.strip_prefix(prefix).unwrap_or(&key).to_owned();
        if entry.value.is_empty() {
            found.push((name, entry.revision, None));
            continue;
        }
        match serde_json::from_slice(&entry.value) {
            Ok(value) => found.push((name, entry.revision, Some(value))),
            Err(e) => error!("cannot read the stored `{key}`, leaving it alone: {e}"),
        }
    }
    Ok(found)
}
