//! The checks: each measures, and has [`judge`](super::judge) say what it means.

pub mod camera;
pub mod clock;
pub mod config;
pub mod disk;
pub mod dns;
pub mod encoder;
pub mod gpio;
pub mod heat;
pub mod helpers;
pub mod hub;
pub mod microphone;
pub mod power;
pub mod screen;
pub mod service;
pub mod sign_in;
pub mod speaker;
