//! The composition root: one driver task owns the call core; everything that happens is an input to it, everything that must be
//! done an effect from it, and one [`Status`](crate::protocol::control::Status) is what every door shows.
//!
//! ```text
//!   hub client ─ Event ──┐                         ┌── Request ──► hub client
//!   media ─ Event, View ─┼──► driver ─► call core ─┼── Offer, Answer, … ──► media
//!   buttons ─ Wanted ────┤      │                  ├── open ──► relays
//!   control socket ─ Ask ┘      │                  └── Reply ──► control socket
//!                               └──► Status (watch) ──► lights, metrics, what happened
//! ```

mod addresses;
mod broker;
mod chronicle;
pub mod doctor;
mod door;
mod driver;
mod helpers;
pub mod inventory;
mod listening;
mod metrics;
mod news;
mod nights;
mod page;
mod participation;
mod quiet;
mod record;
mod reload;
mod replies;
mod reset;
mod speaking;
mod stage;
mod totals;
mod unattended;
mod watchdog;
pub(crate) mod wire;

use std::path::Path;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Notify, mpsc, watch};

use crate::config::{self, Inputs};
use crate::controls::{self, gpio, socket};
use crate::protocol::hub::{ClientInfo, ClientKind, IceServers};
use crate::{call, media, signaling};

