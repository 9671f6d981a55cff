//! `[network]` and `[[turn-server]]`: how to reach the others.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use crate::protocol::IceUrl;

/// Each participant takes a port of each address of this machine, and one more while a connection is replaced.
const LEAST_PORTS: u16 = 16;
/// Below, ports need privileges.
const LEAST_PORT: u16 = 1024;

/// How to reach the others.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    /// Tell our public address; besides those that the hub names.
    pub stun_servers: Vec<IceUrl>,
    /// Relay what has no direct way; besides those that the hub names.
    pub turn_servers: Vec<TurnServer>,
    /// All media by way of a relay, also where a direct path exists (C36).
    pub relay_only: bool,
    /// The ports that media come from and go to; none: any.
    pub ports: Option<PortRange>,
    /// How long packets are held back to put them in order.
    pub jitter_buffer: Duration,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            stun_servers: Vec::new(),
            turn_servers: Vec::new(),
            relay_only: false,
            ports: None,
            jitter_buffer: Duration::from_millis(60),
        }
    }
}

/// `[[turn-server]]`: one that is not the hub's to hand out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnServer {
    /// Where it is.
    pub url: IceUrl,
    /// Who this appliance is there.
    pub user: String,
    /// The file that holds the password; read anew at each start.
    pub password_file: PathBuf,
}

/// UDP ports, written `"50000-50100"`; both ends belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortRange {
    /// The lowest.
    pub first: u16,
    /// The highest.
    pub last: u16,
}

/// Why a text is no range of ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPorts {
    /// Something else.
    #[error("write two numbers with a dash between them, for example \"50000-50100\"")]
    Form,
    /// Too low.
    #[error("ports below {LEAST_PORT} belong to services of the system")]
    Low,
    /// Too few.
    #[error("a call needs at least {LEAST_PORTS} ports")]
    Few,
}

impl FromStr for PortRange {
    type Err = BadPorts;

    fn from_str(text: &str) -> Result<Self, BadPorts> {
        let (first, last) = text.split_once('-').ok_or(BadPorts::Form)?;
        let port = |text: &str| text.trim().parse::<u16>().map_err(|_| BadPorts::Form);
        let (first, last) = (port(first)?, port(last)?);
        if first < LEAST_PORT {
            return Err(BadPorts::Low);
        }
        if last.checked_sub(first).is_none_or(|more| more < LEAST_PORTS - 1) {
            return Err(BadPorts::Few);
        }
        Ok(Self { first, last })
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_of_ports_is_wide_enough_for_a_call() {
        assert_eq!("50000-50100".parse(), Ok(PortRange { first: 50_000, last: 50_100 }));
        assert_eq!("50000 - 50015".parse::<PortRange>().unwrap().to_string(), "50000-50015");
        for (bad, why) in [
            ("50000", BadPorts::Form),
            ("50000-", BadPorts::Form),
            ("50000-99999", BadPorts::Form),
            ("80-50000", BadPorts::Low),
            ("50000-50014", BadPorts::Few),
            ("50100-50000", BadPorts::Few),
        ] {
            assert_eq!(bad.parse::<PortRange>(), Err(why), "{bad}");
        }
    }
}
