//! How to a server: datagrams, which are sent again, or a stream.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};

use super::Error;
use super::message::{self, HEAD, Id, MAX, Message};

/// The first pause before a datagram is sent again; it doubles.
const AGAIN: Duration = Duration::from_millis(300);
/// So many answers to other questions are thrown away before we give up.
const NOISE: usize = 100;

/// Plain or encrypted.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// The way to one server.
pub enum Way {
    /// Connected, so that nobody else answers.
    Udp(UdpSocket),
    /// TCP, or TLS over it.
    Stream(Box<dyn Stream>),
}

impl Way {
    /// Over UDP.
    pub async fn udp(server: SocketAddr) -> Result<Self, Error> {
        let own: SocketAddr = if server.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0u16; 8], 0).into() };
        let socket = UdpSocket::bind(own).await.map_err(|error| unreachable(&error))?;
        socket.connect(server).await.map_err(|error| unreachable(&error))?;
        Ok(Self::Udp(socket))
    }

    /// Over TCP.
    pub async fn tcp(server: SocketAddr) -> Result<Self, Error> {
        match tokio::time::timeout(super::PATIENCE, TcpStream::connect(server)).await {
            Ok(Ok(stream)) => Ok(Self::Stream(Box::new(stream))),
            Ok(Err(error)) => Err(unreachable(&error)),
            Err(_) => Err(Error::Silent),
        }
    }

    /// Sends, until the answer with this id comes. To be bounded by the caller.
    pub(super) async fn exchange(&mut self, request: &[u8], id: &Id) -> Result<Message, Error> {
        match self {
            Self::Udp(socket) => datagrams(socket, request, id).await,
            Self::Stream(stream) => stream_of(stream, request, id).await,
        }
    }
}

async fn datagrams(socket: &UdpSocket, request: &[u8], id: &Id) -> Result<Message, Error> {
    let mut pause = AGAIN;
    let mut bytes = [0; MAX];
    socket.send(request).await.map_err(|error| unreachable(&error))?;
    let mut again = tokio::time::Instant::now() + pause;
    for _ in 0..NOISE {
        let Ok(received) = tokio::time::timeout_at(again, socket.recv(&mut bytes)).await else {
            socket.send(request).await.map_err(|error| unreachable(&error))?;
            pause *= 2;
            again = tokio::time::Instant::now() + pause;
            continue;
        };
        let length = received.map_err(|error| unreachable(&error))?;
        if let Some(message) = bytes.get(..length).and_then(Message::parse).filter(|message| message.id == *id) {
            return Ok(message);
        }
    }
    Err(Error::Strange("it sends what nobody asked for"))
}

async fn stream_of(stream: &mut Box<dyn Stream>, request: &[u8], id: &Id) -> Result<Message, Error> {
    stream.write_all(request).await.map_err(|error| unreachable(&error))?;
    stream.flush().await.map_err(|error| unreachable(&error))?;
    for _ in 0..NOISE {
        let mut bytes = vec![0; HEAD];
        stream.read_exact(&mut bytes).await.map_err(|error| unreachable(&error))?;
        let length = message::length(&bytes).ok_or(Error::Strange("it speaks something else"))?;
        bytes.resize(length, 0);
        stream.read_exact(&mut bytes[HEAD..]).await.map_err(|error| unreachable(&error))?;
        if let Some(message) = Message::parse(&bytes).filter(|message| message.id == *id) {
            return Ok(message);
        }
    }
    Err(Error::Strange("it sends what nobody asked for"))
}

#[allow(clippy::wildcard_enum_match_arm)] // not our enum: it grows with every release
fn unreachable(error: &std::io::Error) -> Error {
    Error::Unreachable(match error.kind() {
        std::io::ErrorKind::ConnectionRefused => "is not there: nobody listens at that port".to_owned(),
        std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::ConnectionReset => {
            "ends the connection without an answer".to_owned()
        }
        _ => format!("is not reached: {error}"),
    })
}
