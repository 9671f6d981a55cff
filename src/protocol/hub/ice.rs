//! STUN and TURN servers that the hub hands out, in the words of `RTCIceServer`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One server, or several with the same credentials.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
pub struct IceServer {
    /// `stun:HOST:PORT`, `turn:HOST:PORT?transport=udp`, `turns:HOST:PORT` (RFC 7064, RFC 7065).
    pub urls: Vec<String>,
    /// TURN only: when the credentials end, seconds since 1970, and who they are for: `1700000000:door-1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// TURN only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
}

impl fmt::Debug for IceServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IceServer").field("urls", &self.urls).field("username", &self.username).finish_non_exhaustive()
    }
}

/// The answer to `session.ice_servers`, and a part of the answer to `call.join`. A connection that is up outlives the credentials;
/// new ones need fresh credentials: ask again when three quarters of the time are over.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "hub", derive(utoipa::ToSchema))]
pub struct IceServers {
    /// None if the hub has no such servers.
    pub servers: Vec<IceServer>,
    /// Seconds from now on that the credentials are good for; none if there are no credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<u64>,
}

impl IceServers {
    /// Nothing to hand out.
    pub fn is_empty(&self) -> bool {
        self.servers.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_does_not_show_in_debug() {
        let server = IceServer { urls: vec![], username: Some("1:door-1".into()), credential: Some("hunter2".into()) };
        let shown = format!("{:?}", IceServers { servers: vec![server], expires_in: None });
        assert!(shown.contains("door-1") && !shown.contains("hunter2"), "{shown}");
    }
}
