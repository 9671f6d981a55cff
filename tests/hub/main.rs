//! The hub, as its clients see it: a real process, real WebSockets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::wildcard_enum_match_arm)]

mod calls;
mod cli;
mod client;
mod door;
mod hostile;
mod http;
mod identity;
mod limits;
mod model;
mod rest;
mod restart;
mod resume;
mod rings;
mod signin;
mod subscriptions;
#[path = "../support/mod.rs"]
mod support;
mod tls;
mod webhook;
