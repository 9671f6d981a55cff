//! Tells somebody of rings by HTTP, so that a push service can wake a callee's device (C21).
//!
//! ```text
//!   driver ──try_send──► queue ──► posts, a few at a time ──► receiver
//!              full: given up                                   └─ failing or away: again after a while, a few times
//! ```
//!
//! The driver never waits. Whatever is given up is said in the log.

mod post;
mod sign;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;
use tokio::sync::{Semaphore, mpsc};
use tracing::{debug, warn};

use super::Error;
use super::calls::{Wake, WakeReason};
use super::meters::{Meters, Post as Outcome};
use super::tokens;
use crate::config::{Webhook, WebhookEvent};
use crate::protocol::UserId;
use crate::protocol::event::EventKind;
use crate::protocol::hub::Call;
use post::{Failed, Poster};
use sign::signature;

/// What may wait to be posted.
const QUEUE: usize = 1024;
/// Posts at one time.
const AT_ONCE: usize = 8;
/// Attempts, and the pauses between them: a ring is over after a minute.
const PAUSES: [Duration; 4] = [Duration::from_millis(500), Duration::from_secs(2), Duration::from_secs(5), Duration::from_secs(10)];

/// The body of a post.
#[derive(Debug, Serialize)]
struct News<'a> {
    /// The same in every attempt: who has seen it already can leave it.
    id: String,
    #[serde(rename = "type")]
    reason: WakeReason,
    created_at: String,
    /// Who is to be woken.
    user: &'a UserId,
    /// The caller.
    by: &'a UserId,
    call: &'a Call,
}

/// Something on its way.
#[derive(Debug)]
struct Post {
    id: String,
    body: String,
}

/// Where the driver hands over what is to be posted.
#[derive(Debug, Clone)]
pub struct Handle {
    queue: mpsc::Sender<Post>,
    events: Arc<BTreeSet<WebhookEvent>>,
    meters: Arc<Meters>,
}

impl Handle {
    /// Posts it, if it is wanted and there is room for it.
    pub fn tell(&self, wake: &Wake) {
        let event = match wake.reason {
            WakeReason::Ring => WebhookEvent::Ring,
            WakeReason::Notification => WebhookEvent::Notify,
            WakeReason::Missed => WebhookEvent::Missed,
        };
        if !self.events.contains(&event) {
            return;
        }
        let id = uuid::Uuid::new_v4().to_string();
        let created_at = humantime::format_rfc3339_millis(SystemTime::now()).to_string();
        let Wake { user, reason, call, by } = wake;
        match serde_json::to_string(&News { id: id.clone(), reason: *reason, created_at, user, by, call }) {
            Ok(body) => {
                self.meters.post_waits();
                if self.queue.try_send(Post { id, body }).is_err() {
                    self.meters.post_ends(Outcome::Failed);
                    warn!(message_id = EventKind::WebhookFailed.message_id(), call_cid = %call.cid, "the webhook is too slow: somebody is not told of a call");
                }
            }
            Err(e) => warn!("cannot write a webhook as JSON: {e}"),
        }
    }
}

/// Starts posting; it ends when every handle is gone.
pub fn start(config: &Webhook, meters: Arc<Meters>) -> Result<Handle, Error> {
    let secret = tokens::read_secret(&config.secret_file)?;
    let poster = Arc::new(Poster::new(&config.url)?);
    let (queue, news) = mpsc::channel(QUEUE);
    tokio::spawn(deliver(news, poster, secret.into(), Arc::clone(&meters)));
    Ok(Handle { queue, events: Arc::new(config.events.clone()), meters })
}

async fn deliver(mut news: mpsc::Receiver<Post>, poster: Arc<Poster>, secret: Arc<[u8]>, meters: Arc<Meters>) {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    while let Some(post) = news.recv().await {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let (poster, secret, meters) = (Arc::clone(&poster), Arc::clone(&secret), Arc::clone(&meters));
        tokio::spawn(async move {
            meters.post_ends(persist(&poster, &secret, &post, &meters).await);
            drop(place);
        });
    }
}

/// Tries until it is taken, or for as long as it is news.
async fn persist(poster: &Poster, secret: &[u8], post: &Post, meters: &Meters) -> Outcome {
    let mut pauses = PAUSES.iter();
    loop {
        // Signed anew each time: the receiver may refuse what is old.
        let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let failed = match poster.post(&post.id, &signature(secret, at, &post.body), &post.body).await {
            Ok(()) => {
                debug!(id = post.id, "webhook posted");
                return Outcome::Done;
            }
            Err(failed) => failed,
        };
        match (failed, pauses.next()) {
            (Failed::Again(why), Some(pause)) => {
                debug!(id = post.id, "webhook: {why}");
                meters.post(Outcome::Again);
                tokio::time::sleep(pause.mul_f64(rand::random_range(0.75..1.25))).await;
            }
            (Failed::Again(why) | Failed::Refused(why), _) => {
                let id = EventKind::WebhookFailed.message_id();
                warn!(message_id = id, id = post.id, "the webhook is given up, somebody is not told of a call: {why}");
                return Outcome::Failed;
            }
        }
    }
}
