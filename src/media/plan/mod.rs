//! PURE. What the pipelines are made of, decided without GStreamer: encoders in order of preference, the grid on the screen,
//! the servers that help where there is no direct path, what a session description promises, the test card.

pub mod encoder;
pub mod grid;
pub mod ice;
pub mod sdp;
pub mod testcard;
pub mod trust;
