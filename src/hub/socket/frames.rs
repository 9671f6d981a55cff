//! WebSocket frames: what comes in, what goes out, and how a socket is closed so that the client learns why.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Bytes, Message, Utf8Bytes};
use tracing::debug;

use super::super::sessions::Outbox;
use crate::protocol::rpc::MAX_MESSAGE;

/// For one message to leave.
const SEND_TIME: Duration = Duration::from_secs(10);
/// For a close frame to leave, and for the client's to arrive.
const CLOSE_TIME: Duration = Duration::from_secs(1);
/// What is still read of a client that is being closed, so that its data does not reset the connection under the close frame.
const DRAIN: usize = 4 * MAX_MESSAGE;

/// The byte stream below a WebSocket.
pub trait Io: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Io for S {}

/// Something from the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// A message.
    Text(Utf8Bytes),
    /// It wants to know whether we are there; answered already.
    Ping,
    /// It is there; with the payload of our ping.
    Pong(Bytes),
}

/// Why a socket ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The client closed it, or it is broken.
    Gone,
    /// The client does not read: nothing can be told it.
    Stuck,
    /// We close it, for a reason.
    Close(CloseCode, &'static str),
}

/// The next thing from the client. Cancelling loses nothing.
pub async fn receive<S: Io>(socket: &mut WebSocketStream<S>) -> Result<Incoming, End> {
    loop {
        let message = match socket.next().await {
            Some(Ok(message)) => message,
            None => return Err(End::Gone),
            Some(Err(e)) => return Err(ended_by(&e)),
        };
        match message {
            Message::Text(text) => return Ok(Incoming::Text(text)),
            Message::Binary(_) => return Err(End::Close(CloseCode::Unsupported, "only text frames are understood")),
            Message::Ping(_) => return Ok(Incoming::Ping),
            Message::Pong(payload) => return Ok(Incoming::Pong(payload)),
            Message::Close(_) | Message::Frame(_) => {}
        }
    }
}

#[allow(clippy::wildcard_enum_match_arm)] // another crate's list: what we do not know ends the socket
fn ended_by(error: &Error) -> End {
    debug!("socket: {error}");
    match error {
        Error::Capacity(CapacityError::MessageTooLong { .. }) => {
            End::Close(CloseCode::Size, "a message may have at most 65536 bytes")
        }
        Error::Utf8(_) => End::Close(CloseCode::Invalid, "text must be UTF-8"),
        Error::Protocol(_) => End::Close(CloseCode::Protocol, "not a WebSocket frame"),
        _ => End::Gone,
    }
}

/// Sends a message, unless the client takes too long to read it or too much has piled up behind it.
pub async fn send<S: Io>(socket: &mut WebSocketStream<S>, outbox: &Outbox, message: Message) -> Result<(), End> {
    tokio::select! {
        sent = timeout(SEND_TIME, socket.send(message)) => match sent {
            Ok(Ok(())) => Ok(()),
            Ok(Err(e)) => {
                debug!("socket: {e}");
                Err(End::Gone)
            }
            Err(_) => Err(End::Stuck),
        },
        () = outbox.too_slow() => Err(End::Stuck),
    }
}

/// Closes a socket in an orderly way, as far as the client lets us.
pub async fn finish<S: Io>(mut socket: WebSocketStream<S>, end: End) {
    let frame = match end {
        End::Stuck => return,
        End::Gone => None,
        End::Close(code, reason) => Some(CloseFrame { code, reason: reason.into() }),
    };
    let asked = frame.is_some();
    if !matches!(timeout(CLOSE_TIME, socket.close(frame)).await, Ok(Ok(()))) || !asked {
        return;
    }
    let stream = socket.get_mut();
    let mut scrap = [0; 1024];
    let drain = async {
        let mut left = DRAIN;
        while left > 0 {
            match stream.read(&mut scrap).await {
                Ok(0) | Err(_) => break,
                Ok(n) => left = left.saturating_sub(n),
            }
        }
        let _ = stream.shutdown().await;
    };
    let _ = timeout(CLOSE_TIME, drain).await;
}
