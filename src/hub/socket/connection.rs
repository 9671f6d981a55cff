//! One client's socket: `session.open` first, then requests in and answers and events out.

use std::time::{Duration, Instant, SystemTime};

use tokio::sync::oneshot;
use tokio::time::{MissedTickBehavior, interval_at, timeout_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tracing::debug;

use super::super::api::{self, Wanted};
use super::super::calls::SessionId;
use super::super::driver::{Ask, Door, Message, Opening};
use super::super::http::{App, too_many};
use super::super::limits::Bucket;
use super::super::meters::UNKNOWN;
use super::super::sessions::{Close, Out, Outbox, Text};
use super::frames::{End, Incoming, Io, finish, receive, send};
use crate::protocol::UserId;
use crate::protocol::hub::OpenSession;
use crate::protocol::rpc::{self, ErrorKind, Id};

/// For `session.open` to succeed.
const OPEN_TIME: Duration = Duration::from_secs(5);
/// Messages until then.
const OPEN_ATTEMPTS: usize = 3;
/// Between pings.
const PING: Duration = Duration::from_secs(10);
/// A client that was not heard for so long is gone.
const SILENCE: Duration = Duration::from_secs(25);
/// Messages at once; three peers' candidates are about a hundred.
const BURST: u32 = 200;
/// Then one after each of these.
const PACE: Duration = Duration::from_millis(20);
/// Messages over the limit until the socket is closed; they too are forgiven, one by one.
const STRIKES: u32 = 200;
const FORGIVE: Duration = Duration::from_millis(100);

/// The client uses another socket for this session.
const RESUMED: CloseCode = CloseCode::Library(4001);
/// The access token is no longer good.
const TOKEN: CloseCode = CloseCode::Library(4002);

/// Serves a socket until it ends.
pub async fn run<S: Io>(mut socket: WebSocketStream<S>, app: &App) {
    let outbox = Outbox::default();
    let _counted = app.meters.socket();
    let end = match open(&mut socket, app, &outbox).await {
        Err(end) => end,
        Ok((session, user)) => {
            let end = Connection::new(app, session, user, &outbox).talk(&mut socket).await;
            // An error means that the driver is gone, and with it the session.
            let _ = app.driver.send(Message::Closed { session, outbox }).await;
            debug!(session = session.0, ?end, "socket closed");
            end
        }
    };
    finish(socket, end).await;
}

/// Waits for `session.open` with a good token.
async fn open<S: Io>(socket: &mut WebSocketStream<S>, app: &App, outbox: &Outbox) -> Result<(SessionId, UserId), End> {
    let deadline = tokio::time::Instant::now() + OPEN_TIME;
    for _ in 0..OPEN_ATTEMPTS {
        let Ok(incoming) = timeout_at(deadline, receive(socket)).await else {
            return Err(End::Close(CloseCode::Policy, "no session was opened within 5 s"));
        };
        let Incoming::Text(text) = incoming? else { continue };
        let (id, error) = match read_open(&text, app) {
            Ok((request, opening)) => {
                let user = opening.identity.user.id.clone();
                let (opened, session) = oneshot::channel();
                let (answered, opening) = (request.clone(), Box::new(opening));
                let message = Message::Open { request, opening, outbox: outbox.clone(), opened };
                let away = End::Close(CloseCode::Away, "the hub goes down");
                app.driver.send(message).await.map_err(|_| away)?;
                match session.await.map_err(|_| away)? {
                    Ok(session) => return Ok((session, user)),
                    Err(refused) => (Some(answered), refused),
                }
            }
            Err(refused) => refused,
        };
        let answer = rpc::Message::Response { id, outcome: Err(error) }.to_json();
        send(socket, outbox, Frame::text(answer)).await?;
    }
    Err(End::Close(CloseCode::Policy, "no session was opened"))
}

fn read_open(text: &str, app: &App) -> Result<(Id, Opening), (Option<Id>, rpc::Error)> {
    let (id, method, params) = match rpc::Message::parse(text).map_err(|e| (None, e))? {
        rpc::Message::Request { id, method, params } => (id, method, params),
        rpc::Message::Notification { .. } | rpc::Message::Response { .. } => {
            return Err((None, rpc::Error::new(ErrorKind::InvalidRequest, "`session.open` must be a request, with an id")));
        }
    };
    if method != "session.open" {
        return Err((Some(id), rpc::Error::new(ErrorKind::Unauthenticated, "open a session first, with `session.open`")));
    }
    let open = serde_json::from_value::<OpenSession>(params)
        .map_err(|e| rpc::Error::new(ErrorKind::InvalidParams, format!("the params of `session.open`: {e}")));
    let opening = open.and_then(|open| {
        let OpenSession { access_token, client, services, resume } = open;
        let identity = app.identify(&access_token, SystemTime::now())?;
        Ok(Opening { identity, client, services, resume })
    });
    match opening {
        Ok(opening) => Ok((id, opening)),
        Err(error) => Err((Some(id), error)),
    }
}

struct Connection<'a> {
    app: &'a App,
    session: SessionId,
    user: UserId,
    outbox: &'a Outbox,
    pace: Bucket,
    strikes: Bucket,
    heard: Instant,
    /// The last event that was handed to the socket.
    sent: u64,
    /// The last event that the client has certainly seen.
    seen: u64,
}

