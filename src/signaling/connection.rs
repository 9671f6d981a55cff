//! PURE. The life of the connection to the hub: who waits for what, and until when.
//!
//! ```text
//!               due                token             socket             session
//!   Waiting ──────────► SigningIn ───────► OpeningSocket ───────► OpeningSession ───────► Open
//!      ▲  └── token still good ──────────────────▲                     │                   │
//!      │                ▲                                              │ token refused     │ socket gone, no pong,
//!      │                └──────────────────────────────────────────────┘                   │ gap in the events
//!      └────────────── any failure, and any deadline: wait, with jitter ◄──────────────────┘
//! ```
//!
//! Four verbs: [`handle`](Connection::handle), [`handle_timeout`](Connection::handle_timeout),
//! [`poll_effect`](Connection::poll_effect) (drain it after each of the first two), [`poll_timeout`](Connection::poll_timeout).
//! There is always a deadline until the connection is closed for good.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::{Event, Request};
use crate::protocol::control::HubState;
use crate::protocol::hub::{ClientInfo, OpenSession, Resume};
use crate::protocol::rpc::{Error, ErrorKind, Id};

mod answers;
mod backoff;
mod renewal;
mod requests;
#[cfg(test)]
mod tests;

use backoff::Backoff;
use renewal::Renewal;
use requests::Requests;

/// The adapter has shorter limits with better messages; these end what it forgot to end.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(25);
const SESSION_TIMEOUT: Duration = Duration::from_secs(10);
const PING_INTERVAL: Duration = Duration::from_secs(10);
const PONG_TIMEOUT: Duration = Duration::from_secs(5);
/// A token that is said to live for ages must not overflow the clock.
const LONGEST_TOKEN: Duration = Duration::from_secs(24 * 3600);
/// A token this close to its end is not used any more.
const TOKEN_MARGIN: Duration = Duration::from_secs(30);

/// Something happened.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant)] // there is one at a time
pub enum Input {
    /// The sign-in that [`Effect::SignIn`] asked for succeeded.
    SignedIn {
        /// For `session.open`.
        token: AccessToken,
        /// How long it is good for.
        expires_in: Duration,
    },
    /// The token that [`Effect::Renew`] asked for, or why there is none.
    Renewed(Result<(AccessToken, Duration), Failure>),
    /// The socket that [`Effect::OpenSocket`] asked for is open.
    SocketOpened,
    /// What was asked for failed, or the open socket is gone.
    Failed(Failure),
    /// A text message arrived.
    Received(String),
    /// A pong arrived.
    Pong,
    /// This machine's addresses have changed.
    Addresses {
        /// There is one less, perhaps the one that is in use.
        lost: bool,
    },
    /// The daemon asks the hub for something.
    Request {
        /// Comes back in [`Event::Reply`].
        tag: u64,
        /// What.
        request: Request,
    },
    /// The daemon is done with the hub.
    Close,
}

/// Something is to be done.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // there is one at a time
pub enum Effect {
    /// Get a token.
    SignIn,
    /// Get a token while the socket stays open: the one in use ends soon.
    Renew,
    /// Open the socket.
    OpenSocket,
    /// Send a text message.
    Send(String),
    /// Send a ping.
    Ping,
    /// Drop the attempt under way and the socket; what they still deliver must not come in any more.
    Disconnect,
    /// Close the socket politely; nothing follows.
    Close,
    /// Tell the daemon.
    Tell(Event),
}

/// A token; not shown by `{:?}`.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken(pub String);

impl std::fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AccessToken(…)")
    }
}

/// Why an attempt failed or a connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Trying again soon makes no sense: a person must do something, or the hub asks for patience.
    pub slow: bool,
    /// For people.
    pub message: String,
}

impl Failure {
    /// Something that may well go away by itself.
    pub fn passing(message: impl Into<String>) -> Self {
        Self { slow: false, message: message.into() }
    }

    /// Something that does not.
    pub fn lasting(message: impl Into<String>) -> Self {
        Self { slow: true, message: message.into() }
    }
}

