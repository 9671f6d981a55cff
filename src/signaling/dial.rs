//! From an address to a byte stream: name, TCP, TLS. Every way to fail has its own sentence for people.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::connection::Failure;
use super::{HubAddress, Trust, tls};

const LOOKUP_TIMEOUT: Duration = Duration::from_secs(8);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);
const TLS_TIMEOUT: Duration = Duration::from_secs(5);

/// More addresses than this are not tried in one attempt.
const MAX_ADDRESSES: usize = 3;

/// Plain or encrypted, the rest does not care.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Connects to the hub.
pub async fn dial(address: &HubAddress, trust: &Trust) -> Result<Box<dyn Stream>, Failure> {
    let tcp = connect(address).await?;
    if !address.secure() {
        return Ok(Box::new(tcp));
    }
    let config = {
        let trust = trust.clone();
        let made = tokio::task::spawn_blocking(move || tls::client_config(&trust)).await;
        made.map_err(|e| Failure::passing(format!("cannot prepare TLS: {e}")))??
    };
    let host = address.host();
    let name = ServerName::try_from(host.to_owned()).map_err(|_| Failure::lasting(format!("{host} is not a host name")))?;
    match timeout(TLS_TIMEOUT, TlsConnector::from(Arc::new(config)).connect(name, tcp)).await {
        Ok(Ok(stream)) => Ok(Box::new(stream)),
        Ok(Err(error)) => Err(Failure::passing(tls::explain(&error, address))),
        Err(_) => {
            Err(Failure::passing(format!("{} does not answer the TLS handshake: does it speak TLS (wss)?", address.authority())))
        }
    }
}

async fn connect(address: &HubAddress) -> Result<TcpStream, Failure> {
    let (host, port) = (address.host(), address.port());
    let found: Vec<SocketAddr> = match timeout(LOOKUP_TIMEOUT, tokio::net::lookup_host((host, port))).await {
        Ok(Ok(found)) => found.take(MAX_ADDRESSES).collect(),
        Ok(Err(error)) => return Err(unknown_host(host, &error.to_string())),
        Err(_) => return Err(unknown_host(host, "the name server does not answer")),
    };
    let mut failure = unknown_host(host, "the name has no address");
    for at in found {
        match timeout(CONNECT_TIMEOUT, TcpStream::connect(at)).await {
            Ok(Ok(stream)) => {
                // Signals are small and late ones cost a call its first second.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "cannot switch off Nagle's algorithm");
                }
                return Ok(stream);
            }
            Ok(Err(error)) => failure = Failure::passing(unreachable(&error, host, port)),
            Err(_) => {
                failure = Failure::passing(format!("no answer from {host} port {port} within {} s", CONNECT_TIMEOUT.as_secs()))
            }
        }
    }
    Err(failure)
}

fn unknown_host(host: &str, why: &str) -> Failure {
    Failure::passing(format!("cannot find the hub's address: {host}: {why} (is the network up, is `hub.url` right?)"))
}

fn unreachable(error: &io::Error, host: &str, port: u16) -> String {
    if error.kind() == io::ErrorKind::ConnectionRefused {
        return format!("nobody listens at {host} port {port}: is the hub running?");
    }
    format!("cannot connect to {host} port {port}: {error}")
}
