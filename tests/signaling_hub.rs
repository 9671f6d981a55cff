//! The hub client with a real hub: calls, and coming back after everything that can happen to hub and line.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(all(feature = "appliance", feature = "hub"))]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use callbox::protocol::ParticipantId;
use callbox::protocol::control::HubState;
use callbox::protocol::hub::{self, EventBody, InCall, JoinCall, Joined, LeaveReason, ParticipantState, SendSignal, Signal};
use callbox::protocol::rpc::{self, ErrorKind};
use callbox::signaling::{self, Event, Request, Trust};
use serde_json::Value;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};

mod fake_hub;
mod support;
use fake_hub::{Door, config};
use support::Hub;

/// `door` as `user`.
fn door(hub: &Hub, user: &str, url: &str) -> Door {
    let password = tempfile::NamedTempFile::new().unwrap();
    std::fs::copy(hub.password_file(), password.path()).unwrap();
    let mut config = config(url, Trust::System, password.path());
    config.user = user.parse().unwrap();
    let (handle, events) = signaling::start(config);
    Door { handle, events, password }
}

fn lobby(participation: Option<ParticipantId>) -> Request {
    Request::Join(JoinCall {
        kind: "default".into(),
        id: "lobby".into(),
        create: true,
        data: None,
        participation: participation.map(|id| hub::Participation { id, generation: None }),
        custom: Value::Null,
        door: false,
    })
}

impl Door {
    async fn ask(&mut self, request: Request) -> Result<Value, rpc::Error> {
        self.handle.request(99, request).unwrap();
        loop {
            if let Event::Reply { tag: 99, outcome } = self.next().await {
                return outcome;
            }
        }
    }

    async fn join(&mut self) -> Joined {
        serde_json::from_value(self.ask(lobby(None)).await.unwrap()).unwrap()
    }

    async fn event(&mut self) -> hub::Event {
        loop {
            if let Event::Hub(event) = self.next().await {
                return event;
            }
        }
    }
}

/// A line to the hub that can be cut, or go dead without a word.
struct Line {
    port: u16,
    cut: Arc<Notify>,
    up: watch::Sender<bool>,
}

impl Line {
    async fn to(hub: &Hub) -> Self {
        let target: SocketAddr = hub.url.rsplit('/').next().unwrap().parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (cut, (up, is_up)) = (Arc::new(Notify::new()), watch::channel(true));
        let cutting = cut.clone();
        tokio::spawn(async move {
            loop {
                let (mut client, _) = listener.accept().await.unwrap();
                if !*is_up.borrow() {
                    continue;
                }
                let cutting = cutting.clone();
                tokio::spawn(async move {
                    let mut server = TcpStream::connect(target).await.unwrap();
                    tokio::select! {
                        _ = copy_bidirectional(&mut client, &mut server) => {}
                        () = cutting.notified() => {}
                    }
                });
            }
        });
        Self { port, cut, up }
    }

    fn url(&self) -> String {
        format!("ws://127.0.0.1:{}", self.port)
    }

    fn down(&self) {
        self.up.send(false).unwrap();
        self.cut.notify_waiters();
    }

    fn up(&self) {
        self.up.send(true).unwrap();
    }
}

