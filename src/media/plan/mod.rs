//! PURE. What the pipelines are made of, decided without GStreamer: encoders in order of preference, the grid on the screen,
//! the servers that help where there is no direct path, what a session description promises, the test card, and how sound is
//! measured and kept in time.

pub mod encoder;
pub mod grid;
pub mod ice;
pub mod loudness;
pub mod playout;
pub mod sdp;
pub mod steady;
pub mod testcard;
pub mod trust;
