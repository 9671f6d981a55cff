//! One client of the control socket.

use std::io;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until, timeout};

use super::lines::{Line, Lines};
use super::{Ask, What};
use crate::protocol::control::{Command, PROTOCOL, Status, patch};
use crate::protocol::event::Event;
use crate::protocol::rpc::{Error, ErrorKind, Id, MAX_MESSAGE, Message};

/// How long the daemon may take; joining includes a round trip to the hub.
const ASK_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a client may refuse to read.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a client that watches nothing may say nothing.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// Between two notifications: five per second at most.
const STATUS_INTERVAL: Duration = Duration::from_millis(200);

struct Client {
    lines: Lines<OwnedReadHalf>,
    writer: OwnedWriteHalf,
    status: watch::Receiver<Status>,
    events: broadcast::Sender<Event>,
    /// Of a client that wants to hear of events by name.
    news: Option<broadcast::Receiver<Event>>,
    asks: mpsc::Sender<Ask>,
    watching: Option<Watching>,
    pending: Option<Pending>,
    idle_until: Instant,
}

/// The client sees every change, the newest state when there are more than it can read.
struct Watching {
    /// What the client knows.
    shown: Value,
    next: Instant,
}

/// A request that the daemon works on. The client's next line is read when this one is answered.
struct Pending {
    id: Id,
    reply: oneshot::Receiver<Result<Value, Error>>,
    until: Instant,
}

enum Happened {
    Line(Line),
    Changed,
    News(Event),
    /// The client reads too slowly: so many events are lost to it.
    Missed(u64),
    Replied(Result<Value, Error>),
    Idle,
}

/// Serves until the client goes or misbehaves.
pub async fn serve(stream: UnixStream, status: watch::Receiver<Status>, events: broadcast::Sender<Event>, asks: mpsc::Sender<Ask>) {
    let (reader, writer) = stream.into_split();
    let idle_until = Instant::now() + IDLE_TIMEOUT;
    let mut client =
        Client { lines: Lines::new(reader), writer, status, events, news: None, asks, watching: None, pending: None, idle_until };
    if let Err(error) = client.run().await {
        tracing::debug!(%error, "a control client is gone");
    }
}

impl Client {
    async fn run(&mut self) -> io::Result<()> {
        loop {
            match self.next().await? {
                Happened::Line(Line::End) | Happened::Idle => return Ok(()),
                Happened::Line(Line::TooLong) => {
                    let error =
                        Error::new(ErrorKind::TooLarge, format!("a request may have {MAX_MESSAGE} bytes, this one has more"));
                    return self.write(&Message::unreadable(error)).await;
                }
                Happened::Line(Line::Whole(line)) => {
                    self.idle_until = Instant::now() + IDLE_TIMEOUT;
                    self.line(&line).await?;
                }
                Happened::Changed => self.show().await?,
                Happened::News(event) => {
                    let params = serde_json::to_value(&event).map_err(io::Error::other)?;
                    self.write(&Message::Notification { method: "event".to_owned(), params }).await?;
                }
                Happened::Missed(count) => {
                    let params = serde_json::json!({ "count": count });
                    self.write(&Message::Notification { method: "events_missed".to_owned(), params }).await?;
                }
                Happened::Replied(outcome) => {
                    if let Some(pending) = self.pending.take() {
                        self.idle_until = Instant::now() + IDLE_TIMEOUT;
                        self.write(&Message::Response { id: Some(pending.id), outcome }).await?;
                    }
                }
            }
        }
    }

    async fn next(&mut self) -> io::Result<Happened> {
        let Self { lines, status, watching, news, pending, idle_until, .. } = self;
        let (idle, watches) = (pending.is_none(), watching.is_some());
        Ok(tokio::select! {
            line = lines.next(), if idle => Happened::Line(line?),
            outcome = answer(pending) => Happened::Replied(outcome),
            heard = hear(news) => match heard {
                Ok(event) => Happened::News(event),
                Err(broadcast::error::RecvError::Lagged(count)) => Happened::Missed(count),
                Err(broadcast::error::RecvError::Closed) => Happened::Idle,
            },
            changed = change(status, watching) => {
                // The daemon is gone; this client follows when the socket is closed.
                if changed.is_err() { Happened::Idle } else { Happened::Changed }
            }
            () = sleep_until(*idle_until), if idle && !watches => Happened::Idle,
        })
    }

    async fn line(&mut self, line: &[u8]) -> io::Result<()> {
        if line.trim_ascii().is_empty() {
            return Ok(());
        }
        let parsed = match std::str::from_utf8(line) {
            Ok(text) => Message::parse(text),
            Err(_) => Err(Error::new(ErrorKind::ParseError, "not UTF-8")),
        };
        let (id, outcome) = match parsed {
            Ok(Message::Request { id, method, params }) => match method.as_str() {
                "status" => (id, self.current()),
                "version" => (id, Ok(json!({"protocol": PROTOCOL, "callbox": self.status.borrow().version}))),
                "events" => {
                    // From now on, so that the state that is answered and the events that follow fit together.
                    self.news = params.get("named").is_some_and(|named| named == true).then(|| self.events.subscribe());
                    let outcome = to_value(&self.status.borrow_and_update());
                    let next = Instant::now() + STATUS_INTERVAL;
                    self.watching = outcome.as_ref().ok().map(|shown| Watching { shown: shown.clone(), next });
                    (id, outcome)
                }
                _ => match wanted(&method, params) {
                    Ok(what) => match self.ask(what) {
                        Ok(reply) => {
                            self.pending = Some(Pending { id, reply, until: Instant::now() + ASK_TIMEOUT });
                            return Ok(());
                        }
                        Err(error) => (id, Err(error)),
                    },
                    Err(error) => (id, Err(error)),
                },
            },
            Ok(Message::Notification { .. } | Message::Response { .. }) => return Ok(()),
            Err(error) => return self.write(&Message::unreadable(error)).await,
        };
        self.write(&Message::Response { id: Some(id), outcome }).await
    }

