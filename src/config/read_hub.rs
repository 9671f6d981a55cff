//! `hub.toml`: from the merged tree to [`Hub`].

mod keys;
mod turn;
mod types;
mod webhook;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use argon2::Algorithm;
use argon2::password_hash::PasswordHash;

use super::reader::{At, Reading, Section};
use super::report::Problem;
use super::source::Span;
use super::tree::{Node, Table, Value};
use super::{Hub, HubUser, Log, Secret, Tls};
use super::{check, metrics};
use crate::protocol::UserId;
use crate::protocol::hub::Role;
use crate::protocol::id::check_name;

/// The longest lifetime of a token that is configurable.
const MONTH: Duration = Duration::from_secs(30 * 86_400);

/// Reads every table; what is wrong is noted in `reading`.
pub fn read<'a>(reading: &mut Reading<'a>, root: &'a Table) -> Hub {
    let default = Hub::default();
    let mut s = reading.root(root);
    let listen = s.text("listen").and_then(|text| match text.value.parse::<SocketAddr>() {
        Ok(value) => Some(At { value, at: text.at, key_at: text.key_at }),
        Err(_) => {
            s.bad("listen", &text.at, "write ADDRESS:PORT in numbers, for example 127.0.0.1:8080 or [::]:8443");
            None
        }
    });
    if let Some(listen) = listen.as_ref().filter(|listen| !listen.value.ip().is_loopback() && !root.contains_key("tls")) {
        s.note(
            Problem::warning("the hub is open to the network without TLS: passwords travel in the clear")
                .at(&listen.at, "not only this machine")
                .help("add a certificate under [tls]; browsers give camera and microphone only to localhost or HTTPS"),
        );
    }
    let listen = listen.map_or(default.listen, |listen| listen.value);
    let state_directory = s.path("state-directory");
    if let Some(directory) = &state_directory {
        check::directory(&mut s, "state-directory", directory);
    }
    let state_directory = state_directory.map_or(default.state_directory, |path| path.value);
    let reconnect_grace =
        s.duration("reconnect-grace", Duration::ZERO..=Duration::from_secs(3600)).unwrap_or(default.reconnect_grace);
    let token_lifetime = s.duration("token-lifetime", Duration::from_secs(1)..=MONTH);
    let refresh_lifetime = s.duration("refresh-lifetime", Duration::from_secs(1)..=12 * MONTH);
    let max_participants = s.integer("max-participants", 2..=16).map_or(default.max_participants, |most| most.value);
    let most_sessions = s.integer("max-sessions-per-user", 1..=100_000).map_or(default.max_sessions_per_user, |most| most.value);
    Hub {
        listen,
        state_directory,
        reconnect_grace,
        token_lifetime: token_lifetime.unwrap_or(default.token_lifetime),
        refresh_lifetime: refresh_lifetime.unwrap_or(default.refresh_lifetime),
        max_participants,
        max_sessions_per_user: most_sessions,
        tls: tls(reading.section(root, "tls")),
        log: Log { level: reading.section(root, "log").log_level().unwrap_or_default() },
        metrics: metrics::read(reading.section(root, "metrics")),
        webhook: webhook::read(reading.section(root, "webhook")),
        turn: turn::read(reading.section(root, "turn")),
        call_types: types::read(reading, root),
        token_keys: keys::read(reading, root),
        users: users(reading, root),
    }
}

fn tls(mut s: Section<'_, '_>) -> Option<Tls> {
    let certificate = s.path("certificate");
    let key = s.path("key");
    if let Some(certificate) = &certificate {
        check::readable_file(&mut s, "certificate", certificate);
        check::certificates(&mut s, "certificate", certificate);
        if s.node("key").is_none() {
            s.missing("key", "name the certificate's private key: key = \"…\"");
        }
    }
    if let Some(key) = &key {
        check::secret_file(&mut s, "key", key);
        if s.node("certificate").is_none() {
            s.missing("certificate", "name the key's certificate: certificate = \"…\"");
        }
    }
    Some(Tls { certificate: certificate?.value, key: key?.value })
}

/// Notes what speaks against a file that holds a secret for HMAC-SHA256.
fn signing_secret(s: &mut Section<'_, '_>, key: &str, file: &At<PathBuf>) {
    check::secret_file(s, key, file);
    if std::fs::metadata(&file.value).is_ok_and(|found| found.is_file() && (1..32).contains(&found.len())) {
        let problem = Problem::error(format!("`{}` is too short: a secret that signs has at least 32 bytes", s.name(key)));
        s.note(problem.at(&file.at, "").help("`openssl rand -hex 32` makes one"));
    }
}

