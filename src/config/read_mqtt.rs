//! `[mqtt]`: from the merged tree to [`Mqtt`].

use super::reader::{At, Section};
use super::report::Problem;
use super::{MQTT_PORT, MQTTS_PORT, Mqtt, Trust, check};
use crate::protocol::UserId;

/// Brokers take no longer topics than 65535 bytes; nobody wants a quarter of that.
const LONGEST_TOPIC: usize = 128;

/// Reads the table; none if it names no broker. Without `topic`, the topics begin with `callbox/` and who this appliance is.
pub fn read(mut s: Section<'_, '_>, there: bool, appliance: Option<&UserId>) -> Option<Mqtt> {
    let url = s.text("url");
    if there && s.node("url").is_none() {
        s.missing("url", "name the broker: url = \"mqtt://broker.example.org\"");
    }
    let user = s.text("user").map(|user| user.value.to_owned());
    let password_file = s.path("password-file");
    if let Some(file) = &password_file {
        check::secret_file(&mut s, "password-file", file);
        if user.is_none() && s.node("user").is_none() {
            s.missing("user", "a password needs a user: user = \"callbox\"");
        }
    }
    let ca = s.path("ca-file");
    if let Some(ca) = &ca {
        check::readable_file(&mut s, "ca-file", ca);
    }
    let topic = prefix(&mut s, "topic");
    let discovery = prefix(&mut s, "discovery");
    let url = url?;
    let address = match check::address(url.value, &["mqtt", "mqtts"]) {
        Ok(address) => address,
        Err(why) => {
            s.bad("url", &url.at, why);
            return None;
        }
    };
    let secure = address.scheme == "mqtts";
    if !secure && password_file.is_some() && !check::is_loopback(address.host) {
        s.note(
            Problem::warning("the password goes to the broker in the clear")
                .at(&url.at, "mqtt:// is not encrypted")
                .help("give the broker a certificate and use mqtts://, with ca-file if its authority is your own"),
        );
    }
    if let Some(ca) = ca.as_ref().filter(|_| !secure) {
        let problem = Problem::error("`mqtt.ca-file` needs mqtts://").at(&ca.key_at, "").related(&url.at, "but this was chosen");
        s.note(problem.help("write url = \"mqtts://…\", or leave ca-file out"));
    }
    let tls = secure.then(|| ca.map_or(Trust::System, |ca| Trust::CaFile(ca.value)));
    let topic = topic.or_else(|| Some(format!("callbox/{}", appliance?)))?;
    let port = address.port.unwrap_or(if secure { MQTTS_PORT } else { MQTT_PORT });
    let password_file = password_file.map(|file| file.value);
    Some(Mqtt { host: address.host.to_owned(), port, tls, user, password_file, topic, discovery })
}

/// The beginning of topics: no wildcards, and no empty parts.
fn prefix(s: &mut Section<'_, '_>, key: &'static str) -> Option<String> {
    let At { value, at, .. } = s.text(key)?;
    let part = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '+' | '#'));
    if value.len() > LONGEST_TOPIC || value.starts_with('$') || !value.split('/').all(part) {
        s.bad(key, &at, format!("write words between slashes, without + and #, at most {LONGEST_TOPIC} bytes"));
        return None;
    }
    Some(value.to_owned())
}
