//! The hardware privacy switch. When in doubt it is on: before its line was read, while it bounces, and when its line is gone.

use std::time::Duration;

use tokio::sync::watch;

use super::edges::Edges;
use super::{Error, LineView, line};
use crate::config;

/// It is off when it has been off for this long; it is on at once.
const SETTLE: Duration = Duration::from_millis(50);

/// Runs until it is aborted.
pub(super) async fn run(privacy: config::Privacy, private: watch::Sender<bool>, mut view: LineView) {
    loop {
        let (line, bias) = (privacy.line.clone(), privacy.bias);
        let input = super::open(&mut view, move || line::input(&line, bias, Duration::ZERO)).await;
        let Err(why) = follow(input, &private, &view).await;
        private.send_replace(true);
        let pause = view.failed(&Error::Failed { line: privacy.line.to_string(), why });
        tokio::time::sleep(pause).await;
    }
}

/// Until the line goes: why.
async fn follow(input: line::Input, private: &watch::Sender<bool>, view: &LineView) -> Result<std::convert::Infallible, String> {
    let mut edges = Edges::new(input.request)?;
    let mut on = edges.level()?;
    loop {
        if private.send_if_modified(|shown| std::mem::replace(shown, on) != on) {
            tracing::info!("the privacy switch is {}", if on { "on" } else { "off" });
        }
        view.on(on);
        on = edges.next().await?.0;
        while !on {
            match tokio::time::timeout(SETTLE, edges.next()).await {
                Ok(edge) => on = edge?.0,
                Err(_) => break,
            }
        }
        on = on || edges.level()?;
    }
}
