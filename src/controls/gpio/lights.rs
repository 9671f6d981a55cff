//! One light: follows the status.

use std::time::Instant;

use tokio::sync::watch;

use super::light::{lit, shown};
use super::line::{self, Output};
use super::{Error, LOOK, LineView};
use crate::config;
use crate::protocol::control::Status;

/// Runs until it is aborted, which switches the light off.
pub(super) async fn run(light: config::Light, mut status: watch::Receiver<Status>, mut view: LineView) {
    loop {
        let line = light.line.clone();
        let output = super::open(&mut view, move || line::output(&line)).await;
        let Err(error) = follow(&output, &light, &mut status, &view).await else {
            return;
        };
        drop(output);
        tokio::time::sleep(view.failed(&error)).await;
    }
}

/// Ends well when the daemon does.
async fn follow(
    output: &Output,
    light: &config::Light,
    status: &mut watch::Receiver<Status>,
    view: &LineView,
) -> Result<(), Error> {
    let (mut before, mut since) = (None, Instant::now());
    loop {
        let now = shown(&light.shows, &status.borrow_and_update());
        if now != before {
            (before, since) = (now, Instant::now());
            view.on(now.is_some());
        }
        let (on, change) = now.map_or((false, None), |shown| lit(shown.pattern, since.elapsed()));
        output.set(on)?;
        // The look at the line is one more `set`.
        if let Ok(Err(_)) = tokio::time::timeout(change.unwrap_or(LOOK).min(LOOK), status.changed()).await {
            return Ok(());
        }
    }
}