impl<'a> Connection<'a> {
    fn new(app: &'a App, session: SessionId, user: UserId, outbox: &'a Outbox) -> Self {
        let now = Instant::now();
        let (pace, strikes) = (Bucket::new(BURST, PACE, now), Bucket::new(STRIKES, FORGIVE, now));
        Self { app, session, user, outbox, pace, strikes, heard: now, sent: 0, seen: 0 }
    }

    async fn talk<S: Io>(&mut self, socket: &mut WebSocketStream<S>) -> End {
        let mut pings = interval_at(tokio::time::Instant::now() + PING, PING);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let done = tokio::select! {
                incoming = receive(socket) => match incoming {
                    Ok(incoming) => self.take(incoming).await,
                    Err(end) => Err(end),
                },
                out = self.outbox.next() => self.give(socket, out).await,
                _ = pings.tick() => self.ping(socket).await,
            };
            if let Err(end) = done {
                return end;
            }
        }
    }

    async fn give<S: Io>(&mut self, socket: &mut WebSocketStream<S>, out: Out) -> Result<(), End> {
        match out {
            Out::Text(Text { text, seq }) => {
                send(socket, self.outbox, Frame::text(text)).await?;
                self.sent = seq.unwrap_or(self.sent);
                Ok(())
            }
            Out::Close(Close::TooSlow) => Err(End::Stuck),
            Out::Close(Close::GoingAway) => Err(End::Close(CloseCode::Away, "the hub goes down")),
            Out::Close(Close::Resumed) => Err(End::Close(RESUMED, "the session goes on through another socket")),
            Out::Close(Close::Expired) => Err(End::Close(TOKEN, "the access token has expired")),
            Out::Close(Close::Revoked) => Err(End::Close(TOKEN, "the access token was revoked")),
        }
    }

    /// A ping carries the number of the last event: TCP keeps the order, so its answer says that the event has arrived.
    async fn ping<S: Io>(&mut self, socket: &mut WebSocketStream<S>) -> Result<(), End> {
        if self.heard.elapsed() >= SILENCE {
            return Err(End::Stuck);
        }
        send(socket, self.outbox, Frame::Ping(self.sent.to_be_bytes().to_vec().into())).await
    }

    async fn take(&mut self, incoming: Incoming) -> Result<(), End> {
        self.heard = Instant::now();
        let in_time = self.pace.take(self.heard);
        if !in_time && !self.strikes.take(self.heard) {
            return Err(End::Close(CloseCode::Policy, "too many messages"));
        }
        match incoming {
            Incoming::Ping => Ok(()),
            Incoming::Pong(payload) => {
                let seq = payload.as_ref().try_into().map_or(0, u64::from_be_bytes);
                if seq > self.seen && seq <= self.sent {
                    self.seen = seq;
                    self.tell(Message::Seen { session: self.session, seq }).await?;
                }
                Ok(())
            }
            Incoming::Text(text) => match rpc::Message::parse(&text) {
                Err(error) => {
                    self.answer(None, Err(error));
                    Ok(())
                }
                Ok(rpc::Message::Request { id, method, params }) => self.asked(Some(id), &method, params, in_time).await,
                Ok(rpc::Message::Notification { method, params }) => self.asked(None, &method, params, in_time).await,
                Ok(rpc::Message::Response { .. }) => Ok(()),
            },
        }
    }

    async fn asked(&mut self, request: Option<Id>, method: &str, params: serde_json::Value, in_time: bool) -> Result<(), End> {
        let name = api::name(method).unwrap_or(UNKNOWN);
        let wanted = if in_time {
            self.app.pace(&self.user, self.heard).and_then(|()| api::read(method, params))
        } else {
            Err(too_many(self.pace.wait(self.heard)))
        };
        let what = match wanted {
            Ok(Wanted::Driver(what)) => Ok(what),
            Ok(Wanted::Renew(renew)) => {
                self.app.identify(&renew.access_token, SystemTime::now()).map(|identity| Ask::Renew(Box::new(identity)))
            }
            Ok(Wanted::Ping) => {
                self.app.meters.request(name, None);
                if request.is_some() {
                    self.answer(request, Ok(serde_json::json!({})));
                }
                return Ok(());
            }
            Err(error) => Err(error),
        };
        match what {
            Ok(what) => {
                let from = Door::Socket { session: self.session, outbox: self.outbox.clone(), request };
                self.tell(Message::Asked { from, what, method: name }).await
            }
            Err(error) => {
                self.app.meters.request(name, Some(error.kind));
                if request.is_some() {
                    self.answer(request, Err(error));
                }
                Ok(())
            }
        }
    }

    fn answer(&self, id: Option<Id>, outcome: Result<serde_json::Value, rpc::Error>) {
        self.outbox.push(rpc::Message::Response { id, outcome }.to_json().into());
    }

    async fn tell(&self, message: Message) -> Result<(), End> {
        let sent = self.app.driver.send(message).await;
        sent.map_err(|_| End::Close(CloseCode::Away, "the hub goes down"))
    }
}