#[tokio::test]
async fn two_doors_meet_in_a_call_and_pass_signals() {
    let hub = Hub::start();
    let mut front = door(&hub, "door-1", &hub.socket_url());
    let mut back = door(&hub, "door-2", &hub.socket_url());
    assert!(!front.opened().await);
    assert!(!back.opened().await);
    let joined = front.join().await;
    assert_eq!((joined.call.cid.to_string().as_str(), joined.call.participants.len()), ("default:lobby", 1));
    let other = back.join().await;
    assert_eq!(other.call.participants.len(), 2);
    let EventBody::ParticipantJoined { participant } = front.event().await.body else { panic!() };
    assert_eq!((&participant.id, participant.user.id.as_str()), (&other.participant, "door-2"));

    let offer = Signal::Offer { sdp: "v=0".into() };
    let cid = joined.call.cid.clone();
    let send = SendSignal { cid: cid.clone(), to: other.participant.clone(), epoch: 65536, signal: offer.clone() };
    front.ask(Request::Signal(send)).await.unwrap();
    let event = back.event().await;
    assert_eq!(event.body, EventBody::Signal { from: joined.participant, epoch: 65536, signal: offer });

    back.ask(Request::Leave(InCall { cid: cid.clone() })).await.unwrap();
    let left = EventBody::ParticipantLeft {
        participant: other.participant.clone(),
        reason: LeaveReason::Left,
        extension: serde_json::Value::Null,
    };
    assert_eq!(front.event().await.body, left);
    let late = SendSignal { cid, to: other.participant, epoch: 65536, signal: Signal::Restart };
    assert_eq!(front.ask(Request::Signal(late)).await.unwrap_err().kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn a_cut_line_is_resumed_with_what_was_missed_and_nobody_has_left() {
    let hub = Hub::start();
    let line = Line::to(&hub).await;
    let mut front = door(&hub, "door-1", &line.url());
    let mut back = door(&hub, "door-2", &hub.socket_url());
    front.opened().await;
    back.opened().await;
    let me = front.join().await.participant;
    line.down();
    let (error, _) = front.failure().await;
    assert_eq!(error, "the connection to the hub broke");
    let other = back.join().await;
    let state = |participant: &hub::Participant| (participant.id == me).then_some(participant.state);
    // The hub may notice after the other has come in.
    if other.call.participants.iter().find_map(state) == Some(ParticipantState::Joined) {
        let EventBody::ParticipantUpdated { participant } = back.event().await.body else { panic!() };
        assert_eq!(state(&participant), Some(ParticipantState::Reconnecting));
    }
    line.up();
    assert!(front.opened().await, "resumed");
    // Its own absence is among what it missed.
    let mut missed = front.event().await.body;
    while matches!(&missed, EventBody::ParticipantUpdated { participant } if participant.id == me) {
        missed = front.event().await.body;
    }
    let EventBody::ParticipantJoined { participant } = missed else { panic!("{missed:?}") };
    assert_eq!(participant.id, other.participant);
    let EventBody::ParticipantUpdated { participant } = back.event().await.body else { panic!() };
    assert_eq!(state(&participant), Some(ParticipantState::Joined), "back again, never gone");
}

#[tokio::test]
async fn a_hub_that_is_away_at_boot_is_found_and_one_that_was_killed_is_found_again() {
    let mut hub = Hub::start();
    hub.kill();
    let mut front = door(&hub, "door-1", &hub.socket_url());
    for _ in 0..2 {
        assert!(front.failure().await.0.starts_with("nobody listens at 127.0.0.1"));
    }
    hub.restart();
    assert!(!front.opened().await);
    let me = front.join().await.participant;
    hub.kill();
    front.failure().await;
    hub.restart();
    front.opened().await;
    let again: Joined = serde_json::from_value(front.ask(lobby(Some(me.clone()))).await.unwrap()).unwrap();
    assert_eq!(again.participant, me);
    assert_eq!(again.call.participants.len(), 1, "no ghosts: {:?}", again.call.participants);
}

#[tokio::test]
async fn a_hub_that_stops_answering_is_noticed_within_fifteen_seconds_and_found_again() {
    let hub = Hub::start();
    let mut front = door(&hub, "door-1", &hub.socket_url());
    front.opened().await;
    hub.signal("STOP");
    let begun = Instant::now();
    let error = loop {
        // `next` is patient for exactly these fifteen seconds, so the wait for the first event is taken in two.
        if let Ok(Some(Event::State { state: HubState::Disconnected, error, .. })) =
            tokio::time::timeout(Duration::from_secs(16), front.events.recv()).await
        {
            break error.unwrap();
        }
        assert!(begun.elapsed() < Duration::from_secs(16), "not noticed");
    };
    let noticed = begun.elapsed();
    assert!(noticed <= Duration::from_millis(15_500), "{noticed:?}");
    assert!(error.contains("silent"), "{error}");
    hub.signal("CONT");
    front.opened().await;
}

#[tokio::test]
async fn a_token_that_ends_is_renewed_without_leaving_the_call() {
    let hub = Hub::with("token-lifetime = \"4s\"");
    let (mut front, mut back) = (door(&hub, "door-1", &hub.socket_url()), door(&hub, "door-2", &hub.socket_url()));
    front.opened().await;
    front.join().await;
    back.opened().await;
    back.join().await;
    // Three lives of a token: nobody is ever seen to reconnect.
    let events = tokio::time::timeout(Duration::from_secs(12), async {
        loop {
            match front.next().await {
                Event::State { state, error, .. } => panic!("{state:?}: {error:?}"),
                Event::Hub(hub::Event { body: hub::EventBody::ParticipantJoined { .. }, .. }) => {}
                other @ (Event::Hub(_) | Event::Opened { .. } | Event::Reply { .. }) => panic!("{other:?}"),
            }
        }
    });
    assert!(events.await.is_err(), "the time is over");
}

#[tokio::test]
async fn a_wrong_password_is_refused_by_name() {
    let hub = Hub::start();
    let password = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(password.path(), "wrong horse").unwrap();
    let mut front = Door::with_password(&hub.socket_url(), Trust::System, password);
    let (error, retry_in) = front.failure().await;
    assert!(error.starts_with("the hub does not let `door-1` in: "), "{error}");
    assert!(retry_in >= Duration::from_secs(30));
}
