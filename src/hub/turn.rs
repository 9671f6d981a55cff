//! Credentials for TURN servers, good for a while: what coturn calls `use-auth-secret`. The hub and the servers share a secret and
//! nothing else: the user name says until when it holds, and the password is its HMAC-SHA1 under the secret.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha1::Sha1;

use super::{Error, tokens};
use crate::config;
use crate::protocol::hub::{IceServer, IceServers};
use crate::protocol::{IceKind, IceUrl, UserId};

/// The servers of the configuration.
pub struct Turn {
    stun: Vec<String>,
    turn: Vec<String>,
    secret: Vec<u8>,
    lifetime: Duration,
}

impl std::fmt::Debug for Turn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Turn").field("stun", &self.stun).field("turn", &self.turn).finish_non_exhaustive()
    }
}

impl Turn {
    /// Reads the secret.
    pub fn open(config: &config::Turn) -> Result<Self, Error> {
        let written = |stun: bool| {
            let urls = config.urls.iter().filter(|url| (url.kind == IceKind::Stun) == stun);
            urls.map(IceUrl::to_string).collect()
        };
        let secret = config.secret_file.as_deref().map_or(Ok(Vec::new()), tokens::read_line)?;
        Ok(Self { stun: written(true), turn: written(false), secret, lifetime: config.lifetime })
    }

    /// What this user may use from `wall` on.
    pub fn servers(&self, user: &UserId, wall: SystemTime) -> IceServers {
        let mut servers = Vec::new();
        if !self.stun.is_empty() {
            servers.push(IceServer { urls: self.stun.clone(), username: None, credential: None });
        }
        if self.turn.is_empty() {
            return IceServers { servers, expires_in: None };
        }
        let until = wall.duration_since(UNIX_EPOCH).unwrap_or_default() + self.lifetime;
        let username = format!("{}:{user}", until.as_secs());
        let credential = Some(self.password(&username));
        servers.push(IceServer { urls: self.turn.clone(), username: Some(username), credential });
        IceServers { servers, expires_in: Some(self.lifetime.as_secs()) }
    }

    fn password(&self, username: &str) -> String {
        let mut mac = match Hmac::<Sha1>::new_from_slice(&self.secret) {
            Ok(mac) => mac,
            // HMAC takes keys of any length.
            Err(_) => return String::new(),
        };
        mac.update(username.as_bytes());
        STANDARD.encode(mac.finalize().into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn() -> Turn {
        Turn {
            stun: vec!["stun:stun.example.org:3478".into()],
            turn: vec!["turn:turn.example.org:3478?transport=udp".into()],
            secret: b"north".to_vec(),
            lifetime: Duration::from_secs(600),
        }
    }

    #[test]
    fn credentials_are_those_that_coturn_computes() {
        let wall = UNIX_EPOCH + Duration::from_secs(1_699_999_400);
        let given = turn().servers(&UserId::new("door-1").unwrap(), wall);
        assert_eq!(given.expires_in, Some(600));
        assert_eq!(given.servers[0].username, None, "STUN needs none");
        let relay = &given.servers[1];
        assert_eq!(relay.username.as_deref(), Some("1700000000:door-1"));
        // printf '1700000000:door-1' | openssl dgst -sha1 -hmac north -binary | base64
        assert_eq!(relay.credential.as_deref(), Some("9n6aIFnIQVfOMu1flBc/BBmxKd8="));
    }

    #[test]
    fn stun_alone_never_expires() {
        let stun = Turn { turn: Vec::new(), ..turn() };
        let given = stun.servers(&UserId::new("door-1").unwrap(), SystemTime::now());
        assert_eq!((given.servers.len(), given.expires_in), (1, None));
    }
}
