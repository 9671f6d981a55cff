//! Doors through which people reach the appliance. Each turns what a person does into the one vocabulary of
//! [`protocol::control`](crate::protocol::control).

pub mod gesture;
pub mod gpio;
pub mod socket;
