//! One line of a GPIO chip: found by name or number, and taken as an input or an output. Whatever stands in the way is named, with
//! what helps.

use std::path::{Path, PathBuf};
use std::time::Duration;

use gpiocdev::Request;
use gpiocdev::chip::{self, Chip};
use gpiocdev::line::{Bias, EdgeDetection, Value};
use gpiocdev::request::Builder;

use crate::config;
use crate::config::{Line, LineId};
use crate::protocol::control::DeviceState;

/// Edges that the kernel keeps until we read them; more are lost and made up for by looking at the line.
const EDGES: u32 = 64;

/// Why a line cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// This machine has none at all.
    #[error("this board has no GPIO chips, or its kernel has no driver for them")]
    NoChips,
    /// No such chip.
    #[error("there is no GPIO chip {chip}: this board has {there}")]
    NoChip {
        /// Wanted.
        chip: String,
        /// What there is instead.
        there: String,
    },
    /// No line of this name.
    #[error("there is no GPIO line named {line}: `gpioinfo` lists those of this board")]
    NoName {
        /// Wanted.
        line: String,
    },
    /// Several lines of this name.
    #[error("{first} and {second} are both named {line}: say which with chip = \"…\"")]
    NotUnique {
        /// Wanted.
        line: String,
        /// One.
        first: String,
        /// Another.
        second: String,
    },
    /// A number that is too high.
    #[error("the GPIO chip {chip} has {lines} lines, counted from 0: there is no {number}")]
    NoNumber {
        /// Of which chip.
        chip: String,
        /// How many it has.
        lines: u32,
        /// Wanted.
        number: u32,
    },
    /// Somebody else has it.
    #[error("the GPIO line {line} is in use by {by}: stop that, or use another line")]
    Busy {
        /// Wanted.
        line: String,
        /// As the kernel calls whoever has it.
        by: String,
    },
    /// Not allowed.
    #[error("no permission for {}: install 60-callbox.rules for udev, or join the group that owns it (often `gpio`)", path.display())]
    Denied {
        /// The chip.
        path: PathBuf,
    },
    /// Anything else.
    #[error("the GPIO line {line} does not work: {why}")]
    Failed {
        /// Which.
        line: String,
        /// In the kernel's words.
        why: String,
    },
}

impl Error {
    /// For `status`.
    pub fn state(&self) -> DeviceState {
        match self {
            Self::NoChips | Self::NoChip { .. } | Self::NoName { .. } | Self::NotUnique { .. } | Self::NoNumber { .. } => {
                DeviceState::Missing
            }
            Self::Busy { .. } => DeviceState::Busy,
            Self::Denied { .. } => DeviceState::Denied,
            Self::Failed { .. } => DeviceState::Failed,
        }
    }

    fn failed(line: &Line, error: &dyn std::fmt::Display) -> Self {
        Self::Failed { line: line.to_string(), why: error.to_string() }
    }
}

/// A line that is listened to.
pub(super) struct Input {
    /// Its edges.
    pub request: Request,
    /// The kernel waits until it is still.
    pub debounced: bool,
}

/// Takes a line as an input.
pub(super) fn input(line: &Line, bias: config::Bias, debounce: Duration) -> Result<Input, Error> {
    let place = find(line)?;
    let request = |debounce: Option<Duration>| {
        let mut builder = place.builder(line);
        builder.as_input().with_edge_detection(EdgeDetection::BothEdges).with_kernel_event_buffer_size(EDGES);
        match bias {
            config::Bias::AsIs => &mut builder,
            config::Bias::PullUp => builder.with_bias(Bias::PullUp),
            config::Bias::PullDown => builder.with_bias(Bias::PullDown),
            config::Bias::None => builder.with_bias(Bias::Disabled),
        };
        if let Some(debounce) = debounce {
            builder.with_debounce_period(debounce);
        }
        builder.request()
    };
    // What the kernel does not debounce, we do.
    let wanted = Some(debounce).filter(|debounce| !debounce.is_zero());
    if let (Some(_), Ok(request)) = (wanted, request(wanted)) {
        return Ok(Input { request, debounced: true });
    }
    let request = request(None).map_err(|error| Error::failed(line, &error))?;
    Ok(Input { request, debounced: false })
}

/// A line that is driven. It is off when it is taken, and when it is dropped.
pub(super) struct Output {
    request: Request,
    line: Line,
}

/// Takes a line as an output, off.
pub(super) fn output(line: &Line) -> Result<Output, Error> {
    let place = find(line)?;
    let request = place.builder(line).as_output(Value::Inactive).request().map_err(|error| Error::failed(line, &error))?;
    Ok(Output { request, line: line.clone() })
}

