//! `[[keypad]]`: the keys of an input device of the kernel, a USB keypad or a remote control.

use std::time::Duration;

use crate::protocol::action::Actions;

/// `[[keypad]]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Keypad {
    /// A path, or `name:` and a part of its name.
    pub device: String,
    /// Nobody else on this machine gets its keys.
    pub grab: bool,
    /// Held so long, a press is a hold.
    pub hold_time: Duration,
    /// A second press within this time makes a double press.
    pub double_time: Duration,
    /// Held so long, a key is stuck.
    pub stuck_time: Duration,
    /// Those that do something.
    pub keys: Vec<Key>,
}

/// One key.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    /// As the kernel calls it, in small letters and without `KEY_`.
    pub name: String,
    /// As the kernel counts it.
    pub code: u16,
    /// Short.
    pub press: Actions,
    /// Long.
    pub hold: Actions,
    /// Twice.
    pub double_press: Actions,
}
