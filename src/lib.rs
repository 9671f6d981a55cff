//! Callbox: firmware for a video-call appliance, and the hub it signs in to.
//!
//! ```text
//!   camera ─► capture ─► one encoder ─┬─► peer (webrtcbin) ◄──────────────► browser with callbox.js
//!   microphone ─► canceller ─► Opus ──┼─► peer (webrtcbin) ◄──────────────► another appliance
//!   speaker ◄────┴─ mixer ◄───────────┤        ▲
//!   screen  ◄─ grid  ◄────────────────┘        │ descriptions, candidates
//!                                       daemon: one driver task ── call core (pure)
//!                                              │
//!                         control socket ◄─────┴─────► hub client ◄──WebSocket──► hub ── calls core (pure), redb
//! ```
//!
//! # Who may import whom
//!
//! ```text
//! main > cli > daemon > { media  signaling  controls  telemetry } > call > protocol
//!                        hub > { telemetry } > protocol            everyone > config
//! ```
//!
//! `tests/layering.rs` holds these rules:
//!
//! 1. Cores are pure (sans-IO): [`call`], `hub::calls`, `signaling::connection`, `media::plan`, `media::rate`, `daemon::doctor::judge`. Time and ids
//!    come in as arguments.
//! 2. Adapters never import each other; only [`daemon`] knows them all.
//! 3. One task owns the call core: everything that happens is an `Input` to it, everything to be done an `Effect` from it.
//! 4. One vocabulary for every door: [`protocol::control::Command`]; one codec for both sockets: [`protocol::rpc`].

#[cfg(not(any(feature = "appliance", feature = "hub")))]
compile_error!("callbox is empty without the feature `appliance` or `hub`");

pub mod cli;
pub mod config;
pub mod protocol;
pub mod telemetry;

#[cfg(feature = "appliance")]
pub mod call;
#[cfg(feature = "appliance")]
pub mod controls;
#[cfg(feature = "appliance")]
pub mod daemon;
#[cfg(feature = "appliance")]
pub mod media;
#[cfg(feature = "appliance")]
pub mod signaling;

#[cfg(feature = "hub")]
pub mod hub;

#[cfg(all(test, feature = "appliance", feature = "hub"))]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::wildcard_enum_match_arm)]
mod fleet;

#[cfg(all(any(test, fuzzing), feature = "appliance", feature = "hub"))]
pub mod hostile;
