//! PURE. STUN and TURN servers, as `webrtcbin` wants them.

use crate::config::Secret;
use crate::protocol::{IceKind, IceUrl};

/// libnice takes eight; more would only slow down the beginning of a call.
const MOST: usize = 8;

/// Servers that help where there is no direct path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Helpers {
    /// Tell our public address.
    pub stun: Vec<IceUrl>,
    /// Relay; the best first.
    pub turn: Vec<Relay>,
}

/// A TURN server, and who we are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relay {
    /// Where it is. Not over TLS: libnice would speak plain TCP there.
    pub url: IceUrl,
    /// Whatever the server wants.
    pub user: String,
    /// Never logged.
    pub password: Secret,
}

impl Helpers {
    /// The one STUN server that an ICE agent can have, `stun://HOST:PORT`: another one with every attempt.
    pub fn stun_uri(&self, attempt: u64) -> Option<String> {
        let turn = usize::try_from(attempt).ok()?.checked_rem(self.stun.len())?;
        Some(format!("stun://{}", self.stun[turn].authority()))
    }

    /// For `add-turn-server`: secrets, not to be logged.
    pub fn turn_uris(&self) -> Vec<String> {
        self.turn.iter().filter_map(Relay::uri).take(MOST).collect()
    }
}

impl Relay {
    fn uri(&self) -> Option<String> {
        let transport = match self.url.kind {
            IceKind::TurnUdp => "udp",
            IceKind::TurnTcp => "tcp",
            IceKind::Stun | IceKind::TurnTls => return None,
        };
        let (user, password) = (escaped(&self.user), escaped(self.password.reveal()));
        Some(format!("turn://{user}:{password}@{}?transport={transport}", self.url.authority()))
    }
}

/// RFC 3986 section 2.1: everything but unreserved letters.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relay(url: &str, user: &str, password: &str) -> Relay {
        Relay { url: url.parse().unwrap(), user: user.into(), password: Secret::new(password) }
    }

    #[test]
    fn user_and_password_are_escaped() {
        let helpers = Helpers {
            stun: Vec::new(),
            turn: vec![
                relay("turn:turn.example.org", "1700000000:anna@example.org", "a+b/c="),
                relay("turn:[::1]:443?transport=tcp", "ü", ""),
                relay("turns:turn.example.org", "x", "y"),
            ],
        };
        assert_eq!(
            helpers.turn_uris(),
            [
                "turn://1700000000%3Aanna%40example.org:a%2Bb%2Fc%3D@turn.example.org:3478?transport=udp",
                "turn://%C3%BC:@[::1]:443?transport=tcp",
            ]
        );
        assert!(!format!("{helpers:?}").contains("a+b"), "a password shows");
    }

    #[test]
    fn each_attempt_takes_the_next_stun_server() {
        assert_eq!(Helpers::default().stun_uri(1), None);
        let two = Helpers { stun: vec!["stun:a".parse().unwrap(), "stun:b:1".parse().unwrap()], turn: Vec::new() };
        assert_eq!(two.stun_uri(65_536).as_deref(), Some("stun://a:3478"));
        assert_eq!(two.stun_uri(65_537).as_deref(), Some("stun://b:1"));
    }
}