/// Why the daemon does not run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No media engine, no call.
    #[error(transparent)]
    Media(#[from] media::Error),
    /// The doors must be there.
    #[error(transparent)]
    Socket(#[from] socket::Error),
    /// A thread for the relays.
    #[error("cannot begin with the relays: {0}")]
    Gpio(std::io::Error),
    /// The address in the configuration.
    #[error("`hub.url`: {0}")]
    Hub(#[from] signaling::BadAddress),
    /// Signals from the system.
    #[error("cannot listen for signals: {0}")]
    Signals(#[from] std::io::Error),
    /// Nobody could ask.
    #[error("cannot listen for metrics at {address}: {source}; set another `metrics.listen`, or leave it out")]
    Metrics {
        /// Where.
        address: std::net::SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// Nobody could come.
    #[error(transparent)]
    Page(#[from] controls::page::Error),
    /// Something the driver cannot do without ended by itself.
    #[error("{0} ended unexpectedly")]
    Ended(&'static str),
}

/// Name and version, for the hub and for `status`.
pub const VERSION: &str = concat!("callbox/", env!("CARGO_PKG_VERSION"));

/// How the driver ends.
enum Ended {
    /// It was told to.
    Stopped,
    /// With this configuration everything is started anew.
    Anew(Box<config::Appliance>),
}

/// What the system tells us. Heard from the first moment, and while everything is started anew.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

/// Runs until SIGINT (leaves the call) or SIGTERM (does not: a restarted service goes on with its participation). SIGHUP reads the
/// configuration anew, from `inputs`. `ready` is called whenever the control socket answers.
pub async fn run(config: config::Appliance, inputs: Inputs, mut ready: impl FnMut(&Path)) -> Result<(), Error> {
    let mut signals = Signals {
        interrupt: signal(SignalKind::interrupt())?,
        terminate: signal(SignalKind::terminate())?,
        hangup: signal(SignalKind::hangup())?,
    };
    let (mut config, mut last_good, mut trouble) = (config, None, None);
    let stays = page::Stays::default();
    loop {
        let mut is_ready = false;
        let report = |socket: &Path| {
            is_ready = true;
            ready(socket);
        };
        match run_once(config.clone(), &inputs, &stays, &mut signals, trouble.take(), report).await {
            Ok(Ended::Stopped) => return Ok(()),
            Ok(Ended::Anew(new)) => {
                tracing::info!("everything is started anew for the new configuration");
                last_good = Some(std::mem::replace(&mut config, *new));
            }
            Err(error) => {
                let Some(good) = last_good.take().filter(|_| !is_ready) else { return Err(error) };
                tracing::error!("the new configuration does not work, the last good one goes on: {error}");
                (config, trouble) = (good, Some(error.to_string()));
            }
        }
    }
}

fn signaling_config(config: &config::Appliance) -> Result<signaling::Config, Error> {
    Ok(signaling::Config {
        url: config.hub.url.parse()?,
        user: config.hub.user.clone(),
        password: signaling::PasswordSource { file: config.hub.password_file.clone() },
        trust: config.hub.trust.clone(),
        client: ClientInfo { kind: ClientKind::Appliance, version: VERSION.to_owned() },
    })
}

async fn run_once(
    config: config::Appliance,
    inputs: &Inputs,
    stays: &page::Stays,
    signals: &mut Signals,
    trouble: Option<String>,
    ready: impl FnOnce(&Path),
) -> Result<Ended, Error> {
    let signaling_config = signaling_config(&config)?;
    let mut helpers = helpers::Helpers::new(&config.network, config.hub.trust.clone());
    let participant = participation::load(&config.state_directory, &config.hub.user);
    let said = quiet::load(&config.state_directory);
    let unattended = unattended::Unattended::new(&config, config.state_directory.clone(), said);
    let core = call::Core::new(
        call::Settings {
            user: config.hub.user.clone(),
            participant,
            call_ids: uuid::Uuid::new_v4().to_string(),
            call: config.call.clone(),
            records: config.recording.directory.is_some(),
            door: config.door.clone(),
            quiet: said,
            share: config.share.source.clone(),
        },
        Instant::now(),
    );
    let name = config.hub.user.to_string();
    let mut first = driver::first_status(&config);
    first.config.error = trouble;
    let (shown, status) = watch::channel(first);
    let running = config.clone();
    let door = config.door.map(|door| door.relay);
    let broker = config.gpio.mqtt.clone();
    let (lines, wanted) = gpio::start(config.gpio, status.clone()).map_err(Error::Gpio)?;
    let chronicle = chronicle::Chronicle::new();
    let (socket, asks) = socket::start_telling(&config.control.socket, status.clone(), chronicle.events()).await?;
    let _broker = broker.map(|mqtt| broker::start(mqtt, &config.hub.user, door.clone(), &lines, status.clone(), socket.asks()));
    let (engine, media_events, view) = media::start(media::Config {
        camera: config.camera,
        share: config.share,
        microphone: config.microphone,
        speaker: config.speaker,
        video: config.video,
        audio: config.audio,
        screen: config.screen,
        recording: config.recording,
        network: config.network,
        sensors: media::Sensors::default(),
    })?;
    engine.helpers(helpers.with(&IceServers::default()))?;
    let (hub, hub_events) = signaling::start(signaling_config);
    let _watch = watchdog::start(engine.clone());
    let (driver, pulse) = mpsc::channel(1);
    let (engine_too, started) = (engine.clone(), SystemTime::now());
    let knows = metrics::Knows { status, totals: chronicle.totals(), driver, engine: engine_too, started };
    let metrics = metrics::start(config.metrics.listen, knows).await?;
    let restart = Arc::new(Notify::new());
    let page = page::start(&running, inputs, stays, shown.subscribe(), socket.asks(), restart.clone())?;
    ready(&config.control.socket);
    watchdog::ready();
    let addresses = addresses::start();
    let (later, late) = mpsc::channel(door::QUEUE);
    let (relays, gpio, private) = (lines.opener(), lines.view(), lines.private());
    let driver = driver::Driver {
        core,
        hub,
        hub_events,
        engine,
        helpers,
        ice_servers: IceServers::default(),
        settings: reload::Settings::new(running, inputs.clone(), lines),
        relays,
        door,
        unattended,
        later,
        late,
        shown,
        view,
        gpio,
        private,
        voices: std::collections::BTreeMap::new(),
        addresses,
        lost: 0,
        chronicle,
        speaking: speaking::Speaking::default(),
        wished: Instant::now(),
        first_picture_ms: None,
        name,
        staged: None,
        restart,
    };
    let outcome = driver.run(signals, media_events, asks, wanted, pulse).await;
    if let Some(page) = page {
        page.stop().await;
    }
    if let Some(metrics) = metrics {
        // Its port must be free when everything is started anew.
        metrics.abort();
        let _ = metrics.await;
    }
    outcome
}
