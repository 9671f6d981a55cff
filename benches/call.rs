//! `make bench`: the appliance against headless Chromium, the hub against other signalling servers, measured in the same run.
//!
//! ```text
//!   ready     process start ─► control socket answers
//!   tools     callbox check and callbox status, from start to end
//!   join      asked to join ─► first remote picture decoded, appliance and Chromium in turn, in the same call
//!   controls  a key ─► its command; pressed ─► first remote picture; what the appliance costs that waits with everything on
//!   latency   picture drawn ─► picture decoded, read from the picture: appliance to appliance, Chromium to Chromium
//!   cost      CPU and memory of a two-way 720p30 call, net of what the source alone costs
//!   peers     CPU of who sends to one and to three, net of the source
//!   screen    what a display costs, with names and without, and when nothing moves
//!   hub       connections per MiB and ring to callee, beside Janus, nats-server and gst-webrtc-signalling-server
//! ```
//!
//! Arguments choose parts (all by default). `BENCH_SECONDS` sets the window (30), `BENCH_ROUNDS` the rounds (3), `BENCH_CLIENTS` the
//! clients of `hub` (5000).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

#[path = "../tests/support/mod.rs"]
mod support;

mod parts {
    pub mod controls;
    pub mod cost;
    pub mod hub;
    pub mod join;
    pub mod latency;
    pub mod peers;
    pub mod ready;
    pub mod screen;
    pub mod table;
    pub mod tools;
}

use parts::table::Table;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[tokio::main]
async fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let wants = |part: &str| wanted.is_empty() || wanted.iter().any(|word| word == part);
    let (seconds, rounds) = (setting("BENCH_SECONDS", 30), setting("BENCH_ROUNDS", 3));
    let mut table = Table::default();
    if wants("ready") {
        parts::ready::measure(&mut table);
    }
    if wants("tools") {
        parts::tools::measure(&mut table);
    }
    if wants("join") {
        parts::join::measure(&mut table, 10).await;
    }
    if wants("controls") {
        parts::controls::measure(&mut table, seconds, 10).await;
    }
    if wants("latency") {
        parts::latency::measure(&mut table).await;
    }
    if wants("cost") {
        parts::cost::measure(&mut table, seconds, rounds).await;
    }
    if wants("peers") {
        parts::peers::measure(&mut table, seconds, rounds).await;
    }
    if wants("screen") {
        parts::screen::measure(&mut table, seconds).await;
    }
    if wants("hub") {
        parts::hub::measure(&mut table, setting("BENCH_CLIENTS", 5000) as usize).await;
    }
    table.print();
}
