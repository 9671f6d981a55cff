//! The checks by name, in the order in which they are told.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// One check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Name {
    /// The configuration can be read.
    Config,
    /// `callbox run` runs.
    Service,
    /// The hub's name has an address.
    Dns,
    /// The hub answers.
    Hub,
    /// The clock is right.
    Clock,
    /// The hub lets this appliance in.
    SignIn,
    /// Servers that tell the public address.
    Stun,
    /// Relays, over UDP.
    TurnUdp,
    /// Relays, over TCP.
    TurnTcp,
    /// Relays, over TLS.
    TurnTls,
    /// The camera gives pictures.
    Camera,
    /// The microphone hears.
    Microphone,
    /// The microphone hears the speaker.
    Speaker,
    /// The encoder keeps up.
    Encoder,
    /// There is a display.
    Screen,
    /// Buttons, lights, relays.
    Gpio,
    /// There is room, and it can be written to.
    Disk,
    /// It is not too hot.
    Temperature,
    /// The voltage is right.
    Power,
}

impl Name {
    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::Config,
        Self::Service,
        Self::Dns,
        Self::Hub,
        Self::Clock,
        Self::SignIn,
        Self::Stun,
        Self::TurnUdp,
        Self::TurnTcp,
        Self::TurnTls,
        Self::Camera,
        Self::Microphone,
        Self::Speaker,
        Self::Encoder,
        Self::Screen,
        Self::Gpio,
        Self::Disk,
        Self::Temperature,
        Self::Power,
    ];

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Service => "service",
            Self::Dns => "dns",
            Self::Hub => "hub",
            Self::Clock => "clock",
            Self::SignIn => "sign-in",
            Self::Stun => "stun",
            Self::TurnUdp => "turn-udp",
            Self::TurnTcp => "turn-tcp",
            Self::TurnTls => "turn-tls",
            Self::Camera => "camera",
            Self::Microphone => "microphone",
            Self::Speaker => "speaker",
            Self::Encoder => "encoder",
            Self::Screen => "screen",
            Self::Gpio => "gpio",
            Self::Disk => "disk",
            Self::Temperature => "temperature",
            Self::Power => "power",
        }
    }

    /// How long it may take. What depends on another check waits for it as well.
    pub(super) fn limit(self) -> Duration {
        Duration::from_secs(match self {
            Self::Config | Self::Service | Self::Screen | Self::Gpio | Self::Temperature | Self::Power => 5,
            Self::Dns | Self::Disk => 10,
            Self::Hub | Self::Clock => 15,
            Self::Camera | Self::Microphone => 25,
            Self::Speaker | Self::SignIn => 30,
            Self::Encoder | Self::Stun | Self::TurnUdp | Self::TurnTcp | Self::TurnTls => 45,
        })
    }

    /// What to do when it takes longer.
    pub(super) fn stuck(self) -> &'static str {
        match self {
            Self::Camera | Self::Microphone | Self::Speaker | Self::Encoder => {
                "its driver hangs: see `dmesg`, unplug the device and plug it in again, or switch the board off and on"
            }
            Self::Disk => "a disk that does not answer is broken, or a network that it is on: see `dmesg`",
            Self::Config | Self::Service | Self::Screen | Self::Gpio | Self::Temperature | Self::Power => "see `dmesg`",
            Self::Dns | Self::Hub | Self::Clock | Self::SignIn | Self::Stun | Self::TurnUdp | Self::TurnTcp | Self::TurnTls => {
                "packets get lost on the way: check cable, WLAN and firewall"
            }
        }
    }

    /// Whether it says something without a configuration.
    pub(super) fn without_configuration(self) -> bool {
        matches!(self, Self::Config | Self::Temperature | Self::Power)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One or several: `turn` is all transports, `network` and `board` what belongs to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names(pub Vec<Name>);

impl FromStr for Names {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let group = match text {
            "turn" => vec![Name::TurnUdp, Name::TurnTcp, Name::TurnTls],
            "network" => Name::ALL.into_iter().filter(|name| (Name::Dns..=Name::TurnTls).contains(name)).collect(),
            "sound" => vec![Name::Microphone, Name::Speaker],
            "board" => vec![Name::Disk, Name::Temperature, Name::Power],
            one => Name::ALL.into_iter().filter(|name| name.as_str() == one).collect(),
        };
        if group.is_empty() {
            let all: Vec<&str> = Name::ALL.iter().map(|name| name.as_str()).collect();
            return Err(format!("there is no such check: say one of {}; or network, turn, sound, board", all.join(", ")));
        }
        Ok(Self(group))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written_and_groups_are_several() {
        for name in Name::ALL {
            assert_eq!(name.to_string().parse(), Ok(Names(vec![name])));
        }
        assert_eq!("turn".parse::<Names>().unwrap().0.len(), 3);
        assert_eq!("network".parse::<Names>().unwrap().0.len(), 8);
        assert!("cam".parse::<Names>().unwrap_err().contains("camera, microphone"));
        assert!(Name::ALL.is_sorted());
    }
}
