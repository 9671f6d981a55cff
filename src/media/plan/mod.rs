//! PURE. What the pipelines are made of, decided without GStreamer: encoders in order of preference, the servers that help where
//! there is no direct path, what a session description promises, the test card, how sound is measured and kept in time, and the
//! screen: what goes on (`stage`), what stands where (`scene`), and painting it (`paint`).

pub mod area;
pub mod buffer;
pub mod canvas;
pub mod encoder;
pub mod grid;
pub mod ice;
pub mod loudness;
pub mod marks;
pub mod paint;
pub mod playout;
pub mod retention;
pub mod scene;
pub mod sdp;
pub mod stage;
pub mod steady;
pub mod testcard;
pub mod trust;
