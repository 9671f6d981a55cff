//! The address of a STUN or TURN server: RFC 7064, RFC 7065.

use std::fmt;
use std::str::FromStr;

/// A name has at most 253 bytes.
const MAX_HOST: usize = 253;

/// `stun:HOST[:PORT]`, `turn:HOST[:PORT][?transport=udp|tcp]`, `turns:HOST[:PORT]`; also with `//` after the colon.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct IceUrl {
    /// What is there, and how it is reached.
    pub kind: IceKind,
    /// Name or number, IPv6 without brackets.
    pub host: String,
    /// 3478, or 5349 for TLS, unless said otherwise.
    pub port: u16,
}

/// What is there, and how it is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum IceKind {
    /// Tells the public address.
    Stun,
    /// Relays; reached over UDP.
    TurnUdp,
    /// Relays; reached over TCP, where networks let no UDP out.
    TurnTcp,
    /// Relays; reached over TLS, where networks let nothing else out.
    TurnTls,
}

/// Why a text is no such address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadIceUrl {
    /// Something else, or nothing.
    #[error("it begins with stun:, turn: or turns:, for example turn:turn.example.org:3478")]
    Scheme,
    /// A user or a password in it.
    #[error("a user or password does not belong here")]
    User,
    /// No name, or one that cannot be.
    #[error("the host is missing or has strange letters: write turn:HOST:PORT")]
    Host,
    /// Not a number, or 0.
    #[error("the port must be a number from 1 to 65535")]
    Port,
    /// Neither UDP nor TCP.
    #[error("after the port there may only be ?transport=udp or ?transport=tcp, and that only with turn:")]
    Transport,
}

impl FromStr for IceUrl {
    type Err = BadIceUrl;

    fn from_str(text: &str) -> Result<Self, BadIceUrl> {
        let (scheme, rest) = text.split_once(':').ok_or(BadIceUrl::Scheme)?;
        let (kind, default_port) = match scheme {
            "stun" => (IceKind::Stun, 3478),
            "turn" => (IceKind::TurnUdp, 3478),
            "turns" => (IceKind::TurnTls, 5349),
            _ => return Err(BadIceUrl::Scheme),
        };
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        let (authority, query) = rest.split_once('?').map_or((rest, None), |(authority, query)| (authority, Some(query)));
        let kind = match (kind, query) {
            (kind, None) => kind,
            (IceKind::TurnUdp, Some("transport=udp")) => IceKind::TurnUdp,
            (IceKind::TurnUdp, Some("transport=tcp")) => IceKind::TurnTcp,
            (IceKind::TurnTls, Some("transport=tcp")) => IceKind::TurnTls,
            (IceKind::Stun | IceKind::TurnUdp | IceKind::TurnTcp | IceKind::TurnTls, Some(_)) => return Err(BadIceUrl::Transport),
        };
        let authority = authority.strip_suffix('/').unwrap_or(authority);
        if authority.contains('@') {
            return Err(BadIceUrl::User);
        }
        let (host, port) = match authority.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
            Some((host, after)) if host.parse::<std::net::Ipv6Addr>().is_ok() => (
                host,
                after.strip_prefix(':').or(match after {
                    "" => None,
                    _ => Some(after),
                }),
            ),
            Some(_) => return Err(BadIceUrl::Host),
            None => match authority.split_once(':') {
                Some((host, port)) => (named(host)?, Some(port)),
                None => (named(authority)?, None),
            },
        };
        let port = match port {
            Some(port) => port.parse().ok().filter(|port| *port > 0).ok_or(BadIceUrl::Port)?,
            None => default_port,
        };
        Ok(Self { kind, host: host.to_owned(), port })
    }
}

fn named(host: &str) -> Result<&str, BadIceUrl> {
    let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if host.is_empty() || host.len() > MAX_HOST || !host.chars().all(letter) {
        return Err(BadIceUrl::Host);
    }
    Ok(host)
}

impl IceUrl {
    /// `HOST:PORT`, with brackets around IPv6.
    pub fn authority(&self) -> String {
        let Self { host, port, .. } = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }
}

impl fmt::Display for IceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, query) = match self.kind {
            IceKind::Stun => ("stun", ""),
            IceKind::TurnUdp => ("turn", "?transport=udp"),
            IceKind::TurnTcp => ("turn", "?transport=tcp"),
            IceKind::TurnTls => ("turns", "?transport=tcp"),
        };
        write!(f, "{scheme}:{}{query}", self.authority())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_written_as_browsers_write_it() {
        for (text, printed) in [
            ("stun:stun.example.org", "stun:stun.example.org:3478"),
            ("stun://stun.example.org:19302", "stun:stun.example.org:19302"),
            ("turn:turn.example.org", "turn:turn.example.org:3478?transport=udp"),
            ("turn:127.0.0.1:443?transport=tcp", "turn:127.0.0.1:443?transport=tcp"),
            ("turns:[2001:db8::1]", "turns:[2001:db8::1]:5349?transport=tcp"),
            ("turns:turn.example.org:443?transport=tcp", "turns:turn.example.org:443?transport=tcp"),
        ] {
            let url: IceUrl = text.parse().unwrap();
            assert_eq!(url.to_string(), printed);
            assert_eq!(printed.parse(), Ok(url), "reads what it prints");
        }
    }

    #[test]
    fn what_is_no_server_says_why() {
        for (bad, why) in [
            ("turn.example.org", BadIceUrl::Scheme),
            ("https://turn.example.org", BadIceUrl::Scheme),
            ("turn:", BadIceUrl::Host),
            ("turn:me:you@turn.example.org", BadIceUrl::User),
            ("turn:host name", BadIceUrl::Host),
            ("turn:[::1", BadIceUrl::Host),
            ("turn:host:0", BadIceUrl::Port),
            ("turn:host:99999", BadIceUrl::Port),
            ("turn:[::1]x", BadIceUrl::Port),
            ("turn:host?transport=sctp", BadIceUrl::Transport),
            ("stun:host?transport=udp", BadIceUrl::Transport),
            ("turns:host?transport=udp", BadIceUrl::Transport),
        ] {
            assert_eq!(bad.parse::<IceUrl>(), Err(why), "{bad}");
        }
    }
}
