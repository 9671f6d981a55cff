//! What Prometheus and health checks are answered: from what is shown and counted already. Nothing is measured while nobody asks.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::media::{self, Sensors};
use crate::protocol::control::Status;
use crate::telemetry::appliance::{self, Seen, Totals};
use crate::telemetry::listener::{self, Source};
use crate::telemetry::process::Process;

/// Who does not answer within this time does not live.
const PATIENCE: Duration = Duration::from_secs(2);

/// Asks the driver whether it lives.
pub(super) type Pulse = mpsc::Receiver<oneshot::Sender<()>>;

/// Who knows the answers.
#[derive(Debug)]
pub(super) struct Knows {
    pub status: watch::Receiver<Status>,
    pub totals: watch::Receiver<Totals>,
    pub driver: mpsc::Sender<oneshot::Sender<()>>,
    pub engine: media::Handle,
    pub started: SystemTime,
}

/// Listens, if it is configured, until the task is aborted.
pub(super) async fn start(listen: Option<std::net::SocketAddr>, knows: Knows) -> Result<Option<JoinHandle<()>>, super::Error> {
    let Some(address) = listen else { return Ok(None) };
    let bound = listener::bind(address).await;
    let bound = bound.map_err(|source| super::Error::Metrics { address, source })?;
    Ok(Some(tokio::spawn(listener::serve(bound, Arc::new(knows)))))
}

impl Source for Knows {
    fn metrics(&self) -> BoxFuture<'_, Option<String>> {
        async {
            let read = tokio::task::spawn_blocking(|| (Process::read(), Sensors::default().read()));
            let (process, board) = read.await.ok()?;
            let sheet = appliance::sheet(&Seen {
                status: &self.status.borrow(),
                totals: &self.totals.borrow(),
                process: &process,
                heat: board.heat.map(f64::from),
                pressure: board.load.map(f64::from),
                started: self.started,
                now: Instant::now(),
            });
            sheet.text().ok()
        }
        .boxed()
    }

    fn health(&self) -> BoxFuture<'_, Result<(), String>> {
        async {
            let (reply, answer) = oneshot::channel();
            let driver = async { self.driver.send(reply).await.is_ok() && answer.await.is_ok() };
            if !tokio::time::timeout(PATIENCE, driver).await.unwrap_or(false) {
                return Err("the driver does not answer".to_owned());
            }
            match tokio::time::timeout(PATIENCE, self.engine.ping()).await {
                Ok(Ok(())) => Ok(()),
                Ok(Err(_)) | Err(_) => Err("the media engine does not answer".to_owned()),
            }
        }
        .boxed()
    }

    fn missing(&self) -> BoxFuture<'_, Vec<String>> {
        let missing = appliance::missing(&self.status.borrow());
        async { missing }.boxed()
    }
}
