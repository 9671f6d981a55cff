//! The technician's page: HTTP for a browser in the cellar. Off unless it is configured; on a thread of its own, so that nothing that
//! happens here can hold up a call.
//!
//! ```text
//!   browser ─► places ─► TLS ─► guard (Host, Origin) ─► guests (password, session) ─┬─ web/: the page itself
//!                                                                                  ├─ live: status and checkup as they change
//!                                                                                  ├─ Ask ─► driver: picture, devices, reload
//!                                                                                  └─ Works: what only the daemon knows
//! ```
//!
//! Whoever comes has a limit for everything: connections by address, bytes and time of a request, wrong passwords.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_rustls::TlsAcceptor;

use super::socket::Ask;
use crate::config;
use crate::protocol::control::Status;

mod answer;
mod api;
mod asks;
mod body;
mod files;
mod guard;
mod guests;
mod live;
mod places;
mod tls;
mod works;

pub use guests::Guests;
pub use works::{Draft, Works};

/// For a TLS handshake, and for the head of a request.
const PATIENCE: Duration = Duration::from_secs(5);
/// For a whole connection; a browser comes again.
const LIFETIME: Duration = Duration::from_secs(600);
/// For the answer that is under way when that is over.
const GRACE: Duration = Duration::from_secs(10);
/// What is read of the head of a request at most.
const HEAD: usize = 16 * 1024;
/// After an `accept` that failed: most often there are no file descriptors left.
const PAUSE: Duration = Duration::from_millis(500);

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody could come.
    #[error("cannot listen for the page at {address}: {source}; set another `page.listen`, or leave [page] out")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// A certificate or a key.
    #[error("{} cannot be used for the page: {reason}", path.display())]
    Tls {
        /// The file.
        path: PathBuf,
        /// Why, for people.
        reason: String,
    },
    /// No thread for it.
    #[error("cannot begin with the page: {0}")]
    Thread(io::Error),
}

/// What the page needs to know.
pub struct Setup {
    /// `[page]`.
    pub page: config::Page,
    /// Where a certificate is kept that was made here.
    pub state_directory: PathBuf,
    /// How everything is.
    pub status: watch::Receiver<Status>,
    /// The way to the daemon.
    pub asks: mpsc::Sender<Ask>,
    /// What only the daemon knows.
    pub works: Arc<dyn Works>,
    /// Who has signed in; they stay so when everything is started anew.
    pub guests: Arc<Guests>,
}

/// Keeps the page open; dropping it closes the page.
#[derive(Debug)]
pub struct Handle {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    ended: oneshot::Receiver<()>,
}

impl Handle {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes it; afterwards its port is free.
    pub async fn stop(mut self) {
        self.stop = None;
        let _ = self.ended.await;
    }
}

/// What all connections share.
struct Desk {
    page: config::Page,
    guard: guard::Guard,
    guests: Arc<Guests>,
    status: watch::Receiver<Status>,
    asks: asks::Asks,
    works: Arc<dyn Works>,
    fingerprint: Option<String>,
}

/// Opens the page.
pub fn start(setup: Setup) -> Result<Handle, Error> {
    let Setup { page, state_directory, status, asks, works, guests } = setup;
    let listen = |source| Error::Listen { address: page.listen, source };
    let listener = std::net::TcpListener::bind(page.listen).map_err(listen)?;
    listener.set_nonblocking(true).map_err(listen)?;
    let address = listener.local_addr().map_err(listen)?;
    let host = host_name();
    let secure = tls::identity(&page, &state_directory, host.as_deref())?;
    let (acceptor, fingerprint) = secure.map_or((None, None), |(acceptor, print)| (Some(acceptor), Some(print)));
    let guard = guard::Guard::new(page.names.iter().cloned().chain(host), acceptor.is_some());
    let scheme = if acceptor.is_some() { "https" } else { "http" };
    match &fingerprint {
        Some(print) => tracing::info!("the technician's page is at {scheme}://{address}/, its certificate is sha256 {print}"),
        None => tracing::info!("the technician's page is at {scheme}://{address}/"),
    }
    let desk = Arc::new(Desk { page, guard, guests, status, asks: asks::Asks::new(asks), works, fingerprint });
    let (stop, stopped) = oneshot::channel::<()>();
    let (over, ended) = oneshot::channel();
    let work = move || {
        match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => {
                runtime.block_on(async {
                    tokio::select! {
                        () = serve(listener, acceptor, desk) => {}
                        _ = stopped => {}
                    }
                });
                runtime.shutdown_background();
            }
            Err(error) => tracing::error!("there is no page: {error}"),
        }
        let _ = over.send(());
    };
    std::thread::Builder::new().name("page".into()).spawn(work).map_err(Error::Thread)?;
    Ok(Handle { address, stop: Some(stop), ended })
}

async fn serve(listener: std::net::TcpListener, acceptor: Option<TlsAcceptor>, desk: Arc<Desk>) {
    let listener = match TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return tracing::error!("there is no page: {error}"),
    };
    let places = places::Places::default();
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok((stream, peer)) => (stream, peer.ip()),
            Err(error) => {
                tracing::warn!(%error, "nobody can come to the page at the moment");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let Some(place) = places.take(peer) else {
            tracing::debug!("too many connections to the page");
            continue;
        };
        let (acceptor, desk) = (acceptor.clone(), Arc::clone(&desk));
        tokio::spawn(async move {
            connection(stream, peer, acceptor, desk).await;
            drop(place);
        });
    }
}

async fn connection(stream: TcpStream, peer: IpAddr, acceptor: Option<TlsAcceptor>, desk: Arc<Desk>) {
    // Changes are small, and worth nothing later.
    let _ = stream.set_nodelay(true);
    let Some(acceptor) = acceptor else { return http(stream, peer, desk).await };
    match tokio::time::timeout(PATIENCE, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => http(stream, peer, desk).await,
        Ok(Err(error)) => tracing::debug!(%error, "page"),
        Err(_) => tracing::debug!("page: too slow"),
    }
}

async fn http(stream: impl AsyncRead + AsyncWrite + Unpin, peer: IpAddr, desk: Arc<Desk>) {
    let service = service_fn(move |request| {
        let desk = Arc::clone(&desk);
        async move { Ok::<_, Infallible>(answer::answer(&desk, peer, request).await) }
    });
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(PATIENCE).max_buf_size(HEAD);
    let connection = server.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = tokio::time::sleep(LIFETIME) => {
            connection.as_mut().graceful_shutdown();
            tokio::time::timeout(GRACE, connection).await.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "page");
    }
}

/// What the machine calls itself.
fn host_name() -> Option<String> {
    let name = std::fs::read_to_string(Path::new("/proc/sys/kernel/hostname")).ok()?;
    let name = name.trim().to_ascii_lowercase();
    (!name.is_empty() && name != "(none)").then_some(name)
}
