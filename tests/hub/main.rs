//! The hub, as its clients see it: a real process, real WebSockets.
#![allow(clippy::unwrap_used, clippy::panic)]

mod calls;
mod client;
mod hostile;
mod http;
mod restart;
mod resume;
mod signin;
#[path = "../support/mod.rs"]
mod support;
mod tls;
