//! The broker, and the way through TLS to it.

use tokio::sync::{mpsc, watch};

use super::VERSION;
use crate::config::Mqtt;
use crate::controls::gpio;
use crate::controls::mqtt::{self, Setup};
use crate::controls::socket::Ask;
use crate::protocol::UserId;
use crate::protocol::control::Status;
use crate::signaling::Tunnel;

/// Keeps both.
#[derive(Debug)]
pub(super) struct Broker {
    _connection: mqtt::Handle,
    _tunnel: Option<Tunnel>,
}

/// Begins; a broker that cannot be reached costs nothing else.
pub(super) fn start(
    mqtt: Mqtt,
    user: &UserId,
    door: Option<String>,
    lines: &gpio::Handle,
    status: watch::Receiver<Status>,
    asks: mpsc::Sender<Ask>,
) -> Broker {
    let tunnel = mqtt.tls.as_ref().and_then(|trust| match Tunnel::open(&mqtt.host, mqtt.port, trust) {
        Ok(tunnel) => Some(tunnel),
        Err(error) => {
            tracing::error!("no way through TLS to the broker: {error}");
            None
        }
    });
    let place = match (&mqtt.tls, &tunnel) {
        (None, _) => (mqtt.host.clone(), mqtt.port),
        (Some(_), Some(tunnel)) => (tunnel.address().ip().to_string(), tunnel.address().port()),
        // Never in the clear: port 0 is nobody.
        (Some(_), None) => ("127.0.0.1".to_owned(), 0),
    };
    let setup = Setup { mqtt, place, user: user.clone(), version: VERSION.to_owned(), door };
    Broker { _connection: mqtt::start(setup, lines, status, asks), _tunnel: tunnel }
}