    fn current(&self) -> Result<Value, Error> {
        to_value(&self.status.borrow())
    }

    fn ask(&self, what: What) -> Result<oneshot::Receiver<Result<Value, Error>>, Error> {
        let (reply, receiver) = oneshot::channel();
        match self.asks.try_send(Ask { what, reply }) {
            Ok(()) => Ok(receiver),
            Err(mpsc::error::TrySendError::Full(_)) => {
                Err(Error::new(ErrorKind::RateLimited, "the appliance has too much to do; try again later"))
            }
            Err(mpsc::error::TrySendError::Closed(_)) => Err(stopping()),
        }
    }

    async fn show(&mut self) -> io::Result<()> {
        let Some(watching) = &mut self.watching else { return Ok(()) };
        let newest = to_value(&self.status.borrow_and_update()).map_err(io::Error::other)?;
        let Some(params) = patch::diff(&watching.shown, &newest) else { return Ok(()) };
        *watching = Watching { shown: newest, next: Instant::now() + STATUS_INTERVAL };
        self.write(&Message::Notification { method: "changed".to_owned(), params }).await
    }

    async fn write(&mut self, message: &Message) -> io::Result<()> {
        let mut line = message.to_json();
        line.push('\n');
        timeout(WRITE_TIMEOUT, self.writer.write_all(line.as_bytes())).await.map_err(|_| io::ErrorKind::TimedOut)?
    }
}

/// The methods that are commands, by the names that [`Command`] has for them.
const COMMANDS: [&str; 15] = [
    "join",
    "leave",
    "call",
    "answer",
    "reject",
    "hangup",
    "mute",
    "do_not_disturb",
    "max_bandwidth",
    "record",
    "share",
    "open",
    "volume",
    "balance",
    "use",
];
/// The other methods.
const OTHERS: [&str; 7] = ["version", "status", "events", "snapshot", "devices", "speaker_test", "reload"];

/// Every method of the control socket.
pub fn methods() -> impl Iterator<Item = &'static str> {
    OTHERS.into_iter().chain(COMMANDS)
}

/// The longest reason of a rejection, as the hub has it.
const MAX_REASON: usize = 64;

/// The request as the daemon knows it.
fn wanted(method: &str, params: Value) -> Result<What, Error> {
    match method {
        "snapshot" => Ok(What::Snapshot),
        "devices" => Ok(What::Devices),
        "speaker_test" => Ok(What::SpeakerTest),
        "reload" => Ok(What::Reload),
        _ if COMMANDS.contains(&method) => {
            let mut map = if let Value::Object(map) = params { map } else { Map::new() };
            if map.insert("command".to_owned(), method.into()).is_some() {
                return Err(Error::new(ErrorKind::InvalidParams, format!("`{method}` takes no `command`")));
            }
            let command: Command = serde_json::from_value(Value::Object(map))
                .map_err(|e| Error::new(ErrorKind::InvalidParams, format!("the params of `{method}`: {e}")))?;
            if matches!(command, Command::Mute { audio: None, video: None }) {
                return Err(Error::new(ErrorKind::InvalidParams, "`mute` needs `audio` or `video`, true or false"));
            }
            if matches!(&command, Command::Reject { reason: Some(reason) } if reason.len() > MAX_REASON) {
                return Err(Error::new(ErrorKind::InvalidParams, format!("a reason may have {MAX_REASON} bytes")));
            }
            Ok(What::Command(command))
        }
        _ => {
            let known: Vec<_> = methods().collect();
            let text = format!("no such method: the control socket knows {}", known.join(", "));
            Err(Error::new(ErrorKind::MethodNotFound, text))
        }
    }
}

async fn answer(pending: &mut Option<Pending>) -> Result<Value, Error> {
    let Some(pending) = pending else { return std::future::pending().await };
    tokio::select! {
        outcome = &mut pending.reply => outcome.unwrap_or_else(|_| Err(stopping())),
        () = sleep_until(pending.until) => {
            Err(Error::new(ErrorKind::Timeout, format!("the appliance did not answer within {} s", ASK_TIMEOUT.as_secs())))
        }
    }
}

async fn hear(news: &mut Option<broadcast::Receiver<Event>>) -> Result<Event, broadcast::error::RecvError> {
    match news {
        Some(news) => news.recv().await,
        None => std::future::pending().await,
    }
}

async fn change(status: &mut watch::Receiver<Status>, watching: &Option<Watching>) -> Result<(), watch::error::RecvError> {
    let Some(watching) = watching else { return std::future::pending().await };
    // First the pause, then the change: the other way round a change seen before a cancellation would be lost.
    sleep_until(watching.next).await;
    status.changed().await
}

fn stopping() -> Error {
    Error::new(ErrorKind::Unavailable, "the appliance is stopping")
}

fn to_value(status: &Status) -> Result<Value, Error> {
    serde_json::to_value(status).map_err(|e| Error::new(ErrorKind::InternalError, format!("the status: {e}")))
}
