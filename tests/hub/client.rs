//! A client of the hub that keeps the rules, and lets a test break them.

use std::collections::VecDeque;
use std::time::Duration;

use callbox::protocol::ParticipantId;
use callbox::protocol::hub::{Call, Event, EventBody, Joined, Participant, ParticipantState, SessionOpened};
use callbox::protocol::rpc::{self, Id, Message};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite};

use crate::http::token;
use crate::support::Hub;

pub type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

const PATIENCE: Duration = Duration::from_secs(20);

/// A signed-in client.
pub struct Client {
    pub socket: Socket,
    pub opened: SessionOpened,
    events: VecDeque<Event>,
    /// Of the last event received.
    pub last_seq: u64,
    next_id: u64,
}

/// What `session.open` takes.
pub fn opening(token: &str, resume: Option<(&str, u64)>) -> Value {
    let mut params = json!({"access_token": token, "client": {"kind": "browser", "version": "test/1"}});
    if let Some((session, last_seq)) = resume {
        params["resume"] = json!({"session": session, "last_seq": last_seq});
    }
    params
}

/// A socket without a session.
pub async fn connect(hub: &Hub) -> Socket {
    connect_async(format!("{}/v1/socket", hub.socket_url())).await.unwrap().0
}

pub async fn send(socket: &mut Socket, id: u64, method: &str, params: Value) {
    try_send(socket, id, method, params).await.unwrap();
}

/// Fails when the socket is closed.
pub async fn try_send(socket: &mut Socket, id: u64, method: &str, params: Value) -> Result<(), tungstenite::Error> {
    let text = Message::Request { id: Id::Number(id), method: method.into(), params }.to_json();
    socket.send(Frame::text(text)).await
}

/// The next message; control frames are answered by the library. None when the socket is closed, with the code.
pub async fn receive(socket: &mut Socket) -> Result<Message, Option<u16>> {
    let wait = async {
        loop {
            match socket.next().await {
                Some(Ok(Frame::Text(text))) => return Ok(Message::parse(&text).unwrap()),
                Some(Ok(Frame::Close(frame))) => return Err(frame.map(|frame| frame.code.into())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(None),
            }
        }
    };
    timeout(PATIENCE, wait).await.expect("nothing came")
}

/// The close code, after whatever comes before it.
pub async fn close_code(socket: &mut Socket) -> Option<u16> {
    loop {
        if let Err(code) = receive(socket).await {
            return code;
        }
    }
}

impl Client {
    pub async fn open(hub: &Hub, user: &str) -> Self {
        Self::open_with(hub, opening(&token(hub, user), None)).await
    }

    /// With this access token.
    pub async fn open_as(hub: &Hub, token: &str) -> Self {
        Self::open_with(hub, opening(token, None)).await
    }

    /// Goes on with the session of a client whose socket is gone.
    pub async fn resume(hub: &Hub, user: &str, session: &str, last_seq: u64) -> Self {
        Self::open_with(hub, opening(&token(hub, user), Some((session, last_seq)))).await
    }

    /// With these params of `session.open`.
    pub async fn open_with(hub: &Hub, params: Value) -> Self {
        let mut socket = connect(hub).await;
        let last_seq = params["resume"]["last_seq"].as_u64().unwrap_or(0);
        send(&mut socket, 0, "session.open", params).await;
        let Ok(Message::Response { outcome: Ok(opened), .. }) = receive(&mut socket).await else { panic!("not opened") };
        let opened: SessionOpened = serde_json::from_value(opened).unwrap();
        let last_seq = if opened.resumed { last_seq } else { 0 };
        Self { socket, opened, events: VecDeque::new(), last_seq, next_id: 1 }
    }

    async fn receive(&mut self) -> Option<(Option<Id>, Result<Value, rpc::Error>)> {
        match receive(&mut self.socket).await.unwrap_or_else(|code| panic!("closed with {code:?}")) {
            Message::Response { id, outcome } => Some((id, outcome)),
            Message::Notification { method, params } => {
                assert_eq!(method, "event");
                let event: Event = serde_json::from_value(params).unwrap();
                self.last_seq += 1;
                assert_eq!(event.seq, self.last_seq, "events come in order, each once");
                self.events.push_back(event);
                None
            }
            Message::Request { .. } => panic!("the hub asks for nothing"),
        }
    }

    /// The next response, whatever it answers.
    pub async fn response(&mut self) -> (Option<Id>, Result<Value, rpc::Error>) {
        loop {
            if let Some(response) = self.receive().await {
                return response;
            }
        }
    }

    pub async fn ask(&mut self, method: &str, params: Value) -> Result<Value, rpc::Error> {
        let id = self.next_id;
        self.next_id += 1;
        send(&mut self.socket, id, method, params).await;
        let (answered, outcome) = self.response().await;
        assert_eq!(answered, Some(Id::Number(id)));
        outcome
    }

    /// Joins `default:NAME`, creating it if need be; `more` holds more params.
    pub async fn join_with(&mut self, call: &str, more: Value) -> Result<Joined, rpc::Error> {
        let mut params = json!({"type": "default", "id": call, "create": true});
        params.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        let joined = self.ask("call.join", params).await?;
        Ok(serde_json::from_value(joined).unwrap())
    }

    pub async fn join(&mut self, call: &str) -> ParticipantId {
        self.join_with(call, json!({})).await.unwrap().participant
    }

    pub async fn get(&mut self, call: &str) -> Result<Call, rpc::Error> {
        let call = self.ask("call.get", json!({"type": "default", "id": call})).await?;
        Ok(serde_json::from_value(call).unwrap())
    }

    pub async fn event(&mut self) -> EventBody {
        loop {
            if let Some(event) = self.events.pop_front() {
                return event.body;
            }
            assert!(self.receive().await.is_none(), "an answer to nothing");
        }
    }

    pub async fn expect_joined(&mut self) -> Participant {
        match self.event().await {
            EventBody::ParticipantJoined { participant } => participant,
            EventBody::SessionStarted { .. } => Box::pin(self.expect_joined()).await,
            other => panic!("not joined but {other:?}"),
        }
    }

    /// The next event says that this participant is in this state.
    pub async fn expect_state(&mut self, id: &ParticipantId, state: ParticipantState) -> Participant {
        match self.event().await {
            EventBody::ParticipantUpdated { participant } if participant.id == *id && participant.state == state => participant,
            other => panic!("not {state:?} but {other:?}"),
        }
    }

    /// Everything that came up to now, made sure of by a question.
    pub async fn events_so_far(&mut self) -> Vec<EventBody> {
        self.ask("session.ping", json!({})).await.unwrap();
        self.events.drain(..).map(|event| event.body).collect()
    }

    /// Cuts the connection, as a dead network does; returns what is needed to resume.
    pub fn cut(self) -> (String, u64) {
        (self.opened.session, self.last_seq)
    }
}

/// `{"participation": …}` for a join that goes on.
pub fn participation(id: &ParticipantId, generation: Option<u32>) -> Value {
    match generation {
        Some(generation) => json!({"participation": {"id": id, "generation": generation}}),
        None => json!({"participation": {"id": id}}),
    }
}

pub fn signal(cid: &str, to: &ParticipantId, sdp: &str) -> Value {
    json!({"cid": cid, "to": to, "epoch": 65536, "signal": {"type": "offer", "sdp": sdp}})
}
