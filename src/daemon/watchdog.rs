//! The service manager: ready, stopping, and alive only while the media engine answers.

use std::time::Duration;

use sd_notify::NotifyState;

use crate::media;

/// An engine that does not answer for this long is stuck.
const PATIENCE: Duration = Duration::from_secs(2);

/// Tells the service manager, if there is one, that we are ready.
pub(super) fn ready() {
    tell(&[NotifyState::Ready]);
}

/// Tells the service manager that we are about to end.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Ends with the daemon that it watches.
#[derive(Debug)]
pub(super) struct Watch(Option<tokio::task::JoinHandle<()>>);

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            task.abort();
        }
    }
}

/// Keeps the service manager's watchdog quiet as long as the engine answers; without one does nothing.
pub(super) fn start(engine: media::Handle) -> Watch {
    let Some(limit) = sd_notify::watchdog_enabled() else {
        return Watch(None);
    };
    Watch(Some(tokio::spawn(async move {
        let mut ticks = tokio::time::interval(limit / 3);
        loop {
            ticks.tick().await;
            match tokio::time::timeout(PATIENCE, engine.ping()).await {
                Ok(Ok(())) => tell(&[NotifyState::Watchdog]),
                Ok(Err(error)) => tracing::error!("{error}"),
                Err(_) => tracing::error!("the media engine does not answer: the service manager will restart us"),
            }
        }
    })))
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!("no service manager: {error}");
    }
}
