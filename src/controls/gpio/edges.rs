//! The changes of one input line, as they come.

use std::io;
use std::time::{Duration, Instant};

use gpiocdev::Request;
use gpiocdev::line::{EdgeKind, Value};
use tokio::io::unix::AsyncFd;

use super::LOOK;
use super::clock::Clock;

/// A line that is listened to.
pub(super) struct Edges {
    request: AsyncFd<Request>,
    clock: Clock,
    /// The number of the last edge.
    last: Option<u32>,
}

impl Edges {
    /// Must be called within a tokio runtime.
    pub fn new(request: Request) -> Result<Self, String> {
        // What took its place is `unsafe`, for the sake of types whose descriptor changes; this one's does not.
        #[allow(deprecated)]
        let request = AsyncFd::new(request).map_err(|error| error.to_string())?;
        Ok(Self { request, clock: Clock::default(), last: None })
    }

    /// How the line is now.
    pub fn level(&self) -> Result<bool, String> {
        let value = self.request.get_ref().lone_value().map_err(text)?;
        Ok(value == Value::Active)
    }

    /// How the line is and since when: at its next change, or after a while without one. An error means that the line is gone.
    pub async fn next(&mut self) -> Result<(bool, Instant), String> {
        match tokio::time::timeout(LOOK, self.edge()).await {
            Ok(Ok(Some(edge))) => Ok(edge),
            Ok(Err(error)) => Err(error),
            // Silence, or edges that were lost.
            Ok(Ok(None)) | Err(_) => Ok((self.level()?, Instant::now())),
        }
    }

    /// None: some were lost.
    async fn edge(&mut self) -> Result<Option<(bool, Instant)>, String> {
        loop {
            let mut guard = self.request.readable().await.map_err(|error: io::Error| error.to_string())?;
            if !self.request.get_ref().has_edge_event().map_err(text)? {
                guard.clear_ready();
                continue;
            }
            let edge = self.request.get_ref().read_edge_event().map_err(text)?;
            let lost = self.last.is_some_and(|last| edge.line_seqno != last.wrapping_add(1));
            self.last = Some(edge.line_seqno);
            let at = self.clock.moment(Duration::from_nanos(edge.timestamp_ns), Instant::now());
            return Ok((!lost).then_some((edge.kind == EdgeKind::Rising, at)));
        }
    }
}

fn text(error: gpiocdev::Error) -> String {
    error.to_string()
}
