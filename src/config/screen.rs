//! `[screen]`: what is shown, where, and how it looks.

use std::path::PathBuf;
use std::time::Duration;

/// `[screen]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Screen {
    /// Where it is shown.
    pub output: ScreenOutput,
    /// Pixels, even.
    pub width: u32,
    /// Pixels, even.
    pub height: u32,
    /// How the others are arranged.
    pub layout: Layout,
    /// Where the own picture is, in a call.
    pub self_view: Option<Corner>,
    /// Whether the others' names are shown.
    pub names: bool,
    /// What is shown when idle.
    pub standby: Standby,
    /// Look for a test card in every decoded picture, and say in `status` what it reads.
    pub read_test_card: bool,
}

impl Default for Screen {
    fn default() -> Self {
        Self {
            output: ScreenOutput::None,
            width: 1280,
            height: 720,
            layout: Layout::Grid,
            self_view: Some(Corner::TopRight),
            names: true,
            standby: Standby::default(),
            read_test_card: false,
        }
    }
}

/// How the others are arranged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// All the same size.
    Grid,
    /// Who speaks is large.
    Spotlight,
}

/// A corner of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Corner {
    /// The upper left one.
    TopLeft,
    /// The upper right one.
    TopRight,
    /// The lower left one.
    BottomLeft,
    /// The lower right one.
    BottomRight,
}

/// `[screen.standby]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standby {
    /// A line of text.
    pub text: Option<String>,
    /// A PNG or JPEG file.
    pub picture: Option<PathBuf>,
    /// Whether there is a clock.
    pub clock: bool,
}

impl Default for Standby {
    fn default() -> Self {
        Self { text: None, picture: None, clock: true }
    }
}

/// Where the screen is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScreenOutput {
    /// Straight to the display, without a desktop.
    Kms,
    /// A window of the desktop.
    Window,
    /// PNG files.
    Snapshots {
        /// Where they are written.
        directory: PathBuf,
        /// How often.
        interval: Duration,
    },
    /// Nowhere; `callbox snapshot` still works.
    None,
}

/// How often a snapshot is written unless configured otherwise.
pub const DEFAULT_SNAPSHOT_INTERVAL: Duration = Duration::from_secs(1);
