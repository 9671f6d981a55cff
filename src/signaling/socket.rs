//! One WebSocket to the hub: a task that moves messages between two bounded queues and the network.

use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::http::header::{HeaderValue, USER_AGENT};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::Config;
use super::connection::{Failure, Input};
use super::dial::{Stream, dial};
use super::sign_in::for_people;
use crate::protocol::rpc::MAX_MESSAGE;

const UPGRADE_TIMEOUT: Duration = Duration::from_secs(5);
const GOODBYE_TIMEOUT: Duration = Duration::from_secs(1);
const BUFFER: usize = 8 * 1024;

/// Messages on their way out. A call of four sends a burst of some eighty candidates.
const OUT_QUEUE: usize = 256;
const IN_QUEUE: usize = 16;

type Socket = WebSocketStream<Box<dyn Stream>>;

/// An open WebSocket. Dropping it cuts the connection.
pub struct Link {
    out: mpsc::Sender<Message>,
    arrived: mpsc::Receiver<Input>,
    task: JoinHandle<()>,
}

impl Drop for Link {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Link {
    /// Connects and upgrades.
    pub async fn open(config: &Config) -> Result<Self, Failure> {
        let broken = |e: Error| Failure::lasting(format!("cannot ask the hub for a WebSocket: {e}"));
        // The scheme only fills in headers here: the stream below is encrypted if it has to be.
        let target = format!("ws://{}{}", config.url.authority(), config.url.path("/v1/socket"));
        let mut request = target.into_client_request().map_err(broken)?;
        if let Ok(version) = HeaderValue::from_str(&config.client.version) {
            request.headers_mut().insert(USER_AGENT, version);
        }
        let limits = WebSocketConfig::default()
            .read_buffer_size(BUFFER)
            .write_buffer_size(0)
            .max_write_buffer_size(4 * MAX_MESSAGE)
            .max_message_size(Some(MAX_MESSAGE))
            .max_frame_size(Some(MAX_MESSAGE));
        let stream = dial(&config.url, &config.trust).await?;
        let socket = match timeout(UPGRADE_TIMEOUT, client_async_with_config(request, stream, Some(limits))).await {
            Ok(Ok((socket, _))) => socket,
            Ok(Err(error)) => return Err(Failure::passing(explain(&error))),
            Err(_) => return Err(Failure::passing("the hub does not answer the request for a WebSocket")),
        };
        let (out, to_send) = mpsc::channel(OUT_QUEUE);
        let (received, arrived) = mpsc::channel(IN_QUEUE);
        Ok(Self { out, arrived, task: tokio::spawn(run(socket, to_send, received)) })
    }

    /// Queues a text message.
    pub fn send(&self, text: String) -> Result<(), Failure> {
        self.queue(Message::text(text))
    }

    /// Queues a ping.
    pub fn ping(&self) -> Result<(), Failure> {
        self.queue(Message::Ping(Default::default()))
    }

    fn queue(&self, message: Message) -> Result<(), Failure> {
        self.out.try_send(message).map_err(|_| Failure::passing("the hub does not take what we send"))
    }

    /// The next thing that arrives; after the end, that it is the end.
    pub async fn next(&mut self) -> Input {
        self.arrived.recv().await.unwrap_or_else(|| Input::Failed(Failure::passing("the connection to the hub ended")))
    }

    /// Sends what is queued and a close frame, and waits a moment for the hub to do the same.
    pub async fn close(mut self) {
        let (unused, _) = mpsc::channel(1);
        drop(std::mem::replace(&mut self.out, unused));
        let drained = async { while self.arrived.recv().await.is_some() {} };
        if timeout(GOODBYE_TIMEOUT, drained).await.is_err() {
            tracing::debug!("the hub did not answer the goodbye");
        }
    }
}

async fn run(socket: Socket, to_send: mpsc::Receiver<Message>, received: mpsc::Sender<Input>) {
    let (sink, stream) = socket.split();
    let (write, read) = (write(sink, to_send), read(stream, received));
    tokio::pin!(write, read);
    tokio::select! {
        // What could not be written shows in reading as well, and reading knows more of why.
        () = &mut write => read.await,
        () = &mut read => {}
    }
}

async fn write(mut sink: SplitSink<Socket, Message>, mut to_send: mpsc::Receiver<Message>) {
    while let Some(message) = to_send.recv().await {
        if sink.send(message).await.is_err() {
            return;
        }
    }
    if let Err(error) = sink.close().await {
        tracing::debug!(%error, "no goodbye to the hub");
    }
}

async fn read(mut stream: SplitStream<Socket>, received: mpsc::Sender<Input>) {
    while let Some(message) = stream.next().await {
        let input = match message {
            Ok(Message::Text(text)) => Input::Received(text.as_str().to_owned()),
            Ok(Message::Pong(_)) => Input::Pong,
            Ok(Message::Ping(_) | Message::Frame(_)) => continue,
            Ok(Message::Binary(_)) => Input::Failed(Failure::passing("the hub sent a binary message")),
            Ok(Message::Close(frame)) => Input::Failed(Failure::passing(match frame {
                Some(frame) if !frame.reason.is_empty() => {
                    format!("the hub closed the connection: {} ({})", for_people(&frame.reason), u16::from(frame.code))
                }
                Some(frame) => format!("the hub closed the connection ({})", u16::from(frame.code)),
                None => "the hub closed the connection".to_owned(),
            })),
            Err(error) => Input::Failed(Failure::passing(explain(&error))),
        };
        let last = matches!(input, Input::Failed(_));
        if received.send(input).await.is_err() || last {
            return;
        }
    }
}

#[allow(clippy::wildcard_enum_match_arm, reason = "a foreign enum; the last arm says what it says")]
fn explain(error: &Error) -> String {
    match error {
        Error::Http(response) => {
            format!("the hub answered {} to the request for a WebSocket: is `hub.url` right?", response.status())
        }
        Error::Capacity(_) => format!("the hub sent a message longer than {MAX_MESSAGE} bytes"),
        Error::ConnectionClosed | Error::AlreadyClosed => "the connection to the hub ended".to_owned(),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => "the connection to the hub broke".to_owned(),
        Error::Io(error) => format!("the connection to the hub broke: {error}"),
        other => format!("the hub does not speak WebSocket as it should: {other}"),
    }
}
