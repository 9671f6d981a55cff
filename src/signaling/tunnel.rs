//! A way through TLS for who speaks only TCP: libnice, which talks to a TURN server and knows no TLS.
//!
//! ```text
//!   libnice ──TCP──► 127.0.0.1:PORT ──► TLS, certificate checked ──► turns:HOST:PORT
//! ```

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::{Trust, tls};

/// For the name, the connection and the handshake together.
const CONNECT_TIME: Duration = Duration::from_secs(8);
/// Connections at a time: each participant has one, and one more while it is replaced.
const MOST: usize = 16;
/// After accepting failed, for example for want of files.
const PAUSE: Duration = Duration::from_millis(200);

/// Open for as long as it is kept.
#[derive(Debug)]
pub struct Tunnel {
    address: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl Tunnel {
    /// Listens for this machine alone. Must be called within a tokio runtime; the server is reached for when somebody comes.
    pub fn open(host: &str, port: u16, trust: &Trust) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        let address = listener.local_addr()?;
        let server = Arc::new(Server::new(host, port, trust));
        Ok(Self { address, task: tokio::spawn(serve(listener, server)) })
    }

    /// Where to connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Server {
    host: String,
    port: u16,
    trust: Trust,
}

impl Server {
    fn new(host: &str, port: u16, trust: &Trust) -> Self {
        // A pin names the hub's own key: the server has another one.
        let trust = match trust {
            Trust::CaFile(_) => trust.clone(),
            Trust::System | Trust::Pin(_) => Trust::System,
        };
        Self { host: host.to_owned(), port, trust }
    }
}

/// Goes through once. The error is for people.
pub async fn reach(host: &str, port: u16, trust: &Trust) -> Result<tokio_rustls::client::TlsStream<TcpStream>, String> {
    let connected = timeout(CONNECT_TIME, connect(&Server::new(host, port, trust))).await;
    connected.map_err(|_| format!("no answer within {} s", CONNECT_TIME.as_secs()))?
}

async fn serve(listener: TcpListener, server: Arc<Server>) {
    let places = Arc::new(Semaphore::new(MOST));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let Ok((inside, _)) = listener.accept().await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let server = Arc::clone(&server);
        tokio::spawn(async move {
            if let Err(why) = carry(inside, &server).await {
                tracing::warn!(server = server.host, port = server.port, "the TURN server is not reached: {why}");
            }
            drop(place);
        });
    }
}

async fn carry(mut inside: TcpStream, server: &Server) -> Result<(), String> {
    let connected = timeout(CONNECT_TIME, connect(server)).await;
    let mut outside = connected.map_err(|_| format!("no answer within {} s", CONNECT_TIME.as_secs()))??;
    // Media in small pieces.
    let _ = inside.set_nodelay(true);
    // How a connection ends is no news.
    let _ = copy_bidirectional(&mut inside, &mut outside).await;
    Ok(())
}

async fn connect(server: &Server) -> Result<tokio_rustls::client::TlsStream<TcpStream>, String> {
    let trust = server.trust.clone();
    let config = tokio::task::spawn_blocking(move || tls::client_config(&trust)).await;
    let config = config.map_err(|e| e.to_string())?.map_err(|failure| failure.message)?;
    let name = ServerName::try_from(server.host.clone()).map_err(|e| e.to_string())?;
    let tcp = TcpStream::connect((server.host.as_str(), server.port)).await.map_err(|e| e.to_string())?;
    let _ = tcp.set_nodelay(true);
    TlsConnector::from(Arc::new(config)).connect(name, tcp).await.map_err(|e| e.to_string())
}
