//! The hands of a test at the lines of a virtual board: `tests/device/hands.py` runs there and connects to here.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use callbox::protocol::control::Status;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::Mutex as AsyncMutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::support::{Hub, eventually, secs};

/// What it takes to boot an emulated machine.
const BOOT: u64 = 400;
/// For an answer.
const ANSWER: u64 = 60;

/// A line changed its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// To this.
    pub on: bool,
    /// When, on the board's clock.
    pub ms: u64,
}

/// A connection to the hands.
pub struct Hands {
    asking: AsyncMutex<(OwnedWriteHalf, UnboundedReceiver<String>)>,
    edges: Arc<Mutex<Vec<(String, Edge)>>>,
}

impl Hands {
    /// Says in the directory `DEVICE_DOORBELL` where this hub and these hands are to be found, and waits for the board.
    pub async fn of(hub: &Hub) -> Self {
        let directory =
            PathBuf::from(std::env::var_os("DEVICE_DOORBELL").expect("DEVICE_DOORBELL: run scripts/test-device doorbell"));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (hub, own) = (hub.url.rsplit(':').next().unwrap(), listener.local_addr().unwrap().port());
        // Whole at once, for somebody waits for it.
        std::fs::write(directory.join("ports.new"), format!("{hub} {own}\n")).unwrap();
        std::fs::rename(directory.join("ports.new"), directory.join("ports")).unwrap();
        let (stream, _) = tokio::time::timeout(secs(BOOT), listener.accept()).await.expect("the board does not come up").unwrap();
        stream.set_nodelay(true).unwrap();
        let (reading, writing) = stream.into_split();
        let (answers, answered) = unbounded_channel();
        let edges = Arc::new(Mutex::new(Vec::new()));
        tokio::spawn(listen(reading, edges.clone(), answers));
        let hands = Self { asking: AsyncMutex::new((writing, answered)), edges };
        eventually(secs(ANSWER), "the lines", async || hands.value("LAMP").ok_or(())).await;
        hands
    }

    /// Pulls a line up or down, and says when that was.
    pub async fn pull(&self, line: &str, up: bool) -> u64 {
        self.ask(&format!("pull {line} {}", if up { "up" } else { "down" })).await.rsplit(' ').next().unwrap().parse().unwrap()
    }

    /// The milliseconds of the board's clock.
    pub async fn now(&self) -> u64 {
        self.ask("now").await.rsplit(' ').next().unwrap().parse().unwrap()
    }

    /// `callbox status --json` on the board.
    pub async fn status(&self) -> Option<Status> {
        serde_json::from_str(self.ask("status").await.strip_prefix("status ")?).ok()
    }

    /// How many processes have this file open.
    pub async fn users(&self, file: &str) -> usize {
        self.ask(&format!("users {file}")).await.split(' ').count() - 2
    }

    /// What a line is now.
    pub fn value(&self, line: &str) -> Option<bool> {
        self.edges.lock().unwrap().iter().rev().find(|(of, _)| of == line).map(|(_, edge)| edge.on)
    }

    /// The changes of a line from this moment on.
    pub fn edges(&self, line: &str, from: u64) -> Vec<Edge> {
        let edges = self.edges.lock().unwrap();
        edges.iter().filter(|(of, edge)| of == line && edge.ms >= from).map(|(_, edge)| *edge).collect()
    }

    async fn ask(&self, what: &str) -> String {
        let mut asking = self.asking.lock().await;
        asking.0.write_all(format!("{what}\n").as_bytes()).await.expect("the board is gone");
        let answer = tokio::time::timeout(secs(ANSWER), asking.1.recv()).await;
        answer
            .unwrap_or_else(|_| panic!("no answer to {what:?}"))
            .unwrap_or_else(|| panic!("the board went instead of an answer to {what:?}"))
    }
}

async fn listen(reading: OwnedReadHalf, edges: Arc<Mutex<Vec<(String, Edge)>>>, answers: UnboundedSender<String>) {
    let mut lines = BufReader::new(reading).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let words: Vec<&str> = line.split(' ').collect();
        if let ["value", name, value, ms] = words[..] {
            let edge = Edge { on: value == "1", ms: ms.parse().unwrap() };
            edges.lock().unwrap().push((name.to_owned(), edge));
        } else {
            let _ = answers.send(line);
        }
    }
}
