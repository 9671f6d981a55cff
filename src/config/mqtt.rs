//! `[mqtt]`: a broker that is told what goes on, and that may ask for a little.

use std::path::PathBuf;

use super::Trust;

/// `[mqtt]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mqtt {
    /// Name or number.
    pub host: String,
    /// Where it listens.
    pub port: u16,
    /// Through TLS (`mqtts`), and whose certificate is accepted; none: in the clear.
    pub tls: Option<Trust>,
    /// As whom to sign in; none: as nobody.
    pub user: Option<String>,
    /// Holds the password; read at each attempt.
    pub password_file: Option<PathBuf>,
    /// What all topics begin with.
    pub topic: String,
    /// What the topics begin with by which Home Assistant finds devices; none: it is not told.
    pub discovery: Option<String>,
}

/// Where brokers listen.
pub const MQTT_PORT: u16 = 1883;
/// The same, through TLS.
pub const MQTTS_PORT: u16 = 8883;
