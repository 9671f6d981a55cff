//! Single values of the configuration: each is parsed and printed here, and nowhere else.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Bits per second; written `"1.5 Mbit/s"`, `"300 kbit/s"` or `"64000 bit/s"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bitrate(pub u64);

impl Bitrate {
    /// Bits per second.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Thousands of bits per second, as most encoders want it.
    pub const fn kilobits(self) -> u64 {
        self.0 / 1000
    }
}

impl fmt::Display for Bitrate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            bits if bits > 0 && bits % 100_000 == 0 => write!(f, "{} Mbit/s", bits as f64 / 1e6),
            bits if bits > 0 && bits % 100 == 0 => write!(f, "{} kbit/s", bits as f64 / 1e3),
            bits => write!(f, "{bits} bit/s"),
        }
    }
}

/// Why a text is not a bitrate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadBitrate {
    /// The number itself cannot be read.
    #[error("`{0}` is not a number: write for example \"1.5 Mbit/s\"")]
    Number(String),
    /// A number without a unit says nothing.
    #[error("the unit is missing: write \"{0} kbit/s\" or \"{0} Mbit/s\"")]
    NoUnit(String),
    /// A unit nobody agreed on.
    #[error("`{0}` is not a unit of bitrate: use bit/s, kbit/s or Mbit/s")]
    Unit(String),
}

impl FromStr for Bitrate {
    type Err = BadBitrate;
    fn from_str(text: &str) -> Result<Self, BadBitrate> {
        let text = text.trim();
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, unit) = (&text[..end], text[end..].trim());
        let Ok(value) = number.parse::<f64>() else {
            return Err(BadBitrate::Number(text.to_owned()));
        };
        let factor = match unit {
            "bit/s" => 1.0,
            "kbit/s" => 1e3,
            "Mbit/s" => 1e6,
            "" => return Err(BadBitrate::NoUnit(number.to_owned())),
            other => return Err(BadBitrate::Unit(other.to_owned())),
        };
        Ok(Self((value * factor).round() as u64))
    }
}

/// How much is logged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogLevel {
    /// Only what failed.
    Error,
    /// What is worth waking someone.
    Warn,
    /// What a person would notice.
    #[default]
    Info,
    /// What helps to find a defect.
    Debug,
    /// Everything, per packet.
    Trace,
}

impl LogLevel {
    /// All of them, quietest first, as they are written.
    pub const ALL: [(&'static str, Self); 5] =
        [("error", Self::Error), ("warn", Self::Warn), ("info", Self::Info), ("debug", Self::Debug), ("trace", Self::Trace)];

    /// As written in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

impl FromStr for LogLevel {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|(name, _)| *name == text);
        found.map(|(_, level)| *level).ok_or_else(|| format!("`{text}` is not a log level: use error, warn, info, debug or trace"))
    }
}

/// A value that never shows in logs or in `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The bare text, for the one place that needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// As people write it here: `10min`, `1day`.
pub(super) fn length(time: Duration) -> String {
    let (seconds, rest) = (time.as_secs(), time.subsec_millis());
    match seconds {
        0 if rest == 0 => "0s".to_owned(),
        _ if rest > 0 => format!("{}ms", time.as_millis()),
        86_400 => "1day".to_owned(),
        _ if seconds % 86_400 == 0 => format!("{}days", seconds / 86_400),
        _ if seconds % 3600 == 0 => format!("{}h", seconds / 3600),
        _ if seconds % 60 == 0 => format!("{}min", seconds / 60),
        _ => format!("{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bitrate_needs_a_unit_and_prints_as_it_is_written() {
        for (text, bits) in [("1.5 Mbit/s", 1_500_000), ("32 kbit/s", 32_000), ("64 bit/s", 64), ("0.05Mbit/s", 50_000)] {
            assert_eq!(text.parse(), Ok(Bitrate(bits)), "{text}");
        }
        assert_eq!(Bitrate(1_500_000).to_string(), "1.5 Mbit/s");
        assert_eq!(Bitrate(32_000).to_string(), "32 kbit/s");
        assert_eq!(Bitrate(64).to_string(), "64 bit/s");
        assert_eq!("2".parse::<Bitrate>(), Err(BadBitrate::NoUnit("2".into())));
        assert_eq!("2 Mbps".parse::<Bitrate>(), Err(BadBitrate::Unit("Mbps".into())));
        assert!("fast".parse::<Bitrate>().is_err());
        assert!("1.2.3 Mbit/s".parse::<Bitrate>().is_err());
    }

    #[test]
    fn every_log_level_reads_what_it_prints() {
        for (name, level) in LogLevel::ALL {
            assert_eq!((name.parse(), level.as_str()), (Ok(level), name));
        }
        assert!("verbose".parse::<LogLevel>().is_err());
    }

    #[test]
    fn a_secret_does_not_show_in_debug() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "[secret]");
    }
}
