//! Where Prometheus and health checks ask: a listener of its own, so that nothing of it is open where calls are served. Few at a
//! time, small requests, one per connection, and an answer in bounded time or none.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// Connections at a time; one more is closed at once.
const CONNECTIONS: usize = 8;
/// For the head of a request.
const PATIENCE: Duration = Duration::from_secs(5);
/// For a whole connection.
const LIFETIME: Duration = Duration::from_secs(20);
/// For whoever is asked.
const ANSWER: Duration = Duration::from_secs(5);
/// What is read of a request at most.
const HEAD: usize = 8 * 1024;
/// After an `accept` that failed: most often there are no file descriptors left.
const PAUSE: Duration = Duration::from_millis(500);

const TEXT: &str = "text/plain; charset=utf-8";
const METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Who knows what is asked for here.
pub trait Source: Send + Sync + 'static {
    /// All metrics; none if they cannot be had.
    fn metrics(&self) -> BoxFuture<'_, Option<String>>;
    /// Whether it lives; the error says what does not.
    fn health(&self) -> BoxFuture<'_, Result<(), String>>;
    /// What is missing for its work, a line each.
    fn missing(&self) -> BoxFuture<'_, Vec<String>>;
}

/// Listens; port 0 picks a free one.
pub async fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let listener = TcpListener::bind(address).await?;
    Ok(listener)
}

/// Serves for ever.
pub async fn serve(listener: TcpListener, source: Arc<dyn Source>) {
    if let Ok(address) = listener.local_addr() {
        tracing::info!("metrics at http://{address}/metrics");
    }
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "nobody can ask for metrics at the moment");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            tracing::debug!("too many ask for metrics");
            continue;
        };
        let source = Arc::clone(&source);
        tokio::spawn(async move {
            connection(stream, source).await;
            drop(place);
        });
    }
}

async fn connection(stream: TcpStream, source: Arc<dyn Source>) {
    let service = service_fn(move |request| {
        let source = Arc::clone(&source);
        async move { Ok::<_, Infallible>(answer(&request, &*source).await) }
    });
    let mut server = http1::Builder::new();
    // A scrape every few seconds needs no connection that waits for the next.
    server.timer(TokioTimer::new()).header_read_timeout(PATIENCE).max_buf_size(HEAD).keep_alive(false);
    match tokio::time::timeout(LIFETIME, server.serve_connection(TokioIo::new(stream), service)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "metrics"),
        Err(_) => tracing::debug!("metrics: too slow"),
    }
}

async fn answer(request: &Request<Incoming>, source: &dyn Source) -> Response<Full<Bytes>> {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return response(StatusCode::METHOD_NOT_ALLOWED, TEXT, "only GET\n".to_owned());
    }
    let answer = async {
        match request.uri().path() {
            "/metrics" => match source.metrics().await {
                Some(page) => response(StatusCode::OK, METRICS, page),
                None => response(StatusCode::SERVICE_UNAVAILABLE, TEXT, "no metrics at the moment\n".to_owned()),
            },
            "/healthz" => match source.health().await {
                Ok(()) => response(StatusCode::OK, TEXT, "ok\n".to_owned()),
                Err(why) => response(StatusCode::SERVICE_UNAVAILABLE, TEXT, format!("{why}\n")),
            },
            "/readyz" => match source.missing().await {
                missing if missing.is_empty() => response(StatusCode::OK, TEXT, "ready\n".to_owned()),
                missing => response(StatusCode::SERVICE_UNAVAILABLE, TEXT, format!("{}\n", missing.join("\n"))),
            },
            _ => response(StatusCode::NOT_FOUND, TEXT, "/metrics, /healthz and /readyz are here\n".to_owned()),
        }
    };
    let late = || response(StatusCode::SERVICE_UNAVAILABLE, TEXT, "no answer within 5 s\n".to_owned());
    tokio::time::timeout(ANSWER, answer).await.unwrap_or_else(|_| late())
}

fn response(status: StatusCode, kind: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use std::io;

    use futures_util::FutureExt as _;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    struct Fixed(Vec<String>);

    impl Source for Fixed {
        fn metrics(&self) -> BoxFuture<'_, Option<String>> {
            async { Some("callbox_a 1\n# EOF\n".to_owned()) }.boxed()
        }
        fn health(&self) -> BoxFuture<'_, Result<(), String>> {
            async { Err("the driver does not answer".to_owned()) }.boxed()
        }
        fn missing(&self) -> BoxFuture<'_, Vec<String>> {
            async { self.0.clone() }.boxed()
        }
    }

    async fn start(missing: &[&str]) -> SocketAddr {
        let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_addr().unwrap();
        let missing = missing.iter().map(|text| (*text).to_owned()).collect();
        tokio::spawn(serve(listener, Arc::new(Fixed(missing))));
        address
    }

    async fn ask(address: SocketAddr, request: &str) -> io::Result<String> {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok(answer)
    }

    #[tokio::test]
    async fn metrics_health_and_readiness_are_told() {
        let address = start(&["camera is missing", "not signed in"]).await;
        let get = async |path: &str| ask(address, &format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n")).await.unwrap();
        let page = get("/metrics").await;
        assert!(page.starts_with("HTTP/1.1 200") && page.contains(METRICS) && page.ends_with("callbox_a 1\n# EOF\n"), "{page}");
        assert!(get("/healthz").await.ends_with("\r\n\r\nthe driver does not answer\n"));
        let ready = get("/readyz").await;
        assert!(ready.starts_with("HTTP/1.1 503") && ready.ends_with("\r\n\r\ncamera is missing\nnot signed in\n"), "{ready}");
        assert!(get("/").await.starts_with("HTTP/1.1 404"));
        assert!(ask(address, "POST /metrics HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabc").await.unwrap().contains(" 405 "));
        let ready = start(&[]).await;
        assert!(ask(ready, "GET /readyz HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap().starts_with("HTTP/1.1 200"));
    }

    #[tokio::test]
    async fn who_asks_too_much_or_too_often_harms_only_itself() {
        let address = start(&[]).await;
        let long = format!("GET /metrics HTTP/1.1\r\nx: {}\r\n\r\n", "x".repeat(64 * 1024));
        // Either it is told so or it is cut.
        assert!(ask(address, &long).await.map_or(true, |answer| answer.is_empty() || answer.starts_with("HTTP/1.1 4")));
        let mut silent = Vec::new();
        for _ in 0..CONNECTIONS {
            silent.push(TcpStream::connect(address).await.unwrap());
        }
        let answered =
            async || ask(address, "GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n").await.is_ok_and(|answer| !answer.is_empty());
        while answered().await {
            tokio::task::yield_now().await;
        }
        silent.clear();
        while !answered().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}
