//! The broker: told what goes on, and asked by it for a little ([`words`]). It is somebody else's machine: what it sends is small,
//! rare and checked, and whatever it does, the worst is that it is tried again later.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rumqttc::{AsyncClient, ConnectReturnCode, ConnectionError, Event, EventLoop, LastWill, MqttOptions, Packet, Publish, QoS};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use super::gpio::{self, LineView, Trouble};
use super::socket::{Ask, What};
use crate::config;
use crate::protocol::UserId;
use crate::protocol::control::{DeviceState, Status};

mod words;

use words::{Message, Topics};

const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// Packets from the broker; ours are larger.
const MAX_IN: usize = 4 * 1024;
const MAX_OUT: usize = 16 * 1024;
/// Messages of ours on their way at a time.
const QUEUE: usize = 32;
/// The first pause before the broker is tried again; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// A connection that held this long is forgiven its past.
const STABLE: Duration = Duration::from_secs(60);
/// Commands in a row, and one more in each of these; more are not done.
const BURST: u32 = 5;
const EACH: Duration = Duration::from_secs(1);
/// Messages beyond that in one connection, after which it is ended: no house has so much to say.
const FLOOD: u32 = 500;

/// What the broker is, and what it is told of us.
#[derive(Debug, Clone)]
pub struct Setup {
    /// From the configuration.
    pub mqtt: config::Mqtt,
    /// Where to connect to: the broker, or the near end of a way through TLS.
    pub place: (String, u16),
    /// Who this appliance is.
    pub user: UserId,
    /// `callbox` and its version.
    pub version: String,
    /// The relay that opens the door.
    pub door: Option<String>,
}

/// Keeps the connection; dropping it ends it.
#[derive(Debug)]
pub struct Handle {
    _task: JoinSet<()>,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("the broker refuses us: {0}")]
    Refused(String),
    #[error("{0}")]
    Failed(String),
}

impl Trouble for Error {
    fn state(&self) -> DeviceState {
        match self {
            Self::Refused(_) => DeviceState::Denied,
            Self::Failed(_) => DeviceState::Failed,
        }
    }

    fn other(why: String) -> Self {
        Self::Failed(why)
    }
}

/// Begins. Must be called within a tokio runtime.
pub fn start(setup: Setup, lines: &gpio::Handle, status: watch::Receiver<Status>, asks: mpsc::Sender<Ask>) -> Handle {
    let mut task = JoinSet::new();
    if let Some(view) = lines.broker() {
        task.spawn(run(Arc::new(setup), view, status, asks));
    }
    Handle { _task: task }
}