/// An input that means nothing now; it changed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this does not fit the present state of the connection")]
pub struct Refused;

#[derive(Debug)]
enum State {
    Waiting { until: Instant },
    SigningIn { deadline: Instant },
    OpeningSocket { deadline: Instant, fresh: bool },
    OpeningSession { deadline: Instant, fresh: bool, id: Id },
    Open { since: Instant, next_ping: Instant, pong_until: Option<Instant> },
    Closed,
}

/// The connection to the hub; see the module.
#[derive(Debug)]
pub struct Connection {
    client: ClientInfo,
    state: State,
    backoff: Backoff,
    token: Option<(AccessToken, Instant)>,
    renewal: Renewal,
    session: Option<Resume>,
    requests: Requests,
    error: Option<String>,
    effects: VecDeque<Effect>,
}

impl Connection {
    /// Wants to connect at once. `seed` should differ from one appliance and start to the next.
    pub fn new(client: ClientInfo, seed: u64, now: Instant) -> Self {
        Self {
            client,
            state: State::Waiting { until: now },
            backoff: Backoff::new(seed),
            token: None,
            renewal: Renewal::default(),
            session: None,
            requests: Requests::default(),
            error: None,
            effects: VecDeque::new(),
        }
    }

    /// Takes in what happened.
    pub fn handle(&mut self, input: Input, now: Instant) -> Result<(), Refused> {
        match (input, &self.state) {
            (_, State::Closed) => return Err(Refused),
            (Input::Close, _) => {
                self.reply_all_unavailable();
                self.effects.push_back(Effect::Close);
                self.state = State::Closed;
            }
            (Input::Request { tag, request }, State::Open { .. }) => match self.requests.begin(tag, &request, now) {
                Ok(text) => self.effects.push_back(Effect::Send(text)),
                Err(error) => self.tell(Event::Reply { tag, outcome: Err(error) }),
            },
            (Input::Request { tag, .. }, _) => {
                let error = Error::new(ErrorKind::Unavailable, "not connected to the hub at the moment");
                self.tell(Event::Reply { tag, outcome: Err(error) });
            }
            (Input::Addresses { .. }, State::Waiting { .. }) => self.state = State::Waiting { until: now },
            (Input::Addresses { lost: false }, _) => {}
            (Input::Addresses { lost: true }, _) => {
                self.fail(Failure::passing("this machine's address has changed"), now);
                // This is no fault of the hub's: no pause.
                self.state = State::Waiting { until: now };
            }
            (Input::Failed(_), State::Waiting { .. }) => return Err(Refused),
            (Input::Failed(failure), _) => self.fail(failure, now),
            (Input::SignedIn { token, expires_in }, State::SigningIn { .. }) => {
                self.token = Some((token, now + expires_in.min(LONGEST_TOKEN)));
                self.open_socket(now, true);
            }
            (Input::Renewed(outcome), State::Open { .. }) => self.renewed(outcome, now),
            (Input::SocketOpened, &State::OpeningSocket { fresh, .. }) => self.open_session(now, fresh),
            (Input::Received(text), State::OpeningSession { .. } | State::Open { .. }) => self.received(&text, now),
            (Input::Pong, State::Open { .. }) => self.alive(),
            (Input::SignedIn { .. } | Input::Renewed(_) | Input::SocketOpened | Input::Received(_) | Input::Pong, _) => {
                return Err(Refused);
            }
        }
        Ok(())
    }

