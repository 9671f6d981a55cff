//! What the technician's page shows and does that only the daemon can: the files of the configuration, the doctor, the log, restart.

mod checkup;
mod editor;
mod logs;

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio::sync::{Notify, mpsc, watch};

use crate::config::{self, Inputs, Page};
use crate::controls::page::{self, Draft, Guests, Handle, Setup, Works};
use crate::controls::socket::Ask;
use crate::protocol::control::Status;
use crate::protocol::rpc::{Error, ErrorKind};
use crate::telemetry::recent;

/// For the command that reboots: it only begins it.
const REBOOT: Duration = Duration::from_secs(20);

/// What stays when everything is started anew.
#[derive(Clone, Default)]
pub(super) struct Stays {
    guests: Arc<Guests>,
    checkup: Arc<checkup::Ward>,
}

/// Who knows the rest.
struct Knows {
    page: Page,
    inputs: Inputs,
    status: watch::Receiver<Status>,
    asks: mpsc::Sender<Ask>,
    checkup: Arc<checkup::Ward>,
    /// One writes at a time.
    pen: tokio::sync::Mutex<()>,
    restart: Arc<Notify>,
}

/// Opens the page, if there is one. `restart` is told when somebody wants callbox to end.
pub(super) fn start(
    config: &config::Appliance,
    inputs: &Inputs,
    stays: &Stays,
    status: watch::Receiver<Status>,
    asks: mpsc::Sender<Ask>,
    restart: Arc<Notify>,
) -> Result<Option<Handle>, page::Error> {
    recent::keep(config.page.is_some());
    let Some(page) = config.page.clone() else { return Ok(None) };
    let state_directory: PathBuf = config.state_directory.clone();
    let works = Arc::new(Knows {
        page: page.clone(),
        inputs: inputs.clone(),
        status: status.clone(),
        asks: asks.clone(),
        checkup: stays.checkup.clone(),
        pen: tokio::sync::Mutex::default(),
        restart,
    });
    let handle = page::start(Setup { page, state_directory, status, asks, works, guests: stays.guests.clone() })?;
    Ok(Some(handle))
}

/// On a thread where it may take as long as a disk does.
async fn elsewhere<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    let lost = |error: tokio::task::JoinError| Error::new(ErrorKind::InternalError, error.to_string());
    tokio::task::spawn_blocking(work).await.map_err(lost)?
}

impl Works for Knows {
    fn files(&self) -> BoxFuture<'_, Result<Value, Error>> {
        let inputs = self.inputs.clone();
        elsewhere(move || Ok(editor::files(&inputs))).boxed()
    }

    fn check(&self, draft: Draft) -> BoxFuture<'_, Result<Value, Error>> {
        let inputs = self.inputs.clone();
        elsewhere(move || editor::check(&inputs, &draft)).boxed()
    }

    fn save(&self, draft: Draft) -> BoxFuture<'_, Result<Value, Error>> {
        async {
            let _pen = self.pen.lock().await;
            let (inputs, page) = (self.inputs.clone(), self.page.clone());
            elsewhere(move || editor::save(&inputs, &draft, &page)).await
        }
        .boxed()
    }

    fn logs(&self, after: u64) -> Value {
        logs::after(after)
    }

    fn examine(&self) -> Result<(), Error> {
        checkup::begin(&self.checkup, &self.inputs, self.status.clone(), self.asks.clone())
    }

    fn examined(&self) -> watch::Receiver<Value> {
        self.checkup.shown()
    }

    fn report(&self) -> Option<String> {
        self.checkup.report()
    }

    fn restart(&self) -> Result<(), Error> {
        if !self.page.restart {
            return Err(Error::new(ErrorKind::PermissionDenied, "the page may not restart callbox: see `page.restart`"));
        }
        tracing::warn!("somebody at the page restarts callbox");
        self.restart.notify_one();
        Ok(())
    }

    fn reboot(&self) -> BoxFuture<'_, Result<(), Error>> {
        async {
            let Some((program, arguments)) = self.page.reboot.as_deref().and_then(<[String]>::split_first) else {
                return Err(Error::new(ErrorKind::PermissionDenied, "the page may not reboot the machine: see `page.reboot`"));
            };
            tracing::warn!("somebody at the page reboots the machine");
            let failed = |why: String| Error::new(ErrorKind::Unavailable, format!("`{program}` did not reboot the machine: {why}"));
            let mut command = Command::new(program);
            command.args(arguments).stdin(Stdio::null());
            let run = elsewhere(move || Ok(command.output()));
            let output = tokio::time::timeout(REBOOT, run).await;
            let output = output.map_err(|_| failed("it does not come to an end".to_owned()))??;
            let output = output.map_err(|error| failed(error.to_string()))?;
            if output.status.success() {
                return Ok(());
            }
            let said = String::from_utf8_lossy(&output.stderr);
            Err(failed(said.lines().next().map_or_else(|| output.status.to_string(), str::to_owned)))
        }
        .boxed()
    }
}
