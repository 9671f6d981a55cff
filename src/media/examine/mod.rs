//! For `callbox doctor`: each device for itself, for seconds, in this process. All of it blocks: it is for threads that may be left
//! behind when a driver does not return.

mod camera;
mod encoders;
mod microphone;

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

pub use camera::{Seen, camera};
pub use encoders::{Chosen, Speed, chosen, speeds};
pub use microphone::{Heard, microphone};

use super::Error;

/// Between two looks at what comes.
const LOOK: Duration = Duration::from_millis(20);

/// Until then, or until it is enough; what failed meanwhile is the error.
fn wait(failed: &Mutex<Option<Error>>, until: Instant, enough: impl Fn() -> bool) -> Result<(), Error> {
    while Instant::now() < until && !enough() {
        if let Some(error) = failed.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Err(error);
        }
        std::thread::sleep(LOOK);
    }
    Ok(())
}