impl Output {
    /// On or off.
    pub fn set(&self, on: bool) -> Result<(), Error> {
        let value = if on { Value::Active } else { Value::Inactive };
        self.request.set_lone_value(value).map_err(|error| Error::failed(&self.line, &error))?;
        Ok(())
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if let Err(error) = self.set(false) {
            tracing::warn!("{error}");
        }
    }
}

/// Where a line is, if it can be had: `gpiochip0 17`. It is not taken.
pub fn look(line: &Line) -> Result<String, Error> {
    let place = find(line)?;
    let chip = place.chip.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(format!("{chip} {}", place.offset))
}

struct Place {
    chip: PathBuf,
    offset: u32,
}

impl Place {
    fn builder(&self, line: &Line) -> Builder {
        let mut builder = Request::builder();
        builder.on_chip(&self.chip).with_consumer("callbox").with_line(self.offset);
        if line.active_low {
            builder.as_active_low();
        }
        builder
    }

    fn new(chip: &Chip, info: &gpiocdev::line::Info) -> Self {
        Self { chip: chip.path().to_owned(), offset: info.offset }
    }
}

fn find(line: &Line) -> Result<Place, Error> {
    let (chips, denied) = open_chips(line)?;
    let mut found: Vec<(&Chip, gpiocdev::line::Info)> = Vec::new();
    for chip in &chips {
        let info = chip.info().map_err(|error| Error::failed(line, &error))?;
        match &line.id {
            LineId::Number(number) if *number >= info.num_lines => {
                return Err(Error::NoNumber { chip: chip.name(), lines: info.num_lines, number: *number });
            }
            LineId::Number(number) => {
                found.push((chip, chip.line_info(*number).map_err(|error| Error::failed(line, &error))?));
            }
            LineId::Name(name) => {
                let infos = (0..info.num_lines).filter_map(|number| chip.line_info(number).ok());
                found.extend(infos.filter(|info| info.name == *name).map(|info| (chip, info)));
            }
        }
    }
    let place = |(chip, info): &(&Chip, gpiocdev::line::Info)| format!("{} {}", chip.name(), info.offset);
    match (found.as_slice(), denied) {
        ([(chip, info)], _) if !info.used => Ok(Place::new(chip, info)),
        ([(_, info)], _) => {
            let by = if info.consumer.is_empty() { "the kernel" } else { info.consumer.as_str() };
            Err(Error::Busy { line: line.to_string(), by: by.to_owned() })
        }
        ([first, second, ..], _) => Err(Error::NotUnique { line: line.id.to_string(), first: place(first), second: place(second) }),
        ([], Some(path)) => Err(Error::Denied { path }),
        ([], None) => Err(Error::NoName { line: line.id.to_string() }),
    }
}

/// The chips that may have this line, and one that we may not open.
fn open_chips(line: &Line) -> Result<(Vec<Chip>, Option<PathBuf>), Error> {
    let paths = chip::chips().map_err(|error| Error::failed(line, &error))?;
    let (mut chips, mut labels, mut denied) = (Vec::new(), Vec::new(), None);
    for path in &paths {
        let named = line.chip.as_deref().map(|wanted| is_named(path, wanted));
        match std::fs::File::open(path) {
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                if named == Some(true) {
                    return Err(Error::Denied { path: path.clone() });
                }
                denied = denied.or_else(|| Some(path.clone()));
                continue;
            }
            // It went just now.
            Err(_) => continue,
            Ok(_) => {}
        }
        let Ok(chip) = Chip::from_path(path) else { continue };
        let label = chip.info().map(|info| info.label).unwrap_or_default();
        labels.push(if label.is_empty() { chip.name() } else { format!("{} ({label})", chip.name()) });
        if named.unwrap_or(true) || line.chip.as_ref() == Some(&label) {
            chips.push(chip);
        }
    }
    match &line.chip {
        _ if paths.is_empty() => Err(Error::NoChips),
        Some(chip) if chips.is_empty() => match denied {
            // Its label cannot be read.
            Some(path) => Err(Error::Denied { path }),
            None => Err(Error::NoChip { chip: chip.clone(), there: labels.join(", ") }),
        },
        _ => Ok((chips, denied)),
    }
}

fn is_named(path: &Path, wanted: &str) -> bool {
    path.file_name().is_some_and(|name| name == wanted) || Path::new(wanted).canonicalize().is_ok_and(|wanted| wanted == path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_not_there_is_named_with_what_helps() {
        // No board of ours has such a chip; most build machines have none at all.
        let line = Line { chip: Some("gpiochip4711".into()), id: LineId::Number(17), active_low: false };
        let Err(error) = output(&line) else { panic!("there is a gpiochip4711") };
        assert_eq!(error.state(), DeviceState::Missing);
        let text = error.to_string();
        assert!(text.contains("no GPIO chip"), "{text}");
    }
}
