//! What is different between two states, as a JSON merge patch (RFC 7386): objects are merged, null takes a key away, anything else
//! replaces what was there. In a state, a key that is null and one that is not there mean the same.

use serde_json::{Map, Value};

/// What makes `new` of `old`; none if they mean the same.
pub fn diff(old: &Value, new: &Value) -> Option<Value> {
    let (Value::Object(old), Value::Object(new)) = (old, new) else {
        return (old != new).then(|| new.clone());
    };
    let mut patch = Map::new();
    for (key, value) in new {
        let change = match (old.get(key).unwrap_or(&Value::Null), value) {
            // Merged into nothing, nulls would vanish, which means the same.
            (Value::Object(_), Value::Object(_)) => diff(&old[key], value),
            (before, now) => (before != now).then(|| now.clone()),
        };
        patch.extend(change.map(|change| (key.clone(), change)));
    }
    let gone = old.iter().filter(|(key, value)| !value.is_null() && !new.contains_key(*key));
    patch.extend(gone.map(|(key, _)| (key.clone(), Value::Null)));
    (!patch.is_empty()).then_some(Value::Object(patch))
}

/// Makes the change.
pub fn apply(state: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *state = patch;
        return;
    };
    if !state.is_object() {
        *state = Value::Object(Map::new());
    }
    let Value::Object(there) = state else { return };
    for (key, change) in patch {
        if change.is_null() {
            there.remove(&key);
        } else {
            apply(there.entry(key).or_insert(Value::Null), change);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// Without what means nothing.
    fn meaning(value: &Value) -> Value {
        let Value::Object(map) = value else {
            return value.clone();
        };
        map.iter().filter(|(_, value)| !value.is_null()).map(|(key, value)| (key.clone(), meaning(value))).collect()
    }

    fn state() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), (0..3u8).prop_map(Value::from)];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                2 => prop::collection::btree_map("[a-c]", inner.clone(), 0..4).prop_map(|map| map.into_iter().collect()),
                1 => prop::collection::vec(inner, 0..3).prop_map(Value::Array),
            ]
        })
    }

    #[test]
    fn only_what_changed_is_in_a_patch() {
        let old =
            json!({"hub": {"state": "connected", "error": null}, "call": {"cid": "default:lobby", "participants": [1]}, "a": 1});
        let new = json!({"hub": {"state": "disconnected", "error": "gone"}, "call": null, "a": 1, "b": {"c": null}});
        let patch = diff(&old, &new).unwrap();
        assert_eq!(patch, json!({"hub": {"state": "disconnected", "error": "gone"}, "call": null, "b": {"c": null}}));
        assert_eq!(diff(&new, &new), None);
    }

    proptest! {
        #[test]
        fn a_patch_makes_the_new_state_of_the_old_one(
            old in prop::collection::btree_map("[a-d]", state(), 0..4),
            new in prop::collection::btree_map("[a-d]", state(), 0..4),
        ) {
            let (old, new): (Value, Value) = (old.into_iter().collect(), new.into_iter().collect());
            let mut patched = old.clone();
            match diff(&old, &new) {
                Some(patch) => apply(&mut patched, patch),
                None => prop_assert_eq!(meaning(&old), meaning(&new)),
            }
            prop_assert_eq!(meaning(&patched), meaning(&new));
        }
    }
}
