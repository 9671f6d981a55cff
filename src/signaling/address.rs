//! Where the hub is.

use std::fmt;
use std::str::FromStr;

/// The address of a hub: `wss://hub.example.org`, `ws://127.0.0.1:8080`, with or without a path before `/v1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubAddress {
    secure: bool,
    host: String,
    port: u16,
    path: String,
}

/// Why an address was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    /// Not a URL.
    #[error("not a URL ({0}): write it like wss://hub.example.org")]
    NotAUrl(String),
    /// Some other scheme.
    #[error("the scheme must be wss (or ws without encryption), not {0}")]
    Scheme(String),
    /// User, password, query or fragment.
    #[error("the address of a hub has no user, password, `?` or `#` part: write it like wss://hub.example.org")]
    Extra,
}

impl HubAddress {
    /// Whether to speak TLS.
    pub fn secure(&self) -> bool {
        self.secure
    }

    /// A name or an address; an IPv6 address without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, written or usual.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether what is sent there stays on this machine.
    pub fn is_this_machine(&self) -> bool {
        self.host == "localhost" || self.host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// What the `Host` header says.
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == default_port(self.secure) { host } else { format!("{host}:{}", self.port) }
    }

    /// The path of `endpoint`, which begins with `/`.
    pub fn path(&self, endpoint: &str) -> String {
        format!("{}{endpoint}", self.path)
    }
}

fn default_port(secure: bool) -> u16 {
    if secure { 443 } else { 80 }
}

impl fmt::Display for HubAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "wss" } else { "ws" };
        write!(f, "{scheme}://{}{}", self.authority(), self.path)
    }
}

impl FromStr for HubAddress {
    type Err = BadAddress;
    fn from_str(text: &str) -> Result<Self, BadAddress> {
        let url = url::Url::parse(text).map_err(|e| BadAddress::NotAUrl(e.to_string()))?;
        let secure = match url.scheme() {
            "wss" => true,
            "ws" => false,
            other => return Err(BadAddress::Scheme(other.to_owned())),
        };
        if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
            return Err(BadAddress::Extra);
        }
        let host = match url.host() {
            Some(url::Host::Domain(name)) => name.to_owned(),
            Some(url::Host::Ipv4(address)) => address.to_string(),
            Some(url::Host::Ipv6(address)) => address.to_string(),
            None => return Err(BadAddress::NotAUrl("no host".to_owned())),
        };
        let port = url.port().unwrap_or(default_port(secure));
        Ok(Self { secure, host, port, path: url.path().trim_end_matches('/').to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_and_written_alike() {
        for text in ["wss://hub.example.org", "ws://127.0.0.1:8080", "wss://[::1]:8443", "wss://example.org/callbox"] {
            assert_eq!(text.parse::<HubAddress>().unwrap().to_string(), text);
        }
        let address: HubAddress = "wss://[::1]/a/".parse().unwrap();
        assert_eq!((address.host(), address.port(), address.authority().as_str()), ("::1", 443, "[::1]"));
        assert_eq!(address.path("/v1/token"), "/a/v1/token");
    }

    #[test]
    fn a_bad_address_says_what_is_wrong() {
        for (text, part) in [
            ("hub.example.org", "wss://hub.example.org"),
            ("https://hub.example.org", "not https"),
            ("wss://", "host"),
            ("wss://anna:secret@hub.example.org", "no user"),
            ("wss://hub.example.org/?a=1", "`?`"),
        ] {
            let message = text.parse::<HubAddress>().unwrap_err().to_string();
            assert!(message.contains(part), "{text}: {message}");
            assert!(!message.contains("secret"));
        }
    }
}
