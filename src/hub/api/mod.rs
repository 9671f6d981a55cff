//! The hub's operations, and how they are written down.

mod schemas;
