//! See lib.rs.
pub mod page;
