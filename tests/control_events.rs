//! Events by name on the control socket: who asks for them hears them beside the states, who does not does not.
#![cfg(feature = "appliance")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::time::Duration;

use callbox::controls::socket;
use callbox::protocol::control::{HubState, HubStatus, Status};
use callbox::protocol::event::{Event, EventKind};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{broadcast, watch};

struct Client {
    lines: Lines<BufReader<OwnedReadHalf>>,
    writer: OwnedWriteHalf,
}

impl Client {
    async fn open(path: &std::path::Path, params: Value) -> Self {
        let (reader, writer) = UnixStream::connect(path).await.unwrap().into_split();
        let mut client = Self { lines: BufReader::new(reader).lines(), writer };
        let request = json!({"jsonrpc": "2.0", "id": 1, "method": "events", "params": params});
        client.writer.write_all(format!("{request}\n").as_bytes()).await.unwrap();
        assert_eq!(client.read().await["id"], 1);
        client
    }

    async fn read(&mut self) -> Value {
        let line = tokio::time::timeout(Duration::from_secs(10), self.lines.next_line()).await.expect("nothing came");
        serde_json::from_str(&line.unwrap().unwrap()).unwrap()
    }
}

#[tokio::test]
async fn named_events_come_to_who_asks_for_them_and_a_slow_reader_is_told_what_it_missed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("control.sock");
    let hub = HubStatus { url: "ws://hub".into(), state: HubState::Connected, error: None, retry_in_s: None };
    let (status, shown) = watch::channel(Status::new("door".parse().unwrap(), "callbox/0".into(), hub));
    let events = broadcast::Sender::new(8);
    let (_door, _asks) = socket::start_telling(&path, shown, events.clone()).await.unwrap();
    let mut plain = Client::open(&path, Value::Null).await;
    let mut named = Client::open(&path, json!({"named": true})).await;
    let step = Event::new(EventKind::RateStep).step("720p", "360p").because(Some("the board is hot"));
    events.send(step.clone()).unwrap();
    let heard = named.read().await;
    assert_eq!((heard["method"].as_str(), serde_json::from_value(heard["params"].clone()).ok()), (Some("event"), Some(step)));
    status.send_modify(|status| status.do_not_disturb = true);
    for client in [&mut plain, &mut named] {
        assert_eq!(client.read().await["method"], "changed", "states come to both");
    }
    // More than it can be behind, at once: on this thread nobody reads meanwhile.
    for _ in 0..20 {
        events.send(Event::new(EventKind::HubConnected)).unwrap();
    }
    let missed = named.read().await;
    assert_eq!((missed["method"].as_str(), missed["params"]["count"].as_u64()), (Some("events_missed"), Some(12)));
    assert_eq!(named.read().await["params"]["event"], "hub.connected");
}
