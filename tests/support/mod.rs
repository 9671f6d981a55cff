//! What the end-to-end tests share: real processes (hub, appliance, browser) that end with the test whatever happens, waiting for
//! conditions rather than for time, and reading what a person would see and hear.
//!
//! ```no_run
//! let hub = Hub::start();
//! let door = Appliance::start(&hub, "door-1", "[camera]\nsource = \"test\"");
//! let anna = Browser::start(Fake::default()).await;
//! anna.join(&hub, "anna", "lobby").await;
//! eventually(secs(10), "anna sees the door", async || anna.sees("door-1").await).await;
//! ```
#![allow(dead_code, unused_imports, clippy::print_stdout)]

mod appliance;
mod audio;
mod browser;
mod display;
mod figures;
mod hub;
mod material;
mod netns;
mod page;
mod picture;
mod process;
mod room;
mod scrape;
mod turn;
mod usage;
mod wait;

pub use appliance::Appliance;
pub use audio::{Wav, chirps, envelope_likeness, tone_strength};
pub use browser::{Browser, Fake, deep_link};
pub use display::Display;
pub use figures::{Goal, figure};
pub use hub::{Hub, PASSWORD};
pub use material::{speech, video_file, y4m};
pub use netns::{Net, Side, command_in};
pub use page::{Card, Tile};
pub use picture::{Thumbnail, best_likeness, likeness, thumbnail, thumbnails};
pub use process::{Process, callbox};
pub use room::{Format, Rgb, film, film_of, raw_film_of};
pub use scrape::{Metric, Scraped, documented, get, metrics_address};
pub use turn::Turn;
pub use usage::{Usage, curve, middle, slope};
pub use wait::{eventually, hold, secs};
