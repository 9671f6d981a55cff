//! Server-sent events: the whole state first, then what changed, as on the control socket; and a checkup while it goes on. Whoever
//! reads slowly gets the newest state, not all those in between.

use std::convert::Infallible;
use std::time::Duration;

use futures_util::stream::unfold;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::{Bytes, Frame};
use hyper::{Response, StatusCode};
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::body::{self, Body};
use crate::protocol::control::{Status, patch};

/// Between two changes.
const INTERVAL: Duration = Duration::from_millis(200);
/// After this long without news something is sent all the same, so that who is gone is noticed.
const BEAT: Duration = Duration::from_secs(15);
/// A browser comes again by itself, and is asked again who it is.
const LIFETIME: Duration = Duration::from_secs(300);

struct Live {
    status: watch::Receiver<Status>,
    examined: watch::Receiver<Value>,
    /// What the browser knows; nothing at first.
    shown: Option<Value>,
    /// Whether it knows the checkup.
    told: bool,
    next: Instant,
    until: Instant,
}

/// Everything from now on.
pub(super) fn stream(status: watch::Receiver<Status>, examined: watch::Receiver<Value>) -> Response<Body> {
    let now = Instant::now();
    let live = Live { status, examined, shown: None, told: false, next: now, until: now + LIFETIME };
    let stream = unfold(live, |mut live| async move {
        let text = live.next().await?;
        Some((Ok::<_, Infallible>(Frame::data(Bytes::from(text))), live))
    });
    body::response(StatusCode::OK, "text/event-stream", StreamBody::new(stream).boxed_unsync())
}

impl Live {
    async fn next(&mut self) -> Option<String> {
        let Self { status, examined, shown, told, next, until } = self;
        let Some(known) = shown else {
            let whole = serde_json::to_value(&*status.borrow_and_update()).ok()?;
            let text = event("state", &whole);
            (*shown, *next) = (Some(whole), Instant::now() + INTERVAL);
            return Some(text);
        };
        if !std::mem::replace(told, true) {
            return Some(event("checkup", &examined.borrow_and_update()));
        }
        let beat = Instant::now() + BEAT;
        loop {
            let changed = async {
                // First the pause, then the change: the other way round a change seen before a cancellation would be lost.
                sleep_until(*next).await;
                status.changed().await
            };
            tokio::select! {
                changed = changed => {
                    changed.ok()?;
                    let newest = serde_json::to_value(&*status.borrow_and_update()).ok()?;
                    let Some(change) = patch::diff(known, &newest) else { continue };
                    (*known, *next) = (newest, Instant::now() + INTERVAL);
                    return Some(event("changed", &change));
                }
                changed = examined.changed() => {
                    changed.ok()?;
                    return Some(event("checkup", &examined.borrow_and_update()));
                }
                () = sleep_until(beat) => return Some(":\n\n".to_owned()),
                () = sleep_until(*until) => return None,
            }
        }
    }
}

/// JSON has no line ends of its own.
fn event(name: &str, data: &Value) -> String {
    format!("event: {name}\ndata: {data}\n\n")
}
