//! One HTTP POST, within bounds.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::{Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::{Host, Url};

use super::super::Error;

/// For connecting, posting and hearing the answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// What is read of an answer, which says nothing of interest.
const MAX_ANSWER: usize = 16 * 1024;

/// Why a post was not taken.
#[derive(Debug)]
pub enum Failed {
    /// It may work later.
    Again(String),
    /// It never will.
    Refused(String),
}

/// Posts to one address.
pub struct Poster {
    host: String,
    port: u16,
    authority: String,
    path: Uri,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl std::fmt::Debug for Poster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Poster").field("authority", &self.authority).finish_non_exhaustive()
    }
}

impl Poster {
    /// For this URL, which the configuration has checked.
    pub fn new(url: &str) -> Result<Self, Error> {
        let bad = |why: String| Error::Webhook { reason: why };
        let url = Url::parse(url).map_err(|e| bad(e.to_string()))?;
        let host = match url.host() {
            None => return Err(bad("the address has no host".into())),
            Some(Host::Ipv6(ip)) => ip.to_string(),
            Some(other @ (Host::Domain(_) | Host::Ipv4(_))) => other.to_string(),
        };
        let port = url.port_or_known_default().ok_or_else(|| bad("the address has no port".into()))?;
        let authority = url.authority().to_owned();
        let path = url[url::Position::BeforePath..url::Position::AfterQuery].parse().map_err(|e| bad(format!("{e}")))?;
        let tls = if url.scheme() == "https" {
            let name = ServerName::try_from(host.clone()).map_err(|e| bad(e.to_string()))?;
            Some((connector().map_err(bad)?, name))
        } else {
            None
        };
        Ok(Self { host, port, authority, path, tls })
    }

    /// Posts once.
    pub async fn post(&self, id: &str, signature: &str, body: &str) -> Result<(), Failed> {
        let outcome = tokio::time::timeout(PATIENCE, self.attempt(id, signature, body)).await;
        let status = match outcome {
            Err(_) => return Err(Failed::Again(format!("{} took longer than {} s", self.authority, PATIENCE.as_secs()))),
            Ok(Err(e)) => return Err(Failed::Again(format!("{}: {e}", self.authority))),
            Ok(Ok(status)) => status,
        };
        let said = || format!("{} said {status}", self.authority);
        match status {
            status if status.is_success() => Ok(()),
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS | StatusCode::TOO_EARLY => Err(Failed::Again(said())),
            status if status.is_server_error() => Err(Failed::Again(said())),
            _ => Err(Failed::Refused(said())),
        }
    }

    async fn attempt(&self, id: &str, signature: &str, body: &str) -> io::Result<StatusCode> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        match &self.tls {
            None => self.exchange(stream, id, signature, body).await,
            Some((tls, name)) => self.exchange(tls.connect(name.clone(), stream).await?, id, signature, body).await,
        }
    }

    async fn exchange<S>(&self, stream: S, id: &str, signature: &str, body: &str) -> io::Result<StatusCode>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let request = Request::post(self.path.clone())
            .header("Host", &self.authority)
            .header("Content-Type", "application/json")
            .header("User-Agent", concat!("callbox/", env!("CARGO_PKG_VERSION")))
            .header("X-Callbox-Id", id)
            .header("X-Callbox-Signature", signature)
            .header("Connection", "close")
            .body(Full::new(Bytes::copy_from_slice(body.as_bytes())))
            .map_err(io::Error::other)?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        let talk = async {
            let response = sender.send_request(request).await.map_err(io::Error::other)?;
            let status = response.status();
            // An orderly end; what the answer says, or that it is cut off, does not matter any more.
            let _ = Limited::new(response.into_body(), MAX_ANSWER).collect().await;
            Ok(status)
        };
        tokio::pin!(talk, connection);
        tokio::select! {
            biased;
            said = &mut talk => return said,
            ended = &mut connection => ended.map_err(io::Error::other)?,
        }
        talk.await
    }
}

/// Believes whom this machine believes.
fn connector() -> Result<TlsConnector, String> {
    let mut roots = rustls::RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        return Err("this machine has no root certificates: install ca-certificates".into());
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| e.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
