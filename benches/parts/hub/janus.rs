//! Janus: a WebSocket, a session and a VideoRoom handle each. It has no rings: the time of a request's answer stands for one.

use std::net::TcpListener;
use std::process::Command;
use std::time::Instant;

use serde_json::{Value, json};

use super::{Figures, RINGS, Socket, crowd, hear, keep, tell, websocket};
use crate::support::{Process, eventually, secs};

async fn ask(socket: &mut Socket, request: Value) -> Value {
    tell(socket, &request).await;
    hear(socket, |message| (message["janus"] == "success").then(|| message.clone())).await
}

/// The socket, its session and its handle.
async fn client(url: String) -> (Socket, Value, Value) {
    let mut socket = websocket(&url, Some("janus-protocol")).await;
    let session = ask(&mut socket, json!({"janus": "create", "transaction": "1"})).await["data"]["id"].clone();
    let attach = json!({"janus": "attach", "session_id": session, "plugin": "janus.plugin.videoroom", "transaction": "2"});
    let handle = ask(&mut socket, attach).await["data"]["id"].clone();
    (socket, session, handle)
}

fn configuration(port: u16) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| std::fs::write(directory.path().join(name), text).unwrap();
    write("janus.jcfg", "general: { session_timeout = 0, event_loops = 4 }\nmedia: { rtp_port_range = \"20000-20100\" }".into());
    let ws = format!("general: {{ ws = true, ws_port = {port}, ws_ip = \"127.0.0.1\", wss = false }}");
    write("janus.transport.websockets.jcfg", ws);
    write("janus.plugin.videoroom.jcfg", String::new());
    directory
}

pub async fn measure(clients: usize) -> Result<Figures, String> {
    if !std::path::Path::new("/usr/bin/janus").exists() {
        return Err("is not installed".into());
    }
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let directory = configuration(port);
    let mut command = Command::new("/usr/bin/janus");
    command.arg("-F").arg(directory.path()).arg("--disable-colors");
    let server = Process::start("janus", &mut command);
    eventually(secs(20), "janus listens", async || {
        tokio::net::TcpStream::connect(("127.0.0.1", port)).await.map(drop).map_err(|e| e.to_string())
    })
    .await;
    let url = format!("ws://127.0.0.1:{port}/");
    let (mut all, per_mib) = crowd(&server, clients, |_| client(url.clone())).await;
    let (mut socket, session, handle) = all.swap_remove(0);
    let idle = keep(all.into_iter().map(|(socket, ..)| socket).collect()).await;
    let mut rings = Vec::with_capacity(RINGS);
    for n in 0..RINGS {
        let body = json!({"request": "exists", "room": 1});
        let request =
            json!({"janus": "message", "session_id": session, "handle_id": handle, "transaction": n.to_string(), "body": body});
        let begun = Instant::now();
        ask(&mut socket, request).await;
        rings.push(begun.elapsed().as_secs_f64() * 1000.0);
    }
    idle.iter().for_each(tokio::task::JoinHandle::abort);
    Ok(Figures { per_mib, rings })
}
