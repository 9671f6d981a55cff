//! PURE. What stands where on the screen: from what goes on ([`Stage`]) to shapes and the places of pictures.
//!
//! ```text
//!   ground ─► tiles (a picture or a card, then its name and marks) ─► own picture ─► over (who calls meanwhile, what is switched off)
//! ```
//!
//! Everything is measured in thousandths of the screen's height, so that it looks the same on every display and can be read from
//! three metres away. Marks need no language.

mod call;
mod calling;
mod parts;
mod standby;

use std::sync::Arc;

use super::area::Area;
use super::canvas::{Color, Mask};
use super::marks::Mark;
use super::stage::Stage;
use crate::config::{self, Corner};
use crate::protocol::ParticipantId;

pub use parts::{Sheet, Text};
pub use standby::LOGO_HEIGHT;

/// Behind everything.
pub const GROUND: Color = Color::rgb(16, 18, 24);
const TILE: Color = Color::rgb(31, 36, 47);
const BLACK: Color = Color::rgb(6, 8, 12);
const WHITE: Color = Color::rgb(241, 244, 248);
const GREY: Color = Color::rgb(150, 160, 176);
const GREEN: Color = Color::rgb(46, 160, 103);
const RED: Color = Color::rgb(214, 72, 72);
const BLUE: Color = Color::rgb(96, 165, 250);

/// Everything on the screen.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scene {
    /// Behind the pictures.
    pub ground: Vec<Shape>,
    /// Pictures, from the back to the front; the own one last.
    pub tiles: Vec<Tile>,
    /// Before the pictures.
    pub over: Vec<Shape>,
    /// Whether it looks different at the next [`Sight::beat`].
    pub moves: bool,
}

/// Whose picture.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// One of the others.
    Other(ParticipantId),
    /// What one of the others shares.
    Share(ParticipantId),
    /// Our own camera.
    Own,
}

/// One place for a picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Tile {
    /// Whose picture.
    pub who: Who,
    /// Even on all sides.
    pub area: Area,
    /// Of its corners.
    pub radius: u32,
    /// Whether the picture is shown, if there is one.
    pub picture: bool,
    /// As in a mirror.
    pub mirrored: bool,
    /// What is there instead of a picture.
    pub card: Vec<Shape>,
    /// Name and marks.
    pub over: Vec<Shape>,
}

/// Something painted.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// A box with round corners, or a disc.
    Box {
        /// Even on all sides.
        area: Area,
        /// Of the corners, even.
        radius: u32,
        /// Its colour.
        color: Color,
        /// How much it covers, of 255.
        cover: u8,
    },
    /// The outline of such a box, on its inside.
    Frame {
        /// Even on all sides.
        area: Area,
        /// Of the corners, even.
        radius: u32,
        /// Of the line, even.
        width: u32,
        /// Its colour.
        color: Color,
        /// How much it covers, of 255.
        cover: u8,
    },
    /// A mark.
    Mark {
        /// Which.
        mark: Mark,
        /// From the left.
        x: u32,
        /// From the top.
        y: u32,
        /// Width and height.
        size: u32,
        /// Its colour.
        color: Color,
    },
    /// A line of text.
    Text {
        /// What it says, and how.
        text: Text,
        /// From the left.
        x: u32,
        /// The middle of its capital letters, from the top.
        middle: u32,
        /// Its colour.
        color: Color,
    },
    /// The picture of the standby screen.
    Logo {
        /// From the left.
        x: u32,
        /// From the top.
        y: u32,
    },
}

/// Writes.
pub trait Letters {
    /// What a line of text covers, its left edge and all of its height; none where nothing can be written.
    fn write(&mut self, text: &Text) -> Option<Arc<Mask>>;
}

/// How the screen is to look: `[screen]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Style {
    /// Grid or spotlight.
    pub layout: config::Layout,
    /// Where the own picture is.
    pub self_view: Option<Corner>,
    /// Whether names are shown.
    pub names: bool,
    /// A line of text when idle.
    pub text: Option<String>,
    /// A clock when idle.
    pub clock: bool,
    /// The size of the picture that is shown when idle.
    pub logo: Option<(u32, u32)>,
}

/// How a picture is at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// There is none.
    Nothing,
    /// It moves.
    Fresh,
    /// It has not changed for too long.
    Stale,
}

/// What there is to see at this moment.
pub struct Sight<'a> {
    /// Of the others, and of what they share.
    pub others: &'a dyn Fn(&Who) -> Seen,
    /// Our own camera: a picture, none, or one that cannot be had.
    pub own: Own,
    /// What the clock shows.
    pub clock: &'a str,
    /// Counts up while something moves.
    pub beat: u32,
}

/// Our own camera.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Own {
    /// It is not wanted.
    #[default]
    Off,
    /// It gives pictures, or will.
    On,
    /// It was unplugged, is busy or failed.
    Lost,
}

/// Puts everything in its place.
pub fn scene(stage: &Stage, style: &Style, size: Area, sight: &Sight<'_>, letters: &mut dyn Letters) -> Scene {
    let mut sheet = Sheet::new(size, letters);
    if !stage.people().is_empty() {
        let mut scene = call::scene(stage, style, sight, &mut sheet);
        if let Some(caller) = &stage.caller {
            scene.over.extend(calling::banner(caller, &mut sheet));
        }
        scene
    } else if let Some(caller) = &stage.caller {
        calling::incoming(caller, sight.beat, &mut sheet)
    } else if let Some(called) = &stage.called {
        calling::outgoing(called, sight.beat, &mut sheet)
    } else {
        standby::scene(stage, style, sight, &mut sheet)
    }
}

/// What others see in place of our picture when the camera cannot be had.
pub fn stand_in(name: &str, size: Area, letters: &mut dyn Letters) -> Vec<Shape> {
    let mut sheet = Sheet::new(size, letters);
    let mut shapes = vec![Shape::Box { area: size, radius: 0, color: TILE, cover: 255 }];
    shapes.extend(parts::card(name, Some(Mark::CameraLost), size, &mut sheet));
    shapes
}
