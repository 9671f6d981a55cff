//! From a listening socket to served connections: TLS, time limits, a bounded number, and an orderly end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_rustls::TlsAcceptor;
use tower_service::Service;
use tracing::{debug, warn};

use super::meters::Meters;

/// Connections at one time, sockets included.
const CONNECTIONS: u32 = 16 * 1024;
/// For a TLS handshake, and for the head of a request; also how long a connection may idle.
const PATIENCE: Duration = Duration::from_secs(5);
/// For everything a connection does before it becomes a WebSocket: a page of 200 KiB over a bad line.
const LIFETIME: Duration = Duration::from_secs(60);
/// After an `accept` that failed: most often there are no file descriptors left, and somebody must close one first.
const PAUSE: Duration = Duration::from_millis(100);
/// What the kernel keeps of what a client does not read.
const SEND_BUFFER: u32 = 128 * 1024;
/// What is read of a request's head at most.
const HEAD: usize = 16 * 1024;

/// The other end of a connection; every request carries it. The connection counts until the last clone is gone.
#[derive(Debug, Clone)]
pub struct Peer {
    /// Where it comes from.
    pub address: SocketAddr,
    _place: Arc<Place>,
}

/// Given back, and counted no more, when it is dropped.
#[derive(Debug)]
struct Place {
    _permit: OwnedSemaphorePermit,
    meters: Arc<Meters>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.meters.go();
    }
}

/// Listens; port 0 picks a free one.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.bind(address)?;
    let listener = socket.listen(1024)?;
    Ok(listener)
}

/// Accepts and serves until `stop` turns true, then waits for every connection to end.
pub async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    meters: Arc<Meters>,
    mut stop: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(CONNECTIONS as usize));
    let mut troubled = false;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(e) => {
                if !std::mem::replace(&mut troubled, true) {
                    warn!("cannot accept connections at the moment: {e}");
                }
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        troubled = false;
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            meters.turn_away();
            debug!("no place for another connection");
            continue;
        };
        let peer = Peer { address, _place: Arc::new(Place { _permit: place, meters: Arc::clone(&meters) }) };
        meters.come();
        tokio::spawn(connection(stream, tls.clone(), router.clone(), peer, stop.clone()));
    }
    drop(listener);
    let _ = places.acquire_many(CONNECTIONS).await;
}

async fn connection(stream: TcpStream, tls: Option<TlsAcceptor>, router: Router, peer: Peer, stop: watch::Receiver<bool>) {
    if let Err(e) = stream.set_nodelay(true) {
        debug!("nodelay: {e}");
    }
    let Some(tls) = tls else { return requests(stream, router, peer, stop).await };
    match tokio::time::timeout(PATIENCE, tls.accept(stream)).await {
        Ok(Ok(stream)) => requests(stream, router, peer, stop).await,
        Ok(Err(e)) => debug!("TLS handshake: {e}"),
        Err(_) => debug!("TLS handshake: too slow"),
    }
}

async fn requests<S>(stream: S, router: Router, peer: Peer, mut stop: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .max_buf_size(HEAD)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(WithPeer { router, peer }))
        .with_upgrades();
    tokio::pin!(serving);
    tokio::select! {
        result = &mut serving => {
            if let Err(e) = result {
                debug!("connection: {e}");
            }
            return;
        }
        () = tokio::time::sleep(LIFETIME) => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
    serving.as_mut().graceful_shutdown();
    let _ = tokio::time::timeout(PATIENCE, serving).await;
}

/// The router, with the peer in every request.
#[derive(Clone)]
struct WithPeer {
    router: Router,
    peer: Peer,
}

impl<B> Service<hyper::Request<B>> for WithPeer
where
    Router: Service<hyper::Request<B>>,
{
    type Response = <Router as Service<hyper::Request<B>>>::Response;
    type Error = <Router as Service<hyper::Request<B>>>::Error;
    type Future = <Router as Service<hyper::Request<B>>>::Future;

    fn poll_ready(&mut self, context: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Self::Error>> {
        self.router.poll_ready(context)
    }

    fn call(&mut self, mut request: hyper::Request<B>) -> Self::Future {
        request.extensions_mut().insert(self.peer.clone());
        self.router.call(request)
    }
}
