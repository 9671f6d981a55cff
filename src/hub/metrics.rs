//! What the hub tells Prometheus and health checks (`docs/metrics.md`).

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::oneshot;

use super::driver::{Figures, Handle, Message};
use super::meters::{Meters, Post, SignedIn};
use crate::protocol::rpc::ErrorKind;
use crate::telemetry::listener::Source;
use crate::telemetry::process::Process;
use crate::telemetry::sheet::Sheet;

/// Who does not answer within this time does not live.
const PATIENCE: Duration = Duration::from_secs(2);

/// Who knows the answers.
#[derive(Debug)]
pub struct Knows {
    /// Owns calls and sessions.
    pub driver: Handle,
    /// What is counted.
    pub meters: Arc<Meters>,
    /// When the hub was started.
    pub started: SystemTime,
}

impl Knows {
    async fn figures(&self) -> Option<Figures> {
        let (reply, answer) = oneshot::channel();
        let ask = async {
            self.driver.send(Message::Figures(reply)).await.ok()?;
            answer.await.ok()
        };
        tokio::time::timeout(PATIENCE, ask).await.ok().flatten()
    }
}

impl Source for Knows {
    fn metrics(&self) -> BoxFuture<'_, Option<String>> {
        async {
            let figures = self.figures().await?;
            let process = tokio::task::spawn_blocking(Process::read).await.ok()?;
            let mut sheet = sheet(&figures, &self.meters, self.started);
            process.fill(&mut sheet);
            sheet.text().ok()
        }
        .boxed()
    }

    fn health(&self) -> BoxFuture<'_, Result<(), String>> {
        async { self.figures().await.map(drop).ok_or_else(|| "the hub's driver does not answer".to_owned()) }.boxed()
    }

    fn missing(&self) -> BoxFuture<'_, Vec<String>> {
        async {
            let mut missing = Vec::new();
            if self.figures().await.is_none() {
                missing.push("the hub's driver does not answer".to_owned());
            }
            if self.meters.store_failures().0 {
                missing.push("changes cannot be stored: is the disk full?".to_owned());
            }
            missing
        }
        .boxed()
    }
}

fn sheet(figures: &Figures, meters: &Meters, started: SystemTime) -> Sheet {
    let mut sheet = Sheet::default();
    sheet.info("callbox_build", "What runs here").with(&[("version", env!("CARGO_PKG_VERSION"))], 1.0);
    let started = started.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    sheet.gauge("callbox_start_time_seconds", "When callbox was started, seconds since 1970").is(started);
    let (connections, turned_away) = meters.connections();
    sheet.gauge("callbox_hub_connections", "Connections, WebSockets included").is(connections as f64);
    sheet.counter("callbox_hub_connections_turned_away", "Connections for which there was no place").counts(turned_away);
    sheet.gauge("callbox_hub_sockets", "WebSockets").is(meters.sockets() as f64);
    let sessions = sheet.gauge("callbox_hub_sessions", "Signed-in clients, with a socket and for a while without");
    sessions.with(&[("socket", "yes")], figures.linked as f64);
    sessions.with(&[("socket", "no")], figures.sessions.saturating_sub(figures.linked) as f64);
    sheet.gauge("callbox_hub_calls", "Calls that are kept").is(figures.calls as f64);
    sheet.gauge("callbox_hub_calls_running", "Calls that somebody is in").is(figures.running as f64);
    sheet.gauge("callbox_hub_participants", "Clients in calls").is(figures.participants as f64);
    sheet.gauge("callbox_hub_ringing", "Users who are rung at this moment").is(figures.ringing as f64);
    sheet.counter("callbox_hub_rings", "How often a user was rung").counts(meters.rings());
    requests(meters, &mut sheet);
    let signins = sheet.counter("callbox_hub_signins", "Requests for a token, by outcome");
    for (outcome, how) in [("good", SignedIn::Good), ("refused", SignedIn::Refused)] {
        signins.counts_with(&[("outcome", outcome)], meters.sign_ins(how));
    }
    sheet.gauge("callbox_hub_webhooks_pending", "Webhooks that wait or are being posted").is(meters.posts_pending() as f64);
    let posts = sheet.counter("callbox_hub_webhooks", "Attempts to post a webhook, by outcome");
    for (outcome, how) in [("done", Post::Done), ("again", Post::Again), ("failed", Post::Failed)] {
        posts.counts_with(&[("outcome", outcome)], meters.posts(how));
    }
    let (failing, failures) = meters.store_failures();
    sheet.histogram("callbox_hub_store_seconds", "How long the store takes to write").spreads(meters.store());
    sheet.counter("callbox_hub_store_failures", "Writes that failed").counts(failures);
    sheet.gauge("callbox_hub_store_failing", "1 while changes cannot be stored").is(failing.into());
    sheet.gauge("callbox_hub_unstored", "Changes that are not on the disk yet").is(figures.unstored as f64);
    sheet.gauge("callbox_hub_queue", "Messages that wait for the driver").is(figures.queue as f64);
    sheet
}

fn requests(meters: &Meters, sheet: &mut Sheet) {
    let all = meters.requests();
    let family = sheet.counter("callbox_hub_requests", "Requests by both doors, by method and result");
    for (method, answers) in &all {
        let result = answers.refused.map_or("ok".to_owned(), name);
        family.counts_with(&[("method", method), ("result", &result)], answers.count);
    }
    let refused: u64 = all.iter().filter(|(_, answers)| answers.refused.is_some()).map(|(_, answers)| answers.count).sum();
    sheet.counter("callbox_hub_refusals", "Requests that were refused").counts(refused);
}

/// As it is on the wire.
fn name(kind: ErrorKind) -> String {
    serde_json::to_value(kind).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}
