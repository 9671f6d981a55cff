//! Wire types shared by appliance, hub, control socket and page: serde and nothing else.
//!
//! ```text
//!            WebSocket /v1/socket                      unix socket control.sock
//!   page, appliance  <---------->  hub        callbox status, join, …  <---------->  callbox run
//!            one text frame = one                        one line = one
//!                      JSON-RPC 2.0 message ([`rpc`])
//! ```
//!
//! [`hub`] holds what travels between a client and the hub, [`control`] what travels between the CLI and the daemon. JSON keys
//! are snake_case, as in the seed documents.

pub mod action;
pub mod control;
pub mod event;
pub mod hub;
pub mod ice_url;
pub mod id;
pub mod rpc;

pub use ice_url::{IceKind, IceUrl};
pub use id::{Cid, ParticipantId, UserId};
