//! What people at pages ask for.

use serde_json::{Value, json};

use super::random::Random;
use crate::protocol::ParticipantId;

const USERS: [&str; 6] = ["user-0", "user-1", "user-2", "door-0", "door-1", "door-2"];

/// One request, at random.
pub fn any(random: &mut Random, participant: &ParticipantId) -> (&'static str, Value) {
    // Everybody may do everything in calls of the second type.
    let kind = if random.one_in(2) { "default" } else { "development" };
    let id = if kind == "default" { "call-0" } else { "call-1" };
    let cid = format!("{kind}:{id}");
    let user = USERS[random.below(6) as usize];
    let on = random.one_in(2);
    let place = json!({"type": kind, "id": id});
    let at = json!({"cid": cid});
    let with = |more: Value| {
        let mut all = at.clone();
        for (key, value) in more.as_object().into_iter().flatten() {
            all[key] = value.clone();
        }
        all
    };
    match random.below(30) {
        0 | 1 => ("call.get", place),
        2 | 3 => {
            let members: Vec<Value> = USERS.iter().map(|user| json!({"user_id": user})).collect();
            let answer = if on { "first" } else { "each" };
            let data = json!({"members": members, "ring": on, "settings_override": {"ring": {"answer": answer}}});
            ("call.get_or_create", json!({"type": kind, "id": id, "data": data}))
        }
        4..=9 => ("call.join", json!({"type": kind, "id": id, "create": true, "participation": {"id": participant}})),
        10..=12 => ("call.leave", at),
        13 | 14 => ("call.mute", with(json!({"muted": {"audio": on}}))),
        15 | 16 => ("call.ring", at),
        17 | 18 => ("call.accept", at),
        19 => ("call.reject", with(json!({"reason": "decline"}))),
        20 => ("call.cancel", at),
        21 => ("call.update", with(json!({"custom": {"by": participant}}))),
        22 => ("call.update", with(json!({"settings_override": {"backstage": {"enabled": on}}}))),
        23 => (
            "call.update_members",
            with(json!({"update_members": [{"user_id": user, "role": if on { "host" } else { "call-member" }}]})),
        ),
        24 => ("call.update_members", with(json!({"remove_members": [user]}))),
        25 => (if on { "call.go_live" } else { "call.stop_live" }, at),
        26 => ("call.kick", with(json!({"user_id": user}))),
        27 => (if on { "call.block" } else { "call.unblock" }, with(json!({"user_id": user}))),
        28 => ("call.mute_users", with(json!({"audio": true}))),
        _ if random.one_in(6) => ("call.end", at),
        _ => ("call.make", json!({"destination": user})),
    }
}
