//! `gst-webrtc-signalling-server` (crate `gst-plugin-webrtc-signalling`): listeners, of which one is called by another.

use std::net::TcpListener;
use std::process::Command;
use std::time::Instant;

use serde_json::{Value, json};

use super::{Figures, RINGS, Socket, crowd, hear, keep, tell, websocket};
use crate::support::{Process, eventually, secs};

/// The socket, and the id that the server gave it.
async fn client(url: String, role: Option<&'static str>) -> (Socket, Value) {
    let mut socket = websocket(&url, None).await;
    let id = hear(&mut socket, |message| (message["type"] == "welcome").then(|| message["peerId"].clone())).await;
    if let Some(role) = role {
        tell(&mut socket, &json!({"type": "setPeerStatus", "roles": [role], "meta": null})).await;
    }
    (socket, id)
}

pub async fn measure(clients: usize) -> Result<Figures, String> {
    let Some(binary) = std::env::var_os("GST_WEBRTC_SIGNALLING_SERVER") else {
        return Err("is not there: scripts/bench builds it with BENCH_GST=1".into());
    };
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut command = Command::new(binary);
    command.args(["--host", "127.0.0.1", "--port", &port.to_string()]);
    let server = Process::start("gst-webrtc-signalling-server", &mut command);
    eventually(secs(20), "the server listens", async || {
        tokio::net::TcpStream::connect(("127.0.0.1", port)).await.map(drop).map_err(|e| e.to_string())
    })
    .await;
    let url = format!("ws://127.0.0.1:{port}/");
    // Listeners are told of everybody who comes; that is its presence. Without a role a client is only connected.
    let (mut all, per_mib) = crowd(&server, clients, |_| client(url.clone(), None)).await;
    let (mut caller, _) = all.swap_remove(0);
    let (mut callee, callee_id) = client(url, Some("producer")).await;
    let idle = keep(all.into_iter().map(|(socket, _)| socket).collect()).await;
    let mut rings = Vec::with_capacity(RINGS);
    for _ in 0..RINGS {
        let begun = Instant::now();
        tell(&mut caller, &json!({"type": "startSession", "peerId": callee_id})).await;
        let session = hear(&mut callee, |message| (message["type"] == "startSession").then(|| message["sessionId"].clone())).await;
        rings.push(begun.elapsed().as_secs_f64() * 1000.0);
        tell(&mut callee, &json!({"type": "endSession", "sessionId": session})).await;
    }
    idle.iter().for_each(tokio::task::JoinHandle::abort);
    Ok(Figures { per_mib, rings })
}
