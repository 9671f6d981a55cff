//! Waiting for conditions.

use std::fmt::Debug;
use std::time::{Duration, Instant};

const POLL: Duration = Duration::from_millis(100);

/// Seconds.
pub fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Asks until the answer is `Ok`, and returns it. When the time is over, fails with what was seen last.
pub async fn eventually<T, E: Debug>(within: Duration, what: &str, mut probe: impl AsyncFnMut() -> Result<T, E>) -> T {
    let deadline = Instant::now() + within;
    loop {
        match probe().await {
            Ok(value) => return value,
            Err(seen) if Instant::now() > deadline => panic!("not within {within:?}: {what}; last seen: {seen:?}"),
            Err(_) => tokio::time::sleep(POLL).await,
        }
    }
}

/// Asks again and again for a while; every answer must be `Ok`.
pub async fn hold<T, E: Debug>(during: Duration, what: &str, mut probe: impl AsyncFnMut() -> Result<T, E>) {
    let begin = Instant::now();
    while begin.elapsed() < during {
        if let Err(seen) = probe().await {
            panic!("not any more after {:?}: {what}; seen: {seen:?}", begin.elapsed());
        }
        tokio::time::sleep(POLL).await;
    }
}
