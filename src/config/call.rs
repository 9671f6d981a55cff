//! `[call]` and `[[speed-dial]]`: what to do without being asked, and whom a short name means.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::{Bitrate, Schedule};
use crate::protocol::hub::AnswerMode;
use crate::protocol::{Cid, UserId};

/// `[call]`, with every `[[speed-dial]]`.
#[derive(Debug, Clone, PartialEq)]
pub struct CallConfig {
    /// The call to be in whenever possible; none: wait for `callbox join`.
    pub auto_join: Option<Cid>,
    /// Make the call if it is not there.
    pub create: bool,
    /// The team that new calls belong to (G36).
    pub team: Option<String>,
    /// Whose calls are answered by themselves.
    pub auto_answer: AutoAnswer,
    /// How long they ring before that.
    pub answer_delay: Duration,
    /// Answer by itself with the microphone off.
    pub answer_muted: bool,
    /// When nobody may ring.
    pub do_not_disturb: DoNotDisturb,
    /// What a caller meets who calls during a call.
    pub when_busy: WhenBusy,
    /// The most that is sent to each participant (C8).
    pub max_bandwidth: Option<Bitrate>,
    /// Whether the speaker plays tones while ringing and calling.
    pub tones: bool,
    /// How long after a call everything is made ready for the next user; none: never.
    pub reset_after: Option<Duration>,
    /// Short names.
    pub speed_dial: Vec<SpeedDial>,
    /// Calls to be in at certain times; the first that holds comes before `auto_join`.
    pub schedules: Vec<Schedule>,
}

impl CallConfig {
    /// The most that goes to each participant, kbit/s; 0: no limit.
    pub fn max_kbits(&self) -> u32 {
        self.max_bandwidth.map_or(0, |limit| u32::try_from(limit.kilobits()).unwrap_or(u32::MAX))
    }
}

impl Default for CallConfig {
    fn default() -> Self {
        Self {
            auto_join: None,
            create: true,
            team: None,
            auto_answer: AutoAnswer::Off,
            answer_delay: Duration::ZERO,
            answer_muted: false,
            do_not_disturb: DoNotDisturb::Off,
            when_busy: WhenBusy::Reject,
            max_bandwidth: None,
            tones: true,
            reset_after: None,
            speed_dial: Vec::new(),
            schedules: Vec::new(),
        }
    }
}

/// Whose calls are answered by themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum AutoAnswer {
    /// Nobody's: a person answers.
    #[default]
    Off,
    /// Everybody's.
    Always,
    /// Theirs.
    Users(BTreeSet<UserId>),
}

impl AutoAnswer {
    /// Whether a call of this user is answered by itself.
    pub fn includes(&self, user: &UserId) -> bool {
        match self {
            Self::Off => false,
            Self::Always => true,
            Self::Users(users) => users.contains(user),
        }
    }
}

/// When who calls is rejected without ringing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum DoNotDisturb {
    /// Never.
    #[default]
    Off,
    /// Always.
    On,
    /// Every day at these times.
    During(Vec<Window>),
}

impl DoNotDisturb {
    /// Whether it holds at this minute of the day, counted from midnight, local time.
    pub fn at(&self, minute: u16) -> bool {
        match self {
            Self::Off => false,
            Self::On => true,
            Self::During(windows) => windows.iter().any(|window| window.contains(minute)),
        }
    }
}

/// A time of every day, written `22:00-07:00`; it may pass midnight. The end does not belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    from: u16,
    to: u16,
}

impl Window {
    /// Whether it ends on the next day.
    pub const fn passes_midnight(&self) -> bool {
        self.from > self.to
    }

    /// The first minute that does not belong to it.
    pub const fn end(&self) -> u16 {
        self.to
    }

    /// Whether this minute of the day, counted from midnight, is in it.
    pub const fn contains(&self, minute: u16) -> bool {
        if self.from < self.to { self.from <= minute && minute < self.to } else { self.from <= minute || minute < self.to }
    }
}

/// Why a text is not a time of the day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadWindow {
    /// Not `HH:MM-HH:MM`.
    #[error("write from and to, for example \"22:00-07:00\"")]
    Form,
    /// 25:00, or 12:61.
    #[error("`{0}` is no time of the day: write 00:00 to 23:59")]
    Time(String),
    /// Nothing, or the whole day.
    #[error("it begins when it ends: for the whole day, write true in place of the list")]
    Empty,
}

impl FromStr for Window {
    type Err = BadWindow;
    fn from_str(text: &str) -> Result<Self, BadWindow> {
        let (from, to) = text.split_once('-').ok_or(BadWindow::Form)?;
        let window = Self { from: minute(from.trim())?, to: minute(to.trim())? };
        if window.from == window.to { Err(BadWindow::Empty) } else { Ok(window) }
    }
}

fn minute(text: &str) -> Result<u16, BadWindow> {
    let (hour, minute) = text.split_once(':').ok_or(BadWindow::Form)?;
    let number = |text: &str, most: u16| {
        let plain = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u16>().ok().filter(|number| plain && *number <= most)
    };
    match (number(hour, 23), number(minute, 59)) {
        (Some(hour), Some(minute)) => Ok(hour * 60 + minute),
        _ => Err(BadWindow::Time(text.to_owned())),
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}-{:02}:{:02}", self.from / 60, self.from % 60, self.to / 60, self.to % 60)
    }
}

/// What a caller meets who calls while this appliance is in a call with others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum WhenBusy {
    /// `busy`.
    #[default]
    Reject,
    /// It rings all the same; answering leaves the present call.
    Ring,
}

/// `[[speed-dial]]`: a short name for who is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpeedDial {
    /// What it is called: `callbox call reception`.
    pub name: String,
    /// Who is rung, at least one.
    pub users: Vec<UserId>,
    /// Whether it is a video call.
    pub video: bool,
    /// Whether the first answer is for all.
    pub answer: AnswerMode,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_the_day_may_pass_midnight() {
        let night: Window = "22:00-07:00".parse().unwrap();
        assert_eq!(night.to_string(), "22:00-07:00");
        let at = |hour: u16, minute: u16| night.contains(hour * 60 + minute);
        assert!(at(22, 0) && at(23, 59) && at(0, 0) && at(6, 59));
        assert!(!at(7, 0) && !at(12, 0) && !at(21, 59));
        let noon: Window = "12:00 - 13:30".parse().unwrap();
        assert!(noon.contains(13 * 60 + 29) && !noon.contains(13 * 60 + 30) && !noon.contains(0));
    }

    #[test]
    fn what_is_no_time_of_the_day_says_how_it_is_written() {
        let error = |text: &str| text.parse::<Window>().unwrap_err().to_string();
        assert!(error("night").contains("22:00-07:00"));
        assert!(error("22-07").contains("22:00-07:00"));
        assert!(error("22:00-24:00").contains("`24:00`"));
        assert!(error("1:00-+2:00").contains("`1:00`"));
        assert!(error("08:00-08:00").contains("true"));
    }
}