/// Runs until it is aborted.
async fn run(setup: Arc<Setup>, mut view: LineView, status: watch::Receiver<Status>, asks: mpsc::Sender<Ask>) {
    let mut pause = FIRST_PAUSE;
    loop {
        let begun = Instant::now();
        // A task of its own: what a broker sends must not end more than this connection, not even by a panic of the library.
        let mut connection = JoinSet::new();
        let (open, mut opened) = oneshot::channel();
        connection.spawn(connect(setup.clone(), status.clone(), asks.clone(), open));
        let error = tokio::select! {
            biased;
            Ok(()) = &mut opened => {
                view.running();
                view.on(true);
                tracing::info!(broker = setup.mqtt.host, "signed in to the broker");
                ended(&mut connection).await
            }
            error = ended(&mut connection) => error,
        };
        if begun.elapsed() >= STABLE {
            pause = FIRST_PAUSE;
        }
        view.failed(&error);
        // All appliances of a house lose the broker at the same time.
        tokio::time::sleep(pause.mul_f64(0.5 + f64::from(rand::random::<u16>()) / 131_072.0)).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn ended(connection: &mut JoinSet<Error>) -> Error {
    match connection.join_next().await {
        Some(Ok(error)) => error,
        Some(Err(panic)) => Error::Failed(format!("what the broker sent was too much: {panic}")),
        None => Error::Failed("the connection ended".into()),
    }
}

/// One connection, until it ends: why.
async fn connect(setup: Arc<Setup>, status: watch::Receiver<Status>, asks: mpsc::Sender<Ask>, open: oneshot::Sender<()>) -> Error {
    let topics = Topics::new(&setup.mqtt.topic);
    let options = match options(&setup, &topics).await {
        Ok(options) => options,
        Err(error) => return error,
    };
    let (client, events) = AsyncClient::new(options, QUEUE);
    let (signed_in, is_signed_in) = oneshot::channel();
    let talk = async {
        let Ok(()) = is_signed_in.await else { return std::future::pending().await };
        let _ = open.send(());
        tell(&setup, &topics, &client, status).await
    };
    // Neither is dropped half way while the other goes on: the library would lose its place in the stream.
    tokio::select! {
        error = listen(&topics, events, &client, &asks, signed_in) => error,
        error = talk => error,
    }
}

async fn options(setup: &Setup, topics: &Topics) -> Result<MqttOptions, Error> {
    let (host, port) = setup.place.clone();
    let mut options = MqttOptions::new(format!("callbox-{}", setup.user), host, port);
    options.set_keep_alive(KEEP_ALIVE).set_clean_session(true).set_max_packet_size(MAX_IN, MAX_OUT).set_inflight(8);
    options.set_last_will(LastWill::new(topics.availability(), "offline", QoS::AtLeastOnce, true));
    if let Some(user) = &setup.mqtt.user {
        let password = match &setup.mqtt.password_file {
            Some(file) => tokio::fs::read_to_string(file).await.map_err(|error| {
                Error::Failed(format!("the password for the broker cannot be read from {}: {error}", file.display()))
            })?,
            None => String::new(),
        };
        options.set_credentials(user, password.lines().next().unwrap_or_default());
    }
    Ok(options)
}

/// Says who we are, then whatever changes.
async fn tell(setup: &Setup, topics: &Topics, client: &AsyncClient, mut status: watch::Receiver<Status>) -> Error {
    let gone = |_| Error::Failed("the connection ended".into());
    if let Err(error) = client.subscribe(topics.command(), QoS::AtLeastOnce).await.map_err(gone) {
        return error;
    }
    let door = setup.door.as_deref();
    let found = setup.mqtt.discovery.iter().flat_map(|prefix| words::discovery(prefix, topics, &setup.user, &setup.version, door));
    for message in found.chain([topics.online()]) {
        if let Err(error) = publish(client, message).await {
            return error;
        }
    }
    let (mut before, mut rang) = (None, None);
    loop {
        let (now, ring, ringing) = {
            let status = status.borrow_and_update();
            (topics.told(&status), words::ring_of(&status), topics.rang(&status))
        };
        let rings = ringing.filter(|_| ring != rang);
        rang = ring;
        let state = (before.as_ref() != Some(&now)).then(|| now.clone());
        before = Some(now);
        for message in state.into_iter().chain(rings) {
            if let Err(error) = publish(client, message).await {
                return error;
            }
        }
        if status.changed().await.is_err() {
            return Error::Failed("the appliance is stopping".into());
        }
    }
}

async fn publish(client: &AsyncClient, message: Message) -> Result<(), Error> {
    let Message { topic, payload, retain } = message;
    client.publish(topic, QoS::AtLeastOnce, retain, payload).await.map_err(|_| Error::Failed("the connection ended".into()))
}

/// Takes what the broker sends.
async fn listen(
    topics: &Topics,
    mut events: EventLoop,
    client: &AsyncClient,
    asks: &mpsc::Sender<Ask>,
    signed_in: oneshot::Sender<()>,
) -> Error {
    let (mut signed_in, mut pace) = (Some(signed_in), Pace::new(Instant::now()));
    loop {
        match events.poll().await {
            Ok(Event::Incoming(Packet::ConnAck(_))) => _ = signed_in.take().map(|signed_in| signed_in.send(())),
            Ok(Event::Incoming(Packet::Publish(publish))) => {
                heard(&publish, topics, client, asks, &mut pace);
                if pace.over > FLOOD {
                    return Error::Failed("the broker sends far too much".into());
                }
            }
            Ok(_) => {}
            Err(error) => return read(error),
        }
    }
}

#[allow(clippy::wildcard_enum_match_arm)] // of somebody else's
fn read(error: ConnectionError) -> Error {
    match error {
        ConnectionError::ConnectionRefused(ConnectReturnCode::BadUserNamePassword | ConnectReturnCode::NotAuthorized) => {
            Error::Refused("look at `mqtt.user` and `mqtt.password-file`".into())
        }
        ConnectionError::ConnectionRefused(code) => Error::Refused(format!("{code:?}")),
        other => Error::Failed(format!("no connection to the broker: {other}")),
    }
}

fn heard(publish: &Publish, topics: &Topics, client: &AsyncClient, asks: &mpsc::Sender<Ask>, pace: &mut Pace) {
    if !pace.take(Instant::now()) {
        tracing::debug!("the broker sends more commands than people do");
        return;
    }
    // What is kept for whoever comes later is an old wish: a door must not open by it.
    if publish.retain || publish.topic != topics.command() {
        return;
    }
    let command = match words::command(&publish.payload) {
        Ok(command) => command,
        Err(why) => return refused(client, topics, &why),
    };
    tracing::info!(?command, "the broker");
    let (reply, answer) = oneshot::channel();
    if asks.try_send(Ask { what: What::Command(command), reply }).is_err() {
        return refused(client, topics, "too much is asked for at a time: try again");
    }
    let (client, topics) = (client.clone(), topics.clone());
    // Ends with the driver's word, which comes soon or is dropped.
    tokio::spawn(async move {
        if let Ok(Err(error)) = answer.await {
            refused(&client, &topics, &error.message);
        }
    });
}

fn refused(client: &AsyncClient, topics: &Topics, why: &str) {
    let Message { topic, payload, retain } = topics.refused(why);
    // A queue that is full has more important things in it.
    let _ = client.try_publish(topic, QoS::AtMostOnce, retain, payload);
}

/// How many commands may still come.
#[derive(Debug)]
struct Pace {
    left: u32,
    since: Instant,
    /// How many came beyond that.
    over: u32,
}

impl Pace {
    fn new(now: Instant) -> Self {
        Self { left: BURST, since: now, over: 0 }
    }

    fn take(&mut self, now: Instant) -> bool {
        let more = now.saturating_duration_since(self.since).as_secs() / EACH.as_secs();
        if more > 0 {
            self.left = self.left.saturating_add(u32::try_from(more).unwrap_or(BURST)).min(BURST);
            self.since = now;
        }
        let may = self.left > 0;
        self.over = self.over.saturating_add(u32::from(!may));
        self.left = self.left.saturating_sub(1);
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_gives_as_many_commands_as_people_do() {
        let (start, s) = (Instant::now(), Duration::from_secs);
        let mut pace = Pace::new(start);
        assert_eq!((0..9).filter(|_| pace.take(start)).count(), 5);
        assert_eq!((0..9).filter(|_| pace.take(start + s(1))).count(), 1);
        assert_eq!((0..9).filter(|_| pace.take(start + s(100))).count(), 5);
    }
}
