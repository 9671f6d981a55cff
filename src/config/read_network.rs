//! `[network]` and `[[turn-server]]`.

use std::time::Duration;

use super::reader::{Reading, Section, tables};
use super::report::Problem;
use super::tree::Table;
use super::{Network, PortRange, TurnServer, check};
use crate::protocol::{IceKind, IceUrl};

/// libnice takes no more, and the hub's want places as well.
const MOST_TURN_SERVERS: usize = 4;

/// Reads both.
pub fn read<'a>(reading: &mut Reading<'a>, root: &'a Table) -> Network {
    let turn_servers = tables(reading, root, "turn-server", turn_server);
    let mut s = reading.section(root, "network");
    if turn_servers.len() > MOST_TURN_SERVERS {
        let help = format!("keep the {MOST_TURN_SERVERS} best");
        s.note(Problem::error(format!("there are more than {MOST_TURN_SERVERS} [[turn-server]]")).help(help));
    }
    let mut stun_servers = Vec::new();
    for server in s.texts("stun-servers").unwrap_or_default() {
        match server.value.parse::<IceUrl>() {
            Ok(url) if url.kind == IceKind::Stun => stun_servers.push(url),
            Ok(_) => s.bad("stun-servers", &server.at, "a TURN server has a table of its own: [[turn-server]]"),
            Err(why) => s.bad("stun-servers", &server.at, why),
        }
    }
    let relay_only = s.boolean("relay-only").unwrap_or_default();
    let ports = s.parse::<PortRange>("ports").map(|ports| ports.value);
    let jitter_buffer = s.duration("jitter-buffer", Duration::ZERO..=Duration::from_secs(2));
    let jitter_buffer = jitter_buffer.unwrap_or(Network::default().jitter_buffer);
    Network { stun_servers, turn_servers, relay_only, ports, jitter_buffer }
}

fn turn_server(s: &mut Section<'_, '_>) -> Option<TurnServer> {
    let url = s.parse::<IceUrl>("url");
    let user = s.text("user").map(|user| user.value.to_owned());
    let password = s.path("password-file");
    for (key, help) in [
        ("url", "url = \"turn:turn.example.org:3478?transport=udp\""),
        ("user", "user = \"door-1\""),
        ("password-file", "name a file that holds the password: password-file = \"…\""),
    ] {
        if s.node(key).is_none() {
            s.missing(key, help);
        }
    }
    if let Some(password) = &password {
        check::secret_file(s, "password-file", password);
    }
    if let Some(url) = url.as_ref().filter(|url| url.value.kind == IceKind::Stun) {
        s.bad("url", &url.at, "a STUN server belongs into network.stun-servers");
    }
    Some(TurnServer { url: url?.value, user: user?, password_file: password?.value })
}
