//! The verbs of devices and of hearing.

use clap::{Args, ValueEnum};

use super::SocketArgs;
use crate::protocol::UserId;
use crate::protocol::control::DeviceKind;

/// The help below `callbox volume`.
pub const VOLUME_EXAMPLES: &str = "\
Holds until it is changed, or until callbox is started again. The speaker's is that of the sound
card where it has one.

Examples:
  callbox volume 70%
  callbox volume off
  callbox volume on
  callbox volume 150% anna";

/// The help below `callbox balance`.
pub const BALANCE_EXAMPLES: &str = "\
Holds until it is changed, or until callbox is started again.

Examples:
  callbox balance left anna
  callbox balance 30 ben
  callbox balance centre anna";

/// The help below `callbox use`.
pub const USE_EXAMPLES: &str = "\
DEVICE is an id that `callbox devices` prints, or a part of a label that only one device has.
The call goes on, and what is muted stays so. Holds until callbox is started again; the
configuration says what it starts with.

Examples:
  callbox use microphone Jabra
  callbox use speaker plughw:CARD=Device,DEV=0
  callbox use camera 'Logitech BRIO'";

/// The help below `callbox devices`.
pub const DEVICES_EXAMPLES: &str = "\
Works without the daemon as well. What is marked with * is used in calls. Controls of cameras are
named as `[camera.controls]` takes them.

Examples:
  callbox devices
  callbox devices --json | jq '.encoders[] | select(.chosen).because'
  callbox devices --json | jq -r '.cameras[].deviceId'";

/// `callbox volume`.
#[derive(Debug, Args)]
pub struct VolumeArgs {
    /// Where the daemon listens.
    #[command(flatten)]
    pub socket: SocketArgs,
    /// Percent: up to 100 for the speaker, up to 200 for a participant; or `off`, or `on`
    #[arg(value_name = "LEVEL", value_parser = level)]
    pub level: Level,
    /// A participant, by user id; without it, the speaker
    #[arg(value_name = "USER")]
    pub user: Option<UserId>,
}

/// How loud.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// So loud.
    Percent(u8),
    /// Not at all, or as loud as before.
    Off(bool),
}

fn level(text: &str) -> Result<Level, String> {
    match text {
        "off" => return Ok(Level::Off(true)),
        "on" => return Ok(Level::Off(false)),
        _ => {}
    }
    let percent = text.strip_suffix('%').unwrap_or(text).parse::<u8>();
    percent.ok().filter(|percent| *percent <= 200).map(Level::Percent).ok_or_else(|| "write for example 70%, off or on".to_owned())
}

/// `callbox balance`.
#[derive(Debug, Args)]
pub struct BalanceArgs {
    /// Where the daemon listens.
    #[command(flatten)]
    pub socket: SocketArgs,
    /// left, centre, right, or a number from -100 to 100
    #[arg(value_name = "WHERE", value_parser = balance, allow_negative_numbers = true)]
    pub balance: i8,
    /// The participant, by user id
    #[arg(value_name = "USER")]
    pub user: UserId,
}

fn balance(text: &str) -> Result<i8, String> {
    match text {
        "left" => Ok(-100),
        "centre" | "center" => Ok(0),
        "right" => Ok(100),
        number => number
            .parse::<i8>()
            .ok()
            .filter(|number| (-100..=100).contains(number))
            .ok_or_else(|| "write left, centre, right, or a number from -100 to 100".to_owned()),
    }
}

/// What kind of device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// It gives pictures
    Camera,
    /// It gives sound
    #[value(alias = "mic")]
    Microphone,
    /// It plays sound
    Speaker,
}

impl From<Kind> for DeviceKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Camera => Self::Camera,
            Kind::Microphone => Self::Microphone,
            Kind::Speaker => Self::Speaker,
        }
    }
}

/// `callbox use`.
#[derive(Debug, Args)]
pub struct UseArgs {
    /// Where the daemon listens.
    #[command(flatten)]
    pub socket: SocketArgs,
    /// What for
    #[arg(value_name = "KIND")]
    pub kind: Kind,
    /// Its id, or a part of its label
    #[arg(value_name = "DEVICE")]
    pub device: String,
}

/// `callbox devices`.
#[derive(Debug, Args)]
pub struct DevicesArgs {
    /// Where the daemon listens.
    #[command(flatten)]
    pub socket: SocketArgs,
    /// One JSON object, the wire type unchanged
    #[arg(long)]
    pub json: bool,
}

/// `callbox speaker-test`.
#[derive(Debug, Args)]
pub struct SpeakerTestArgs {
    /// Where the daemon listens.
    #[command(flatten)]
    pub socket: SocketArgs,
    /// One JSON object, the wire type unchanged
    #[arg(long)]
    pub json: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_and_balances_are_words_or_numbers() {
        assert_eq!(level("70%"), Ok(Level::Percent(70)));
        assert_eq!(level("150"), Ok(Level::Percent(150)));
        assert_eq!(level("off"), Ok(Level::Off(true)));
        assert!(level("201%").is_err() && level("loud").is_err() && level("-1").is_err());
        assert_eq!((balance("left"), balance("-30"), balance("centre")), (Ok(-100), Ok(-30), Ok(0)));
        assert!(balance("101").is_err() && balance("up").is_err());
    }
}
