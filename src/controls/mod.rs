//! Doors through which people reach the appliance. Each turns what a person does into the one vocabulary of
//! [`protocol::control`](crate::protocol::control).

mod cec;
pub mod gesture;
pub mod gpio;
mod keypad;
pub mod mqtt;
pub mod socket;
