//! One API over two transports: every operation has a JSON-RPC method, and most have a REST route; both read the same params into
//! the same [`Ask`] for the driver.
//!
//! ```text
//!   socket: {"method", "params"} ──────────┐
//!                                          ├─► table ─► Wanted ─► driver
//!   REST:   method, path, query, body ─────┘     │
//!                                                └─► document: OpenAPI 3.1, also for people
//! ```

mod document;
mod operation;
mod rest;
mod schemas;
mod table;
#[cfg(test)]
mod tests;

pub use document::document;
pub use operation::{Operation, Wanted};
pub use rest::{failure, routes};

use serde_json::Value;

use super::driver::Ask;
use crate::protocol::rpc::{Error, ErrorKind};

/// The name of a method, if there is one of that name: what clients send may be anything.
pub fn name(method: &str) -> Option<&'static str> {
    table::OPERATIONS.iter().map(|operation| operation.method).find(|known| *known == method)
}

/// Reads a JSON-RPC request of an open session.
pub fn read(method: &str, params: Value) -> Result<Wanted, Error> {
    if method == "session.open" {
        return Err(Error::new(ErrorKind::Conflict, "this socket has an open session: use another socket for another one"));
    }
    let Some(operation) = table::OPERATIONS.iter().find(|operation| operation.method == method) else {
        let shown: String = method.chars().take(64).collect();
        return Err(Error::new(ErrorKind::MethodNotFound, format!("there is no method `{shown}`")));
    };
    operation.read(params)
}