    /// Acts on every deadline that is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        for reply in self.requests.expired(now) {
            self.tell(reply);
        }
        self.renew_in_time(now);
        match self.state {
            State::Waiting { until } if until <= now => self.attempt(now),
            State::SigningIn { deadline } if deadline <= now => {
                self.fail(Failure::passing("the hub did not answer the sign-in in time"), now);
            }
            State::OpeningSocket { deadline, .. } if deadline <= now => {
                self.fail(Failure::passing("the hub did not open a WebSocket in time"), now);
            }
            State::OpeningSession { deadline, .. } if deadline <= now => {
                self.fail(Failure::passing("the hub did not open a session in time"), now);
            }
            State::Open { pong_until: Some(until), .. } if until <= now => {
                let silent = format!("the hub went silent: no answer to a ping within {} s", PONG_TIMEOUT.as_secs());
                self.fail(Failure::passing(silent), now);
            }
            State::Open { since, next_ping, pong_until: None } if next_ping <= now => {
                self.effects.push_back(Effect::Ping);
                self.state = State::Open { since, next_ping: now + PING_INTERVAL, pong_until: Some(now + PONG_TIMEOUT) };
            }
            State::Waiting { .. }
            | State::SigningIn { .. }
            | State::OpeningSocket { .. }
            | State::OpeningSession { .. }
            | State::Open { .. }
            | State::Closed => {}
        }
    }

    /// The next thing to be done.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// When to call [`handle_timeout`](Self::handle_timeout), and why.
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        let own = match self.state {
            State::Waiting { until } => (until, "next attempt"),
            State::SigningIn { deadline } => (deadline, "sign-in"),
            State::OpeningSocket { deadline, .. } => (deadline, "socket"),
            State::OpeningSession { deadline, .. } => (deadline, "session"),
            State::Open { pong_until: Some(until), .. } => (until, "pong"),
            State::Open { next_ping, .. } => (next_ping, "ping"),
            State::Closed => return None,
        };
        let renewal = self.renewal.deadline().filter(|_| matches!(self.state, State::Open { .. }));
        let others = [self.requests.deadline().map(|at| (at, "request")), renewal.map(|at| (at, "renewal"))];
        others.into_iter().flatten().chain([own]).min_by_key(|(at, _)| *at)
    }

    fn attempt(&mut self, now: Instant) {
        self.tell(Event::State { state: HubState::Connecting, error: self.error.clone(), retry_in: None });
        match &self.token {
            Some((_, expires)) if *expires > now + TOKEN_MARGIN => self.open_socket(now, false),
            Some(_) | None => self.sign_in(now),
        }
    }

    fn sign_in(&mut self, now: Instant) {
        self.token = None;
        self.effects.push_back(Effect::SignIn);
        self.state = State::SigningIn { deadline: now + ATTEMPT_TIMEOUT };
    }

    fn open_socket(&mut self, now: Instant, fresh: bool) {
        self.effects.push_back(Effect::OpenSocket);
        self.state = State::OpeningSocket { deadline: now + ATTEMPT_TIMEOUT, fresh };
    }

    fn open_session(&mut self, now: Instant, fresh: bool) {
        let Some((token, _)) = &self.token else {
            return self.fail(Failure::passing("there is no token to open a session with"), now);
        };
        let open = OpenSession {
            access_token: token.0.clone(),
            client: self.client.clone(),
            services: None,
            resume: self.session.clone(),
        };
        let id = self.requests.next_id();
        match requests::message(id, "session.open", &open) {
            Ok(text) => {
                self.effects.push_back(Effect::Send(text));
                self.state = State::OpeningSession { deadline: now + SESSION_TIMEOUT, fresh, id: Id::Number(id) };
            }
            Err(error) => self.fail(Failure::lasting(error.message), now),
        }
    }

    fn alive(&mut self) {
        if let State::Open { pong_until, .. } = &mut self.state {
            *pong_until = None;
        }
    }

    fn fail(&mut self, failure: Failure, now: Instant) {
        if let State::Open { since, .. } = self.state {
            self.backoff.held(now.saturating_duration_since(since));
        }
        let wait = if failure.slow { self.backoff.slow() } else { self.backoff.next() };
        self.state = State::Waiting { until: now + wait };
        self.renewal = Renewal::default();
        self.error = Some(failure.message);
        self.effects.push_back(Effect::Disconnect);
        self.tell(Event::State { state: HubState::Disconnected, error: self.error.clone(), retry_in: Some(wait) });
        self.reply_all_unavailable();
    }

    fn reply_all_unavailable(&mut self) {
        for reply in self.requests.abandoned() {
            self.tell(reply);
        }
    }

    fn tell(&mut self, event: Event) {
        self.effects.push_back(Effect::Tell(event));
    }
}
