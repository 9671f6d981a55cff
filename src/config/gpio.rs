//! Buttons, lights and relays on GPIO lines.

use std::fmt;
use std::time::Duration;

use super::{Cec, Keypad, Mqtt};
use crate::protocol::action::Actions;

/// Everything by which people and houses take hold of the appliance.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Gpio {
    /// `[[button]]`
    pub buttons: Vec<Button>,
    /// `[[light]]`
    pub lights: Vec<Light>,
    /// `[[relay]]`
    pub relays: Vec<Relay>,
    /// `[privacy]`
    pub privacy: Option<Privacy>,
    /// `[[keypad]]`: not on lines, but the same hands.
    pub keypads: Vec<Keypad>,
    /// `[cec]`
    pub cec: Option<Cec>,
    /// `[mqtt]`
    pub mqtt: Option<Mqtt>,
}

/// `[privacy]`: a switch that cuts microphone and camera.
#[derive(Debug, Clone, PartialEq)]
pub struct Privacy {
    /// Where it is.
    pub line: Line,
    /// The resistor inside the chip.
    pub bias: Bias,
}

/// Which line of which chip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// `gpiochip0`, its path, or its label such as `pinctrl-bcm2711`; none: the one that has a line of this name.
    pub chip: Option<String>,
    /// Which of its lines.
    pub id: LineId,
    /// The line is low when pressed or lit.
    pub active_low: bool,
}

/// How a line is called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum LineId {
    /// As the board's device tree names it.
    Name(String),
    /// Counted on its chip, from 0.
    Number(u32),
}

impl fmt::Display for LineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Number(number) => write!(f, "{number}"),
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.chip {
            Some(chip) => write!(f, "{chip} {}", self.id),
            None => write!(f, "{}", self.id),
        }
    }
}

/// The resistor inside the chip.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Bias {
    /// As the board has it.
    #[default]
    AsIs,
    /// Towards the supply: the button connects to ground.
    PullUp,
    /// Towards ground: the button connects to the supply.
    PullDown,
    /// None: there is one on the board.
    None,
}

/// `[[button]]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Button {
    /// Shown to people.
    pub name: String,
    /// Where it is.
    pub line: Line,
    /// The resistor inside the chip.
    pub bias: Bias,
    /// A change counts when it has lasted so long.
    pub debounce: Duration,
    /// Held so long, a press is a hold.
    pub hold_time: Duration,
    /// A second press within this time makes a double press.
    pub double_time: Duration,
    /// Held so long, the button is stuck.
    pub stuck_time: Duration,
    /// Short.
    pub press: Actions,
    /// Long.
    pub hold: Actions,
    /// Twice.
    pub double_press: Actions,
}

/// A change of a button counts when it has lasted so long, unless configured otherwise.
pub const DEFAULT_DEBOUNCE: Duration = Duration::from_millis(20);
/// Held so long, a press is a hold, unless configured otherwise.
pub const DEFAULT_HOLD_TIME: Duration = Duration::from_secs(1);
/// A second press within this time makes a double press, unless configured otherwise.
pub const DEFAULT_DOUBLE_TIME: Duration = Duration::from_millis(400);
/// Held so long, a button is stuck, unless configured otherwise.
pub const DEFAULT_STUCK_TIME: Duration = Duration::from_secs(30);

/// `[[light]]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Light {
    /// Shown to people.
    pub name: String,
    /// Where it is.
    pub line: Line,
    /// The first of these that is the case is shown.
    pub shows: Vec<Shown>,
}

/// What a light shows, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    /// What.
    pub what: Shows,
    /// How.
    pub pattern: Pattern,
}

/// What a light can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shows {
    /// Somebody calls, or is called and has not answered yet.
    Ringing,
    /// Somebody is called and has not answered yet.
    Calling,
    /// In a call.
    InCall,
    /// On the way into a call.
    Joining,
    /// Microphone or camera are switched off in a call.
    Muted,
    /// Something does not work: hub, devices, lines, a stuck button.
    Fault,
    /// The camera gives pictures.
    Camera,
    /// The microphone gives sound.
    Microphone,
    /// Signed in to the hub.
    Online,
    /// The privacy switch is on.
    Privacy,
}

impl Shows {
    /// All of them, as they are written.
    pub const ALL: [(&'static str, Self); 10] = [
        ("ringing", Self::Ringing),
        ("calling", Self::Calling),
        ("in-call", Self::InCall),
        ("joining", Self::Joining),
        ("muted", Self::Muted),
        ("fault", Self::Fault),
        ("camera", Self::Camera),
        ("microphone", Self::Microphone),
        ("online", Self::Online),
        ("privacy", Self::Privacy),
    ];
}

/// How a light shows it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Pattern {
    /// On.
    #[default]
    Steady,
    /// On and off, as long each.
    Blink,
    /// A short flash now and then.
    Pulse,
}

impl Pattern {
    /// All of them, as they are written.
    pub const ALL: [(&'static str, Self); 3] = [("steady", Self::Steady), ("blink", Self::Blink), ("pulse", Self::Pulse)];
}

/// `[[relay]]`: a door opener, for example.
#[derive(Debug, Clone, PartialEq)]
pub struct Relay {
    /// `door` in `callbox open door`.
    pub name: String,
    /// Where it is.
    pub line: Line,
    /// How long it is on.
    pub pulse: Duration,
}

/// How long a relay is on unless configured otherwise.
pub const DEFAULT_PULSE: Duration = Duration::from_secs(3);
/// No relay is on for longer than this.
pub const MAX_PULSE: Duration = Duration::from_secs(30);
