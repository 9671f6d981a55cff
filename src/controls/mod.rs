//! Doors through which people reach the appliance. Each turns what a person does into the one vocabulary of
//! [`protocol::control`](crate::protocol::control).

mod cec;
pub mod gesture;
pub mod gpio;
mod keypad;
pub mod mqtt;
pub mod page;
pub mod socket;

/// Until then; without a time, for ever.
async fn sleep_until(due: Option<std::time::Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}
