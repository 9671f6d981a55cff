//! The task behind [`Handle`](super::Handle): does what the [`Connection`] says, and tells it what came of it.

use std::collections::VecDeque;
use std::future::{Future, pending};
use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::mpsc;
use tokio::time::sleep_until;

use super::connection::{Connection, Effect, Failure, Input};
use super::sign_in::sign_in;
use super::socket::Link;
use super::{Ask, Config, Event};
use crate::protocol::control::HubState;

/// Events that wait for the daemon before nothing more is read from the hub and from the daemon.
const MAX_WAITING: usize = 64;

/// What an attempt came to: something to tell the core, and perhaps an open socket.
type Attempt = Pin<Box<dyn Future<Output = (Input, Option<Link>)> + Send>>;

struct Client {
    config: Arc<Config>,
    core: Connection,
    attempt: Option<Attempt>,
    link: Option<Link>,
    waiting: VecDeque<Event>,
    /// The failure that was logged last: a hub that is away for days fills no log.
    logged: Option<String>,
}

/// Runs until the requests end or nobody takes the events any more.
pub async fn run(config: Config, mut asks: mpsc::Receiver<Ask>, events: mpsc::Sender<Event>) {
    let core = Connection::new(config.client.clone(), rand::random(), Instant::now());
    let config = Arc::new(config);
    let mut client = Client { config, core, attempt: None, link: None, waiting: VecDeque::new(), logged: None };
    while client.drain().await.is_continue() {
        let deadline = client.core.poll_timeout();
        let room = client.waiting.len() < MAX_WAITING;
        let input = tokio::select! {
            permit = events.reserve(), if !client.waiting.is_empty() => {
                let Ok(permit) = permit else { return };
                if let Some(event) = client.waiting.pop_front() {
                    permit.send(event);
                }
                continue;
            }
            ask = asks.recv(), if room => match ask {
                Some(Ask::Request { tag, request }) => Input::Request { tag, request },
                Some(Ask::Addresses { lost }) => Input::Addresses { lost },
                None => Input::Close,
            },
            (input, link) = outcome(&mut client.attempt) => {
                client.attempt = None;
                // A token for the session that goes on brings no other socket.
                client.link = link.or(client.link.take());
                input
            }
            input = arrival(&mut client.link), if room => input,
            () = due(deadline) => {
                client.core.handle_timeout(Instant::now());
                continue;
            }
        };
        if let Err(refused) = client.core.handle(input, Instant::now()) {
            tracing::debug!(%refused, "signaling");
        }
    }
}

impl Client {
    async fn drain(&mut self) -> ControlFlow<()> {
        while let Some(effect) = self.core.poll_effect() {
            match effect {
                Effect::SignIn => {
                    let config = self.config.clone();
                    self.attempt = Some(Box::pin(async move {
                        match sign_in(&config).await {
                            Ok((token, expires_in)) => (Input::SignedIn { token, expires_in }, None),
                            Err(failure) => (Input::Failed(failure), None),
                        }
                    }));
                }
                Effect::Renew => {
                    let config = self.config.clone();
                    self.attempt = Some(Box::pin(async move { (Input::Renewed(sign_in(&config).await), None) }));
                }
                Effect::OpenSocket => {
                    let config = self.config.clone();
                    self.attempt = Some(Box::pin(async move {
                        match Link::open(&config).await {
                            Ok(link) => (Input::SocketOpened, Some(link)),
                            Err(failure) => (Input::Failed(failure), None),
                        }
                    }));
                }
                Effect::Send(text) => self.send(|link| link.send(text)),
                Effect::Ping => self.send(Link::ping),
                Effect::Disconnect => {
                    self.attempt = None;
                    self.link = None;
                }
                Effect::Tell(event) => {
                    self.log(&event);
                    self.waiting.push_back(event);
                }
                Effect::Close => {
                    if let Some(link) = self.link.take() {
                        link.close().await;
                    }
                    return ControlFlow::Break(());
                }
            }
        }
        ControlFlow::Continue(())
    }

    fn log(&mut self, event: &Event) {
        match event {
            Event::State { state: HubState::Disconnected, error: Some(error), .. } if self.logged.as_ref() != Some(error) => {
                tracing::warn!("not connected to the hub, trying on: {error}");
                self.logged = Some(error.clone());
            }
            Event::Opened { .. } => self.logged = None,
            Event::State { .. } | Event::Hub(_) | Event::Reply { .. } => {}
        }
    }

    fn send(&mut self, send: impl FnOnce(&Link) -> Result<(), Failure>) {
        let Some(link) = &self.link else { return };
        if let Err(failure) = send(link)
            && let Err(refused) = self.core.handle(Input::Failed(failure), Instant::now())
        {
            tracing::debug!(%refused, "signaling");
        }
    }
}

async fn outcome(attempt: &mut Option<Attempt>) -> (Input, Option<Link>) {
    match attempt {
        Some(attempt) => attempt.await,
        None => pending().await,
    }
}

async fn arrival(link: &mut Option<Link>) -> Input {
    match link {
        Some(link) => link.next().await,
        None => pending().await,
    }
}

async fn due(deadline: Option<(Instant, &'static str)>) {
    match deadline {
        Some((at, _)) => sleep_until(at.into()).await,
        None => pending().await,
    }
}
