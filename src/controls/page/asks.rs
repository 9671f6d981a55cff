//! The way to the driver, as one of its many clients: few questions at a time, and no picture twice.

use std::time::Duration;

use base64::Engine as _;
use hyper::body::Bytes;
use serde_json::Value;
use tokio::sync::{Mutex, Semaphore, mpsc, oneshot};
use tokio::time::Instant;

use crate::controls::socket::{Ask, What};
use crate::protocol::control::Snapshot;
use crate::protocol::rpc::{Error, ErrorKind};

/// Questions at a time: other doors have some to ask as well.
const MOST: usize = 4;
/// How long the driver may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a picture is good for whoever comes next.
const FRESH: Duration = Duration::from_millis(500);

/// Asks.
pub(super) struct Asks {
    driver: mpsc::Sender<Ask>,
    places: Semaphore,
    /// The last picture. Whoever wants one waits for who asks already.
    picture: Mutex<Option<(Instant, Bytes)>>,
}

impl Asks {
    pub(super) fn new(driver: mpsc::Sender<Ask>) -> Self {
        Self { driver, places: Semaphore::new(MOST), picture: Mutex::default() }
    }

    /// The answer of the driver.
    pub(super) async fn ask(&self, what: What) -> Result<Value, Error> {
        let stopping = || Error::new(ErrorKind::Unavailable, "the appliance is stopping");
        let question = async {
            let _place = self.places.acquire().await.map_err(|_| stopping())?;
            let (reply, answer) = oneshot::channel();
            match self.driver.try_send(Ask { what, reply }) {
                Ok(()) => answer.await.map_err(|_| stopping())?,
                Err(mpsc::error::TrySendError::Full(_)) => {
                    Err(Error::new(ErrorKind::RateLimited, "the appliance has too much to do; try again later"))
                }
                Err(mpsc::error::TrySendError::Closed(_)) => Err(stopping()),
            }
        };
        let late = |_| Error::new(ErrorKind::Timeout, format!("the appliance did not answer within {} s", PATIENCE.as_secs()));
        tokio::time::timeout(PATIENCE, question).await.map_err(late)?
    }

    /// What the screen shows, as PNG.
    pub(super) async fn picture(&self) -> Result<Bytes, Error> {
        let mut last = self.picture.lock().await;
        if let Some((_, png)) = last.as_ref().filter(|(at, _)| at.elapsed() < FRESH) {
            return Ok(png.clone());
        }
        let bad = |error: &dyn std::fmt::Display| Error::new(ErrorKind::InternalError, format!("the picture: {error}"));
        let answer: Snapshot = serde_json::from_value(self.ask(What::Snapshot).await?).map_err(|error| bad(&error))?;
        let png = base64::engine::general_purpose::STANDARD.decode(&answer.png).map_err(|error| bad(&error))?;
        let png = Bytes::from(png);
        *last = Some((Instant::now(), png.clone()));
        Ok(png)
    }
}
