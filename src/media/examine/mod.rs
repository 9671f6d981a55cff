//! For `callbox doctor`: each device for itself, for seconds, in this process. All of it blocks: it is for threads that may be left
//! behind when a driver does not return.

mod camera;
mod encoders;
mod microphone;

pub use camera::{Seen, camera};
pub use encoders::{Chosen, Speed, chosen, speeds};
pub use microphone::{Heard, microphone};