/// The tables of `[[NAME]]`; none if there are none.
fn tables<'a>(reading: &mut Reading<'a>, root: &'a Table, name: &'static str, keys: &[&str]) -> Option<&'a [Node]> {
    // Known even where none is read.
    reading.known.extend(keys.iter().map(|key| format!("{name}.{key}")));
    let node = reading.root(root).node(name)?;
    let Value::List(items) = &node.value else {
        let problem = Problem::error(format!("`{name}` must be a list of tables, not {}", node.value.kind()));
        reading.problems.push(problem.at(&node.at, "").help(format!("write [[{name}]], in double brackets, for each {name}")));
        return Some(&[]);
    };
    Some(items)
}

fn users<'a>(reading: &mut Reading<'a>, root: &'a Table) -> Vec<HubUser> {
    let Some(items) = tables(reading, root, "user", &["id", "name", "password-hash", "role", "teams"]) else {
        if !root.contains_key("token-key") {
            let problem = Problem::warning("nobody can sign in: there is no [[user]]");
            reading.problems.push(problem.help("make a password hash with `callbox hub passwd`"));
        }
        return Vec::new();
    };
    let mut seen: BTreeMap<UserId, Span> = BTreeMap::new();
    let mut users = Vec::new();
    for item in items {
        let mut s = reading.inner(item, "user");
        if let Some((user, at)) = user(&mut s, &item.at) {
            if let Some(first) = seen.get(&user.id) {
                let problem = Problem::error(format!("the user \"{}\" is there twice", user.id));
                s.note(problem.at(&at, "again here").related(first, "first here").help("remove one of them, or rename it"));
            }
            seen.entry(user.id.clone()).or_insert(at);
            users.push(user);
        }
    }
    users
}

fn user(s: &mut Section<'_, '_>, at: &Span) -> Option<(HubUser, Span)> {
    let id = s.parse::<UserId>("id");
    let name = s.text("name").map(|name| name.value.to_owned());
    let hash = s.text("password-hash");
    let role = s.parse::<Role>("role").map_or_else(Role::user, |role| role.value);
    let teams = teams(s);
    for (key, help) in [("id", "id = \"door-1\""), ("password-hash", "make one with `callbox hub passwd`")] {
        if s.node(key).is_none() {
            let problem = Problem::error(format!("`user.{key}` is missing"));
            s.note(problem.at(at, "of this user").help(help));
        }
    }
    if let Some(hash) = &hash
        && let Err(why) = check_hash(hash.value)
    {
        let problem = Problem::error(format!("`user.password-hash` is not an argon2id hash: {why}"));
        s.note(problem.at(&hash.at, "").help("make one with `callbox hub passwd`"));
    }
    let id = id?;
    let name = name.unwrap_or_else(|| id.value.to_string());
    Some((HubUser { id: id.value, name, password_hash: Secret::new(hash?.value), role, teams }, id.at))
}

fn teams(s: &mut Section<'_, '_>) -> BTreeSet<String> {
    let mut teams = BTreeSet::new();
    for team in s.texts("teams").unwrap_or_default() {
        match check_name("a team", team.value, "-_.") {
            Ok(()) => _ = teams.insert(team.value.to_owned()),
            Err(why) => s.bad("teams", &team.at, why),
        }
    }
    teams
}

/// Whether a hash can be checked by the hub, and in bearable time.
fn check_hash(text: &str) -> Result<(), String> {
    let hash = PasswordHash::new(text).map_err(|_| "it is not in PHC form, $argon2id$…".to_owned())?;
    if Algorithm::try_from(hash.algorithm).ok() != Some(Algorithm::Argon2id) {
        return Err(format!("it is {}", hash.algorithm));
    }
    if hash.salt.is_none() || hash.hash.is_none() {
        return Err("it is cut off".to_owned());
    }
    let parameters = argon2::Params::try_from(&hash).map_err(|error| error.to_string())?;
    if parameters.m_cost() > 1 << 20 || parameters.t_cost() > 64 || parameters.p_cost() > 64 {
        return Err("it would take too long to check: at most m=1048576, t=64, p=64".to_owned());
    }
    Ok(())
}
