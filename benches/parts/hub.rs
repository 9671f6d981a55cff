//! The hub beside other signalling servers, each with as many idle clients as `BENCH_CLIENTS` says (5000), doing the nearest thing to
//! "signed in, and member of a call of four": how much memory a connection takes, and how long a ring takes through the crowd.
//!
//! | server | a client | a ring |
//! |---|---|---|
//! | `callbox hub` | session, one of four participants of a call | `call.make` until `call.ring` at the callee |
//! | Janus | WebSocket, session, VideoRoom handle, in a room | none: `message` until its answer |
//! | `nats-server` | TCP, one subscription | `PUB` until `MSG` at the subscriber |
//! | `gst-webrtc-signalling-server` | WebSocket, listener | `startSession` until it reaches the producer |
//!
//! Memory is the growth of the server's proportional set size (PSS); the kernel's socket buffers are not in it.

mod gst;
mod janus;
mod nats;
mod ours;

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::table::{Table, percentile};
use crate::support::Process;

/// Rings whose time is taken.
const RINGS: usize = 200;
/// Clients that connect at the same time.
const AT_ONCE: usize = 50;
/// For a server to come to rest.
const REST: Duration = Duration::from_secs(3);
const PATIENCE: Duration = Duration::from_secs(20);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// What was measured of one server.
pub struct Figures {
    per_mib: f64,
    rings: Vec<f64>,
}

pub async fn measure(table: &mut Table, clients: usize) {
    let ours = ours::measure(clients).await;
    table.least("connections per MiB", "", ours.per_mib, 60.0);
    let p99 = percentile(&ours.rings, 0.99);
    table.most("ring to callee, p99", "ms", p99, 5.0);
    let others = [
        ("janus", janus::measure(clients).await),
        ("nats-server", nats::measure(clients).await),
        ("gst-webrtc-signalling-server", gst::measure(clients).await),
    ];
    for (name, figures) in others {
        match figures {
            Ok(theirs) => {
                let density = format!("{:.2}x", ours.per_mib / theirs.per_mib);
                let (a, b) = (format!("{:.0}", ours.per_mib), format!("{name} {:.0}", theirs.per_mib));
                table.line("connections per MiB", a, b, density, "");
                let their_p99 = percentile(&theirs.rings, 0.99);
                let (a, b) = (format!("{p99:.2} ms"), format!("{name} {their_p99:.2} ms"));
                table.line("ring to callee, p99", a, b, format!("{:.2}x", p99 / their_p99), "");
            }
            Err(why) => table.line(name, String::new(), why, String::new(), "not measured"),
        }
    }
}

/// Proportional set size of a process, MiB.
fn memory(process: &Process) -> f64 {
    let rollup = std::fs::read_to_string(format!("/proc/{}/smaps_rollup", process.pid())).unwrap();
    let pss = rollup.lines().find_map(|line| line.strip_prefix("Pss:")).unwrap();
    pss.trim().trim_end_matches(" kB").trim().parse::<f64>().unwrap() / 1024.0
}

/// Connects so many clients, some at a time, and says how many fit into a MiB of what the server grew by.
async fn crowd<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    server: &Process,
    clients: usize,
    connect: impl Fn(usize) -> F,
) -> (Vec<T>, f64) {
    // The first few pay for what is set up once.
    let mut all: Vec<T> = Vec::with_capacity(clients);
    for n in 0..8.min(clients) {
        all.push(connect(n).await);
    }
    tokio::time::sleep(REST).await;
    let before = memory(server);
    let first = all.len();
    for begin in (first..clients).step_by(AT_ONCE) {
        let some: Vec<_> = (begin..(begin + AT_ONCE).min(clients)).map(|n| tokio::spawn(connect(n))).collect();
        for one in some {
            all.push(one.await.unwrap());
        }
    }
    tokio::time::sleep(REST).await;
    let grown = memory(server) - before;
    let per_mib = (clients - first) as f64 / grown.max(0.01);
    eprintln!("  {clients} clients: {before:.1} MiB and {grown:.1} MiB more");
    (all, per_mib)
}

/// A WebSocket whose own buffers are small: five thousand of them share this process.
async fn websocket(url: &str, protocol: Option<&str>) -> Socket {
    use tokio_tungstenite::tungstenite::client::IntoClientRequest;
    let mut request = url.into_client_request().unwrap();
    if let Some(protocol) = protocol {
        request.headers_mut().insert("Sec-WebSocket-Protocol", protocol.parse().unwrap());
    }
    let config = WebSocketConfig::default().read_buffer_size(4096).write_buffer_size(0);
    tokio_tungstenite::connect_async_with_config(request, Some(config), true).await.unwrap().0
}

async fn tell(socket: &mut Socket, value: &Value) {
    socket.send(Message::text(value.to_string())).await.unwrap();
}

/// The next message for which `of` has something.
async fn hear<T>(socket: &mut Socket, of: impl Fn(&Value) -> Option<T>) -> T {
    let listen = async {
        loop {
            match socket.next().await {
                Some(Ok(Message::Text(text))) => {
                    if let Some(found) = of(&serde_json::from_str(&text).unwrap()) {
                        return found;
                    }
                }
                Some(Ok(_)) => {}
                other => panic!("the server has gone: {other:?}"),
            }
        }
    };
    tokio::time::timeout(PATIENCE, listen).await.expect("the server says nothing")
}

/// Answers pings, so that the server keeps its clients.
async fn keep(sockets: Vec<Socket>) -> Vec<tokio::task::JoinHandle<()>> {
    let listen = |mut socket: Socket| async move { while let Some(Ok(_)) = socket.next().await {} };
    sockets.into_iter().map(|socket| tokio::spawn(listen(socket))).collect()
}
