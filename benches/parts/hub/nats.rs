//! `nats-server`: a TCP connection with one subscription each.

use std::net::TcpListener;
use std::process::Command;
use std::time::Instant;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufStream};
use tokio::net::TcpStream;

use super::{Figures, RINGS, crowd};
use crate::support::{Process, secs};

type Client = BufStream<TcpStream>;

async fn until(client: &mut Client, start: &str) {
    let mut line = String::new();
    while !line.starts_with(start) {
        line.clear();
        assert!(client.read_line(&mut line).await.unwrap() > 0, "nats-server has gone");
        if line.starts_with("PING") {
            client.write_all(b"PONG\r\n").await.unwrap();
            client.flush().await.unwrap();
        }
    }
}

async fn client(port: u16, n: usize) -> Client {
    let mut client = BufStream::with_capacity(1024, 1024, TcpStream::connect(("127.0.0.1", port)).await.unwrap());
    until(&mut client, "INFO").await;
    let hello = format!("CONNECT {{\"verbose\":false,\"pedantic\":false}}\r\nSUB user.{n} 1\r\nPING\r\n");
    client.write_all(hello.as_bytes()).await.unwrap();
    client.flush().await.unwrap();
    until(&mut client, "PONG").await;
    client
}

pub async fn measure(clients: usize) -> Result<Figures, String> {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut command = Command::new("/usr/sbin/nats-server");
    command.args(["-a", "127.0.0.1", "-p", &port.to_string()]);
    if !std::path::Path::new("/usr/sbin/nats-server").exists() {
        return Err("is not installed".into());
    }
    let mut server = Process::start("nats-server", &mut command);
    server.wait_for_line("Server is ready", secs(20));
    let (mut all, per_mib) = crowd(&server, clients, |n| client(port, n)).await;
    let (mut from, mut to) = (all.swap_remove(0), client(port, clients).await);
    let mut rings = Vec::with_capacity(RINGS);
    for _ in 0..RINGS {
        let begun = Instant::now();
        from.write_all(format!("PUB user.{clients} 4\r\nring\r\n").as_bytes()).await.unwrap();
        from.flush().await.unwrap();
        until(&mut to, "MSG").await;
        rings.push(begun.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(Figures { per_mib, rings })
}
