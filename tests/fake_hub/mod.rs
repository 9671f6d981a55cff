//! A hub that does what a test tells it, also what no hub should do; and a client of it under watch.
#![allow(dead_code)]

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use callbox::protocol::control::HubState;
use callbox::protocol::hub::{ClientInfo, ClientKind};
use callbox::signaling::{self, Config, Event, Handle, PasswordSource, Trust};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

pub const PATIENCE: Duration = Duration::from_secs(15);

pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

type Script = Arc<dyn Fn(usize, Socket) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// The answer to every sign-in: what goes onto the wire.
pub fn token() -> String {
    http("200 OK", &json!({"access_token": "let-me-in", "token_type": "Bearer", "expires_in": 3600}).to_string())
}

pub fn http(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

pub struct FakeHub {
    pub port: u16,
    /// TCP connections so far.
    pub connections: Arc<AtomicUsize>,
    /// The bodies of the sign-ins so far.
    pub sign_ins: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for FakeHub {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl FakeHub {
    /// `upgrade`: what the request for a WebSocket is answered with instead; `script`: what happens on each socket.
    pub async fn start<F>(
        tls: Option<TlsAcceptor>,
        sign_in: String,
        upgrade: Option<String>,
        script: impl Fn(usize, Socket) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let script: Script = Arc::new(move |n, socket| Box::pin(script(n, socket)));
        let (connections, sockets, sign_ins) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)), Arc::default());
        let hub = (connections.clone(), Arc::clone(&sign_ins));
        let task = tokio::spawn(async move {
            loop {
                let (tcp, _) = listener.accept().await.unwrap();
                connections.fetch_add(1, Ordering::SeqCst);
                let tls = tls.clone();
                let answers = (sign_in.clone(), upgrade.clone());
                let (script, sockets, sign_ins) = (script.clone(), sockets.clone(), Arc::clone(&sign_ins));
                tokio::spawn(async move {
                    let stream: Box<dyn Stream> = match tls {
                        None => Box::new(tcp),
                        Some(tls) => match tls.accept(tcp).await {
                            Ok(stream) => Box::new(stream),
                            Err(_) => return,
                        },
                    };
                    serve(stream, answers, &sign_ins, &sockets, script).await;
                });
            }
        });
        Self { port, connections: hub.0, sign_ins: hub.1, task }
    }

    pub async fn plain<F>(script: impl Fn(usize, Socket) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Self::start(None, token(), None, script).await
    }

    pub fn url(&self) -> String {
        format!("ws://127.0.0.1:{}", self.port)
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

async fn serve(
    mut stream: Box<dyn Stream>,
    (sign_in, upgrade): (String, Option<String>),
    sign_ins: &Mutex<Vec<String>>,
    sockets: &AtomicUsize,
    script: Script,
) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = stream.read_u8().await else { return };
        head.push(byte);
    }
    let head = String::from_utf8(head).unwrap();
    let header = |name: &str| {
        let wanted = format!("{name}:");
        let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with(&wanted));
        line.map(|line| line[wanted.len()..].trim().to_owned())
    };
    if head.starts_with("POST /v1/token ") {
        let mut body = vec![0; header("content-length").unwrap().parse().unwrap()];
        stream.read_exact(&mut body).await.unwrap();
        sign_ins.lock().unwrap().push(String::from_utf8(body).unwrap());
        let _ = stream.write_all(sign_in.as_bytes()).await;
        let _ = stream.shutdown().await;
        return;
    }
    assert!(head.starts_with("GET /v1/socket "), "{head}");
    let accept = derive_accept_key(header("sec-websocket-key").unwrap().as_bytes());
    let switch = format!(
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: {accept}\r\n\r\n"
    );
    let answer = upgrade.clone().unwrap_or(switch);
    if stream.write_all(answer.as_bytes()).await.is_err() || upgrade.is_some() {
        return;
    }
    let socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
    script(sockets.fetch_add(1, Ordering::SeqCst), Socket(socket)).await;
}

/// One client's WebSocket, seen from the hub.
pub struct Socket(pub WebSocketStream<Box<dyn Stream>>);

impl Socket {
    /// The next text message; none at the end.
    pub async fn read(&mut self) -> Option<Value> {
        loop {
            match self.0.next().await? {
                Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).unwrap()),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    pub async fn send(&mut self, message: Message) {
        let _ = self.0.send(message).await;
    }

    pub async fn answer(&mut self, request: &Value, result: Value) {
        self.send(Message::text(json!({"jsonrpc": "2.0", "id": request["id"], "result": result}).to_string())).await;
    }

    /// Answers `session.open`, and gives its params.
    pub async fn open(&mut self, session: &str, resumed: bool) -> Value {
        let open = self.read().await.unwrap();
        assert_eq!(open["method"], "session.open");
        let user = json!({"id": "door-1", "name": "Front door"});
        self.answer(&open, json!({"session": session, "user": user, "resumed": resumed, "reconnect_grace_ms": 30000})).await;
        open["params"].clone()
    }

    pub async fn event(&mut self, seq: u64) {
        let params = json!({"seq": seq, "cid": "default:lobby", "type": "participant.left", "participant": "p", "reason": "left"});
        self.send(Message::text(json!({"jsonrpc": "2.0", "method": "event", "params": params}).to_string())).await;
    }

    /// Until the client is gone; true if it said goodbye.
    pub async fn stay(&mut self) -> bool {
        let mut goodbye = false;
        while let Some(Ok(message)) = self.0.next().await {
            goodbye |= matches!(message, Message::Close(_));
        }
        goodbye
    }
}

/// The client under test.
pub struct Door {
    pub handle: Handle,
    pub events: mpsc::Receiver<Event>,
    pub password: tempfile::NamedTempFile,
}

impl Door {
    pub fn start(url: &str, trust: Trust) -> Self {
        let password = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(password.path(), "correct horse\n").unwrap();
        Self::with_password(url, trust, password)
    }

    pub fn with_password(url: &str, trust: Trust, password: tempfile::NamedTempFile) -> Self {
        let (handle, events) = signaling::start(config(url, trust, password.path()));
        Self { handle, events, password }
    }

    pub async fn next(&mut self) -> Event {
        timeout(PATIENCE, self.events.recv()).await.expect("no event").expect("the client ended")
    }

    /// Until there is a session; whether it was resumed.
    pub async fn opened(&mut self) -> bool {
        loop {
            if let Event::Opened { resumed, .. } = self.next().await {
                return resumed;
            }
        }
    }

    /// Until the next failure: what it says, and how long the client waits.
    pub async fn failure(&mut self) -> (String, Duration) {
        loop {
            if let Event::State { state: HubState::Disconnected, error, retry_in } = self.next().await {
                return (error.unwrap(), retry_in.unwrap());
            }
        }
    }
}

pub fn config(url: &str, trust: Trust, password: &Path) -> Config {
    Config {
        url: url.parse().unwrap(),
        user: "door-1".parse().unwrap(),
        password: PasswordSource { file: password.to_owned() },
        trust,
        client: ClientInfo { kind: ClientKind::Appliance, version: "callbox/test".into() },
    }
}
